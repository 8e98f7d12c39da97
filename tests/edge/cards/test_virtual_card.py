"""The cards of software answer as the real ones would, and misbehave as told."""

from __future__ import annotations

import pytest

from edge.cards.atr import CardKind, card_kind
from edge.cards.virtual_card import (
    AID,
    CardLeftError,
    EcdsaCard,
    MisbehavingCard,
    Misbehaviour,
    StorageKind,
    UidCard,
)

SELECT = b"\x00\xa4\x04\x00\x0a" + AID + b"\x00"
NUMBER = b"\x00\xca\x01\x01\x00"
AUTHENTICATE = b"\x00\x88\x00\x00\x20" + bytes(32) + b"\x00"


def test_a_card_answers_nothing_before_its_application_is_selected(card: EcdsaCard) -> None:
    assert card.answer(NUMBER) == b"\x69\x85"
    assert card.answer(SELECT) == b"\x90\x00"
    assert card.answer(NUMBER) == card.number + b"\x90\x00"
    card.reset()
    assert card.answer(AUTHENTICATE) == b"\x69\x85"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"\x00\xa4\x04\x00\x03\x01\x02\x03\x00", b"\x6a\x82"),
        (b"\x00\xa4\x04\x00\x0b" + AID, b"\x6a\x82"),  # a length that lies
        (b"\xff\xca\x00\x00\x00", b"\x6a\x81"),
    ],
)
def test_a_card_refuses_what_it_does_not_know(
    card: EcdsaCard, command: bytes, answer: bytes
) -> None:
    assert card.answer(command) == answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"\x00\x88\x00\x00\x10" + bytes(16) + b"\x00", b"\x67\x00"),
        (b"\x00\x88\x00\x00\x20" + bytes(16), b"\x67\x00"),
        (b"\x00\xb0\x00\x00\x00", b"\x6d\x00"),
    ],
)
def test_a_selected_card_signs_whole_challenges_only(
    card: EcdsaCard, command: bytes, answer: bytes
) -> None:
    card.answer(SELECT)
    assert card.answer(command) == answer


@pytest.mark.parametrize("kind", StorageKind)
def test_every_storage_card_is_one_by_its_atr(kind: StorageKind) -> None:
    made = UidCard.storage(kind, b"\xa1\xb2\xc3\xd4")
    assert card_kind(made.atr) not in (CardKind.CONTACT, CardKind.CONTACTLESS)
    assert made.answer(b"\xff\xca\x00\x00\x00") == b"\xa1\xb2\xc3\xd4\x90\x00"
    assert made.answer(NUMBER) == b"\x6d\x00"


def test_a_misbehaving_card_is_in_order_until_its_command(card: EcdsaCard) -> None:
    hung = MisbehavingCard(card, Misbehaviour.HANG, 0x88)
    assert hung.answer(SELECT) == b"\x90\x00"
    assert hung.answer(AUTHENTICATE) is None
    with pytest.raises(CardLeftError):
        MisbehavingCard(card, Misbehaviour.LEAVE, 0xA4).answer(SELECT)
