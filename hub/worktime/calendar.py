"""National holidays and the year's end, as municipal rules on working time name them.

Substitute holidays and days between two holidays come with the library `holidays`; 29 December to
3 January are added (docs/attendance-rules.md, "What a date is"). A town's own days are handed in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache

import holidays

from hub.worktime.domain import DayKind


def is_holiday(
    day: date, extra: Collection[date] = (), removed: Collection[date] = ()
) -> DayKind | None:
    """Give `HOLIDAY`, `YEAR_END` or None. 1 January is a national holiday first; a day that is both
    `extra` and `removed` is none."""
    if day in removed:
        return None
    if day in extra or day in _national(day.year):
        return DayKind.HOLIDAY
    return DayKind.YEAR_END if _at_year_end(day) else None


@cache
def _national(year: int) -> frozenset[date]:
    """A year's national holidays; those of years to come as the law stands now."""
    return frozenset(holidays.country_holidays("JP", years=year).keys())


def _at_year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
