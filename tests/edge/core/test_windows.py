"""Schedules: weekdays, holidays, exceptions, and zones that change their offset."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.windows import Schedule
from wire.policy_bodies import DateException, DaySpan, ScheduleBody, WeekSpan

TOKYO = ZoneInfo("Asia/Tokyo")
OFFICE = (DaySpan(8 * 60 + 30, 17 * 60 + 15),)
ALL_DAY = (DaySpan(0, 1440),)
NO_HOLIDAYS = {"jp": frozenset[date]()}


def schedule(**changes) -> Schedule:
    body = {"week": (WeekSpan((0, 1, 2, 3, 4), OFFICE),)}
    return Schedule.of(ScheduleBody(**{**body, **changes}))


def holds(one: Schedule, at: datetime, holidays=NO_HOLIDAYS) -> bool:
    return one.holds(at.astimezone(UTC), holidays.get)


@pytest.mark.parametrize(
    ("hour", "minute", "open_"),
    [(8, 29, False), (8, 30, True), (17, 14, True), (17, 15, False), (0, 0, False)],
)
def test_spans_are_half_open_in_local_minutes(hour, minute, open_):
    assert holds(schedule(), datetime(2026, 11, 24, hour, minute, 59, tzinfo=TOKYO)) == open_


def test_other_weekdays_are_closed():
    saturday = datetime(2026, 11, 28, 12, 0, tzinfo=TOKYO)
    assert not holds(schedule(), saturday)


def test_a_span_may_end_at_midnight_and_not_reach_into_the_next_day():
    evening = schedule(week=(WeekSpan((1,), (DaySpan(1200, 1440),)),))
    assert holds(evening, datetime(2026, 11, 24, 23, 59, 59, tzinfo=TOKYO))
    assert not holds(evening, datetime(2026, 11, 25, 0, 0, tzinfo=TOKYO))


def test_a_holiday_follows_its_own_spans():
    labour_thanks = datetime(2026, 11, 23, 12, 0, tzinfo=TOKYO)
    holidays = {"jp": frozenset({date(2026, 11, 23)})}
    assert not holds(schedule(calendar="jp"), labour_thanks, holidays)
    assert holds(schedule(calendar="jp", holiday_spans=ALL_DAY), labour_thanks, holidays)
    assert holds(schedule(calendar="jp"), labour_thanks + timedelta(days=1), holidays)


def test_an_exception_rules_over_holiday_and_weekday():
    holidays = {"jp": frozenset({date(2026, 12, 29)})}
    days = (DateException(date(2026, 12, 29), ALL_DAY), DateException(date(2026, 12, 28)))
    special = schedule(calendar="jp", exceptions=days)
    assert holds(special, datetime(2026, 12, 29, 3, 0, tzinfo=TOKYO), holidays)
    assert not holds(special, datetime(2026, 12, 28, 12, 0, tzinfo=TOKYO), holidays)


def test_a_calendar_that_is_not_held_closes_every_day():
    assert not holds(schedule(calendar="lost"), datetime(2026, 11, 24, 12, 0, tzinfo=TOKYO))


def test_an_hour_that_comes_twice_counts_both_times_and_one_that_is_left_out_never():
    berlin = ZoneInfo("Europe/Berlin")
    night = schedule(tz="Europe/Berlin", week=(WeekSpan((6,), (DaySpan(120, 180),)),))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    assert first.astimezone(berlin).hour == 2
    assert holds(night, first)
    assert holds(night, first + timedelta(hours=1))  # 02:30 again
    assert not holds(night, first + timedelta(hours=2))
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    minutes = [spring + timedelta(minutes=n) for n in range(180)]
    assert not any(holds(night, minute) for minute in minutes)


@given(
    at=st.integers(0, 2 * 365 * 1440).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    start=st.integers(0, 1439),
    length=st.integers(1, 1440),
    tz=st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_an_every_day_schedule_holds_exactly_in_its_local_minutes(at, start, length, tz):
    span = DaySpan(start, min(start + length, 1440))
    daily = schedule(tz=tz, week=(WeekSpan(tuple(range(7)), (span,)),))
    local = at.astimezone(ZoneInfo(tz))
    minute = local.hour * 60 + local.minute
    assert holds(daily, at) == (span.start_min <= minute < span.end_min)
