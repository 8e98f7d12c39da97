"""Weeks, cycles and shifts over midnight give the plan of any date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.worktime.domain import DayKind
from hub.worktime.patterns import (
    DAY_OFF,
    CyclePattern,
    PatternDay,
    PatternProblem,
    WeekPattern,
    pattern_problems,
    plan_of,
    plan_on,
)
from tests.hub.worktime.november import REGULAR, STANDARD, WEEK, on, spans

NIGHT = PatternDay(spans("17:00-32:30"), spans("24:00-25:00"))
LATE = PatternDay(spans("12:00-20:45"), spans("16:00-17:00"))
TWENTY_FOUR = PatternDay(spans("08:30-32:30"), spans("12:00-13:00 22:00-29:30"))


def test_the_regular_week_is_the_ordinances() -> None:
    """Monday to Friday 465 minutes, breaks beside them; weekends off."""
    plan = plan_on(WEEK, on(2))
    assert (plan.kind, plan.spans, plan.regular_min) == (DayKind.WORKDAY, spans(REGULAR), 465)
    assert (plan.breaks, plan.base_spans) == (spans("12:00-13:00"), plan.spans)
    assert plan_on(WEEK, on(7)).kind is DayKind.DAY_OFF


def test_a_holiday_keeps_the_hours_that_would_have_been_worked() -> None:
    """On a weekend it is a day off on a holiday date; a town's own day counts too."""
    plan = plan_on(WEEK, on(3))
    assert (plan.kind, plan.holiday, plan.regular_min) == (DayKind.HOLIDAY, True, 465)
    saturday = plan_on(WEEK, date(2026, 1, 3))
    assert (saturday.kind, saturday.holiday) == (DayKind.DAY_OFF, True)
    assert plan_on(WEEK, on(4), extra={on(4)}).kind is DayKind.HOLIDAY
    assert plan_on(WEEK, on(3), removed={on(3)}).kind is DayKind.WORKDAY


@pytest.mark.parametrize("weeks", [-8, 0, 13, 2600])
def test_a_cycle_repeats_before_and_after_its_anchor(weeks: int) -> None:
    """Four weeks are 28 days; the cycle knows neither months nor weekdays."""
    days = (NIGHT, DAY_OFF, LATE, DAY_OFF) * 7
    pattern = CyclePattern(anchor=on(2), days=days)
    first = on(2) + timedelta(days=28 * weeks)
    assert [plan_on(pattern, first + timedelta(days=n)).spans for n in range(4)] == [
        spans("17:00-24:00 25:00-32:30"),
        (),
        spans("12:00-16:00 17:00-20:45"),
        (),
    ]


def test_a_shift_pattern_orders_work_on_holidays() -> None:
    """The plan says so; its free days are weekly days off."""
    pattern = CyclePattern(anchor=on(3), days=(TWENTY_FOUR, DAY_OFF, DAY_OFF))
    plan = plan_on(pattern, on(3))
    assert (plan.kind, plan.rostered, plan.spans[-1].end) == (DayKind.HOLIDAY, True, 1950)
    assert plan_on(pattern, on(4)).kind is DayKind.DAY_OFF


def test_a_single_day_can_be_changed() -> None:
    """A day with other hours, or none, as a roster writes it over its pattern."""
    assert plan_of(LATE, on(2), None).spans == LATE.spans
    assert plan_of(DAY_OFF, on(3), DayKind.HOLIDAY).kind is DayKind.DAY_OFF


def test_hours_that_make_no_day_are_refused() -> None:
    """They start on their date, end on it or the next, and hold their breaks."""
    for hours, breaks in (("24:00-25:00", ""), ("20:00-48:01", ""), ("08:30-12:00", "12:00-13:00")):
        with pytest.raises(ValueError, match="hours"):
            PatternDay(spans(hours), spans(breaks))
    with pytest.raises(ValueError, match="seven"):
        WeekPattern((DAY_OFF,) * 6)
    with pytest.raises(ValueError, match="one day"):
        CyclePattern(on(1), ())


def test_odd_patterns_are_told_and_not_refused() -> None:
    """Overlaps over midnight and over the cycle's end, long shifts, weeks and rows of days."""
    assert pattern_problems(WEEK, STANDARD) == ()
    long = CyclePattern(on(1), (NIGHT, DAY_OFF, TWENTY_FOUR))
    assert pattern_problems(long, STANDARD) == (
        PatternProblem.SHIFT_TOO_LONG,
        PatternProblem.WEEK_TOO_LONG,
    )
    early = PatternDay(spans("08:00-12:00"))
    assert pattern_problems(CyclePattern(on(1), (early, DAY_OFF, NIGHT)), STANDARD) == (
        PatternProblem.OVERLAPS_NEXT,
        PatternProblem.WEEK_TOO_LONG,
    )
    short = WeekPattern((PatternDay(spans("08:30-12:00")),) * 7)
    assert pattern_problems(short, STANDARD) == (PatternProblem.TOO_MANY_DAYS,)
