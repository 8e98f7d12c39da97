"""MAC_A of FeliCa Lite-S: what another implementation reckons, and every way in which a card, its
copy or its reader must not pass for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from edge.cards import felica_lite_s
from edge.cards.faults import CardError, CardFault
from edge.cards.felica_lite_s import PROOF, mac_a, proves
from edge.cards.identity import Identity
from edge.cards.keyring import CardKeyring
from edge.cards.profile import ReaderWrapping
from edge.cards.profile_files import choose_profiles, load_profiles
from edge.cards.script import CardRead, read_card, run_script
from edge.cards.verify import CardVerifier, Verdict
from edge.cards.virtual_card import CardLeftError, MisbehavingCard, Misbehaviour, VirtualCard
from edge.cards.virtual_felica import FelicaLiteSCard
from edge.core.model import CardPresented, ChallengeProof, Source
from wire.card_keys import diversified_key
from wire.keys import PinKey
from wire.pins import card_digest
from wire.policy_bodies import Assurance, CardBody
from wire.sealing import open_secret, seal_context, seal_secret

VECTORS = [
    (
        "4ad0941f5ecee6004bf8e071bdf4abb6",
        "ac6d3d22664f36b668f4d92031466c79",
        "a5c77cca2bcc94aba60bc403b1c26501",
        "d12bca6a7cf44b68d020eec6b40e2ba8",
        "6ea0a9fbdacb0010",
    ),
    (
        "584833e7585e9929bab095eb1fb01c1b",
        "ca6cb4bea7c5b95f3312897dfc0cd551",
        "f3436f50b2f7f1613ad142dbce1d2480",
        "b2eb45a521096b5ff37a8622a33cd5c3",
        "d0712a62d6fdd6c6",
    ),
    (
        "13d528e410a2c0766c0ea0aeedf58753",
        "4099c0d16a5c3c7380e26dd85abf92a2",
        "b459afddb3a09621ee29b78b3968e566",
        "007bf18c0f8f4d902c40fa80a30aacb8",
        "1acd80dff44e1d6c",
    ),
]
"""CK, RC, ID, CKV, MAC_A as nfcpy 1.0.4 reckons it with pyDes, whose DES is its own:

    turned = lambda block: block[7::-1] + block[15:7:-1]
    session = triple_des(turned(ck), CBC, bytes(8)).encrypt(turned(rc))
    FelicaLite.generate_mac(bytes.fromhex("820086009100ffff") + id + ckv, session, turned(rc)[:8])

where each of the four is the head of SHA-256 of its name ("ck", "rc", "id", "ckv") and 0, 1, 2."""

PROFILES = load_profiles()
CHOSEN = choose_profiles(PROFILES, ("felica-lite-s", "identifier"))
MASTER = bytes.fromhex("a7b1c2d3e4f5061728394a5b6c7d8e92")
IDM = bytes.fromhex("0120220427678116")
KEY = diversified_key(MASTER, IDM, b"KGM")
OTHER_KEY = diversified_key(MASTER, IDM, b"KGN")
PIN = PinKey(bytes(32))
OWN = ec.generate_private_key(ec.SECP256R1())
CONTROLLER = "k7m2q9x4w8e3r6t1"


def enrolled(key: bytes = KEY, idm: bytes = IDM) -> CardBody:
    return CardBody(
        credential="f",
        namespace="felica",
        digest=card_digest(PIN, "felica", idm),
        profile="felica-lite-s",
        sealed=seal_secret(OWN.public_key(), key, seal_context(CONTROLLER, "card", "f")),
    )


def opened(credential: str, sealed: str) -> bytes:
    return open_secret(OWN, sealed, seal_context(CONTROLLER, "card", credential))


def keyring(*cards: CardBody) -> CardKeyring:
    made = CardKeyring(PIN, opened)
    made.follow({(card.namespace, card.digest): card for card in cards})
    return made


ENROLLED = enrolled()
KEYS = keyring(ENROLLED)


def drawn(size: int) -> bytes:
    return bytes(range(size))


@dataclass
class Line:
    """The way to a card: what was sent, and another answer to the n-th command."""

    card: VirtualCard
    instead: dict[int, bytes] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command)
        answer = self.card.answer(command)
        return self.instead.get(len(self.sent), answer or b"")


def read(line: Line, keys: CardKeyring = KEYS, nonce: Callable[[int], bytes] = drawn) -> CardRead:
    line.card.reset()
    return run_script(read_card(CHOSEN, line.card.atr, nonce, keys), line.transmit)


def judged(found: CardRead, body: CardBody = ENROLLED) -> Verdict:
    presented = CardPresented(
        Source("d"), "felica", found.identity.value, Assurance.IDENTIFIER, 0, found.proof
    )
    return CardVerifier(PROFILES.values(), KEYS.key_for).verify(presented, body)


def proof_of(found: CardRead) -> ChallengeProof:
    assert found.proof is not None
    return found.proof


# --- the MAC -------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS)
def test_the_mac_is_what_another_implementation_reckons(vector: tuple[str, ...]) -> None:
    key, challenge, identity, version, mac = map(bytes.fromhex, vector)
    assert mac_a(key, challenge, identity + version) == mac
    assert proves(key, challenge, identity + version + mac)
    card = FelicaLiteSCard(bytes(8), key, challenge=challenge)
    assert card.mac([0x82, 0x86, 0x91], identity + version) == mac


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
)
def test_the_two_ways_to_reckon_agree(key: bytes, challenge: bytes, blocks: bytes) -> None:
    card = FelicaLiteSCard(bytes(8), key, challenge=challenge)
    assert card.mac([0x82, 0x86, 0x91], blocks) == mac_a(key, challenge, blocks)


@given(place=st.integers(0, PROOF - 1), bit=st.integers(0, 7))
def test_a_proof_with_any_bit_turned_proves_nothing(place: int, bit: int) -> None:
    key, challenge, identity, version, mac = map(bytes.fromhex, VECTORS[0])
    proof = bytearray(identity + version + mac)
    proof[place] ^= 1 << bit
    assert not proves(key, challenge, bytes(proof))


@given(st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=40))
def test_no_bytes_of_any_length_are_a_proof_or_an_error(
    proof: bytes, challenge: bytes, key: bytes
) -> None:
    assert not proves(key, challenge, proof)


# --- a tap ---------------------------------------------------------------------------------------


def test_a_card_is_asked_byte_by_byte_and_proves_its_key() -> None:
    line = Line(FelicaLiteSCard(IDM, KEY))
    found = read(line)
    idm, rc = IDM.hex(), bytes(range(16)).hex()
    assert [command.hex() for command in line.sent] == [
        "ffca000000",
        "ff00000020" + "2008" + idm + "010900" + "018080" + rc,
        "ff00000014" + "1406" + idm + "010b00" + "03" + "8082" + "8086" + "8091",
    ]
    assert found.identity == Identity("felica", IDM)
    assert judged(found) is Verdict.VERIFIED


def test_a_card_whose_key_is_not_here_is_read_by_its_idm_and_nothing_is_written_to_it() -> None:
    """A ticket, say: it is not ours."""
    line = Line(FelicaLiteSCard(IDM, KEY))
    found = read(line, keyring())
    assert (found.identity, found.proof) == (Identity("felica", IDM), None)
    assert len(line.sent) == 1
    assert judged(found) is Verdict.NO_PROOF


def test_a_copied_idm_without_the_key_is_a_wrong_answer() -> None:
    for key in (OTHER_KEY, bytes(16)):
        assert judged(read(Line(FelicaLiteSCard(IDM, key)))) is Verdict.BAD_SIGNATURE


def test_a_key_of_another_card_proves_nothing() -> None:
    other = diversified_key(MASTER, IDM[:7] + b"\x17", b"KGM")
    assert judged(read(Line(FelicaLiteSCard(IDM, other)))) is Verdict.BAD_SIGNATURE


def test_an_answer_of_an_earlier_tap_proves_nothing() -> None:
    card = FelicaLiteSCard(IDM, KEY)
    first = read(Line(card))
    assert judged(first) is Verdict.VERIFIED
    old = card.answer(bytes.fromhex(f"ff000000141406{IDM.hex()}010b0003808280868091")) or b""
    again = read(Line(card, instead={3: old}), nonce=lambda size: bytes(range(9, 9 + size)))
    assert proof_of(again).signature == proof_of(first).signature
    assert judged(again) is Verdict.BAD_SIGNATURE


def test_a_mac_for_other_bytes_than_ours_proves_nothing() -> None:
    """Somebody between card and reader lets the card have bytes of his own."""

    class Deceived(FelicaLiteSCard):
        def answer(self, command: bytes) -> bytes | None:
            if command[6:7] == b"\x08":
                command = command[:-16] + bytes(16)
            return super().answer(command)

    assert judged(read(Line(Deceived(IDM, KEY)))) is Verdict.BAD_SIGNATURE


@pytest.mark.parametrize("at", [13, 13 + 15, 13 + 16, 13 + 31, 13 + 32, 13 + 39])
def test_a_mac_over_other_data_proves_nothing(at: int) -> None:
    """One bit of ID, of CKV and of the MAC itself."""
    line = Line(FelicaLiteSCard(IDM, KEY))
    read(line)
    right = bytearray(line.card.answer(line.sent[2]) or b"")
    right[at] ^= 1
    found = read(Line(FelicaLiteSCard(IDM, KEY), instead={3: bytes(right)}))
    assert judged(found) is Verdict.BAD_SIGNATURE


def test_a_mac_over_other_blocks_proves_nothing() -> None:
    """ID and ID again instead of ID and CKV: the MAC names the blocks that it is over."""
    card = FelicaLiteSCard(IDM, KEY, challenge=drawn(16))
    told = IDM + bytes(8)
    mac = card.mac([0x82, 0x82, 0x91], told + told)
    assert not proves(KEY, drawn(16), told + told + mac)


def test_a_proof_counts_for_the_profile_and_the_card_alone() -> None:
    found = read(Line(FelicaLiteSCard(IDM, KEY)))
    unkeyed = msgspec.structs.replace(ENROLLED, sealed=None)
    assert judged(found, unkeyed) is Verdict.NO_KEY
    desfire = msgspec.structs.replace(ENROLLED, profile="desfire-ev2-aes")
    assert judged(found, desfire) is Verdict.OTHER_PROFILE


def test_a_reader_with_another_chip_is_spoken_to_as_its_profile_says() -> None:
    wrapping = ReaderWrapping(
        command="FF 00 00 00", data="D4 40 01 {frame}", answer_head="D5 41 00"
    )
    profile = msgspec.structs.replace(CHOSEN[0], reader=wrapping)
    card = FelicaLiteSCard(IDM, KEY, head=b"\xd4\x40\x01", answer_head=b"\xd5\x41\x00")
    script = read_card((profile,), card.atr, drawn, KEYS)
    assert judged(run_script(script, Line(card).transmit)) is Verdict.VERIFIED
    failed = Line(card, instead={2: b"\xd5\x41\x01\x90\x00"})
    with pytest.raises(CardError) as caught:
        run_script(read_card((profile,), card.atr, drawn, KEYS), failed.transmit)
    assert caught.value.fault is CardFault.MALFORMED_ANSWER


# --- a card that fails ---------------------------------------------------------------------------

WRITTEN = b"\x0c\x09" + IDM + b"\x00\x00"
READ = b"\x3d\x07" + IDM + b"\x00\x00\x03" + bytes(48)


@pytest.mark.parametrize(
    ("at", "answer", "fault"),
    [
        (2, b"\x63\x00", CardFault.BAD_STATUS),
        (2, b"\x90\x00", CardFault.WRONG_LENGTH),
        (2, b"\x90", CardFault.MALFORMED_ANSWER),
        (2, WRITTEN[:11] + b"\x90\x00", CardFault.WRONG_LENGTH),
        (2, WRITTEN + b"\x00\x90\x00", CardFault.WRONG_LENGTH),
        (2, b"\x0d" + WRITTEN[1:] + b"\x00\x90\x00", CardFault.WRONG_LENGTH),
        (2, b"\x0c\x07" + WRITTEN[2:] + b"\x90\x00", CardFault.MALFORMED_ANSWER),
        (2, b"\x0c\x09" + bytes(8) + b"\x00\x00\x90\x00", CardFault.MALFORMED_ANSWER),
        (2, WRITTEN[:10] + b"\xff\xa6\x90\x00", CardFault.BAD_STATUS),
        (3, b"\x63\x00", CardFault.BAD_STATUS),
        (3, READ[:-1] + b"\x90\x00", CardFault.WRONG_LENGTH),
        (3, b"\x3c" + READ[1:-1] + b"\x90\x00", CardFault.WRONG_LENGTH),
        (3, READ[:12] + b"\x02" + READ[13:] + b"\x90\x00", CardFault.WRONG_LENGTH),
        (3, b"\x0c\x07" + IDM + b"\x01\xb1\x90\x00", CardFault.BAD_STATUS),
        (3, b"\x0c\x07" + IDM + b"\x00\x00\x90\x00", CardFault.WRONG_LENGTH),
        (3, READ[:1] + b"\x09" + READ[2:] + b"\x90\x00", CardFault.MALFORMED_ANSWER),
    ],
)
def test_an_odd_answer_is_a_named_fault(at: int, answer: bytes, fault: CardFault) -> None:
    with pytest.raises(CardError) as caught:
        read(Line(FelicaLiteSCard(IDM, KEY), instead={at: answer}))
    assert caught.value.fault is fault


def test_a_whole_answer_of_zeros_is_a_wrong_proof_and_no_fault() -> None:
    found = read(Line(FelicaLiteSCard(IDM, KEY), instead={3: READ + b"\x90\x00"}))
    assert judged(found) is Verdict.BAD_SIGNATURE


def test_a_card_that_lost_its_power_between_the_two_commands_is_unreadable() -> None:
    class Flickering(FelicaLiteSCard):
        def answer(self, command: bytes) -> bytes | None:
            if command[6:7] == b"\x06":
                self.reset()
            return super().answer(command)

    with pytest.raises(CardError) as caught:
        read(Line(Flickering(IDM, KEY)))
    assert caught.value.fault is CardFault.BAD_STATUS


def test_a_card_that_is_pulled_away_ends_the_reading_with_the_readers_own_word() -> None:
    with pytest.raises(CardLeftError):
        read(Line(MisbehavingCard(FelicaLiteSCard(IDM, KEY), Misbehaviour.LEAVE, 0x00)))


@given(
    st.lists(st.binary(max_size=70), max_size=3),
    st.sampled_from([b"\x90\x00", b"\x61\x05", b"\x6c\x05", b"\x63\x00", b""]),
)
@example([READ], b"\x90\x00")
def test_whatever_is_answered_reading_ends_in_a_card_or_a_named_fault(
    answers: list[bytes], status: bytes
) -> None:
    left = iter([IDM + b"\x90\x00", WRITTEN + b"\x90\x00", *(one + status for one in answers)])
    script = read_card(CHOSEN, FelicaLiteSCard(IDM, KEY).atr, drawn, KEYS)
    try:
        found = run_script(script, lambda _: next(left, b"\x61\x01"))
    except CardError as error:
        assert error.fault in CardFault
        return
    assert len(proof_of(found).signature) == PROOF
    assert judged(found) is Verdict.BAD_SIGNATURE


def test_an_agent_that_reads_no_such_card_does_not_load_its_cipher() -> None:
    """Nor do profiles that are only shipped."""
    loads = (
        "import sys; import edge.cards.script, edge.cards.verify, edge.cards.profile_files as p;"
        "p.load_profiles(); sys.exit('edge.cards.felica_lite_s' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0


@given(st.binary(max_size=80))
@example(WRITTEN)
@example(READ)
def test_any_frame_is_an_answer_or_a_named_fault(frame: bytes) -> None:
    for taken in (felica_lite_s.check_written, felica_lite_s.told):
        try:
            taken(frame, IDM)
        except CardError as error:
            assert error.fault in CardFault


# --- the card of software ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("1406" + IDM.hex() + "010b0003808280868091", b"\x0c\x07" + IDM + b"\xff\xa8\x90\x00"),
        ("1006" + IDM.hex() + "010b00018087", b"\x0c\x07" + IDM + b"\xff\xa8\x90\x00"),
        ("1006" + bytes(8).hex() + "010b00018082", b"\x63\x00"),
        ("1106" + IDM.hex() + "010b00018082", b"\x63\x00"),
    ],
    ids=["no challenge yet", "block CK", "another card's", "a length that lies"],
)
def test_a_card_of_software_refuses_what_a_real_one_would(frame: str, answer: bytes) -> None:
    given_frame = bytes.fromhex(frame)
    command = b"\xff\x00\x00\x00" + bytes([len(given_frame)]) + given_frame
    assert FelicaLiteSCard(IDM, KEY).answer(command) == answer
