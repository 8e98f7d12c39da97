"""4. A month's total is rounded once per class: :29 is dropped, :30 is raised; never per day."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from hub.worktime.domain import CapType, DayKind, Swap, SwapKind, Terms
from hub.worktime.ordinance import Ordinances, Rounding
from tests.hub.worktime.cases.staff_month import NOVEMBER, STANDARD, StaffMonth

MINUTES = [(89, 60), (90, 120), (29, 0), (30, 60), (59, 60), (60, 60), (1, 0)]
"""1:29, 1:30, and so on; what becomes of them."""


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@pytest.mark.parametrize(("minutes", "rounded"), MINUTES)
@pytest.mark.parametrize(
    ("day", "starts", "bucket"),
    [
        (9, 1_035, "overtime"),  # Monday from 17:15
        (9, 1_320, "overtime.night"),  # from 22:00
        (7, 540, "day_off"),  # Saturday from 09:00
        (7, 1_320, "day_off.night"),
        (3, 780, "holiday"),  # Culture Day from 13:00, within regular hours
        (3, 1_035, "holiday_overtime"),  # from 17:15
        (3, 1_320, "holiday_overtime.night"),
    ],
)
def test_each_class_is_rounded_on_its_own(reckon, day, starts, bucket, minutes, rounded) -> None:
    stretch = f"{clock(starts)}-{clock(starts + minutes)}"
    sheet = reckon(StaffMonth().present(day, stretch).order(day, stretch))
    assert (sheet.raw, sheet.rounded) == ({bucket: minutes}, {bucket: rounded})


@pytest.mark.parametrize(("minutes", "rounded"), MINUTES)
@pytest.mark.parametrize(
    ("terms", "hours", "order_from", "bucket"),
    [
        ("short_time", "13:00-16:00", 960, "short_time"),  # from 16:00, a full day is far away
        ("short_time", "20:00-22:00", 1_320, "short_time.night"),
    ],
)
def test_the_hours_of_short_days_are_rounded_too(
    reckon, terms, hours, order_from, bucket, minutes, rounded
) -> None:
    month = StaffMonth(terms=Terms("dept-1", CapType.ORDINARY, terms)).plan(9, hours)
    end = clock(order_from + minutes)
    month.present(9, f"{hours[:5]}-{end}").order(9, f"{clock(order_from)}-{end}")
    sheet = reckon(month)
    assert (sheet.raw, sheet.rounded) == ({bucket: minutes}, {bucket: rounded})


@pytest.mark.parametrize(("minutes", "rounded"), MINUTES)
@pytest.mark.parametrize(("night", "starts"), [(False, 1_035), (True, 1_320)])
def test_what_lies_beyond_60_hours_is_rounded_too(reckon, night, starts, minutes, rounded) -> None:
    """60 hours on fifteen evenings of four hours, 17:15 to 21:15; on the 30th so many more."""
    month = StaffMonth(holidays={})
    for day in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20):
        month.present(day, "08:30-21:15").order(day, "17:15-21:15")
    more = f"{clock(starts)}-{clock(starts + minutes)}"
    sheet = reckon(month.present(30, more).order(30, more))
    bucket = "over_60.night" if night else "over_60"
    assert (sheet.raw["overtime"], sheet.raw[bucket]) == (3_600, minutes)
    assert (sheet.rounded["overtime"], sheet.rounded[bucket]) == (3_600, rounded)


@pytest.mark.parametrize(("minutes", "rounded"), MINUTES)
def test_regular_hours_of_a_holiday_by_night_are_rounded_too(reckon, minutes, rounded) -> None:
    """Rostered 22:00 to 24:00 on Culture Day: no order is needed."""
    month = StaffMonth().plan(3, "22:00-24:00", kind=DayKind.HOLIDAY, holiday=True, rostered=True)
    sheet = reckon(month.present(3, f"22:00-{clock(1_320 + minutes)}"))
    assert (sheet.raw, sheet.rounded) == ({"holiday.night": minutes}, {"holiday.night": rounded})


@pytest.mark.parametrize(("minutes", "rounded"), MINUTES)
def test_add_ons_are_rounded_too(reckon, minutes, rounded) -> None:
    """Regular hours by night; and the excess of a week, of which so much was worked."""
    month = StaffMonth().plan(9, "20:00-24:00").present(9, f"20:00-{clock(1_320 + minutes)}")
    sheet = reckon(month)
    assert (sheet.raw, sheet.rounded) == ({"night_regular": minutes}, {"night_regular": rounded})
    swap = Swap(
        "swap", SwapKind.SWAP, NOVEMBER.first.replace(day=7), NOVEMBER.first.replace(day=13)
    )
    sheet = reckon(StaffMonth().swap(swap).present(7, f"08:30-{clock(510 + minutes)}"))
    assert (sheet.raw, sheet.rounded) == ({"swap_excess": minutes}, {"swap_excess": rounded})


def test_thirty_single_minutes_are_half_an_hour(reckon) -> None:
    """Thirty orders of a minute each on the 9th, every other minute from 17:15: rounded by the day
    or by the piece they would be nothing, and so they are with one less."""
    month = StaffMonth().present(9, "08:30-18:15")
    for number in range(29):
        starts = 1_035 + 2 * number
        month.order(9, f"{clock(starts)}-{clock(starts + 1)}")
    sheet = reckon(month)
    assert (sheet.raw, sheet.rounded) == ({"overtime": 29}, {"overtime": 0})
    month.order(9, "18:13-18:14")
    sheet = reckon(month)
    assert (sheet.raw, sheet.rounded) == ({"overtime": 30}, {"overtime": 60})


def test_a_minute_a_day_adds_up(reckon) -> None:
    """17:15 to 17:17 on fifteen workdays: 30 minutes, an hour."""
    month = StaffMonth()
    for day in (2, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 24):
        month.present(day, "08:30-17:17").order(day, "17:15-17:17")
    sheet = reckon(month)
    assert (sheet.raw, sheet.rounded) == ({"overtime": 30}, {"overtime": 60})


def test_two_classes_are_not_rounded_together(reckon) -> None:
    """20 minutes by day and 20 by night are 40, and neither is half an hour."""
    month = StaffMonth().present(9, "08:30-22:20").order(9, "21:40-22:20")
    assert reckon(month).rounded == {"overtime": 0, "overtime.night": 0}


def test_the_month_follows_the_ordinance_of_its_last_day(reckon) -> None:
    """From the 16th on a town rounds to quarters, up from 8: 29 minutes are 30, reckoned on a day
    on which the old ordinance still held."""
    quarters = msgspec.structs.replace(
        STANDARD,
        since=StaffMonth().on(16),
        rounding=Rounding(unit_min=15, up_from_min=8),
    )
    month = StaffMonth().present(9, "08:30-17:44").order(9, "17:15-17:44")
    assert reckon(month, Ordinances((STANDARD, quarters))).rounded == {"overtime": 30}
    before = msgspec.structs.replace(quarters, since=StaffMonth().month.plus(1).first)
    assert reckon(month, Ordinances((STANDARD, before))).rounded == {"overtime": 0}


def test_nothing_left_over_is_not_raised(reckon) -> None:
    """An ordinance that raises every minute leaves whole hours as they are."""
    always = msgspec.structs.replace(STANDARD, rounding=Rounding(unit_min=60, up_from_min=0))
    month = StaffMonth().present(9, "08:30-18:15").order(9, "17:15-18:15")
    assert reckon(month, Ordinances((always,))).rounded == {"overtime": 60}
    month.present(10, "08:30-17:16").order(10, "17:15-17:16")
    assert reckon(month, Ordinances((always,))).rounded == {"overtime": 120}


def test_the_year_end_is_a_holiday_in_its_classes(reckon) -> None:
    """29 December, a Tuesday in 2026: the plan says year end, the classes are the holiday's."""
    december = StaffMonth(month=StaffMonth().month.plus(1))
    plan = december.plans[december.on(29)]
    december.plans[december.on(29)] = replace(plan, kind=DayKind.YEAR_END, holiday=True)
    december.present(29, "08:30-17:45").order(29, "08:30-12:00 13:00-17:45")
    sheet = reckon(december)
    assert sheet.raw == {"holiday": 465, "holiday_overtime": 30}
    assert sheet.rounded == {"holiday": 480, "holiday_overtime": 60}  # 7:45 is raised to 8:00
