"""The PC/SC driver against the real card service with its virtual reader."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edge.cards.identity import Identity
from edge.cards.profile_files import load_profiles
from edge.cards.verify import CardVerifier, Verdict
from edge.cards.virtual_card import EcdsaCard
from edge.core.model import (
    Act,
    ActFinished,
    CardFailed,
    CardPresented,
    DeviceOffline,
    DeviceOnline,
    OutputMode,
    Source,
)
from edge.drivers.pcsc import PcscDriver
from wire.events import ActOutcome
from wire.policy_bodies import Assurance, CardBody

pytestmark = pytest.mark.pcsc

NUMBER = "00112233445566778899AABBCCDDEEFF"
ECDSA = ("--ecdsa", NUMBER, "12345")
UID = "04A1B2C3D4E5F6"
IDM = "0120220427678116"
CK = bytes.fromhex("a7b1c2d3e4f5061728394a5b6c7d8e92")
DIGEST = "0" * 64

MakeDriver = Callable[..., PcscDriver]


def started(make_driver: MakeDriver, inbox, **options) -> PcscDriver:
    driver = make_driver(inbox, **options)
    inbox.expect(DeviceOnline, 2)
    return driver


def verdict(presented: CardPresented, scalar: int) -> Verdict:
    key = EcdsaCard.with_scalar(bytes.fromhex(NUMBER), scalar).public_key
    card = CardBody(credential="c", namespace="p256", digest=DIGEST, public_key=key)
    return CardVerifier(load_profiles().values()).verify(presented, card)


def test_a_card_that_proves_itself_is_verified_under_its_own_key_alone(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox)
    service.put(0, *ECDSA)
    presented = inbox.expect(CardPresented)
    assert presented.source == Source("front")
    assert (presented.namespace, presented.identity.hex().upper()) == ("p256", NUMBER)
    assert presented.assurance is Assurance.IDENTIFIER, "the core raises it, not the driver"
    assert not presented.stale
    assert verdict(presented, 12345) is Verdict.VERIFIED
    assert verdict(presented, 54321) is Verdict.BAD_SIGNATURE


def test_each_tap_is_challenged_afresh(service, inbox, make_driver) -> None:
    started(make_driver, inbox)
    service.put(0, *ECDSA)
    first = inbox.expect(CardPresented)
    service.take(0)
    service.put(0, *ECDSA)
    second = inbox.expect(CardPresented, 2)
    assert first.proof.challenge != second.proof.challenge
    assert second.at_ns > first.at_ns


def test_a_card_that_lay_there_at_the_start_is_stale_and_opens_nothing(
    service, inbox, make_driver
) -> None:
    service.put(0, *ECDSA)
    service.wait_for_card(0)
    make_driver(inbox)
    assert inbox.expect(CardPresented).stale
    service.take(0)
    service.put(0, *ECDSA)
    assert not inbox.expect(CardPresented, 2).stale


def test_a_restarted_service_is_told_and_taps_go_on(service, inbox, make_driver) -> None:
    started(make_driver, inbox)
    service.stop()
    inbox.until(lambda: inbox.states() == {"front": "service_absent", "back": "service_absent"})
    service.start()
    inbox.expect(DeviceOnline, 4)
    service.put(1, "--uid", "mifare-1k", UID)
    assert inbox.expect(CardPresented).source == Source("back")
    assert inbox.states() == {"front": "online", "back": "online"}


def test_a_service_that_is_absent_at_the_start_is_named_and_retried(
    service, inbox, make_driver
) -> None:
    service.stop()
    make_driver(inbox)
    assert inbox.expect(DeviceOffline).cause == "service_absent"
    service.start()
    inbox.expect(DeviceOnline, 2)


def test_a_card_swapped_for_one_with_the_same_atr_is_a_tap_of_its_own(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox)
    service.put(0, "--uid", "felica", "0101020304050607")
    assert inbox.expect(CardPresented).identity.hex() == "0101020304050607"
    service.take(0)
    service.put(0, "--uid", "felica", "0101020304050608")
    assert inbox.expect(CardPresented, 2).identity.hex() == "0101020304050608"


def test_a_card_pulled_away_in_mid_command_is_named_and_loses_nothing_else(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox)
    service.put(0, *ECDSA, "--misbehave", "leave", "88")
    assert inbox.expect(CardFailed).cause == "card_removed"
    service.take(0)
    service.put(0, *ECDSA)
    assert verdict(inbox.expect(CardPresented), 12345) is Verdict.VERIFIED
    assert inbox.count(CardFailed) == 1


def test_a_felica_card_pulled_away_in_mid_proof_is_named_and_its_next_tap_counts(
    service, inbox, make_driver
) -> None:
    class Keys:
        def key_of(self, identity: Identity) -> bytes | None:
            return CK if identity == Identity("felica", bytes.fromhex(IDM)) else None

    started(make_driver, inbox, profiles=("felica-lite-s", "identifier"), keys=Keys())
    service.put(0, "--felica-lite-s", IDM, CK.hex(), "--misbehave", "leave", "00")
    assert inbox.expect(CardFailed).cause == "card_removed"
    for nth, key in enumerate((CK, CK[::-1]), 1):
        service.take(0)
        service.put(0, "--felica-lite-s", IDM, key.hex())
        presented = inbox.expect(CardPresented, nth)
        assert presented.identity.hex() == IDM
        card = CardBody(credential="c", namespace="felica", digest=DIGEST, profile="felica-lite-s")
        verifier = CardVerifier(load_profiles().values(), lambda _card: CK)
        right = Verdict.VERIFIED if key == CK else Verdict.BAD_SIGNATURE
        assert verifier.verify(presented, card) is right
    assert inbox.count(CardFailed) == 1


def test_a_hung_card_is_timed_out_while_the_other_reader_goes_on(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox, tap_timeout_s=0.15)
    service.put(0, *ECDSA, "--misbehave", "hang", "88")
    assert inbox.expect(CardFailed) == CardFailed(
        Source("front"), "card_timeout", inbox.expect(CardFailed).at_ns
    )
    offline = inbox.expect(DeviceOffline)
    assert (offline.device, offline.cause) == ("front", "card_hangs")
    service.put(1, *ECDSA)
    assert inbox.expect(CardPresented).source == Source("back")
    service.take(0)
    assert inbox.expect(DeviceOnline, 3).device == "front"
    service.put(0, *ECDSA)
    assert inbox.expect(CardPresented, 2).source == Source("front")
    assert inbox.count(CardFailed) == 1


def test_the_driver_stops_within_two_seconds_even_under_a_hung_card(
    service, inbox, make_driver
) -> None:
    driver = started(make_driver, inbox)
    service.put(0, *ECDSA, "--misbehave", "hang", "88")
    service.wait_for_card(0)
    began = time.monotonic()
    driver.stop()
    assert time.monotonic() - began < 2
    service.take(0)
    assert inbox.count(CardFailed) == 0


def test_an_idle_driver_stops_at_once(service, inbox, make_driver) -> None:
    driver = started(make_driver, inbox)
    began = time.monotonic()
    driver.stop()
    assert time.monotonic() - began < 0.5


def test_two_readers_present_their_own_cards(service, inbox, make_driver) -> None:
    started(make_driver, inbox)
    service.put(0, "--uid", "mifare-4k", "A1B2C3D4")
    service.put(1, *ECDSA)
    inbox.expect(CardPresented, 2)
    seen = {
        one.source.device: one.namespace for one in inbox.items if isinstance(one, CardPresented)
    }
    assert seen == {"front": "uid", "back": "p256"}


@pytest.mark.parametrize(
    ("kind", "number", "namespace"),
    [
        ("mifare-1k", "A1B2C3D4", "uid"),
        ("mifare-4k", UID, "uid"),
        ("mifare-mini", "A1B2C3D4", "uid"),
        ("ultralight", UID, "uid"),
        ("felica", "0114B34D2A0B1C3D", "felica"),
        ("felica-acr122", "0114B34D2A0B1C3D", "felica"),
        ("vicinity", "E00401500A0B0C0D", "iso15693"),
    ],
)
def test_a_storage_card_is_its_uid_or_idm(
    service, inbox, make_driver, kind, number, namespace
) -> None:
    started(make_driver, inbox)
    service.put(0, "--uid", kind, number)
    presented = inbox.expect(CardPresented)
    assert (presented.namespace, presented.identity.hex().upper()) == (namespace, number)
    assert presented.proof is None


@pytest.mark.parametrize(
    ("card", "cause"),
    [
        (("--uid", "type-b", "A1B2C3D4"), "pseudo_identifier"),
        (("--uid", "mifare-1k", "08B2C3D4"), "pseudo_identifier"),
        # the historical bytes of a My Number Card: application data and protocol information
        (("--processor", "000041E0B381A100", "A1B2C3D4"), "pseudo_identifier"),
        (("--uid", "mifare-1k", "A1B2C3D4E5"), "wrong_length"),
        ((*ECDSA, "--misbehave", "truncate", "88"), "wrong_length"),
        ((*ECDSA, "--misbehave", "endless", "CA"), "malformed_answer"),
        (("--ecdsa", "0011", "12345"), "wrong_length"),
    ],
)
def test_a_card_that_identifies_nobody_or_answers_wrongly_is_named(
    service, inbox, make_driver, card, cause
) -> None:
    started(make_driver, inbox)
    service.put(0, *card)
    assert inbox.expect(CardFailed).cause == cause
    assert inbox.count(CardPresented) == 0


def test_a_card_with_another_application_is_read_by_the_next_profile(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox)
    service.put(0, "--processor", "4B41", UID)
    presented = inbox.expect(CardPresented)
    assert (presented.namespace, presented.proof) == ("uid", None)


def test_a_card_that_no_profile_knows_is_unsupported(service, inbox, make_driver) -> None:
    started(make_driver, inbox, profiles=("iso7816-ecdsa-p256",))
    service.put(0, "--processor", "4B41", UID)
    assert inbox.expect(CardFailed).cause == "unsupported"


def test_a_terminal_sees_a_card_as_the_sites_coarsest_reader_does(
    service, inbox, make_driver
) -> None:
    started(make_driver, inbox, narrow_to="uid.first4")
    service.put(0, "--uid", "ultralight", UID)
    presented = inbox.expect(CardPresented)
    assert (presented.namespace, presented.identity.hex().upper()) == ("uid.first4", UID[:8])


def test_a_reader_has_no_outputs_and_says_so_once(service, inbox, make_driver) -> None:
    driver = started(make_driver, inbox)
    driver.act(Act("act-1", Source("front"), OutputMode.PULSE, deadline_ns=0, pulse_ms=1000))
    finished = inbox.expect(ActFinished)
    assert (finished.act, finished.outcome) == ("act-1", ActOutcome.REFUSED)
    assert inbox.count(ActFinished) == 1
