"""Sentences of docs/attendance-rules.md about what belongs to which date, and from when on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.worktime.domain import DayKind, ExplainedKind
from tests.hub.worktime.cases.punches import (
    IN,
    MONDAY,
    OUT,
    TUESDAY,
    days,
    month_of,
    presences,
    punch,
    tokyo,
)
from tests.hub.worktime.cases.staff_month import StaffMonth

LEAVE, TRIP, DUTY = ExplainedKind.LEAVE, ExplainedKind.TRIP, ExplainedKind.DUTY
PAGE = (Path(__file__).parents[4] / "docs" / "attendance-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "sentence",
    [
        "Leave on a rostered holiday covers the hours of the shift past midnight",
        "Of a date that is not over nothing is missing yet",
        "A voided punch counts as nothing; a corrected one counts at its corrected time",
        "An explanation belongs to its work date",
        "Out and in again in a rostered night is one shift with an absence in between",
    ],
)
def test_the_page_says_so(sentence: str) -> None:
    assert sentence in PAGE


def night_of(day: int, *, next_is_holiday: bool = False) -> StaffMonth:
    """A rostered night 17:00 to 32:30 on a holiday, with the next date off."""
    month = StaffMonth().plan(
        day,
        "17:00-25:00 26:00-32:30",
        "25:00-26:00",
        kind=DayKind.HOLIDAY,
        holiday=True,
        rostered=True,
    )
    return month.plan(day + 1, "", kind=DayKind.DAY_OFF, holiday=next_is_holiday)


def test_leave_on_a_rostered_holiday_covers_the_hours_past_midnight(reckon) -> None:
    """Before midnight nobody needs to be there: 60 + 390 minutes are explained."""
    line = reckon(night_of(3).explain(3, LEAVE, "17:00-32:30")).line(3)
    assert (line.explained, line.missing, line.regular) == ({LEAVE: 450}, 0, 0)
    assert reckon(night_of(3)).line(3).missing == 450


def test_where_the_next_date_is_a_holiday_too_there_is_nothing_to_cover(reckon) -> None:
    month = night_of(3, next_is_holiday=True).explain(3, LEAVE, "17:00-32:30")
    line = reckon(month).line(3)
    assert (line.explained, line.missing) == ({}, 0)


def test_leave_of_one_date_explains_nothing_of_the_next(reckon) -> None:
    """Monday's leave drawn to 36:00: Tuesday's 465 minutes are missing all the same."""
    sheet = reckon(StaffMonth().explain(9, LEAVE, "08:30-36:00"))
    assert (sheet.line(9).explained, sheet.line(10).explained) == ({LEAVE: 465}, {})
    assert sheet.line(10).missing == 465


def test_a_trip_of_one_date_is_no_work_of_the_next(reckon) -> None:
    sheet = reckon(StaffMonth().explain(9, TRIP, "08:30-41:15"))
    assert (sheet.line(9).regular, sheet.line(10).regular) == (465, 0)


def test_leave_explains_the_end_of_its_own_night(reckon) -> None:
    """Gone at 26:00, the rest of the night on leave: by minutes of the date it belongs to."""
    month = StaffMonth().plan(9, "17:00-25:00 26:00-32:30", "25:00-26:00", rostered=True)
    month.plan(10, "", kind=DayKind.DAY_OFF).present(9, "17:00-26:00")
    sheet = reckon(month.explain(9, LEAVE, "26:00-32:30"))
    assert (sheet.line(9).explained, sheet.line(9).missing) == ({LEAVE: 390}, 0)
    sheet = reckon(
        StaffMonth()
        .plan(9, "17:00-25:00 26:00-32:30", "25:00-26:00", rostered=True)
        .plan(10, "", kind=DayKind.DAY_OFF)
        .present(9, "17:00-26:00")
        .explain(10, LEAVE, "02:00-08:30")
    )
    assert (sheet.line(9).missing, sheet.line(10).explained) == (390, {})


def test_duty_of_one_date_leaves_the_next_dates_overtime_alone(reckon) -> None:
    """Monday's duty to 32:30; Tuesday 07:30 to 08:30 is ordered and present on Tuesday."""
    month = StaffMonth().explain(9, DUTY, "17:15-32:30").present(10, "07:30-17:15")
    sheet = reckon(month.order(10, "07:30-08:30"))
    assert (sheet.raw, sheet.line(9).explained) == ({"overtime": 60}, {DUTY: 915})


def test_an_order_is_held_against_the_presence_of_its_own_date(reckon) -> None:
    """Ordered on Monday until 26:00, punched in anew on Tuesday at 00:30: 105 minutes are unmet."""
    month = StaffMonth().present(9, "08:30-24:15").present(10, "00:30-02:00")
    sheet = reckon(month.order(9, "17:15-26:00"))
    assert (sum(sheet.raw.values()), sheet.line(9).unmet) == (420, 105)
    assert sheet.line(10).extra == 90


def test_of_a_date_that_is_not_over_nothing_is_missing_yet(reckon) -> None:
    """Through Monday the 9th it is known: of Tuesday, on which it is noon, nothing is said."""
    month = StaffMonth().order(9, "17:15-18:15").order(10, "17:15-18:15")
    month.known_through = MONDAY
    sheet = reckon(month.present(10, "08:30-12:00"))
    assert (sheet.line(9).missing, sheet.line(9).unmet) == (465, 60)
    assert (sheet.line(10).missing, sheet.line(10).unmet, sheet.line(10).regular) == (0, 0, 210)
    assert (sheet.line(11).missing, sheet.line(30).missing) == (0, 0)


def test_a_voided_punch_counts_as_nothing(reckon) -> None:
    """The second out was an error: the first ends the day; voided both, the out is missing."""
    taps = punch(1, IN, "08:30"), punch(2, OUT, "17:15")
    assert reckon(month_of(*taps)).line(9).regular == 465
    (day,) = presences(taps[0], punch(2, OUT, "17:15", voided=True))
    assert (day.spans, day.missing) == ((), True)
    alone = month_of(punch(1, IN, "08:30", voided=True), punch(2, OUT, "17:15", voided=True))
    assert reckon(alone).line(9).regular == 0
    assert not alone.presences[MONDAY].missing


def test_a_corrected_punch_counts_at_its_corrected_time_and_at_no_other(reckon) -> None:
    """Punched in on Tuesday at 00:40, corrected to Monday 08:30: nothing is left of Tuesday."""
    moved = punch(
        1,
        IN,
        "08:30",
        at=tokyo(TUESDAY, "00:40"),
        received_at=tokyo(TUESDAY, "00:40") + timedelta(hours=9),
        corrected_by="01980000-0000-7000-8000-000000000001",
        original_at=tokyo(TUESDAY, "00:40"),
    )
    read = days(moved, punch(2, OUT, "17:15"))
    assert [day.work_date for day in read] == [MONDAY]
    assert reckon(month_of(moved, punch(2, OUT, "17:15"))).line(9).regular == 465
