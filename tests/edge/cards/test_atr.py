"""What an ATR tells, and that a damaged one is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.atr import Atr, CardKind, card_kind, contactless_atr, parse_atr, storage_atr
from edge.cards.faults import CardError, CardFault


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        ("3B8F8001804F0CA000000306030001000000006A", CardKind.TYPE_A_STORAGE),  # MIFARE Classic 1K
        ("3B8F8001804F0CA0000003060300020000000069", CardKind.TYPE_A_STORAGE),  # MIFARE Classic 4K
        ("3B8F8001804F0CA0000003060300030000000068", CardKind.TYPE_A_STORAGE),  # Ultralight, NTAG
        ("3B8F8001804F0CA000000306030026000000004D", CardKind.TYPE_A_STORAGE),  # MIFARE Mini
        ("3B8F8001804F0CA00000030611003B0000000042", CardKind.FELICA),
        ("3B8F8001804F0CA00000030603F011000000008A", CardKind.FELICA),  # as the ACR122 shows it
        ("3B888001000041E0B381A1003B", CardKind.CONTACTLESS),  # a My Number Card
        ("3B8080010 1".replace(" ", ""), CardKind.CONTACTLESS),  # no historical bytes
        ("3BDA13FF8131FB468012392F31C173C601C03B", CardKind.CONTACT),  # the same, by its contacts
        ("3B6500002063CBA000"[:18], CardKind.CONTACT),  # T=0 alone: no check byte
    ],
)
def test_cards_are_known_by_their_atr(atr: str, kind: CardKind) -> None:
    assert card_kind(bytes.fromhex(atr)) is kind


@pytest.mark.parametrize(
    ("standard", "kind"),
    [
        (0x02, CardKind.TYPE_A_STORAGE),
        (0x07, CardKind.TYPE_B_STORAGE),
        (0x0B, CardKind.VICINITY),
        (0x10, CardKind.OTHER_STORAGE),
    ],
)
def test_storage_cards_are_told_apart_by_their_standard(standard: int, kind: CardKind) -> None:
    assert card_kind(storage_atr(standard, 0x0014)) is kind


def test_an_atr_comes_apart_into_interface_and_historical_bytes() -> None:
    assert parse_atr(contactless_atr(b"KAGI")) == Atr(b"\x80\x01", b"KAGI")


def test_every_damaged_byte_after_the_first_is_noticed_or_changes_the_length() -> None:
    good = storage_atr(0x03, 0x0001)
    for at in range(1, len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x10
        with pytest.raises(CardError) as caught:
            parse_atr(bytes(bad))
        assert caught.value.fault is CardFault.MALFORMED_ATR


@given(st.binary(max_size=40))
def test_any_bytes_are_an_atr_or_a_named_fault(data: bytes) -> None:
    try:
        parsed = parse_atr(data)
    except CardError as error:
        assert error.fault is CardFault.MALFORMED_ATR
    else:
        assert len(parsed.interface) + len(parsed.historical) in (len(data) - 2, len(data) - 3)


@given(st.binary(max_size=15))
def test_what_a_reader_makes_of_a_processor_card_comes_apart_again(historical: bytes) -> None:
    assert parse_atr(contactless_atr(historical)).historical == historical
