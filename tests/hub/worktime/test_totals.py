"""Buckets are added up raw and rounded once."""

from __future__ import annotations

import msgspec
import pytest

from hub.worktime.domain import Bucket, PayClass
from hub.worktime.ordinance import Rounding
from hub.worktime.totals import rounded
from tests.hub.worktime.november import raw, reckoned, worked


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, 0), (1, 0), (29, 0), (30, 60), (59, 60), (60, 60), (89, 60), (90, 120), (6_029, 6_000)],
)
def test_half_an_hour_is_raised_and_less_dropped(minutes: int, expected: int) -> None:
    """On the month's total."""
    assert rounded(minutes, Rounding()) == expected


def test_another_unit_is_the_ordinances() -> None:
    """Every minute counted, or every begun quarter of an hour."""
    assert rounded(17, Rounding(unit_min=1, up_from_min=1)) == 17
    assert rounded(16, Rounding(unit_min=15, up_from_min=1)) == 30
    assert rounded(15, Rounding(unit_min=15, up_from_min=0)) == 15
    assert msgspec.to_builtins(Rounding()) == {"unit_min": 60, "up_from_min": 30}


def test_many_single_minutes_are_one_sum() -> None:
    """Thirty minutes on as many evenings are an hour by day; 29 by night are none."""
    weekdays = [day for day in range(2, 31) if day not in (3, 7, 8, 14, 15, 21, 22, 23, 28, 29)]
    half = [
        worked(day, "08:30-17:15 17:30-17:31 17:40-17:41", "17:30-17:31 17:40-17:41")
        for day in weekdays[:15]
    ]
    night = [worked(day, "08:30-17:15 22:00-22:08", "22:00-22:08") for day in weekdays[15:18]]
    night.append(worked(weekdays[18], "08:30-17:15 22:00-22:05", "22:00-22:05"))
    result = reckoned(*half, *night)
    assert raw(result) == {"overtime": 30, "overtime.night": 29}
    assert result.totals[Bucket(PayClass.OVERTIME)].rounded_min == 60
    assert result.totals[Bucket(PayClass.OVERTIME, night=True)].rounded_min == 0
