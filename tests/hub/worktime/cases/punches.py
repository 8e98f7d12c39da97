"""Punches written down by hand, and the presence that comes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub.attendance.derivation import derive_days
from hub.attendance.domain import TOKYO, Day, Punch, Rules
from hub.worktime.domain import Presence
from hub.worktime.presence import presence_of
from tests.hub.worktime.cases.staff_month import StaffMonth
from wire.events import PunchDirection

IN, OUT, TAP = PunchDirection.IN, PunchDirection.OUT, PunchDirection.INFERRED
REST, BACK = PunchDirection.BREAK_START, PunchDirection.BREAK_END
MONDAY = date(2026, 11, 9)
TUESDAY = MONDAY + timedelta(days=1)
LATER = datetime(2026, 12, 31, tzinfo=UTC)


def tokyo(day: date, clock: str) -> datetime:
    """An instant in UTC from a date and a clock time in Tokyo; `24:00` and later are allowed."""
    hour, minute, *second = (int(part) for part in clock.split(":"))
    midnight = datetime(day.year, day.month, day.day, tzinfo=TOKYO)
    past = timedelta(hours=hour, minutes=minute, seconds=second[0] if second else 0)
    return (midnight + past).astimezone(UTC)


def punch(
    number: int, direction: PunchDirection, clock: str, day: date = MONDAY, **other: object
) -> Punch:
    """A punch with a trusted clock that reached the hub at once."""
    at = tokyo(day, clock)
    values: dict[str, object] = {
        "person_id": "hanako",
        "reader_id": "terminal",
        "door_id": None,
        "credential_id": "card",
        "at": at,
        "corrected_at": at,
        "trusted": True,
        "received_at": at,
    }
    return Punch(id=number, direction=direction, **(values | other))  # type: ignore[arg-type]


def days(*punches: Punch, now: datetime = LATER) -> tuple[Day, ...]:
    """The days that punches touch."""
    return derive_days(punches, Rules(), now)


def presences(*punches: Punch, now: datetime = LATER) -> list[Presence]:
    """When somebody was there, by work date."""
    return [presence_of(day) for day in days(*punches, now=now)]


def month_of(*punches: Punch) -> StaffMonth:
    """November 2026 with what these punches say."""
    month = StaffMonth()
    for presence in presences(*punches):
        month.presences[presence.work_date] = presence
    return month
