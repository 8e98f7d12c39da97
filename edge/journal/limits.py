"""How much the journal holds, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

KEPT: Final = timedelta(days=14)
"""How long acknowledged rows stay at least (the wire's promise)."""

BYTES_AN_EVENT: Final = 512
"""What is set aside for an event with its share of the tree; a usual one has 300 to 450."""

PAGE_BYTES: Final = 1_024
"""A commit writes whole pages to the WAL, and a row of 300 bytes with one named value is two of
them: with small ones half as much is written to the card as with SQLite's usual 4,096."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`events` unacknowledged ones are kept whatever happens, the last `reserve` of them for what
    matters at doors; acknowledged ones stay `keep` long, unless the file would hold more than
    `size_bytes` in use (None: five times what the unacknowledged take)."""

    events: int = 100_000
    reserve: int = 10_000
    keep: timedelta = KEPT
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.keep < KEPT:
            raise ValueError(f"acknowledged rows stay at least {KEPT.days} days")
        if self.size_bytes is not None and self.size_bytes < least_bytes(self.events):
            raise ValueError("the size has no room for the unacknowledged events")

    @property
    def bytes_in_use(self) -> int:
        """How much of the file may hold something before acknowledged rows go early."""
        return self.size_bytes or 5 * least_bytes(self.events)


def least_bytes(events: int) -> int:
    """What so many unacknowledged events take, and a quarter of it for policy and values."""
    return events * BYTES_AN_EVENT * 5 // 4
