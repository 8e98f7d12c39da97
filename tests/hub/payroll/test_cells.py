"""How single values are written."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.payroll.cells import CellError, at_clock, in_minutes, on_date
from hub.payroll.profile import ClockForm, DateForm, MinuteForm


@pytest.mark.parametrize(
    ("day", "form", "whole", "month"),
    [
        (date(2026, 11, 5), DateForm.DASHES, "2026-11-05", "2026-11"),
        (date(2026, 11, 5), DateForm.SLASHES, "2026/11/05", "2026/11"),
        (date(2026, 11, 5), DateForm.PLAIN, "20261105", "202611"),
        (date(2026, 11, 5), DateForm.ERA, "令和8年11月5日", "令和8年11月"),
        (date(2026, 11, 5), DateForm.ERA_PLAIN, "5081105", "50811"),
        (date(2019, 5, 1), DateForm.ERA, "令和元年5月1日", "令和元年5月"),
        (date(2019, 4, 30), DateForm.ERA, "平成31年4月30日", "平成31年4月"),
    ],
)
def test_dates_are_written_as_asked(day: date, form: DateForm, whole: str, month: str):
    assert on_date(day, form) == whole
    assert on_date(day, form, month_only=True) == month


def test_a_date_before_all_eras_is_refused():
    with pytest.raises(CellError, match="before_all_eras"):
        on_date(date(1900, 1, 1), DateForm.ERA)


@pytest.mark.parametrize(
    ("minute", "form", "text"),
    [
        (0, ClockForm.HOURS_48, "00:00"),
        (1440, ClockForm.HOURS_48, "24:00"),
        (1530, ClockForm.HOURS_48, "25:30"),
        (1530, ClockForm.HOURS_48_PLAIN, "2530"),
        (1530, ClockForm.HOURS_24, "01:30"),
        (2879, ClockForm.HOURS_48, "47:59"),
    ],
)
def test_clock_times_go_on_after_midnight(minute: int, form: ClockForm, text: str):
    assert at_clock(minute, form) == text


@pytest.mark.parametrize("minute", [-1, 2880])
def test_a_time_beyond_48_hours_is_refused(minute: int):
    with pytest.raises(CellError, match="beyond_48_hours"):
        at_clock(minute, ClockForm.HOURS_48)


@given(minutes=st.integers(-100_000, 100_000))
def test_base_60_and_minutes_lose_nothing(minutes: int):
    text = in_minutes(minutes, MinuteForm.BASE_60)
    hours, rest = text.lstrip("-").split(":")
    value = int(hours) * 60 + int(rest)
    assert (-value if text.startswith("-") else value) == minutes
    assert int(in_minutes(minutes, MinuteForm.MINUTES)) == minutes


@given(minutes=st.integers(0, 100_000), places=st.integers(0, 6))
def test_decimal_hours_are_nearest_and_halves_go_up(minutes: int, places: int):
    written = Fraction(in_minutes(minutes, MinuteForm.DECIMAL, places))
    off = written - Fraction(minutes, 60)
    half = Fraction(1, 2 * 10**places)
    assert -half < off <= half
