"""Who a card says it is: (namespace, bytes), checked, and as coarser readers see it.

Random and pseudo identifiers are refused: ISO/IEC 14443-3, 6.5.4 (a single-size UID that starts
with 08 is drawn at each power-on) and 7.9.2 (a PUPI may be); JIS X 6319-4 with NFC Forum Digital
(an NFCID2 that starts with 01 FE is drawn by a device for peer-to-peer).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from edge.cards.atr import CardKind
from edge.cards.faults import CardError, CardFault

_PART: Final = re.compile(
    r"(?P<whole>[a-z0-9][a-z0-9_-]{0,15})\.(?P<end>first|last)(?P<bytes>[1-9])"
)
_LENGTHS: Final[dict[CardKind, frozenset[int]]] = {
    CardKind.TYPE_A_STORAGE: frozenset({4, 7, 10}),
    CardKind.CONTACTLESS: frozenset({4, 7, 10}),
    CardKind.FELICA: frozenset({8}),
    CardKind.VICINITY: frozenset({8}),
}
_RANDOM_UID: Final = 0x08
_CASCADE_TAG: Final = 0x88
_RANDOM_NFCID2: Final = b"\x01\xfe"


@dataclass(frozen=True, slots=True)
class Identity:
    """A card's name. The same bytes in two namespaces are two cards."""

    namespace: str
    value: bytes = field(repr=False)


def check_uid(kind: CardKind, uid: bytes) -> None:
    """Raise `CardError` unless a reader's GET DATA gave a number that stays with the card.

    A 4-byte number of an ISO 14443-4 card is refused too: no ATR tells a type A UID from a type B
    pseudo identifier (the My Number Card's), and some readers give both the same ATR.
    """
    if len(uid) not in _LENGTHS.get(kind, frozenset()):
        raise CardError(CardFault.WRONG_LENGTH, f"identifier of {len(uid)} bytes")
    if kind is CardKind.FELICA:
        if uid.startswith(_RANDOM_NFCID2):
            raise CardError(CardFault.PSEUDO_IDENTIFIER, "peer-to-peer device")
    elif len(uid) == 4:
        if kind is CardKind.CONTACTLESS:
            raise CardError(CardFault.PSEUDO_IDENTIFIER, "4 bytes of a processor card")
        if uid[0] == _RANDOM_UID:
            raise CardError(CardFault.PSEUDO_IDENTIFIER, "random UID")
        if uid[0] == _CASCADE_TAG:
            raise CardError(CardFault.WRONG_LENGTH, "half of a longer UID")
    if len(set(uid)) == 1 and uid[0] in (0x00, 0xFF):
        raise CardError(CardFault.PSEUDO_IDENTIFIER, "blank")


def is_part(namespace: str) -> bool:
    """Whether a namespace holds a part of another's numbers, such as `uid.first4`."""
    return _PART.fullmatch(namespace) is not None


def narrow(identity: Identity, namespace: str) -> Identity:
    """Give the identity as a coarser reader sees it: `uid.first4`, `uid.last3`.

    A site whose readers cut the number names one such namespace for all its readers, so that a
    card enrolled at any of them is the same card at the others. An identity of another namespace,
    or one already narrowed so, comes back unchanged. Raises `CardError(WRONG_LENGTH)` for a number
    shorter than the part, `ValueError` for a name that is no part.
    """
    part = _PART.fullmatch(namespace)
    if part is None:
        raise ValueError(f"{namespace!r} is no part: write for example 'uid.first4' or 'uid.last3'")
    if identity.namespace != part["whole"]:
        return identity
    size = int(part["bytes"])
    if len(identity.value) < size:
        raise CardError(CardFault.WRONG_LENGTH, f"{len(identity.value)} bytes for {namespace}")
    value = identity.value[:size] if part["end"] == "first" else identity.value[-size:]
    return Identity(namespace, value)
