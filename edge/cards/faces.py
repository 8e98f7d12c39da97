"""One card, several faces: what a reader that sends bits makes of a card's number, undone.

Over PC/SC a card is its UID; over OSDP or Wiegand the same card is those bytes reversed, cut, and
framed by parity bits, as the reader was set up. A face says how; `face_identity` gives back the
identity every other reader gives. Faces are data: `faces/*.toml`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from edge.cards.faults import CardError, CardFault
from edge.cards.identity import Identity, is_part, narrow

Namespace: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]


class ReaderFace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one make and setting of reader sends a card's number.

    `namespaces`: what a frame of so many bits (parity included) is: `uid` or `felica` when whole,
    `uid.first4` and the like when the reader cuts the number. `parity`: a leading even bit over
    the first half and a trailing odd bit over the second. `reversed_bytes`: last byte first.
    """

    id: str
    title: str
    namespaces: dict[Annotated[int, msgspec.Meta(ge=8, le=512)], Namespace]
    parity: bool = False
    reversed_bytes: bool = False

    def __post_init__(self) -> None:
        framing = 2 if self.parity else 0
        if not self.namespaces or any((bits - framing) % 8 for bits in self.namespaces):
            raise ValueError("the bits of a frame less its parity bits must be whole bytes")


def face_identity(face: ReaderFace, data: bytes, bit_count: int) -> Identity:
    """Give the identity behind `bit_count` bits (first bit = highest of `data[0]`).

    Raises `CardError` with `WRONG_LENGTH` or `BAD_PARITY`.
    """
    namespace = face.namespaces.get(bit_count)
    if namespace is None or len(data) != -(-bit_count // 8):
        raise CardError(CardFault.WRONG_LENGTH, f"{bit_count} bits at a {face.id} reader")
    number = int.from_bytes(data, "big") >> (len(data) * 8 - bit_count)
    if face.parity:
        number, bit_count = _strip_parity(number, bit_count)
    value = number.to_bytes(bit_count // 8, "big")
    return Identity(namespace, value[::-1] if face.reversed_bytes else value)


def face_bits(face: ReaderFace, identity: Identity) -> tuple[bytes, int]:
    """Give what a reader with this face sends for a card: bytes and bit count, for simulators.

    Raises `CardError(WRONG_LENGTH)` for a card whose number this face cannot carry.
    """
    framing = 2 if face.parity else 0
    for bit_count, namespace in face.namespaces.items():
        seen = narrow(identity, namespace) if is_part(namespace) else identity
        if seen.namespace == namespace and len(seen.value) * 8 + framing == bit_count:
            return _frame(face, seen.value), bit_count
    raise CardError(CardFault.WRONG_LENGTH, f"{len(identity.value)} bytes at a {face.id} reader")


def _frame(face: ReaderFace, value: bytes) -> bytes:
    number = int.from_bytes(value[::-1] if face.reversed_bytes else value, "big")
    bit_count = len(value) * 8
    if face.parity:
        half = bit_count // 2
        even = (number >> half).bit_count() & 1
        odd = (number & ((1 << half) - 1)).bit_count() & 1 ^ 1
        number, bit_count = even << (bit_count + 1) | number << 1 | odd, bit_count + 2
    size = -(-bit_count // 8)
    return (number << (size * 8 - bit_count)).to_bytes(size, "big")


def _strip_parity(number: int, bit_count: int) -> tuple[int, int]:
    half = bit_count // 2
    first, second = number >> half, number & ((1 << half) - 1)
    if first.bit_count() % 2 or not second.bit_count() % 2:
        raise CardError(CardFault.BAD_PARITY)
    inner = bit_count - 2
    return number >> 1 & ((1 << inner) - 1), inner
