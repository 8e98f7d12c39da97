"""14. Duty, trip, telework, leave by the day, the half day and the hour."""

from __future__ import annotations

import msgspec
import pytest

from hub.worktime.domain import ExplainedKind
from hub.worktime.ordinance import Elsewhere, Ordinances, TripOvertime
from tests.hub.worktime.cases.staff_month import STANDARD, StaffMonth

LEAVE, UNPAID = ExplainedKind.LEAVE, ExplainedKind.UNPAID_LEAVE
TRIP, TELEWORK, DUTY = ExplainedKind.TRIP, ExplainedKind.TELEWORK, ExplainedKind.DUTY


@pytest.mark.parametrize(
    ("leave", "stay", "explained", "regular", "missing"),
    [
        ("08:30-17:15", "", 465, 0, 0),  # a day: the break is none of it
        ("08:30-12:00", "13:00-17:15", 210, 255, 0),  # the morning
        ("13:00-17:15", "08:30-12:00", 255, 210, 0),  # the afternoon
        ("13:00-17:15", "08:30-11:59", 255, 209, 1),  # left a minute early
        ("08:30-09:30", "09:30-17:15", 60, 405, 0),  # an hour
        ("08:30-09:30", "09:31-17:15", 60, 404, 1),  # and a minute late
        ("16:15-17:15", "08:30-17:15", 0, 465, 0),  # stayed all the same: worked is worked
        ("16:15-18:15", "08:30-16:15", 60, 405, 0),  # what lies after hours is nothing
    ],
)
def test_leave_explains_regular_hours_away(
    reckon, leave, stay, explained, regular, missing
) -> None:
    month = StaffMonth().present(9, stay).explain(9, LEAVE, leave)
    line = reckon(month).line(9)
    assert line.explained == ({LEAVE: explained} if explained else {})
    assert (line.regular, line.missing, line.credited) == (regular, missing, regular)


@pytest.mark.parametrize("kind", [LEAVE, UNPAID, ExplainedKind.COMPENSATORY])
def test_each_absence_is_told_by_its_kind(reckon, kind) -> None:
    line = reckon(StaffMonth().explain(9, kind, "08:30-17:15")).line(9)
    assert (line.explained, line.missing) == ({kind: 465}, 0)


@pytest.mark.parametrize("kind", [TRIP, TELEWORK, ExplainedKind.TRAINING])
def test_work_elsewhere_is_regular_work_without_punches(reckon, kind) -> None:
    sheet = reckon(StaffMonth().explain(9, kind, "08:30-17:15"))
    line = sheet.line(9)
    assert (line.regular, line.missing, line.credited, sheet.raw) == (465, 0, 465, {})


def test_a_trip_is_no_overtime_after_hours(reckon) -> None:
    """Away until 20:00 with an order until then: nobody was present, 165 minutes are unmet."""
    month = StaffMonth().explain(9, TRIP, "08:30-20:00").order(9, "17:15-20:00")
    sheet = reckon(month)
    assert (sheet.raw, sheet.line(9).unmet, sheet.line(9).regular) == ({}, 165, 465)


AS_ORDERED = Ordinances(
    (msgspec.structs.replace(STANDARD, elsewhere=Elsewhere(trip_overtime=TripOvertime.AS_ORDERED)),)
)
"""Where the order is the proof."""


def test_the_shipped_rules_ask_for_punches_of_overtime_on_a_trip() -> None:
    assert STANDARD.elsewhere.trip_overtime is TripOvertime.NEEDS_PUNCHES


@pytest.mark.parametrize("kind", [TRIP, TELEWORK, ExplainedKind.TRAINING])
def test_an_ordinance_may_take_overtime_elsewhere_as_ordered(reckon, kind) -> None:
    """Away for the regular day, 17:15 to 22:30 ordered: 285 minutes by day, 30 by night."""
    month = StaffMonth().explain(9, kind, "08:30-17:15").order(9, "17:15-22:30")
    sheet = reckon(month, AS_ORDERED)
    assert (sheet.raw, sheet.line(9).unmet) == ({"overtime": 285, "overtime.night": 30}, 0)
    assert (sheet.line(9).regular, sheet.line(9).credited) == (465, 780)


def test_who_punches_on_a_trip_is_read_by_punches(reckon) -> None:
    """The morning away, back until 18:00, ordered until 19:15: 45 minutes are paid, 75 unmet."""
    month = StaffMonth().explain(9, TRIP, "08:30-12:00").present(9, "13:00-18:00")
    sheet = reckon(month.order(9, "17:15-19:15"), AS_ORDERED)
    assert (sheet.raw, sheet.line(9).unmet) == ({"overtime": 45}, 75)


def test_holiday_work_on_a_trip_is_taken_as_ordered_too(reckon) -> None:
    """Culture Day, 09:00 to 12:00 and 17:15 to 18:15 ordered away from the desk."""
    month = StaffMonth().explain(3, TRIP, "08:30-17:15").order(3, "09:00-12:00 17:15-18:15")
    sheet = reckon(month, AS_ORDERED)
    assert sheet.raw == {"holiday": 180, "holiday_overtime": 60}
    assert reckon(month).raw == {}


@pytest.mark.parametrize("kind", [LEAVE, DUTY])
def test_no_order_is_taken_at_its_word_on_leave_or_duty(reckon, kind) -> None:
    """A duty is presence that is no overtime, whatever was ordered; who is on leave works not."""
    month = StaffMonth().explain(9, kind, "08:30-20:00").order(9, "17:15-20:00")
    sheet = reckon(month, AS_ORDERED)
    assert (sheet.raw, sheet.line(9).unmet) == ({}, 165)


def test_duty_during_a_trip_is_none_of_its_overtime(reckon) -> None:
    month = StaffMonth().explain(9, TRIP, "08:30-17:15").explain(9, DUTY, "18:00-24:00")
    sheet = reckon(month.order(9, "17:15-20:00"), AS_ORDERED)
    assert (sheet.raw, sheet.line(9).explained) == ({"overtime": 45}, {DUTY: 360})


def test_a_morning_trip_and_an_afternoon_at_the_desk_are_one_day(reckon) -> None:
    month = StaffMonth().explain(9, TRIP, "08:30-12:00").present(9, "13:00-17:15")
    line = reckon(month).line(9)
    assert (line.regular, line.missing) == (465, 0)


def test_overtime_on_a_day_of_half_leave_is_overtime(reckon) -> None:
    """The morning off, 17:15 to 18:15 ordered: credited 255 + 60."""
    month = StaffMonth().explain(9, LEAVE, "08:30-12:00")
    sheet = reckon(month.present(9, "13:00-18:15").order(9, "17:15-18:15"))
    assert (sheet.raw, sheet.line(9).credited, sheet.statutory) == ({"overtime": 60}, 315, 0)


def test_night_duty_is_presence_and_no_overtime(reckon) -> None:
    """17:15 to 08:30: 915 minutes of duty, none of them paid, none unexplained, none work."""
    month = StaffMonth().present(9, "08:30-32:30").explain(9, DUTY, "17:15-32:30")
    sheet = reckon(month)
    line = sheet.line(9)
    assert (sheet.raw, line.explained, line.extra) == ({}, {DUTY: 915}, 0)
    assert (line.regular, line.credited, line.over_full_day) == (465, 465, 0)


def test_day_duty_on_a_day_off_is_none_either(reckon) -> None:
    """Saturday 08:30 to 17:15: 525 minutes, and none of them ordered work, though ordered."""
    month = StaffMonth().present(7, "08:30-17:15").explain(7, DUTY, "08:30-17:15")
    sheet = reckon(month.order(7, "08:30-17:15"))
    assert (sheet.raw, sheet.line(7).explained, sheet.line(7).extra) == ({}, {DUTY: 525}, 0)


def test_day_duty_on_a_holiday_is_none_in_its_regular_hours(reckon) -> None:
    """Culture Day 08:30 to 17:15, ordered too: no minute of a duty is ever paid as work."""
    month = StaffMonth().present(3, "08:30-17:15").explain(3, DUTY, "08:30-17:15")
    sheet = reckon(month.order(3, "08:30-17:15"))
    assert (sheet.raw, sheet.line(3).explained, sheet.line(3).extra) == ({}, {DUTY: 525}, 0)


def test_overtime_beside_duty_is_paid_outside_it(reckon) -> None:
    """17:15 to 19:15 ordered, duty from 18:00: 45 minutes are paid."""
    month = StaffMonth().present(9, "08:30-24:00").explain(9, DUTY, "18:00-24:00")
    sheet = reckon(month.order(9, "17:15-19:15"))
    assert (sheet.raw, sheet.line(9).extra) == ({"overtime": 45}, 0)
