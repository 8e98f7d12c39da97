"""Rows as they lie in the file: an event's bytes, or a gap told by its length and reason.

A gap holds no seq of its own, so that it can move into a new epoch as events do; its wire form is
made when it is read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from wire.events import EventKind, Gap, GapReason

_GAP: Final = b"gap:"
_encoder: Final = msgspec.json.Encoder()

REFUSED_WHEN_FULL: Final = frozenset(
    {
        EventKind.TELEMETRY,
        EventKind.BATTERY,
        EventKind.DEVICE_FAULT,
        EventKind.DEVICE_ONLINE,
        EventKind.DEVICE_OFFLINE,
        EventKind.LINK_LOST,
        EventKind.LINK_RESTORED,
    }
)
"""What gives way to the reserve: none of it tells who went through a door, or of an attack."""


def crc_of(*values: object) -> int:
    """Give the check sum of a small row's values, so that a flipped bit in it is noticed."""
    return zlib.crc32(repr(values).encode())


def event_crc(row: int, body: bytes) -> int:
    """Give the check sum of an event in its place: a flipped bit in its row number shows as well,
    which would otherwise leave a hole of millions."""
    return zlib.crc32(body, zlib.crc32(row.to_bytes(8, "big", signed=True)))


def is_whole(row: int, crc: object, body: object) -> bool:
    """Tell whether an event read from the file is what was written there."""
    return isinstance(body, bytes) and event_crc(row, body) == crc


class StoredRow(NamedTuple):
    """A row to write: its number, how many seqs it takes, its bytes."""

    row: int
    span: int
    body: bytes

    @property
    def values(self) -> tuple[int, int, bytes]:
        """Row, CRC-32 and body, as the table takes them."""
        return self.row, event_crc(self.row, self.body), self.body


class WireRow(NamedTuple):
    """A row to send: the seqs it takes, both included, and its bytes on the wire."""

    first_seq: int
    last_seq: int
    data: bytes


def gap_body(span: int, reason: GapReason) -> bytes:
    """Make the stored form of a gap over `span` seqs."""
    return _GAP + b"%d:" % span + reason.value.encode()


def gap_in(body: bytes) -> tuple[int, str] | None:
    """Give span and reason if the stored bytes are a gap's."""
    if not body.startswith(_GAP):
        return None
    span, _, reason = body[len(_GAP) :].partition(b":")
    return int(span), reason.decode()


def span_of(body: bytes) -> int:
    """Give how many seqs a stored row takes."""
    found = gap_in(body)
    return found[0] if found else 1


def wire_row(first_seq: int, body: bytes) -> WireRow:
    """Give a stored row as the uplink sends it."""
    found = gap_in(body)
    if found is None:
        return WireRow(first_seq, first_seq, body)
    last = first_seq + found[0] - 1
    return WireRow(first_seq, last, _encoder.encode(Gap(gap=(first_seq, last), reason=found[1])))


def numbered(bodies: Iterable[bytes]) -> Iterator[StoredRow]:
    """Give rows from 1 on to bodies that keep their order."""
    row = 1
    for body in bodies:
        stored = StoredRow(row, span_of(body), body)
        yield stored
        row += stored.span
