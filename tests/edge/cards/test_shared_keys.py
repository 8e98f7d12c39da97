"""Cards that share a key with the controller: read, proven, and refused when anything is off."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity
from edge.cards.keyring import CardKeyring
from edge.cards.profile import CardProfile, ProfileError, parse_profile
from edge.cards.profile_files import choose_profiles, load_profiles
from edge.cards.script import CardRead, read_card, run_script
from edge.cards.verify import CardVerifier, Verdict
from edge.cards.virtual_card import CmacCard, DesfireCard, VirtualCard
from edge.core.model import CardPresented, Source
from edge.core.policy_index import PolicyIndex
from wire.card_keys import diversified_key
from wire.errors import WireError
from wire.keys import PinKey
from wire.pins import card_digest
from wire.policy import EntryKey, EntryKind, encode_entry
from wire.policy_bodies import Assurance, CardBody
from wire.sealing import open_secret, seal_context, seal_secret

PROFILES = load_profiles()
ORDER = ("desfire-ev2-aes", "iso7816-aes-cmac", "iso7816-ecdsa-p256", "identifier")
CHOSEN = choose_profiles(PROFILES, ORDER)
MASTER = bytes(range(16))
UID = bytes.fromhex("04782e21801d80")
NUMBER = bytes(range(8))
PIN = PinKey(bytes(32))
OWN = ec.generate_private_key(ec.SECP256R1())
CONTROLLER = "k7m2q9x4w8e3r6t1"


def key_of(number: bytes) -> bytes:
    return diversified_key(MASTER, number, b"KGM")


DESFIRE = DesfireCard(UID, key_of(UID))
CMAC = CmacCard(NUMBER, key_of(NUMBER))


def enrolled(namespace: str, number: bytes, profile: str, credential: str = "c") -> CardBody:
    context = seal_context(CONTROLLER, "card", credential)
    return CardBody(
        credential=credential,
        namespace=namespace,
        digest=card_digest(PIN, namespace, number),
        profile=profile,
        sealed=seal_secret(OWN.public_key(), key_of(number), context),
    )


ENROLLED_DESFIRE = enrolled("uid", UID, "desfire-ev2-aes", "d")
ENROLLED_CMAC = enrolled("cmac", NUMBER, "iso7816-aes-cmac", "c")


def open_key(credential: str, sealed: str) -> bytes:
    return open_secret(OWN, sealed, seal_context(CONTROLLER, "card", credential))


def keyring(*cards: CardBody) -> CardKeyring:
    made = CardKeyring(PIN, open_key)
    made.follow({(card.namespace, card.digest): card for card in cards})
    return made


def read(card: VirtualCard, keys: CardKeyring) -> CardRead:
    card.reset()
    script = read_card(CHOSEN, card.atr, secrets.token_bytes, keys)
    return run_script(script, lambda command: card.answer(command) or b"")


def verdict(card: VirtualCard, body: CardBody, keys: CardKeyring) -> Verdict:
    found = read(card, keys)
    presented = CardPresented(
        Source("d"),
        found.identity.namespace,
        found.identity.value,
        Assurance.IDENTIFIER,
        0,
        found.proof,
    )
    return CardVerifier(PROFILES.values(), keys.key_for).verify(presented, body)


@pytest.mark.parametrize(("card", "body"), [(DESFIRE, ENROLLED_DESFIRE), (CMAC, ENROLLED_CMAC)])
def test_a_card_proves_the_key_that_it_shares(card: VirtualCard, body: CardBody) -> None:
    assert verdict(card, body, keyring(body)) is Verdict.VERIFIED


def test_a_desfire_card_that_is_not_granted_here_is_read_without_a_proof() -> None:
    """Its UID identifies it, as at a reader that tells UIDs alone."""
    found = read(DESFIRE, keyring())
    assert (found.identity, found.proof) == (Identity("uid", UID), None)


@pytest.mark.parametrize(
    ("card", "body"),
    [
        (DesfireCard(UID, bytes(16)), ENROLLED_DESFIRE),
        (CmacCard(NUMBER, bytes(16)), ENROLLED_CMAC),
    ],
)
def test_a_copied_number_without_the_key_is_a_wrong_answer(
    card: VirtualCard, body: CardBody
) -> None:
    assert verdict(card, body, keyring(body)) is Verdict.BAD_SIGNATURE


@pytest.mark.parametrize(("card", "body"), [(DESFIRE, ENROLLED_DESFIRE), (CMAC, ENROLLED_CMAC)])
def test_a_proof_of_one_card_is_none_of_another(card: VirtualCard, body: CardBody) -> None:
    other = msgspec.structs.replace(
        enrolled(body.namespace, UID[:6] + b"\x81", str(body.profile)), credential="x"
    )
    keys = keyring(body, other)
    assert verdict(card, other, keys) in (Verdict.NO_KEY, Verdict.BAD_SIGNATURE)


def test_a_key_that_was_sealed_for_another_controller_is_none() -> None:
    context = seal_context("anotherone000000", "card", "d")
    stolen = seal_secret(OWN.public_key(), key_of(UID), context)
    body = msgspec.structs.replace(ENROLLED_DESFIRE, sealed=stolen)
    keys = keyring(body)
    assert keys.key_for(body) is None
    assert read(DESFIRE, keys).proof is None


def test_a_key_that_changes_is_opened_anew_and_a_dropped_one_is_forgotten() -> None:
    keys = keyring(ENROLLED_DESFIRE)
    assert keys.key_of(Identity("uid", UID)) == key_of(UID)
    other = seal_secret(OWN.public_key(), bytes(16), seal_context(CONTROLLER, "card", "d"))
    again = msgspec.structs.replace(ENROLLED_DESFIRE, sealed=other)
    keys.follow({("uid", again.digest): again})
    assert keys.key_of(Identity("uid", UID)) == bytes(16)
    keys.follow({})
    assert keys.key_of(Identity("uid", UID)) is None


def test_the_index_hands_over_the_cards_that_share_a_key_and_no_others() -> None:
    index = PolicyIndex()
    plain = CardBody(credential="p", namespace="uid", digest="0" * 64)
    entries = {"d": ENROLLED_DESFIRE, "p": plain}
    put = [encode_entry(EntryKind.CREDENTIAL, name, 1, body) for name, body in entries.items()]
    index.swap(index.prepare(put))
    assert set(index.sealed_cards()) == {("uid", ENROLLED_DESFIRE.digest)}
    index.swap(index.prepare([], [EntryKey("credential", "d")]))
    assert index.sealed_cards() == {}


class Wrong:
    """A DESFire card whose answer to one instruction is another."""

    def __init__(self, instruction: int, answer: bytes) -> None:
        self.atr = DESFIRE.atr
        self._at, self._answer = instruction, answer

    def reset(self) -> None:
        DESFIRE.reset()

    def answer(self, command: bytes) -> bytes | None:
        if command[:1] == b"\x90" and command[1] == self._at:
            return self._answer
        return DESFIRE.answer(command)


@pytest.mark.parametrize(
    ("instruction", "answer"),
    [
        (0x71, b"\x91\xaf"),
        (0x71, bytes(16) + b"\x91\x00"),
        (0x71, b"\x91\xae"),
        (0xAF, bytes(31) + b"\x91\x00"),
        (0xAF, bytes(32) + b"\x91\xaf"),
    ],
)
def test_a_card_that_breaks_off_or_answers_too_short_is_unreadable(
    instruction: int, answer: bytes
) -> None:
    with pytest.raises(CardError) as failed:
        read(Wrong(instruction, answer), keyring(ENROLLED_DESFIRE))
    assert failed.value.fault is CardFault.BAD_STATUS


def test_a_card_that_answers_with_nonsense_proves_nothing() -> None:
    wrong = Wrong(0xAF, bytes(32) + b"\x91\x00")
    keys = keyring(ENROLLED_DESFIRE)
    assert verdict(wrong, ENROLLED_DESFIRE, keys) is Verdict.BAD_SIGNATURE


def _changed(profile: CardProfile, **challenge: object) -> str:
    made = msgspec.to_builtins(profile)
    made["challenge"] |= challenge
    lines = [f'id = "{made["id"]}"', f'title = "{made["title"]}"', "[namespaces]"]
    lines += [f'"{kind}" = "{name}"' for kind, name in made["namespaces"].items()]
    lines += _table("values", made["values"]) + _table("challenge", made["challenge"])
    for step in made["step"]:
        lines += _table("[step]", step)
    return "\n".join(lines)


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    given = {key: value for key, value in values.items() if value is not None}
    return [
        f"[{name}]",
        *(f"{key} = {msgspec.json.encode(v).decode()}" for key, v in given.items()),
    ]


@pytest.mark.parametrize(
    ("profile", "change", "key"),
    [
        ("desfire-ev2-aes", {"signed": ["nonce"]}, "challenge.signed"),
        ("desfire-ev2-aes", {"key_number": 14}, "challenge.key_number"),
        ("iso7816-aes-cmac", {"signature": "der"}, "challenge.signature"),
        ("iso7816-aes-cmac", {"mac_bytes": 4}, "challenge.mac_bytes"),
        ("iso7816-aes-cmac", {"scheme": "rot13"}, "challenge.scheme"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused_by_key(
    profile: str, change: dict[str, object], key: str
) -> None:
    with pytest.raises(ProfileError) as refused:
        parse_profile(_changed(PROFILES[profile], **change), "town.toml")
    assert (refused.value.file, refused.value.key) == ("town.toml", key)


def test_no_secret_key_shows_in_a_keyring() -> None:
    assert key_of(UID).hex() not in repr(keyring(ENROLLED_DESFIRE).__dict__)


def test_what_is_not_ours_raises_and_never_opens() -> None:
    with pytest.raises(WireError):
        open_key("d", ENROLLED_CMAC.sealed or "")
