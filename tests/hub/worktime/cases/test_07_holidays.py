"""7. Holidays that move, stand in for others, or lie between two; and 29 December."""

from __future__ import annotations

from datetime import date

import pytest

from hub.worktime.calendar import is_holiday
from hub.worktime.domain import DayKind, Month
from tests.hub.worktime.cases.staff_month import StaffMonth


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 5, 3), DayKind.HOLIDAY),  # Constitution Day, a Sunday
        (date(2026, 5, 6), DayKind.HOLIDAY),  # a Wednesday that stands in for it
        (date(2026, 5, 7), None),
        (date(2026, 9, 21), DayKind.HOLIDAY),  # Respect for the Aged
        (date(2026, 9, 22), DayKind.HOLIDAY),  # between two holidays
        (date(2026, 9, 23), DayKind.HOLIDAY),  # the autumn equinox
        (date(2021, 7, 22), DayKind.HOLIDAY),  # Marine Day, moved for the Games
        (date(2021, 7, 23), DayKind.HOLIDAY),  # Sports Day, moved likewise
        (date(2021, 7, 19), None),  # where Marine Day would have been
        (date(2021, 10, 11), None),  # where Sports Day would have been
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), DayKind.YEAR_END),
        (date(2026, 12, 31), DayKind.YEAR_END),
        (date(2027, 1, 2), DayKind.YEAR_END),
        (date(2027, 1, 3), DayKind.YEAR_END),
        (date(2027, 1, 4), None),
    ],
)
def test_the_calendar_knows(day, kind) -> None:
    assert is_holiday(day) == kind


def test_new_years_day_is_one_or_the_other() -> None:
    """A national holiday within the year's end: both are paid alike."""
    assert is_holiday(date(2027, 1, 1)) in (DayKind.HOLIDAY, DayKind.YEAR_END)


def test_a_town_adds_and_takes_away() -> None:
    """The town's own day, and a holiday that an act of the Diet has moved."""
    assert is_holiday(date(2026, 11, 9), extra=(date(2026, 11, 9),)) == DayKind.HOLIDAY
    assert is_holiday(date(2026, 11, 23), removed=(date(2026, 11, 23),)) is None


@pytest.mark.parametrize("day", [date(2026, 5, 6), date(2026, 9, 22), date(2021, 7, 23)])
def test_such_a_day_is_paid_as_a_holiday(reckon, day) -> None:
    """08:30 to 18:15, ordered but for the break: 465 regular minutes, 60 outside them. Without
    being there nothing is missing."""
    month = StaffMonth(month=Month(day.year, day.month), holidays={day: DayKind.HOLIDAY})
    assert reckon(month).line(day.day).missing == 0
    month.present(day, "08:30-18:15").order(day, "08:30-12:00 13:00-18:15")
    sheet = reckon(month)
    assert sheet.raw == {"holiday": 465, "holiday_overtime": 60}
    line = sheet.line(day.day)
    assert (line.regular, line.missing, line.credited, line.over_full_day) == (0, 0, 525, 525)


def test_29_december_is_paid_as_the_years_end_and_the_28th_is_not(reckon) -> None:
    """2026: Monday the 28th is a workday, Tuesday the 29th is not."""
    kinds = {date(2026, 12, day): DayKind.YEAR_END for day in (29, 30, 31)}
    month = StaffMonth(month=Month(2026, 12), holidays=kinds)
    for day in (28, 29):
        month.present(day, "08:30-17:15").order(day, "08:30-12:00 13:00-17:15")
    sheet = reckon(month)
    assert sheet.raw == {"holiday": 465}
    assert (sheet.line(28).regular, sheet.line(29).regular) == (465, 0)


def test_a_lunch_break_within_a_holidays_order_is_worked_outside_regular_hours(reckon) -> None:
    """08:30 to 17:15 in one order, no break punched: 12:00 to 13:00 is paid, and not regular."""
    month = StaffMonth().present(3, "08:30-17:15").order(3, "08:30-17:15")
    assert reckon(month).raw == {"holiday": 465, "holiday_overtime": 60}


def test_being_there_on_a_holiday_without_an_order_is_not_paid(reckon) -> None:
    """08:30 to 17:15 less the regular break: 465 minutes that nobody ordered."""
    sheet = reckon(StaffMonth().present(3, "08:30-17:15"))
    assert (sheet.raw, sheet.line(3).extra, sheet.line(3).missing) == ({}, 465, 0)


def test_a_rostered_holiday_needs_no_order(reckon) -> None:
    month = StaffMonth()
    month.plan(3, "08:30-12:00 13:00-17:15", "12:00-13:00", kind=DayKind.HOLIDAY, rostered=True)
    sheet = reckon(month.present(3, "08:30-17:15"))
    assert (sheet.raw, sheet.line(3).extra) == ({"holiday": 465}, 0)


def test_a_holiday_on_a_saturday_stays_a_day_off(reckon) -> None:
    """Culture Day 2029 is a Saturday: class `day_off`, for the pattern has no hours there."""
    day = date(2029, 11, 3)
    month = StaffMonth(month=Month(2029, 11), holidays={day: DayKind.HOLIDAY})
    month.present(day, "09:00-12:00").order(day, "09:00-12:00")
    assert reckon(month).raw == {"day_off": 180}
