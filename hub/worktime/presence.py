"""Presence from a day of punches: its whole stretches and punched breaks, in minutes of the date.

docs/attendance-rules.md, "Minutes": an instant counts as the minute its clock shows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from hub.attendance.domain import Day, DayProblem, start_of
from hub.worktime.domain import Presence
from hub.worktime.minutes import Span, Spans, joined

_MINUTE: Final = timedelta(minutes=1)
_MISSING: Final = frozenset(
    {
        DayProblem.MISSING_IN,
        DayProblem.MISSING_OUT,
        DayProblem.MISSING_BREAK_START,
        DayProblem.MISSING_BREAK_END,
    }
)


def presence_of(day: Day) -> Presence:
    """Give a day's presence. A shift without its `in` or `out` has no minutes: the day is `missing`
    them, or still `open`."""
    midnight = _midnight(day.work_date)
    stretches: list[Span] = []
    breaks: list[Span] = []
    for shift in day.shifts:
        if shift.starts_at is not None and shift.ends_at is not None:
            stretches += _span(shift.starts_at, shift.ends_at, midnight)
            for begin, finish in shift.breaks:
                breaks += _span(begin, finish, midnight)
    return Presence(
        work_date=day.work_date,
        spans=joined(tuple(stretches)),
        breaks=joined(tuple(breaks)),
        open=day.is_in,
        missing=not _MISSING.isdisjoint(day.problems),
    )


def minute_of(instant: datetime, work_date: date) -> int:
    """Give the minute of a work date that an instant's clock shows; negative before the date."""
    return (instant - _midnight(work_date)) // _MINUTE


def _span(start: datetime, end: datetime, midnight: datetime) -> Spans:
    first, last = (start - midnight) // _MINUTE, (end - midnight) // _MINUTE
    return (Span(first, last),) if first < last else ()


@lru_cache(maxsize=1_024)
def _midnight(work_date: date) -> datetime:
    return start_of(work_date).astimezone(UTC)
