"""1. Exactly 08:30, 17:15, 22:00, 05:00, 24:00: the minute begins what it begins."""

from __future__ import annotations

import pytest

from tests.hub.worktime.cases.staff_month import StaffMonth


@pytest.mark.parametrize(
    ("stay", "regular", "missing", "extra"),
    [
        ("08:30-17:15", 465, 0, 0),  # 210 in the morning and 255 after noon
        ("08:29-17:15", 465, 0, 1),  # 08:29 is nobody's
        ("08:31-17:15", 464, 1, 0),  # 08:30 is missing
        ("08:30-17:14", 464, 1, 0),  # 17:14 is missing
        ("08:30-17:16", 465, 0, 1),  # 17:15 is the first minute after
        ("08:30-12:00", 210, 255, 0),  # the whole afternoon is missing
        ("08:30-12:01", 210, 255, 0),  # 12:00 is the regular break's
        ("08:30-13:00", 210, 255, 0),  # the break is nobody's either
        ("08:30-13:01", 211, 254, 0),  # 13:00 is regular again
        ("17:15-18:00", 0, 465, 45),  # there, but after hours and not ordered
    ],
)
def test_regular_hours_begin_and_end_on_their_minute(reckon, stay, regular, missing, extra) -> None:
    line = reckon(StaffMonth().present(9, stay)).line(9)
    assert (line.regular, line.missing, line.extra) == (regular, missing, extra)


@pytest.mark.parametrize(
    ("order", "day_min", "night_min"),
    [
        ("17:15-22:00", 285, 0),  # 4 h 45, none of it night
        ("17:15-22:01", 285, 1),  # 22:00 is the first night minute
        ("21:59-22:01", 1, 1),
        ("17:15-24:00", 285, 120),  # 22:00 to 24:00
        ("17:15-24:01", 285, 121),  # 00:00 of Tuesday is a workday's too
        ("17:15-29:00", 285, 420),  # the whole band: 7 h
        ("17:15-29:01", 286, 420),  # 05:00 is day again
        ("28:59-29:01", 1, 1),
    ],
)
def test_night_is_from_22_00_up_to_05_00(reckon, order, day_min, night_min) -> None:
    """Monday the 9th into Tuesday the 10th, both workdays."""
    sheet = reckon(StaffMonth().present(9, "08:30-29:30").order(9, order))
    assert sheet.raw.get("overtime", 0) == day_min
    assert sheet.raw.get("overtime.night", 0) == night_min
    # there from 08:30 to 29:30: 21 h, less 465 regular and 60 of break, less what was ordered
    assert sheet.line(9).extra == 1260 - 465 - 60 - day_min - night_min


def test_the_day_of_a_minute_changes_at_24_00(reckon) -> None:
    """Tuesday the 10th works from 00:00 early: a minute on either side of midnight."""
    month = StaffMonth().present(9, "08:30-17:15 23:59-24:01").order(9, "23:59-24:01")
    sheet = reckon(month)
    assert sheet.raw == {"overtime.night": 2}
    assert sheet.line(9).credited == 467
    assert sheet.line(10).credited == 0
