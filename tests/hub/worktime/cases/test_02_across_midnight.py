"""2. Across midnight the class follows the calendar date, the minutes stay with the shift."""

from __future__ import annotations

from hub.worktime.domain import DayKind, Presence
from tests.hub.worktime.cases.staff_month import StaffMonth, spans


def test_friday_into_saturday_is_a_workday_and_then_a_day_off(reckon) -> None:
    """Friday the 6th, 17:15 to 29:30, all ordered."""
    sheet = reckon(StaffMonth().present(6, "08:30-29:30").order(6, "17:15-29:30"))
    assert sheet.raw == {
        "overtime": 285,  # 17:15 to 22:00
        "overtime.night": 120,  # 22:00 to 24:00
        "day_off.night": 300,  # 00:00 to 05:00 of Saturday
        "day_off": 30,  # 05:00 to 05:30
    }
    assert sheet.percent == {
        "overtime": 125,
        "overtime.night": 150,
        "day_off.night": 160,
        "day_off": 135,
    }
    assert sheet.line(6).credited == 465 + 735
    assert sheet.line(7).credited == 0


def test_sunday_into_monday_is_a_day_off_and_then_a_workday(reckon) -> None:
    """Sunday the 8th, 20:00 to 30:00; Monday's regular hours begin only at 08:30."""
    sheet = reckon(StaffMonth().present(8, "20:00-30:00").order(8, "20:00-30:00"))
    assert sheet.raw == {
        "day_off": 120,  # 20:00 to 22:00
        "day_off.night": 120,  # 22:00 to 24:00
        "overtime.night": 300,  # 00:00 to 05:00 of Monday
        "overtime": 60,  # 05:00 to 06:00
    }


def test_a_long_night_ends_as_the_next_mornings_regular_time(reckon) -> None:
    """Monday the 9th to Tuesday 09:15: from 08:30 on it is Tuesday's, and no overtime."""
    month = StaffMonth().present(9, "08:30-33:15").order(9, "17:15-33:15")
    month.present(10, "10:00-17:15")
    sheet = reckon(month)
    # 17:15 to 22:00 and 29:00 to 32:30: 285 + 210; night 22:00 to 29:00
    assert sheet.raw == {"overtime": 495, "overtime.night": 420}
    assert sheet.line(9).unmet == 0
    # Tuesday: 08:30 to 09:15 from the night, 10:00 to 17:15 less the break; 09:15 to 10:00 missing
    assert (sheet.line(10).regular, sheet.line(10).missing) == (45 + 375, 45)


def test_a_night_that_began_in_the_month_before_reaches_into_the_first(reckon) -> None:
    """Monday 30 November to Tuesday 1 December 09:00, seen by December."""
    december = StaffMonth(month=StaffMonth().month.plus(1))
    night = december.month.first.replace(year=2026, month=11, day=30)
    december.stays = Presence(night, spans("08:30-33:00"))
    december.present(1, "09:30-17:15")
    line = reckon(december).line(1)
    assert (line.regular, line.missing, line.extra) == (30 + 405, 30, 0)


def test_a_day_off_into_a_holiday_is_three_classes_in_one_stay(reckon) -> None:
    """Sunday the 22nd into Labour Thanksgiving Day: 22:00 Sunday to 09:00 Monday, ordered."""
    sheet = reckon(StaffMonth().present(22, "22:00-33:00").order(22, "22:00-33:00"))
    assert sheet.raw["day_off.night"] == 120
    assert sheet.raw["holiday_overtime.night"] == 300
    assert sheet.raw["holiday_overtime"] == 210  # 05:00 to 08:30
    assert sheet.raw["holiday"] == 30  # 08:30 to 09:00 are the holiday's regular hours


def test_a_rostered_night_shift_is_regular_work_with_a_night_add_on(reckon) -> None:
    """Monday the 9th 17:00 to Tuesday 08:30, break 01:00 to 02:00: 870 minutes, 360 of them
    in the night band (22:00 to 05:00 less the break)."""
    month = StaffMonth().plan(9, "17:00-25:00 26:00-32:30", "25:00-26:00", rostered=True)
    month.plan(10, "", kind=DayKind.DAY_OFF)
    sheet = reckon(month.present(9, "17:00-32:30"))
    assert sheet.line(9).regular == 870
    assert sheet.raw == {"night_regular": 360}


def test_a_rostered_shift_into_a_holiday_is_holiday_work_from_midnight(reckon) -> None:
    """Monday the 2nd 17:00 to the 3rd 08:30 without a break: 930 minutes, of which 510 on the
    3rd; 00:00 to 05:00 is night."""
    month = StaffMonth().plan(2, "17:00-32:30", rostered=True)
    month.plan(3, "", kind=DayKind.DAY_OFF)
    sheet = reckon(month.present(2, "17:00-32:30"))
    assert sheet.line(2).regular == 930
    assert sheet.raw["holiday.night"] == 300
    assert sheet.raw["holiday"] == 210
