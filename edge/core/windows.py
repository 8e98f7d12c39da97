"""Whether an instant lies in a window or a schedule. Windows are half-open `[start, end)`.

Schedules speak of wall time in their own zone: on the day a zone changes its offset, an hour that
comes twice counts both times and one that is left out never comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from edge.core.clock_now import ClockNow
from wire.policy_bodies import DaySpan, GrantBody, ScheduleBody
from wire.reasons import Reason

Holidays: TypeAlias = Callable[[str], frozenset[date] | None]
"""Gives the dates of a holiday calendar, or None for one that is not held."""

_WEEKDAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule made ready for asking: spans by weekday, exceptions by date."""

    zone: ZoneInfo
    week: tuple[tuple[DaySpan, ...], ...]
    exceptions: dict[date, tuple[DaySpan, ...]]
    calendar: str | None
    holiday_spans: tuple[DaySpan, ...]

    @classmethod
    def of(cls, body: ScheduleBody) -> Schedule:
        """Make ready what the policy says."""
        days: list[tuple[DaySpan, ...]] = [()] * _WEEKDAYS
        for entry in body.week:
            for day in entry.days:
                days[day] += entry.spans
        return cls(
            zone=ZoneInfo(body.tz),
            week=tuple(days),
            exceptions={entry.day: entry.spans for entry in body.exceptions},
            calendar=body.calendar,
            holiday_spans=body.holiday_spans,
        )

    def holds(self, at: datetime, holidays: Holidays) -> bool:
        """Tell whether the schedule holds at an instant. A calendar that is named but not held
        closes every day: it might be a holiday."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(
            span.start_min <= minute < span.end_min for span in self._spans(local.date(), holidays)
        )

    def _spans(self, day: date, holidays: Holidays) -> tuple[DaySpan, ...]:
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception
        if self.calendar is not None:
            dates = holidays(self.calendar)
            if dates is None:
                return ()
            if day in dates:
                return self.holiday_spans
        return self.week[day.weekday()]


def judge_window(start: datetime | None, end: datetime | None, now: ClockNow) -> Reason | None:
    """Say why a window does not hold under a clock that is relied on, or None where it does."""
    if start is not None and now.at < start:
        return Reason.NOT_YET_VALID
    if end is not None and now.at >= end:
        return Reason.EXPIRED
    if end is not None and end <= now.floor:
        return Reason.BELOW_FLOOR
    return None


def expired(end: datetime | None, now: ClockNow) -> Reason | None:
    """Say why something that lives until `end` is over, or None where it is not: without a clock
    that is relied on, only what is certainly past is over."""
    if end is None:
        return None
    if now.relied_on and now.at >= end:
        return Reason.EXPIRED
    return Reason.BELOW_FLOOR if end <= now.floor else None


def floor_in_window(grant: GrantBody, now: ClockNow) -> bool:
    """Tell whether the floor lies in the grant's window: all that is known without a clock."""
    started = grant.start is None or grant.start <= now.floor
    return started and (grant.end is None or now.floor < grant.end)


def judge_without_clock(grant: GrantBody, now: ClockNow) -> Reason | None:
    """Say why a card's grant does not hold under an untrusted clock, or None where it goes on.

    A schedule cannot be judged, and a window only by the floor: one that has certainly begun and
    has not certainly ended goes on (WIRE.md, Time).
    """
    if grant.end is not None and grant.end <= now.floor:
        return Reason.BELOW_FLOOR
    if grant.schedule is not None or not floor_in_window(grant, now):
        return Reason.CLOCK_UNTRUSTED
    return None
