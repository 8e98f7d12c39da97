"""Beyond the full day, and beyond eight hours a day or forty a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.worktime.counters import statutory_min
from hub.worktime.reckoning import reckon_month
from tests.hub.worktime.november import ORDINANCES, STANDARD, month, on, reckoned, worked

SUNDAY = date(2026, 11, 1)


def test_a_quarter_of_an_hour_lies_between_the_two() -> None:
    """From 17:15 to 17:30 is beyond the full day and within eight hours."""
    result = reckoned(worked(2, "08:30-18:00", "17:15-18:00"))
    assert (result.over_full_day_min, result.statutory_min) == (45, 30)


def test_the_sixth_day_goes_beyond_forty_hours() -> None:
    """Five full days are 38 h 45; on Saturday 75 minutes are left of the week."""
    full = [worked(day, "08:30-17:15") for day in range(9, 14)]
    result = reckoned(*full, worked(14, "09:00-11:00", "09:00-11:00"))
    assert result.days[13].statutory_min == 120 - 75
    assert (result.over_full_day_min, result.statutory_min) == (120, 45)


def test_a_week_begins_in_the_month_before() -> None:
    """What October left of it counts in its first days, and on Sunday no more."""
    assert statutory_min([(on(3), 480), (on(8), 480)], [STANDARD.statutory] * 2, 2_000, 7) == [
        80,
        0,
    ]
    file = month(worked(2, "08:30-17:15"))
    # 1 November is a Sunday: nothing can have been before it in its week
    assert reckon_month(replace(file, week_before_min=2_400), ORDINANCES).statutory_min == 0


@given(st.lists(st.integers(0, 900), min_size=1, max_size=30), st.integers(0, 2_400))
def test_it_is_what_one_finds_week_by_week(credited: list[int], before: int) -> None:
    """The days' excess, and for each week what the rest has beyond forty hours."""
    first = SUNDAY + timedelta(days=3)
    days = [(first + timedelta(days=n), minutes) for n, minutes in enumerate(credited)]
    weeks: dict[date, int] = {SUNDAY: before}
    for day, minutes in days:
        week = day - timedelta(days=day.isoweekday() % 7)
        weeks[week] = weeks.get(week, 0) + min(minutes, 480)
    expected = sum(max(0, minutes - 480) for minutes in credited)
    expected += sum(max(0, minutes - 2_400) for minutes in weeks.values())
    assert sum(statutory_min(days, [STANDARD.statutory] * len(days), before, 7)) == expected
