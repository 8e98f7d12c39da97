"""Days that turn at a minute of the wall clock, for whereabouts and first persons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

TURNS_MIN: Final = 240
"""The house's day turns at 04:00, when nobody is about."""
TOWN: Final = ZoneInfo("Asia/Tokyo")

LONGEST_DAY: Final = timedelta(hours=25)
"""Within such a span every minute of the wall clock has come, whatever summer time does."""


def day_of(at: datetime, zone: ZoneInfo, turns_min: int) -> date:
    """Name the day an instant belongs to, where days turn at `turns_min` past midnight."""
    wall = at.astimezone(zone).replace(tzinfo=None)
    return (wall - timedelta(minutes=turns_min)).date()
