"""6. A transfer mid-month, and a department whose type changes mid-year: hours carry over."""

from __future__ import annotations

import pytest

from hub.worktime.domain import CapFinding, CapKind, CapLevel, CapType, Month, Terms
from tests.hub.worktime.cases.staff_month import REGULAR, StaffMonth
from tests.hub.worktime.cases.test_05_caps import OTHER_LED, overtime, past


def test_a_month_has_the_cap_of_its_last_day(reckon) -> None:
    """46 h, half of them under each department: moved to an other-led one on the 16th they are
    allowed, moved away from it they are not."""
    there = overtime(2_760)
    there.under(16, 30, OTHER_LED)
    assert reckon(there).caps == {CapFinding(CapKind.MONTH, CapLevel.ALERT, 2_760, 2_700)}
    back = overtime(2_760, terms=OTHER_LED)
    back.under(16, 30, REGULAR)
    assert reckon(back).caps == {CapFinding(CapKind.MONTH, CapLevel.BREACH, 2_760, 2_700)}


def test_who_retires_mid_month_has_the_cap_of_the_last_day_employed(reckon) -> None:
    month = overtime(2_760, terms=OTHER_LED)
    month.under(25, 30, None)
    tally = reckon(month).tally
    assert tally is not None
    assert tally.cap_type is CapType.OTHER_LED


def test_hours_belong_to_the_person(reckon) -> None:
    """Two departments of one type in a month: 25 h here and 21 h there are 46 h."""
    month = overtime(2_760)
    month.under(1, 15, Terms("dept-9", CapType.ORDINARY, "regular"))
    assert reckon(month).caps == {CapFinding(CapKind.MONTH, CapLevel.BREACH, 2_760, 2_700)}


@pytest.mark.parametrize(
    ("ordinary", "breaches"),
    [
        ([1_800] * 6, []),  # six ordinary months may hold 6/12 of 360 h: 180 h
        ([1_800] * 5 + [1_801], [(10_801, 10_800)]),
    ],
)
def test_in_a_year_with_both_types_the_ordinary_months_hold_their_share(
    reckon, ordinary, breaches
) -> None:
    """April to September ordinary, October and November other-led: together far below 720 h."""
    month = overtime(3_000, terms=OTHER_LED)
    month.history = past(ordinary, Month(2026, 10), CapType.ORDINARY) + past([3_000])
    year = [one for one in reckon(month).caps if one.kind is CapKind.YEAR]
    assert [(one.minutes, one.limit_min) for one in year] == breaches


@pytest.mark.parametrize(("minutes", "breach"), [(1_800, False), (1_801, True)])
def test_in_a_year_with_both_types_720_hours_hold_for_the_whole(reckon, minutes, breach) -> None:
    """April to October other-led with 41,400 minutes, November ordinary: 1,800 more are 720 h."""
    month = overtime(minutes)
    month.history = past([5_900] * 6 + [6_000])
    year = [
        one for one in reckon(month).caps if one.kind is CapKind.YEAR and one.limit_min == 43_200
    ]
    assert [one.minutes for one in year] == ([43_201] if breach else [])


def test_pay_and_classes_do_not_notice_a_transfer(reckon) -> None:
    """The 60th hour is found over both departments: 61 h, an hour beyond."""
    month = overtime(3_660)
    month.under(10, 30, OTHER_LED)
    assert sum(v for name, v in reckon(month).raw.items() if "over_60" in name) == 60


def test_a_month_without_employment_has_neither_caps_nor_tally(reckon) -> None:
    month = StaffMonth().present(9, "08:30-19:00").order(9, "17:15-19:00").under(1, 30, None)
    sheet = reckon(month)
    assert (sheet.raw, sheet.caps, sheet.tally) == ({}, frozenset(), None)
