"""3. The 60th hour is found in the order in which minutes passed, on raw minutes."""

from __future__ import annotations

from tests.hub.worktime.cases.staff_month import StaffMonth


def fourteen_evenings() -> StaffMonth:
    """Fourteen workdays with 4 h each, 17:15 to 21:15: 3,360 minutes of overtime."""
    month = StaffMonth()
    for day in (2, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20):
        month.present(day, "08:30-21:15").order(day, "17:15-21:15")
    return month


def test_the_sixtieth_hour_inside_the_night_band(reckon) -> None:
    """240 minutes are left on Tuesday the 24th; 18:15 to 24:00 is 225 by day and 120 by night:
    the 60th hour ends at 22:15, and 105 night minutes lie beyond it."""
    month = fourteen_evenings().present(24, "08:30-24:00").order(24, "18:15-24:00")
    sheet = reckon(month)
    assert sheet.raw == {
        "overtime": 3_360 + 225,
        "overtime.night": 15,
        "over_60.night": 105,
    }
    assert sheet.percent["over_60.night"] == 175
    assert sheet.counted_60h == 3_705


def test_exactly_sixty_hours_is_not_beyond_them(reckon) -> None:
    """17:15 to 21:15 once more: 3,600 minutes; the next one, whenever it comes, is."""
    month = fourteen_evenings().present(24, "08:30-21:15").order(24, "17:15-21:15")
    assert reckon(month).raw == {"overtime": 3_600}
    month.present(25, "08:30-17:16").order(25, "17:15-17:16")
    assert reckon(month).raw == {"overtime": 3_600, "over_60": 1}


def test_a_late_night_counts_before_the_next_dates_early_morning(reckon) -> None:
    """By work date and then by minute: 239 minutes of the 24th until 21:14, two past midnight
    (the 240th and the first beyond), and then the 25th's early minute."""
    month = fourteen_evenings()
    month.present(24, "08:30-21:14 24:00-24:02").order(24, "17:15-21:14").order(24, "24:00-24:02")
    month.present(25, "08:00-17:15").order(25, "08:29-08:30")
    assert reckon(month).raw == {
        "overtime": 3_360 + 239,
        "overtime.night": 1,
        "over_60.night": 1,
        "over_60": 1,
    }


def test_regular_hours_of_a_holiday_are_neither_counted_nor_raised(reckon) -> None:
    """Monday the 23rd 08:30 to 17:15 less the break, then 240 and 10 on the 24th."""
    month = fourteen_evenings()
    month.present(23, "08:30-17:15").order(23, "08:30-12:00 13:00-17:15")
    month.present(24, "08:30-21:25").order(24, "17:15-21:25")
    sheet = reckon(month)
    assert sheet.raw == {"overtime": 3_600, "holiday": 465, "over_60": 10}
    assert sheet.counted_60h == 3_610


def test_a_day_off_counts_and_is_raised_alike(reckon) -> None:
    """Saturday the 21st 09:00 to 14:00: 300 minutes, of which 60 lie beyond."""
    month = fourteen_evenings().present(21, "09:00-14:00").order(21, "09:00-14:00")
    assert reckon(month).raw == {"overtime": 3_360, "day_off": 240, "over_60": 60}
