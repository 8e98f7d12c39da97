"""Where rows stood before they were moved into a new epoch.

What the hub has and we do not know of is sent again after a move; told where it stood, the hub
counts it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from edge.journal.position import Position
from wire.messages import MAX_FORMER_PLACES

_MOST_KEPT: Final = 64


class FormerEpoch(NamedTuple):
    """An epoch that is over: its seq 1 was `first_row`, as rows are counted here, and the rows
    `[begin_row, end_row)` stood in it. After a salvage `first_row` may lie below 1, and there is
    one of these for each run of rows that followed one another."""

    epoch: int
    first_row: int
    end_row: int
    begin_row: int = 0


def with_former(former: Sequence[FormerEpoch], at: Position, moved: int) -> tuple[FormerEpoch, ...]:
    """Give the former epochs of what is moved out of the present one, newest first."""
    if not moved or not at.epoch:
        return ()
    present = FormerEpoch(at.epoch, at.first_row, at.next_row)
    still = (one for one in former if one.end_row > at.through_row + 1)
    return (present, *still)[:_MOST_KEPT]


def places_of(former: Sequence[FormerEpoch], row: int) -> list[tuple[int, int]]:
    """Give the (epoch, seq) at which a row stood, newest first."""
    return [
        (one.epoch, row - one.first_row + 1)
        for one in former
        if max(one.first_row, one.begin_row) <= row < one.end_row
    ][:MAX_FORMER_PLACES]


def salvaged_from(epoch: int, first_row: int, rows: Sequence[int]) -> tuple[FormerEpoch, ...]:
    """Give the former places of salvaged rows, counted from 1 here: `rows` are the numbers that
    they had, each row's span counted, in an epoch that began at `first_row`."""
    runs: list[FormerEpoch] = []
    for here, there in enumerate(rows, 1):
        first = here - (there - first_row)
        if runs and runs[-1].first_row == first:
            runs[-1] = runs[-1]._replace(end_row=here + 1)
        else:
            runs.append(FormerEpoch(epoch, first, here + 1, here))
    return tuple(runs[:_MOST_KEPT])


def encode_former(former: Sequence[FormerEpoch]) -> bytes:
    """Make the bytes that the journal keeps."""
    return msgspec.json.encode(former)


def decode_former(kept: bytes | None) -> tuple[FormerEpoch, ...]:
    """Read what the journal kept; nothing where it kept nothing readable."""
    try:
        return msgspec.json.decode(kept or b"[]", type=tuple[FormerEpoch, ...])
    except msgspec.DecodeError:
        return ()
