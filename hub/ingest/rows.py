"""One `up/events` message taken apart into rows: pure, and nothing in it is lost.

A row that is no event, or claims a place that is not its own, is replaced by a gap over its own seq
with the reason `malformed`; its neighbours are kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

import msgspec

from wire.errors import WireError, WireFault
from wire.events import Gap, GapReason, Origin, decode_row
from wire.messages import MAX_SAFE, Events, FormerPlace

_encoder: Final = msgspec.json.Encoder()


class Row(msgspec.Struct, gc=False):
    """An event's place, bytes and SHA-256; `origin` where it was collected from a device."""

    seq: int
    last_seq: int
    body: bytes
    body_hash: bytes
    origin: Origin | None = None


@dataclass(slots=True)
class RowsRead:
    """The rows of one message, in their order, and how many had to be replaced by a gap. `was`:
    where the first of them stood in earlier epochs."""

    controller: str
    epoch: int
    rows: list[Row] = field(default_factory=list)
    malformed: int = 0
    was: tuple[FormerPlace, ...] = ()


def read_rows(controller: str, message: Events) -> RowsRead:
    """Give the rows with their seqs: the first is `first_seq`, a gap takes as many as it says."""
    read = RowsRead(controller, message.epoch, was=message.was)
    seq = message.first_seq
    for raw in message.events:
        body = bytes(raw)
        digest = hashlib.sha256(body).digest()
        last, origin = seq, None
        try:
            found = decode_row(body)
            if isinstance(found, Gap):
                last = _gap_end(found, seq)
            else:
                origin = found.origin
        except WireError:
            body, last = _malformed(seq), seq
            read.malformed += 1
        read.rows.append(Row(seq, last, body, digest, origin))
        seq = last + 1
    return read


def _gap_end(gap: Gap, seq: int) -> int:
    first, last = gap.gap
    if first != seq or last > MAX_SAFE:
        raise WireError(WireFault.BAD_FIELD, "a gap out of its place")
    return last


def _malformed(seq: int) -> bytes:
    return _encoder.encode(Gap(gap=(seq, seq), reason=GapReason.MALFORMED))
