"""Whether a schedule holds, as the edge reads it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hub.people.domain import Schedule
from wire.policy_bodies import DaySpan


def schedule_holds(schedule: Schedule, holidays: Collection[object], at: datetime) -> bool:
    """Tell whether a schedule holds at an instant: a date's exception decides, then a holiday, then
    the weekday (as `wire.policy_bodies.ScheduleBody` says)."""
    local = at.astimezone(ZoneInfo(schedule.tz))
    minute = local.hour * 60 + local.minute
    found = spans_of_day(schedule, holidays, local.date())
    return any(span.start_min <= minute < span.end_min for span in found)


def spans_of_day(
    schedule: Schedule, holidays: Collection[object], day: date
) -> tuple[DaySpan, ...]:
    """Give what holds on a day, in the schedule's own time zone, in order."""
    exception = next((each for each in schedule.exceptions if each.day == day), None)
    if exception is not None:
        found: Iterable[DaySpan] = exception.spans
    elif day in holidays:
        found = schedule.holiday_spans
    else:
        found = [s for week in schedule.week if day.weekday() in week.days for s in week.spans]
    return tuple(sorted(found, key=lambda span: (span.start_min, span.end_min)))
