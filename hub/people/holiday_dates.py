"""The dates of a holiday calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import holidays

from hub.people.domain import Calendar, CalendarSource


def dates_of(calendar: Calendar, first: date, last: date) -> tuple[date, ...]:
    """Give a calendar's holidays from `first` through `last`, in order."""
    found = {named.day for named in calendar.added}
    if calendar.source is CalendarSource.JAPAN:
        national = holidays.country_holidays("JP", years=range(first.year, last.year + 1))
        found |= set(national.keys())
        found |= {day for day in _days(first, last) if _new_year(day)}
    found -= set(calendar.removed)
    return tuple(sorted(day for day in found if first <= day <= last))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _new_year(day: date) -> bool:
    """29 December to 3 January: public offices are closed (行政機関の休日に関する法律, 1条)."""
    return (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
