"""5. Caps: 45:00 and 45:01, 99:59 and 100:00, the averages, the seventh month, 31 March."""

from __future__ import annotations

import pytest

from hub.worktime.domain import CapFinding, CapKind, CapLevel, CapType, Month, MonthTally, Terms
from tests.hub.worktime.cases.staff_month import NOVEMBER, StaffMonth

OTHER_LED = Terms("dept-2", CapType.OTHER_LED, "regular")


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def overtime(minutes: int, month: Month = NOVEMBER, terms: Terms | None = None) -> StaffMonth:
    """A month with so many minutes of overtime: from 17:15 on, up to 540 on each workday."""
    written = StaffMonth(month=month, holidays={})
    if terms is not None:
        written.terms = terms
    days = (day for day, plan in sorted(written.plans.items()) if plan.spans)
    for day in days:
        if not month.first <= day <= month.last or not minutes:
            continue
        now = min(minutes, 540)
        written.present(day, f"08:30-{clock(1_035 + now)}")
        written.order(day, f"17:15-{clock(1_035 + now)}")
        minutes -= now
    assert minutes == 0, "a month has no more evenings"
    return written


def past(
    minutes: list[int], before: Month = NOVEMBER, cap_type: CapType = CapType.OTHER_LED
) -> tuple[MonthTally, ...]:
    """The months before a month, oldest first, with so many minutes each."""
    first = before.plus(-len(minutes))
    return tuple(
        MonthTally(first.plus(number), cap_type, value, value)
        for number, value in enumerate(minutes)
    )


def month_finding(level: CapLevel, minutes: int, limit: int) -> CapFinding:
    return CapFinding(CapKind.MONTH, level, minutes, limit)


@pytest.mark.parametrize(
    ("minutes", "finding"),
    [
        (1_799, None),
        (1_800, month_finding(CapLevel.ALERT, 1_800, 1_800)),  # 30:00
        (2_399, month_finding(CapLevel.ALERT, 2_399, 1_800)),
        (2_400, month_finding(CapLevel.ALERT, 2_400, 2_400)),  # 40:00
        (2_700, month_finding(CapLevel.ALERT, 2_700, 2_700)),  # 45:00 is allowed
        (2_701, month_finding(CapLevel.BREACH, 2_701, 2_700)),  # 45:01 is not
    ],
)
def test_an_ordinary_month_may_hold_45_00(reckon, minutes, finding) -> None:
    assert reckon(overtime(minutes)).caps == (frozenset() if finding is None else {finding})


@pytest.mark.parametrize(
    ("minutes", "finding"),
    [
        (5_999, month_finding(CapLevel.ALERT, 5_999, 2_700)),  # 99:59, beyond the 60th hour too
        (6_000, month_finding(CapLevel.BREACH, 6_000, 6_000)),  # 100:00 is not below 100
    ],
)
def test_an_other_led_month_stays_below_100_00(reckon, minutes, finding) -> None:
    sheet = reckon(overtime(minutes, terms=OTHER_LED))
    assert sum(sheet.raw.values()) == minutes  # on Fridays some lie past midnight: `day_off`
    assert sheet.caps == {finding}


@pytest.mark.parametrize("window", [2, 3, 4, 5, 6])
def test_the_mean_of_each_window_is_at_most_80_hours(reckon, window) -> None:
    """4,800 minutes each are allowed; a minute more in the first month of the window is found in
    just that window and no shorter one. Months before it are low, and so are longer windows."""
    low = [0] * (6 - window)
    exactly = overtime(4_800, terms=OTHER_LED)
    exactly.history = past(low + [4_800] * (window - 1))
    found = reckon(exactly).caps
    assert not [one for one in found if one.kind is CapKind.AVERAGE]
    exactly.history = past(low + [4_801] + [4_800] * (window - 2))
    found = reckon(exactly).caps
    assert [one for one in found if one.kind is CapKind.AVERAGE] == [
        CapFinding(CapKind.AVERAGE, CapLevel.BREACH, 4_800 * window + 1, 4_800 * window, window)
    ]


def test_windows_reach_over_31_march(reckon) -> None:
    """April with 81 h after a March with 80 h: (4,860 + 4,800) / 2 is beyond 80 h, though the
    fiscal year has only begun."""
    april = Month(2026, 4)
    month = overtime(4_860, april, OTHER_LED)
    month.history = past([4_800], april)
    assert CapFinding(CapKind.AVERAGE, CapLevel.BREACH, 9_660, 9_600, 2) in reckon(month).caps


@pytest.mark.parametrize("window", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("number", [4, 5, 6, 7, 8])
def test_each_window_reaches_over_31_march(reckon, window, number) -> None:
    """From April to August, whatever of the window lies in the fiscal year before: 80 h each are
    allowed, and a minute more in the window's first month is found."""
    this = Month(2026, number)
    month = overtime(4_800, this, OTHER_LED)
    low = [0] * (6 - window)
    for first, breaches in ((4_800, []), (4_801, [window])):
        month.history = past([*low, first, *[4_800] * (window - 2)], this)
        found = [one for one in reckon(month).caps if one.kind is CapKind.AVERAGE]
        assert [one.months for one in found] == breaches


@pytest.mark.parametrize(("minutes", "breach"), [(43_200, False), (43_201, True)])
def test_a_year_that_others_lead_holds_720_hours(reckon, minutes, breach) -> None:
    """March, with eleven months before it; April of the year before does not count."""
    march = Month(2027, 3)
    month = overtime(minutes - 11 * 3_600, march, OTHER_LED)
    month.history = past([9_999] + [3_600] * 11, march)
    found = [one for one in reckon(month).caps if one.kind is CapKind.YEAR]
    expected = CapFinding(CapKind.YEAR, CapLevel.BREACH, minutes, 43_200, 12)
    assert found == ([expected] if breach else [])


def test_the_seven_months_above_45_hours_are_those_of_one_fiscal_year(reckon) -> None:
    """Six before 31 March and one after it are none too many."""
    april = Month(2027, 4)
    month = overtime(2_701, april, OTHER_LED)
    month.history = past([2_701] * 6, april)
    assert not [one for one in reckon(month).caps if one.kind is CapKind.MONTHS_ABOVE]


def test_windows_with_unknown_months_are_not_judged(reckon) -> None:
    """90 h in the first month anybody knows of say nothing about a mean of two."""
    assert not [
        one for one in reckon(overtime(5_400, terms=OTHER_LED)).caps if one.kind is CapKind.AVERAGE
    ]


def test_an_ordinary_department_has_no_averages(reckon) -> None:
    month = overtime(2_700)
    month.history = past([6_000] * 2, cap_type=CapType.ORDINARY)
    assert not [one for one in reckon(month).caps if one.kind is CapKind.AVERAGE]


def test_a_seventh_month_above_45_hours(reckon) -> None:
    """April to September above 45:00 are six; October at exactly 45:00 is none; November is the
    seventh. In the next April counting begins anew."""
    six = [2_701] * 6
    month = overtime(2_701, terms=OTHER_LED)
    month.history = past([*six, 2_700])
    found = [one for one in reckon(month).caps if one.kind is CapKind.MONTHS_ABOVE]
    assert [(one.level, one.minutes, one.limit_min) for one in found] == [(CapLevel.BREACH, 7, 6)]
    month = overtime(2_700, terms=OTHER_LED)
    month.history = past([*six, 2_700])
    assert not [one for one in reckon(month).caps if one.kind is CapKind.MONTHS_ABOVE]
    april = overtime(2_701, Month(2026, 4), OTHER_LED)
    april.history = past([2_701] * 7, Month(2026, 4))
    assert not [one for one in reckon(april).caps if one.kind is CapKind.MONTHS_ABOVE]


@pytest.mark.parametrize(("minutes", "breach"), [(60, False), (61, True)])
def test_a_year_is_april_to_march_and_holds_360_hours(reckon, minutes, breach) -> None:
    """April to October with 3,077 or 3,078 minutes make 21,540: 60 more are exactly 360 h, 61 one
    too many. The March before has 3,000 that count no longer."""
    month = overtime(minutes)
    month.history = past([3_000, *[3_077] * 6, 3_078], cap_type=CapType.ORDINARY)
    year = [one for one in reckon(month).caps if one.kind is CapKind.YEAR]
    assert [(one.minutes, one.limit_min) for one in year] == ([(21_601, 21_600)] if breach else [])


def test_caps_look_at_raw_minutes_not_at_rounded_ones(reckon) -> None:
    """44:30 are paid as 45 h and 45:29 too; only the latter is beyond the cap."""
    below, beyond = reckon(overtime(2_670)), reckon(overtime(2_729))
    assert sum(below.rounded.values()) == 2_700
    assert [one.level for one in below.caps] == [CapLevel.ALERT]
    assert [one.level for one in beyond.caps] == [CapLevel.BREACH]


def test_regular_hours_of_a_holiday_do_not_count(reckon) -> None:
    """Culture Day's 465 minutes are class `holiday`; the cap sees the 30 after 17:15 alone."""
    month = StaffMonth().present(3, "08:30-17:45").order(3, "08:30-12:00 13:00-17:45")
    tally = reckon(month).tally
    assert tally is not None
    assert (tally.cap_month_min, tally.cap_average_min) == (30, 30)
