"""Times of a shift as people write them, on a clock of 48 hours: `8:30`, `0830`, `32:30`, `翌8:30`.
Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from hub.rosters.domain import LONGEST_SHIFT_MIN
from hub.tabular.dates import BadDateError, plain, read_time
from hub.worktime.minutes import DAY_MIN

_NEXT: Final = re.compile(r"(?:翌日?|\+)\s*(?=\d)")
_SHORT: Final = re.compile(r"\d{3}")
_TEXT_MAX: Final = 20


def read_minute(text: str) -> int:
    """Give the minute of the work date; 1440 and more are the next date's, 2880 is its end. Raise
    `BadDateError`."""
    given = plain(text)
    if len(given) > _TEXT_MAX:
        raise BadDateError(f"{len(given)} characters are no time")
    if given == "48:00":
        return LONGEST_SHIFT_MIN
    rest = _NEXT.sub("", given, count=1) if _NEXT.match(given) else given
    clock = f"0{rest}" if _SHORT.fullmatch(rest) else rest
    minute = read_time(clock) // timedelta(minutes=1)
    minute += DAY_MIN if rest != given else 0
    if minute > LONGEST_SHIFT_MIN:
        raise BadDateError("that is after the next date")
    return minute


def minute_text(minute: int) -> str:
    """Write a minute so that it is read again: `32:30`."""
    return f"{minute // 60}:{minute % 60:02d}"
