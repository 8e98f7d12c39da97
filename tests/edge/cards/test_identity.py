"""Which numbers identify a card, and which do not."""

from __future__ import annotations

import pytest

from edge.cards.atr import CardKind
from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity, check_uid, narrow

A, B4, F = CardKind.TYPE_A_STORAGE, CardKind.CONTACTLESS, CardKind.FELICA


@pytest.mark.parametrize(
    ("kind", "uid"),
    [
        (A, "A1B2C3D4"),
        (A, "04A1B2C3D4E5F6"),
        (A, "04A1B2C3D4E5F6071829"),
        (B4, "08A1B2C3D4E5F6"),  # only a single-size UID that starts with 08 is random
        (F, "0114B34D2A0B1C3D"),
        (CardKind.VICINITY, "E00401500A0B0C0D"),
    ],
)
def test_numbers_that_stay_are_taken(kind: CardKind, uid: str) -> None:
    check_uid(kind, bytes.fromhex(uid))


@pytest.mark.parametrize(
    ("kind", "uid", "fault"),
    [
        (A, "08B2C3D4", CardFault.PSEUDO_IDENTIFIER),
        (A, "00000000", CardFault.PSEUDO_IDENTIFIER),
        (A, "FFFFFFFFFFFFFF", CardFault.PSEUDO_IDENTIFIER),
        (B4, "A1B2C3D4", CardFault.PSEUDO_IDENTIFIER),
        (F, "01FE010203040506", CardFault.PSEUDO_IDENTIFIER),
        (A, "88A1B2C3", CardFault.WRONG_LENGTH),
        (A, "", CardFault.WRONG_LENGTH),
        (A, "A1B2C3D4E5", CardFault.WRONG_LENGTH),
        (F, "0114B34D", CardFault.WRONG_LENGTH),
        (CardKind.CONTACT, "A1B2C3D4", CardFault.WRONG_LENGTH),
        (CardKind.TYPE_B_STORAGE, "A1B2C3D4", CardFault.WRONG_LENGTH),
    ],
)
def test_random_and_cut_numbers_identify_nobody(kind: CardKind, uid: str, fault: CardFault) -> None:
    with pytest.raises(CardError) as caught:
        check_uid(kind, bytes.fromhex(uid))
    assert caught.value.fault is fault
    assert not uid or uid not in str(caught.value)


def test_a_number_is_narrowed_to_its_first_or_last_bytes() -> None:
    whole = Identity("uid", bytes.fromhex("04A1B2C3D4E5F6"))
    assert narrow(whole, "uid.first4") == Identity("uid.first4", bytes.fromhex("04A1B2C3"))
    assert narrow(whole, "uid.last3") == Identity("uid.last3", bytes.fromhex("D4E5F6"))


def test_narrowing_leaves_other_namespaces_and_narrowed_numbers_alone() -> None:
    for other in (Identity("p256", bytes(16)), Identity("uid.first4", bytes(4))):
        assert narrow(other, "uid.first4") == other


def test_a_number_shorter_than_the_part_is_named() -> None:
    with pytest.raises(CardError) as caught:
        narrow(Identity("uid", bytes(4)), "uid.first7")
    assert caught.value.fault is CardFault.WRONG_LENGTH


def test_a_part_that_is_none_says_what_to_write() -> None:
    with pytest.raises(ValueError, match=r"uid\.first4"):
        narrow(Identity("uid", bytes(4)), "uid")


def test_a_cards_number_is_not_shown() -> None:
    assert "a1b2" not in repr(Identity("uid", bytes.fromhex("A1B2C3D4"))).lower()
