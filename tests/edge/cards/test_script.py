"""Reading a card: the commands sent, the answers taken, every wrong answer named."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.atr import contactless_atr, storage_atr
from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity
from edge.cards.profile import SignatureForm
from edge.cards.profile_files import load_profiles
from edge.cards.script import CardRead, read_card, run_script
from edge.cards.signatures import der_signature, raw_signature
from edge.cards.virtual_card import (
    EcdsaCard,
    MisbehavingCard,
    Misbehaviour,
    StorageKind,
    UidCard,
    VirtualCard,
)

PROFILES = load_profiles()
BOTH = (PROFILES["iso7816-ecdsa-p256"], PROFILES["identifier"])
UID = bytes.fromhex("04A1B2C3D4E5F6")


def nonce(size: int) -> bytes:
    return bytes(range(size))


def read(card: VirtualCard, profiles=BOTH, sent: list[str] | None = None) -> CardRead:
    def transmit(command: bytes) -> bytes:
        if sent is not None:
            sent.append(command.hex().upper())
        answer = card.answer(command)
        assert answer is not None
        return answer

    return run_script(read_card(profiles, card.atr, nonce), transmit)


def fault(run: Callable[[], object]) -> CardFault:
    with pytest.raises(CardError) as caught:
        run()
    return caught.value.fault


def test_a_card_that_proves_itself_is_asked_byte_by_byte(card: EcdsaCard) -> None:
    sent: list[str] = []
    got = read(card, sent=sent)
    assert sent == [
        "00A404000AF04B4147494D4F52490100",  # SELECT by name
        "00CA010100",  # GET DATA, card number
        "0088000020" + bytes(range(32)).hex().upper() + "00",  # INTERNAL AUTHENTICATE
    ]
    assert got.profile == "iso7816-ecdsa-p256"
    assert got.identity == Identity("p256", card.number)
    assert got.proof is not None
    assert got.proof.challenge == bytes(range(32))
    assert len(got.proof.signature) == 64


def test_a_storage_card_is_not_bothered_with_applications() -> None:
    sent: list[str] = []
    got = read(UidCard.storage(StorageKind.MIFARE_1K, UID), sent=sent)
    assert (sent, got.identity) == (["FFCA000000"], Identity("uid", UID))


def test_the_first_profile_that_knows_a_card_reads_it(card: EcdsaCard) -> None:
    assert read(card).identity.namespace == "p256"
    other = UidCard.processor(b"KAGI", UID)
    assert read(other).identity == Identity("uid", UID)


@pytest.mark.parametrize("status", ["6A82", "6999", "6700", "917E", "6283"])
def test_a_card_that_refuses_our_application_in_any_words_is_of_another_kind(status: str) -> None:
    got, sent = scripted([status, "04A1B2C3D4E5F69000"], contactless_atr(b"XY"))
    assert (got.identity, len(sent)) == (Identity("uid", UID), 2)


def test_a_card_that_fails_its_profile_is_not_tried_by_a_weaker_one(card: EcdsaCard) -> None:
    broken = MisbehavingCard(card, Misbehaviour.TRUNCATE, 0x88)
    assert fault(lambda: read(broken)) is CardFault.WRONG_LENGTH


@pytest.mark.parametrize(
    ("how", "at", "named"),
    [
        (Misbehaviour.NO_STATUS, 0xA4, CardFault.MALFORMED_ANSWER),
        (Misbehaviour.NO_STATUS, 0x88, CardFault.MALFORMED_ANSWER),
        (Misbehaviour.OVERLONG, 0xCA, CardFault.MALFORMED_ANSWER),
        (Misbehaviour.ENDLESS, 0xCA, CardFault.MALFORMED_ANSWER),
        (Misbehaviour.TRUNCATE, 0x88, CardFault.WRONG_LENGTH),
    ],
)
def test_a_misbehaving_card_is_named(
    card: EcdsaCard, how: Misbehaviour, at: int, named: CardFault
) -> None:
    assert fault(lambda: read(MisbehavingCard(card, how, at))) is named


def scripted(answers: list[str], atr: bytes = storage_atr(3, 1)) -> tuple[CardRead, list[str]]:
    sent: list[str] = []
    left = iter(answers)

    def transmit(command: bytes) -> bytes:
        sent.append(command.hex().upper())
        return bytes.fromhex(next(left))

    return run_script(read_card(BOTH, atr, nonce), transmit), sent


def test_a_wrong_length_is_asked_again_as_the_card_wishes() -> None:
    got, sent = scripted(["6C07", "04A1B2C3D4E5F69000"])
    assert (got.identity.value, sent) == (UID, ["FFCA000000", "FFCA000007"])


def test_an_answer_in_pieces_is_fetched() -> None:
    got, sent = scripted(["04A1B2C36103", "D4E5F69000"])
    assert got.identity.value == UID
    assert sent[1].endswith("C0000003")


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        (["6300"], CardFault.BAD_STATUS),
        (["04A16282"], CardFault.BAD_STATUS),
        (["6A81"], CardFault.UNSUPPORTED),
        (["6C07", "6C07"] + ["6C07"] * 9, CardFault.BAD_STATUS),
        (["9000"], CardFault.WRONG_LENGTH),
        (["01" * 11 + "9000"], CardFault.WRONG_LENGTH),
        (["A1B2C3D4E59000"], CardFault.WRONG_LENGTH),
        (["00" * 200 + "61C8", "00" * 200 + "9000"], CardFault.WRONG_LENGTH),
        (["", "9000"], CardFault.MALFORMED_ANSWER),
        (["1234"], CardFault.MALFORMED_ANSWER),
    ],
)
def test_wrong_answers_are_named(answers: list[str], named: CardFault) -> None:
    assert fault(lambda: scripted(answers)) is named


def test_a_type_b_number_is_refused_without_a_question() -> None:
    card = UidCard.storage(StorageKind.TYPE_B, bytes.fromhex("A1B2C3D4"))
    assert fault(lambda: read(card)) is CardFault.PSEUDO_IDENTIFIER


def test_the_my_number_cards_session_number_is_no_identity() -> None:
    card = UidCard.processor(bytes.fromhex("000041E0B381A100"), bytes.fromhex("A1B2C3D4"))
    assert card.atr.hex().upper() == "3B888001000041E0B381A1003B"
    assert fault(lambda: read(card)) is CardFault.PSEUDO_IDENTIFIER


def test_a_der_signature_is_taken_where_the_profile_says_so(card: EcdsaCard) -> None:
    class DerCard(EcdsaCard):
        def answer(self, command: bytes) -> bytes | None:
            answer = super().answer(command)
            if command[1] != 0x88 or answer is None:
                return answer
            return der_signature(answer[:-2]) + answer[-2:]

    raw = BOTH[0]
    assert raw.challenge is not None
    steps = (*raw.step[:2], msgspec.structs.replace(raw.step[2], min_bytes=8, max_bytes=72))
    challenge = msgspec.structs.replace(raw.challenge, signature=SignatureForm.DER)
    profile = msgspec.structs.replace(raw, challenge=challenge, step=steps)
    der = DerCard.with_scalar(card.number, 12345)
    got = read(der, (profile,))
    assert got.proof is not None
    assert len(got.proof.signature) == 64
    assert fault(lambda: read(card, (profile,))) is CardFault.MALFORMED_ANSWER


@given(st.binary(max_size=80))
def test_any_signature_bytes_become_raw_or_are_named(data: bytes) -> None:
    try:
        assert len(raw_signature(data)) == 64
    except CardError as error:
        assert error.fault is CardFault.MALFORMED_ANSWER


@given(st.lists(st.binary(max_size=260), max_size=200), st.sampled_from([b"KAGI", b""]))
def test_whatever_a_card_answers_reading_ends_in_a_card_or_a_named_fault(
    answers: list[bytes], historical: bytes
) -> None:
    left = iter(answers)
    count = 0

    def transmit(command: bytes) -> bytes:
        nonlocal count
        count += 1
        return next(left, b"\x61\x01")

    script = read_card(BOTH, contactless_atr(historical), secrets.token_bytes)
    try:
        assert isinstance(run_script(script, transmit), CardRead)
    except CardError as error:
        assert error.fault in CardFault
    assert count <= 4 * 9, "a card cannot keep a reader for ever"


@given(
    st.lists(
        st.builds(
            lambda data, status: data + status,
            st.binary(max_size=66),
            st.sampled_from([b"\x90\x00", b"\x6a\x82", b"\x61\x10", b"\x6c\x10", b"\x62\x82"]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_plausible_answers_in_any_order_never_make_a_proof_of_another_shape(
    answers: list[bytes],
) -> None:
    left = iter(answers)
    script = read_card(BOTH, contactless_atr(b"KAGI"), nonce)
    try:
        got = run_script(script, lambda _: next(left, b"\x6f\x00"))
    except CardError as error:
        assert error.fault in CardFault
        return
    if got.proof is None:
        assert got.identity.namespace == "uid"
    else:
        assert 8 <= len(got.identity.value) <= 16
        assert (len(got.proof.challenge), len(got.proof.signature)) == (32, 64)
