"""8. Swaps in the same week, across weeks, with a worked holiday, by half days; and expiry."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.worktime.domain import DayKind, DayPlan, Month, Swap, SwapKind, SwapPart
from hub.worktime.minutes import Spans
from hub.worktime.swaps import apply_swaps, swap_problem
from tests.hub.worktime.cases.staff_month import (
    BREAKS,
    HOURS,
    STANDARD,
    StaffMonth,
    regular_week,
    spans,
)
from tests.hub.worktime.oracle.swapping import swap_slowly

MORNING, AFTERNOON = spans("08:30-12:00"), spans("13:00-17:15")


def november(day: int) -> date:
    return date(2026, 11, day)


def swap(worked: date, off: date, kind: SwapKind = SwapKind.SWAP, **other: SwapPart) -> Swap:
    return Swap("swap-1", kind, worked, off, **other)


def hours(plan: DayPlan) -> tuple[DayKind, Spans, Spans]:
    return plan.kind, plan.spans, plan.base_spans


@pytest.fixture(params=["reckoning", "oracle"])
def applied(request):
    """Plans of November with swaps applied, by either."""
    plans = {november(day): regular_week(november(day)) for day in range(1, 31)}

    def apply(*swaps: Swap) -> dict[date, DayPlan]:
        if request.param == "oracle":
            return swap_slowly(plans, swaps)
        return apply_swaps(plans, swaps)

    return apply


def test_a_whole_day_changes_places(applied) -> None:
    """Saturday the 7th is worked, Friday the 6th is off: hours move, what they were is kept."""
    plans = applied(swap(november(7), november(6)))
    worked, off = plans[november(7)], plans[november(6)]
    assert hours(worked) == (DayKind.DAY_OFF, HOURS, ())
    assert worked.breaks == BREAKS
    assert hours(off) == (DayKind.DAY_OFF, (), HOURS)
    assert (worked.swap_id, off.swap_id) == ("swap-1", "swap-1")
    assert plans[november(9)] == regular_week(november(9))


@pytest.mark.parametrize(
    ("part", "moved", "left"),
    [(SwapPart.MORNING, MORNING, AFTERNOON), (SwapPart.AFTERNOON, AFTERNOON, MORNING)],
)
def test_a_half_day_changes_places(applied, part, moved, left) -> None:
    """The half before the regular break or after it; the rest stays a workday's."""
    plans = applied(swap(november(7), november(6), part=part))
    assert hours(plans[november(7)]) == (DayKind.DAY_OFF, moved, ())
    assert hours(plans[november(6)]) == (DayKind.WORKDAY, left, HOURS)


def test_a_compensated_holiday_becomes_a_workday(applied) -> None:
    """Culture Day is worked, Friday the 6th is off in its place."""
    plans = applied(swap(november(3), november(6), SwapKind.COMPENSATORY))
    worked = plans[november(3)]
    assert hours(worked) == (DayKind.WORKDAY, HOURS, HOURS)
    assert worked.holiday
    assert hours(plans[november(6)]) == (DayKind.DAY_OFF, (), HOURS)


def test_in_the_same_week_there_is_no_excess(reckon) -> None:
    """Sunday the 8th for Friday the 13th: Sunday to Saturday both have five days."""
    month = StaffMonth().swap(swap(november(8), november(13))).present(8, "08:30-17:15")
    sheet = reckon(month)
    assert sheet.raw == {}
    assert (sheet.line(8).regular, sheet.line(13).missing) == (465, 0)


def test_across_weeks_the_weeks_excess_is_an_add_on(reckon) -> None:
    """Saturday the 7th for Friday the 13th: the first week has 465 minutes more than before."""
    month = StaffMonth().swap(swap(november(7), november(13))).present(7, "08:30-17:15")
    sheet = reckon(month)
    assert sheet.raw == {"swap_excess": 465}
    assert sheet.percent == {"swap_excess": 25}
    assert sheet.line(7).regular == 465


def test_only_what_was_worked_of_the_excess_is_paid(reckon) -> None:
    """08:30 to 15:00 less the break: 330 worked, 135 missing."""
    month = StaffMonth().swap(swap(november(7), november(13))).present(7, "08:30-15:00")
    sheet = reckon(month)
    assert sheet.raw == {"swap_excess": 330}
    assert sheet.line(7).missing == 135


def test_beyond_the_swapped_hours_the_day_off_stays_one(reckon) -> None:
    """Saturday 17:15 to 18:15 is class `day_off`."""
    month = StaffMonth().swap(swap(november(7), november(13)))
    month.present(7, "08:30-18:15").order(7, "17:15-18:15")
    assert reckon(month).raw == {"swap_excess": 465, "day_off": 60}


def test_a_half_day_across_weeks_is_half_an_excess(reckon) -> None:
    """The afternoon, 255 minutes, of the 13th on the 7th."""
    month = StaffMonth().swap(swap(november(7), november(13), part=SwapPart.AFTERNOON))
    month.present(7, "13:00-17:15").present(13, "08:30-12:00")
    sheet = reckon(month)
    assert sheet.raw == {"swap_excess": 255}
    assert (sheet.line(13).regular, sheet.line(13).missing) == (210, 0)


def test_a_worked_holiday_in_the_week_changes_nothing_in_its_excess(reckon) -> None:
    """1 to 7 November with Culture Day, worked by order, and Saturday swapped in: 465 each."""
    month = StaffMonth().swap(swap(november(7), november(13)))
    month.present(3, "08:30-17:15").order(3, "08:30-12:00 13:00-17:15")
    month.present(7, "08:30-17:15")
    assert reckon(month).raw == {"holiday": 465, "swap_excess": 465}


def test_a_compensated_holiday_is_regular_work_without_an_excess(reckon) -> None:
    """Culture Day for Friday the 13th: its hours were in the week's sum before."""
    month = StaffMonth().swap(swap(november(3), november(13), SwapKind.COMPENSATORY))
    sheet = reckon(month.present(3, "08:30-17:15"))
    assert sheet.raw == {}
    assert (sheet.line(3).regular, sheet.line(13).missing) == (465, 0)


def test_two_dates_swapped_in_share_what_excess_there_is(reckon) -> None:
    """Sunday the 8th for Friday the 13th (same week) and Saturday the 14th for the 20th: the week
    has 465 more; the first date takes them all."""
    month = StaffMonth().swap(
        swap(november(8), november(13)), Swap("b", SwapKind.SWAP, november(14), november(20))
    )
    month.present(8, "08:30-16:15").present(14, "08:30-17:15")
    assert reckon(month).raw == {"swap_excess": 405}  # the 8th's, an hour short; none is passed on


def test_a_week_reaches_over_the_months_end(reckon) -> None:
    """Thursday 31 December for Sunday the 27th is one week; Saturday 2 January for Thursday the
    31st is too, and seen from January it has no excess."""
    january = StaffMonth(month=Month(2027, 1), holidays={})
    january.swap(swap(date(2027, 1, 2), date(2026, 12, 31))).present(2, "08:30-17:15")
    sheet = reckon(january)
    assert sheet.raw == {}
    assert sheet.line(2).regular == 465


def problem(worked: date, off: date, kind: SwapKind) -> object:
    """What stands against a swap of a worked date and a workday."""
    plans = {
        day: regular_week(day)
        for day in (date(2026, 9, 1) + timedelta(days=number) for number in range(180))
    }
    if not plans[off].spans:
        plans[off] = DayPlan(off, DayKind.WORKDAY, HOURS, BREAKS, HOURS)
    return swap_problem(swap(worked, off, kind), plans, STANDARD)


@pytest.mark.parametrize(
    ("days_after", "allowed"),
    [(-29, False), (-28, True), (-1, True), (6, True), (56, True), (57, False)],
)
def test_a_swap_lies_within_its_window(days_after, allowed) -> None:
    """From four weeks (28 days) before to eight weeks (56 days) after the worked day."""
    worked = november(14)
    off = worked + timedelta(days=days_after)
    assert (problem(worked, off, SwapKind.SWAP) is None) is allowed


@pytest.mark.parametrize(
    ("days_after", "allowed"), [(-1, False), (1, True), (56, True), (57, False)]
)
def test_a_compensatory_day_expires_after_eight_weeks(days_after, allowed) -> None:
    """From Culture Day, a Tuesday, on: the 56th day is Tuesday 29 December."""
    worked = november(3)
    off = worked + timedelta(days=days_after)
    assert (problem(worked, off, SwapKind.COMPENSATORY) is None) is allowed


def test_a_swap_moves_something() -> None:
    """A day off for a day off is nothing to move."""
    plans = {november(day): regular_week(november(day)) for day in (7, 14)}
    assert swap_problem(swap(november(7), november(14)), plans, STANDARD) is not None
