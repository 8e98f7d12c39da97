"""Numbers of a device's log that no event body has a field for: they stand in the event's cause.

Both ends read and write them here: `version 3` and `generation 2` of a `device_key_changed`,
`0000004d 12-40` (log epoch, first and last index) of a `device_log_gap`, and the one word of a
`device_started` that gave a device its first time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CLOCK_SET_FROM_NOTHING: Final = "clock_set_from_nothing"
"""The cause of a start from which on a device that had no time has one."""

_NUMBERED: Final = re.compile(r"(version|generation) (\d{1,10})")
_RANGE: Final = re.compile(r"([0-9a-f]{8}) (\d{1,10})-(\d{1,10})")


class Numbered(StrEnum):
    """What a device's secrets changed to, by number."""

    VERSION = "version"
    """The secrets that were brought to it."""
    GENERATION = "generation"
    """Codes of an earlier generation are retired."""


@dataclass(frozen=True, slots=True)
class LogRange:
    """Records `[first, last]` of a log epoch, both included; epoch and indexes are 32 bit."""

    log_epoch: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def numbered_cause(what: Numbered, number: int) -> str:
    """Write `version 3` or `generation 2`."""
    return f"{what.value} {number}"


def read_number(cause: str, what: Numbered) -> int | None:
    """Give the number of a cause that `numbered_cause` wrote of this; None for any other."""
    found = _NUMBERED.fullmatch(cause)
    return int(found[2]) if found is not None and found[1] == what else None


def range_cause(log_range: LogRange) -> str:
    """Write `0000004d 12-40`."""
    return f"{log_range.log_epoch:08x} {log_range.first}-{log_range.last}"


def read_range(cause: str) -> LogRange | None:
    """Give the range of a cause that `range_cause` wrote; None for any other, and for one that
    ends before it begins."""
    found = _RANGE.fullmatch(cause)
    if found is None:
        return None
    log_range = LogRange(int(found[1], 16), int(found[2]), int(found[3]))
    return log_range if log_range.count > 0 else None
