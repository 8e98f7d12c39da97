"""PINs that open on each of several days between the same hours, as a schedule. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wire.policy_bodies import DaySpan, ScheduleBody, WeekSpan

_TZ: Final = "Asia/Tokyo"
_TOWN: Final = ZoneInfo(_TZ)
_EVERY_DAY: Final = (0, 1, 2, 3, 4, 5, 6)


def daily_schedule(starts_at: datetime, ends_at: datetime) -> ScheduleBody:
    """Give the schedule of each day from the hour of one to the hour of the other, in whole
    minutes; what lies before the first and after the last day, the grant's window says."""
    hours = DaySpan(_minute(starts_at), _minute(ends_at))
    return ScheduleBody(tz=_TZ, week=(WeekSpan(_EVERY_DAY, (hours,)),))


def daily_spans(
    starts_at: datetime, ends_at: datetime, within: tuple[datetime, datetime]
) -> tuple[tuple[datetime, datetime], ...]:
    """Give each day's hours that lie within a time, the first first."""
    first = max(starts_at, within[0]).astimezone(_TOWN).date()
    last = min(ends_at, within[1]).astimezone(_TOWN).date()
    hours = timedelta(minutes=_minute(ends_at) - _minute(starts_at))
    found = []
    skipped = max((first - starts_at.astimezone(_TOWN).date()).days, 0)
    start = starts_at + timedelta(days=skipped)
    while start.astimezone(_TOWN).date() <= last:
        span = max(start, within[0]), min(start + hours, within[1])
        if span[0] < span[1]:
            found.append(span)
        start += timedelta(days=1)
    return tuple(found)


def _minute(at: datetime) -> int:
    wall = at.astimezone(_TOWN)
    return wall.hour * 60 + wall.minute
