"""13. Paid is what was ordered and present: the shorter of the two, minute by minute."""

from __future__ import annotations

import pytest

from tests.hub.worktime.cases.staff_month import StaffMonth


@pytest.mark.parametrize(
    ("order", "stay", "paid", "unmet", "extra"),
    [
        ("17:15-18:15", "08:30-19:15", 60, 0, 60),  # ordered shorter: 18:15 to 19:15 is extra
        ("17:15-20:15", "08:30-19:15", 120, 60, 0),  # ordered longer: 19:15 to 20:15 is unmet
        ("18:00-19:00", "08:30-18:30", 30, 30, 45),  # both: 17:15 to 18:00 is nobody's order
        ("17:15-18:15", "08:30-17:15", 0, 60, 0),  # went home in time
    ],
)
def test_the_common_minutes_are_paid(reckon, order, stay, paid, unmet, extra) -> None:
    sheet = reckon(StaffMonth().present(9, stay).order(9, order))
    line = sheet.line(9)
    assert (sheet.raw.get("overtime", 0), line.unmet, line.extra) == (paid, unmet, extra)
    assert (line.regular, line.credited, line.over_full_day) == (465, 465 + paid, paid)


def test_overtime_that_was_never_ordered_is_said_and_not_paid(reckon) -> None:
    """17:15 to 21:00 is 225 minutes."""
    sheet = reckon(StaffMonth().present(9, "08:30-21:00"))
    assert (sheet.raw, sheet.line(9).extra) == ({}, 225)


def test_an_order_without_anybody_there_is_unmet(reckon) -> None:
    sheet = reckon(StaffMonth().order(7, "09:00-12:00"))
    assert (sheet.raw, sheet.line(7).unmet) == ({}, 180)


@pytest.mark.parametrize(("order", "paid", "extra"), [("", 0, 45), ("08:00-08:30", 30, 15)])
def test_an_early_arrival_is_paid_only_as_far_as_ordered(reckon, order, paid, extra) -> None:
    """In at 07:45: 45 minutes before 08:30."""
    month = StaffMonth().present(9, "07:45-17:15")
    if order:
        month.order(9, order)
    sheet = reckon(month)
    assert (sheet.raw.get("overtime", 0), sheet.line(9).extra) == (paid, extra)


def test_ordered_work_in_the_lunch_break_is_paid(reckon) -> None:
    """12:00 to 12:45 by order, and nobody punched a break."""
    sheet = reckon(StaffMonth().present(9, "08:30-17:15").order(9, "12:00-12:45"))
    assert sheet.raw == {"overtime": 45}
    assert sheet.line(9).regular == 465


def test_a_punched_break_is_not_work_whatever_was_ordered(reckon) -> None:
    """Break 12:15 to 12:45 within an order of 12:00 to 13:00: 30 paid, 30 unmet."""
    month = StaffMonth().present(9, "08:30-17:15", "12:15-12:45").order(9, "12:00-13:00")
    sheet = reckon(month)
    assert (sheet.raw, sheet.line(9).unmet) == ({"overtime": 30}, 30)


def test_a_break_in_regular_hours_is_missing_from_them(reckon) -> None:
    """Break punched 11:30 to 12:30: 11:30 to 12:00 is missing, 12:30 to 13:00 nobody's order."""
    line = reckon(StaffMonth().present(9, "08:30-17:15", "11:30-12:30")).line(9)
    assert (line.regular, line.missing, line.extra) == (435, 30, 30)


def test_a_break_in_the_evening_is_taken_out(reckon) -> None:
    """17:15 to 21:00 ordered, break 18:00 to 18:30; and the lunch break punched as planned."""
    month = StaffMonth().present(9, "08:30-21:00", "12:00-13:00 18:00-18:30")
    sheet = reckon(month.order(9, "17:15-21:00"))
    assert (sheet.raw, sheet.line(9).unmet) == ({"overtime": 195}, 30)


def test_in_a_month_that_goes_on_nothing_of_later_dates_is_missing(reckon) -> None:
    """Seen on the 10th, everything is known through the 9th: that whole day is missing, and an
    order in which nobody was present is unmet; of the 10th neither can be said."""
    month = StaffMonth().order(9, "17:15-18:15").order(10, "17:15-18:15")
    month.known_through = month.on(9)
    sheet = reckon(month)
    assert (sheet.line(9).missing, sheet.line(9).unmet) == (465, 60)
    assert (sheet.line(10).missing, sheet.line(10).unmet) == (0, 0)


def test_two_ranges_a_day_are_both_paid(reckon) -> None:
    """07:30 to 08:30 and 18:00 to 19:30; 17:15 to 18:00 was at nobody's order."""
    month = StaffMonth().present(9, "07:30-19:30")
    sheet = reckon(month.order(9, "07:30-08:30 18:00-19:30"))
    assert (sheet.raw, sheet.line(9).extra) == ({"overtime": 150}, 45)


def test_two_orders_over_the_same_minutes_pay_them_once(reckon) -> None:
    month = StaffMonth().present(9, "08:30-19:15")
    sheet = reckon(month.order(9, "17:15-18:45").order(9, "18:15-19:15"))
    assert sheet.raw == {"overtime": 120}


def test_an_order_over_regular_hours_pays_nothing_there(reckon) -> None:
    """16:00 to 18:00 on a workday: only 17:15 to 18:00 lies outside, and nothing is unmet."""
    sheet = reckon(StaffMonth().present(9, "08:30-18:00").order(9, "16:00-18:00"))
    assert (sheet.raw, sheet.line(9).unmet) == ({"overtime": 45}, 0)


def test_who_leaves_and_comes_back_is_paid_for_both_stays(reckon) -> None:
    """08:30 to 17:15, and 20:00 to 22:30 of an order from 19:00 to 22:30."""
    month = StaffMonth().present(9, "08:30-17:15 20:00-22:30").order(9, "19:00-22:30")
    sheet = reckon(month)
    assert sheet.raw == {"overtime": 120, "overtime.night": 30}
    assert sheet.line(9).unmet == 60


def test_beyond_eight_hours_a_day_is_the_second_counter(reckon) -> None:
    """17:15 to 18:00: 45 minutes beyond 7 h 45, of which 30 beyond eight hours."""
    sheet = reckon(StaffMonth().present(9, "08:30-18:00").order(9, "17:15-18:00"))
    assert (sheet.over_full_day, sheet.statutory) == (45, 30)


def test_beyond_forty_hours_a_week_is_the_second_counter_too(reckon) -> None:
    """Monday the 9th to Friday: 5 x 465 = 2,325; Saturday 09:00 to 12:00: 75 reach forty hours,
    105 lie beyond. Sunday the 15th begins a new week."""
    month = StaffMonth().present(14, "09:00-12:00").order(14, "09:00-12:00")
    month.present(15, "09:00-10:00").order(15, "09:00-10:00")
    for day in (9, 10, 11, 12, 13):
        month.present(day, "08:30-17:15")
    sheet = reckon(month)
    assert (sheet.line(14).statutory, sheet.statutory) == (105, 105)


def test_the_first_week_knows_what_was_worked_before_the_month(reckon) -> None:
    """December 2026 begins on a Tuesday: Monday's eight hours were November's. 480 + 4 x 465 =
    2,340; Saturday the 5th 09:00 to 11:00: 60 reach forty hours, 60 lie beyond."""
    december = StaffMonth(month=StaffMonth().month.plus(1), week_before_min=480)
    for day in (1, 2, 3, 4):
        december.present(day, "08:30-17:15")
    december.present(5, "09:00-11:00").order(5, "09:00-11:00")
    assert reckon(december).statutory == 60
