"""Where rows stood before they were moved into a new epoch.

What the hub has and we do not know of is sent again after a move; told where it stood, the hub
counts it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edge.journal.position import Position
from wire.messages import MAX_FORMER_PLACES


class FormerEpoch(NamedTuple):
    """An epoch that is over: the rows `[first_row, end_row)` stood in it, the first with seq 1."""

    epoch: int
    first_row: int
    end_row: int


def with_former(former: Sequence[FormerEpoch], at: Position, moved: int) -> tuple[FormerEpoch, ...]:
    """Give the former epochs of what is moved out of the present one, newest first."""
    if not moved or not at.epoch:
        return ()
    present = FormerEpoch(at.epoch, at.first_row, at.next_row)
    still = (one for one in former if one.end_row > at.through_row + 1)
    return (present, *still)[:MAX_FORMER_PLACES]


def places_of(former: Sequence[FormerEpoch], row: int) -> list[tuple[int, int]]:
    """Give the (epoch, seq) at which a row stood, newest first."""
    return [
        (one.epoch, row - one.first_row + 1) for one in former if one.first_row <= row < one.end_row
    ]


def encode_former(former: Sequence[FormerEpoch]) -> bytes:
    """Make the bytes that the journal keeps."""
    return msgspec.json.encode(former)


def decode_former(kept: bytes | None) -> tuple[FormerEpoch, ...]:
    """Read what the journal kept; nothing where it kept nothing readable."""
    try:
        return msgspec.json.decode(kept or b"[]", type=tuple[FormerEpoch, ...])
    except msgspec.DecodeError:
        return ()
