"""A burst of bits as a card's frame or a keypad's key.

| bits | known as | leading even parity over | trailing odd parity over | site code, number |
| 26 | H10301 | bits 1 to 12 | bits 13 to 24 | 8, 16 |
| 34 | (common) | bits 1 to 16 | bits 17 to 32 | 16, 16 |
| 37 | H10304 | bits 1 to 18 | bits 18 to 35 | 16, 19 |

Bits are numbered from 0 as they come. Every bit is covered by a parity, so that one bit that flips
is found; two that flip under the same parity are not. Keypads send each key by itself: 4 bits, or
8 of which the first four are the complement of the last (0 to 9, 10 for `*`, 11 for `#`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

_KEYS: Final = "0123456789*#"
_SHORTEST: Final = 4


class WiegandFault(StrEnum):
    """Why a burst means nothing."""

    LONE_BIT = "lone_bit"
    """Fewer bits than anything has: crosstalk, or a plug that was pulled."""
    LENGTH = "length"
    PARITY = "parity"
    KEY = "key"
    """A key that no keypad has, or whose complement does not fit."""


class WiegandError(Exception):
    """A burst that means nothing. Says nothing of what was in it."""

    def __init__(self, fault: WiegandFault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True)
class Format:
    """Which bits each parity covers, as `[start, end)`, and how the rest is divided."""

    bits: int
    even: tuple[int, int]
    odd: tuple[int, int]
    site_bits: int
    number_bits: int


FORMATS: Final = {
    one.bits: one
    for one in (
        Format(26, (1, 13), (13, 25), 8, 16),
        Format(34, (1, 17), (17, 33), 16, 16),
        Format(37, (1, 19), (18, 36), 16, 19),
    )
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A card's frame, parity bits included: `data` holds its bits from the highest of the first
    byte on, the rest 0. `site` and `number` are None where the format is not known."""

    bits: int
    data: bytes = field(repr=False)
    site: int | None = field(default=None, repr=False)
    number: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a keypad: 0-9, `*`, `#`."""

    key: str = field(repr=False)


Decoded: TypeAlias = Frame | Key


def decode(value: int, count: int, raw: Collection[int] = ()) -> Decoded:
    """Give what `count` bits mean (the first is the highest of `value`); lengths in `raw` are taken
    as they are, whatever their parity. Raises `WiegandError`."""
    if count < _SHORTEST:
        raise WiegandError(WiegandFault.LONE_BIT)
    if value < 0 or value >> count:
        raise WiegandError(WiegandFault.LENGTH)
    if count in raw:
        return Frame(count, _left_aligned(value, count))
    if count in (4, 8):
        return _key(value, count)
    form = FORMATS.get(count)
    if form is None:
        raise WiegandError(WiegandFault.LENGTH)
    first, last = value >> (count - 1), value & 1
    even, odd = _ones(value, count, form.even), _ones(value, count, form.odd)
    if (first + even) % 2 or not (last + odd) % 2:
        raise WiegandError(WiegandFault.PARITY)
    inner = value >> 1 & ((1 << (count - 2)) - 1)
    return Frame(
        count,
        _left_aligned(value, count),
        inner >> form.number_bits,
        inner & ((1 << form.number_bits) - 1),
    )


def encode(bits: int, site: int, number: int) -> int:
    """Give the frame that a reader sends for a card, parity included, as a number of `bits` bits.
    Raises `WiegandError(LENGTH)` for an unknown format and for numbers that do not fit."""
    form = FORMATS.get(bits)
    if form is None or site >> form.site_bits or number >> form.number_bits:
        raise WiegandError(WiegandFault.LENGTH)
    frame = (site << form.number_bits | number) << 1
    frame |= (_ones(frame, bits, form.even) % 2) << (bits - 1)
    return frame | 1 - _ones(frame, bits, form.odd) % 2


def encode_key(key: str, bits: int = 4) -> int:
    """Give what a keypad sends for a key, in 4 or 8 bits."""
    number = _KEYS.index(key)
    return number if bits == 4 else (~number & 0xF) << 4 | number


def _ones(value: int, count: int, span: tuple[int, int]) -> int:
    """Count the ones among the bits `[start, end)`."""
    start, end = span
    return (value >> (count - end) & ((1 << (end - start)) - 1)).bit_count()


def _key(value: int, count: int) -> Key:
    number = value & 0xF
    if number >= len(_KEYS) or (count == 8 and value >> 4 != ~number & 0xF):
        raise WiegandError(WiegandFault.KEY)
    return Key(_KEYS[number])


def _left_aligned(value: int, count: int) -> bytes:
    size = -(-count // 8)
    return (value << (size * 8 - count)).to_bytes(size, "big")
