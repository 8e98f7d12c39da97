"""The dates of a holiday calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays

from hub.people.domain import Calendar, CalendarSource

_NATIONAL: Final = frozenset({CalendarSource.NATIONAL, CalendarSource.JAPAN})


def dates_of(calendar: Calendar, first: date, last: date) -> tuple[date, ...]:
    """Give a calendar's holidays from `first` through `last`, in order."""
    found = {named.day for named in calendar.added}
    if calendar.source in _NATIONAL:
        found |= {day for year in range(first.year, last.year + 1) for day in _national(year)}
    if calendar.source is CalendarSource.JAPAN:
        found |= {day for day in _days(first, last) if _new_year(day)}
    found -= set(calendar.removed)
    return tuple(sorted(day for day in found if first <= day <= last))


@cache
def _national(year: int) -> frozenset[date]:
    """A year's national holidays; those of years to come as the law stands now."""
    return frozenset(holidays.country_holidays("JP", years=year).keys())


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _new_year(day: date) -> bool:
    """29 December to 3 January: public offices are closed (行政機関の休日に関する法律, 1条)."""
    return (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
