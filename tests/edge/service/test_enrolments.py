"""Enrolment at a reader: an unknown card is told to the hub, sealed, and opens nothing."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from edge.cards.profile_files import load_profiles
from edge.cards.signatures import raw_signature
from edge.cards.verify import CardVerifier, signed_message
from edge.core.model import ChallengeProof, Feedback
from tests.edge.conftest import BEGIN, CARD_NUMBER, READER, made_id
from wire.card_offers import enrolment_point, open_offer
from wire.errors import WireError
from wire.events import CardOfferBody, EventKind
from wire.policy import EntryKind
from wire.policy_bodies import Assurance, EnrolmentBody

ENROLMENT, UNKNOWN = made_id(70), bytes.fromhex("04beefbeefbeef")
DECISIONS = (EventKind.ACCESS_GRANTED, EventKind.ACCESS_DENIED, EventKind.CARD_OFFERED)


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def enrolling(rig, key):
    """A door at whose reader a card is enrolled for the next minute."""
    rig.policy(_enrolment(rig, key))
    return rig


def _enrolment(rig, key, seconds: int = 60, reader: str = READER) -> bytes:
    until = BEGIN + timedelta(seconds=seconds)
    point = enrolment_point(key.public_key())
    body = EnrolmentBody(reader=reader, recipient=point, until=until)
    return rig.town.put(EntryKind.ENROLMENT, ENROLMENT, body)


def _decided(rig) -> list[str]:
    return [event.kind for event in rig.events(*DECISIONS)]


def _offer(rig, key):
    body = rig.last(EventKind.CARD_OFFERED)
    assert isinstance(body, CardOfferBody)
    return open_offer(key, body.enrolment, body.sealed)


def test_an_unknown_card_is_offered_sealed_and_is_no_attempt_to_open(enrolling, key):
    enrolling.tap(UNKNOWN)
    assert _decided(enrolling) == [EventKind.CARD_OFFERED]
    offer = _offer(enrolling, key)
    assert (offer.namespace, offer.identity, offer.profile) == ("uid", UNKNOWN, None)
    assert not enrolling.unlocked
    assert enrolling.site.shown()[-1][1] is Feedback.WAITING


def test_the_number_stands_nowhere_in_what_is_journaled_or_logged(enrolling, key, capfd):
    enrolling.tap(UNKNOWN)
    journaled = b"".join(data for _, data in enrolling.journal.tail(2_000))
    logged = "".join(capfd.readouterr())
    for text in (UNKNOWN.hex(), UNKNOWN.hex().upper(), str(UNKNOWN)):
        assert text not in journaled.decode()
        assert text not in logged
    assert UNKNOWN.hex() not in repr(_offer(enrolling, key))


def test_another_key_or_another_enrolment_opens_no_offer(enrolling, key):
    enrolling.tap(UNKNOWN)
    body = enrolling.last(EventKind.CARD_OFFERED)
    for bad in ((ec.generate_private_key(ec.SECP256R1()), ENROLMENT), (key, made_id(71))):
        with pytest.raises(WireError):
            open_offer(*bad, body.sealed)


def test_a_card_that_is_known_opens_the_door_meanwhile(enrolling):
    enrolling.tap(CARD_NUMBER)
    assert _decided(enrolling) == [EventKind.ACCESS_GRANTED]
    assert enrolling.unlocked


def test_offering_costs_no_try(enrolling):
    for number in range(40):
        enrolling.tap(bytes([4, 1, 2, 3, 4, 5, number]))
    assert set(_decided(enrolling)) == {EventKind.CARD_OFFERED}


def test_when_the_minute_is_over_an_unknown_card_is_unknown(enrolling):
    enrolling.go(60)
    enrolling.tap(UNKNOWN)
    assert _decided(enrolling) == [EventKind.ACCESS_DENIED]


def test_a_reader_where_nobody_enrols_offers_nothing(rig, key):
    rig.policy(_enrolment(rig, key, reader=made_id(72)))
    rig.tap(UNKNOWN)
    assert _decided(rig) == [EventKind.ACCESS_DENIED]


def test_a_card_that_waited_in_a_queue_is_not_offered(enrolling):
    enrolling.tap(UNKNOWN, stale=True)
    assert _decided(enrolling) == [EventKind.ACCESS_DENIED]


def test_without_a_journal_nothing_is_offered(enrolling):
    enrolling.journal.cause = "disk_io"
    enrolling.tap(UNKNOWN)
    enrolling.journal.cause = None
    enrolling.go(5)
    assert EventKind.CARD_OFFERED not in _decided(enrolling)


def test_a_card_that_proves_itself_tells_its_answer(make_rig, key):
    profiles = load_profiles()
    challenge = profiles["iso7816-ecdsa-p256"].challenge
    verifier = CardVerifier(profiles.values())
    rig = make_rig().usual()
    rig.parts.presentations._enrolments._signed = verifier.signed_hash
    rig.policy(_enrolment(rig, key))
    card, nonce = ec.generate_private_key(ec.SECP256R1()), bytes(range(32))
    message = signed_message(challenge, nonce, UNKNOWN)
    signature = raw_signature(card.sign(message, ec.ECDSA(SHA256())))
    proof = ChallengeProof("iso7816-ecdsa-p256", nonce, signature)
    rig.tap(UNKNOWN, "p256", proof=proof, assurance=Assurance.IDENTIFIER)
    offer = _offer(rig, key)
    assert offer.profile == "iso7816-ecdsa-p256"
    assert offer.answer is not None
    assert offer.answer.hashed == hashlib.sha256(message).digest()
    assert offer.answer.signature == signature
