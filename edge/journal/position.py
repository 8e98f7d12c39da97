"""Where the journal stands, in row numbers, and when that must be written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OFFER_AHEAD: Final = 256
_MARK_EVERY: Final = 512


@dataclass(slots=True)
class Position:
    """The epoch with its first row, the next free row, the hub's watermark, and the highest row
    that may have been sent."""

    epoch: int = 0
    first_row: int = 1
    next_row: int = 1
    through_row: int = 0
    offered_row: int = 0


def due_marks(
    at: Position, saved: Position, next_row: int, *, live: bool
) -> tuple[int, int] | None:
    """Give (through, offered) if they must be written with the append that leads to `next_row`.

    While live the offer is written ahead of need, since every new row is sent at once; a start cuts
    it back to what was there. Else it is written exactly, before rows pass it.
    """
    if not live:
        return None if at.offered_row == saved.offered_row else (at.through_row, at.offered_row)
    behind = saved.offered_row < next_row - 1 or at.through_row - saved.through_row >= _MARK_EVERY
    return (at.through_row, max(at.offered_row, next_row - 1 + OFFER_AHEAD)) if behind else None
