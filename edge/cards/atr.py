"""What a card is, by the bytes of its answer to reset.

Structure and check byte: ISO/IEC 7816-3, 8.2. Contactless cards have an ATR made by the reader:
PC/SC specification part 3, 3.1.3.2.3 (storage cards and ISO 14443-4) with its supplement's names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import xor
from typing import Final

from edge.cards.faults import CardError, CardFault

_MAX_ATR: Final = 33
_PCSC_RID: Final = bytes.fromhex("A000000306")
_FELICA_NAMES: Final = frozenset({0x003B, 0xF011})


class CardKind(StrEnum):
    """What kind of card speaks, as far as an ATR tells."""

    TYPE_A_STORAGE = "iso14443a-3"
    TYPE_B_STORAGE = "iso14443b-3"
    FELICA = "felica"
    VICINITY = "iso15693"
    CONTACTLESS = "iso14443-4"
    """A processor card of type A or B: the ATR does not say which."""
    CONTACT = "iso7816"
    OTHER_STORAGE = "other-storage"


_STORAGE_STANDARDS: Final[dict[int, CardKind]] = {
    **dict.fromkeys((0x01, 0x02, 0x03), CardKind.TYPE_A_STORAGE),
    **dict.fromkeys((0x05, 0x06, 0x07), CardKind.TYPE_B_STORAGE),
    **dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C), CardKind.VICINITY),
    0x11: CardKind.FELICA,
}


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer to reset taken apart: interface bytes as they stand, historical bytes."""

    interface: bytes
    historical: bytes


def parse_atr(atr: bytes) -> Atr:
    """Take an ATR apart; raise `CardError(MALFORMED_ATR)` unless every length and the check byte
    are right."""
    if not 2 <= len(atr) <= _MAX_ATR or atr[0] not in (0x3B, 0x3F):
        raise CardError(CardFault.MALFORMED_ATR, "start")
    present, at, only_t0 = atr[1] >> 4, 2, True
    while present:
        if len(atr) < at + present.bit_count():
            raise CardError(CardFault.MALFORMED_ATR, "interface bytes")
        at += present.bit_count()
        if not present & 8:
            break
        following = atr[at - 1]
        only_t0 = only_t0 and following & 0x0F == 0
        present = following >> 4
    end = at + (atr[1] & 0x0F)
    if len(atr) != end + (0 if only_t0 else 1):
        raise CardError(CardFault.MALFORMED_ATR, "length")
    if not only_t0 and reduce(xor, atr[1:]) != 0:
        raise CardError(CardFault.MALFORMED_ATR, "check byte")
    return Atr(atr[2:at], atr[at:end])


def card_kind(atr: bytes) -> CardKind:
    """Say what kind of card an ATR stands for; raise `CardError(MALFORMED_ATR)`."""
    parsed = parse_atr(atr)
    if parsed.interface != b"\x80\x01":
        return CardKind.CONTACT
    name = _storage_name(parsed.historical)
    if name is None:
        return CardKind.CONTACTLESS
    standard, card = name
    if card in _FELICA_NAMES:
        return CardKind.FELICA
    return _STORAGE_STANDARDS.get(standard, CardKind.OTHER_STORAGE)


def _storage_name(historical: bytes) -> tuple[int, int] | None:
    """Give (standard, card name) of a storage card's historical bytes: 80 4F 0C, RID, SS, NN NN,
    four bytes reserved."""
    if len(historical) != 15 or historical[:8] != b"\x80\x4f\x0c" + _PCSC_RID:
        return None
    return historical[8], int.from_bytes(historical[9:11], "big")


def storage_atr(standard: int, card: int) -> bytes:
    """Make the ATR that a reader gives a storage card of this standard (SS) and name (NN NN)."""
    body = b"\x80\x4f\x0c" + _PCSC_RID + bytes([standard]) + card.to_bytes(2, "big") + bytes(4)
    return contactless_atr(body)


def contactless_atr(historical: bytes) -> bytes:
    """Make the ATR that a reader gives an ISO 14443-4 card with up to 15 historical bytes."""
    if len(historical) > 15:
        raise ValueError("an ATR has at most 15 historical bytes")
    body = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
    return b"\x3b" + body + bytes([reduce(xor, body)])
