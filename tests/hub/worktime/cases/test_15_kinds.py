"""15. Short-time and fiscal-year-appointed staff, managers, hired and retired mid-month, cards."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.attendance.derivation import derive_days
from hub.attendance.domain import Rules as PunchRules
from hub.worktime.domain import CapType, Terms
from hub.worktime.presence import presence_of
from tests.hub.worktime.cases.punches import punch
from tests.hub.worktime.cases.staff_month import REGULAR, StaffMonth, spans
from wire.events import PunchDirection


def of_kind(kind: str) -> StaffMonth:
    return StaffMonth(terms=Terms("dept-1", CapType.ORDINARY, kind))


def test_short_time_staff_earn_the_plain_rate_up_to_a_full_day(reckon) -> None:
    """Planned 08:30 to 15:00 less an hour: 330. 15:00 to 18:15 ordered, 195: 135 until 7 h 45 are
    full, at 100 per cent, and 60 of overtime."""
    month = of_kind("short_time").plan(9, "08:30-12:00 13:00-15:00", "12:00-13:00")
    sheet = reckon(month.present(9, "08:30-18:15").order(9, "15:00-18:15"))
    assert sheet.raw == {"short_time": 135, "overtime": 60}
    assert sheet.percent == {"short_time": 100, "overtime": 125}


def test_early_minutes_fill_the_short_day_first(reckon) -> None:
    """Planned 09:30 to 16:15 less an hour: 345. 08:30 to 09:30 fills 60 of the 120 missing to
    7 h 45; of 16:15 to 17:45 the first 60 fill the rest, and 30 are overtime."""
    month = of_kind("fiscal_year_part").plan(9, "09:30-12:00 13:00-16:15", "12:00-13:00")
    sheet = reckon(month.present(9, "08:30-17:45").order(9, "08:30-09:30 16:15-17:45"))
    assert sheet.raw == {"short_time": 120, "overtime": 30}


def test_leave_does_not_make_a_short_day_shorter(reckon) -> None:
    """What counts is planned: of a 330 minute day 210 were leave, and still 135 are left."""
    month = of_kind("short_time").plan(9, "08:30-12:00 13:00-15:00", "12:00-13:00")
    sheet = reckon(month.present(9, "13:00-18:15").order(9, "15:00-18:15"))
    assert sheet.raw == {"short_time": 135, "overtime": 60}


def test_short_time_by_night_is_raised_by_a_quarter(reckon) -> None:
    """Planned 20:00 to 22:00; 22:00 to 23:00 ordered."""
    month = of_kind("short_time").plan(9, "20:00-22:00")
    sheet = reckon(month.present(9, "20:00-23:00").order(9, "22:00-23:00"))
    assert (sheet.raw, sheet.percent) == ({"short_time.night": 60}, {"short_time.night": 125})


def test_a_day_off_of_short_time_staff_is_one_like_everybodys(reckon) -> None:
    month = of_kind("short_time").present(7, "09:00-10:00").order(7, "09:00-10:00")
    assert reckon(month).raw == {"day_off": 60}


def test_full_time_fiscal_year_staff_are_paid_as_regular_staff(reckon) -> None:
    month = of_kind("fiscal_year").present(9, "08:30-18:15").order(9, "17:15-18:15")
    sheet = reckon(month)
    assert (sheet.raw, sheet.paid) == ({"overtime": 60}, {"overtime": True})


def test_part_time_fiscal_year_staff_earn_the_plain_rate_up_to_a_full_day(reckon) -> None:
    """Planned 09:00 to 13:00, 240; 13:00 to 17:00 ordered, 240: 225 to the full day, then 15 of
    overtime, by night and on days off as everybody's."""
    month = of_kind("fiscal_year_part").plan(9, "09:00-13:00").present(9, "09:00-17:00")
    month.order(9, "13:00-17:00").present(7, "09:00-10:00").order(7, "09:00-10:00")
    sheet = reckon(month)
    assert sheet.raw == {"short_time": 225, "overtime": 15, "day_off": 60}
    assert sheet.percent == {"short_time": 100, "overtime": 125, "day_off": 135}
    assert all(sheet.paid.values())


def test_managers_are_recorded_alike_and_not_paid(reckon) -> None:
    """The same minutes, the same counters, the same caps; only no pay."""
    month = of_kind("manager").present(9, "08:30-22:30").order(9, "17:15-22:30")
    sheet = reckon(month)
    assert sheet.raw == {"overtime": 285, "overtime.night": 30}
    assert sheet.paid == {"overtime": False, "overtime.night": False}
    assert sheet.line(9).over_full_day == 315
    assert sheet.tally is not None
    assert sheet.tally.cap_month_min == 315


def test_who_is_hired_on_the_16th_has_nothing_before_it(reckon) -> None:
    """Punched and ordered on the 13th all the same: not employed, nothing missing either."""
    month = StaffMonth().under(1, 15, None)
    month.present(13, "08:30-19:00").order(13, "17:15-19:00")
    month.present(16, "08:30-18:15").order(16, "17:15-18:15")
    sheet = reckon(month)
    assert sheet.raw == {"overtime": 60}
    line = sheet.line(13)
    assert (line.regular, line.missing, line.extra, line.unmet, line.credited) == (0, 0, 0, 0, 0)
    assert sheet.line(17).missing == 465


def test_who_retires_on_the_13th_has_nothing_after_it(reckon) -> None:
    month = StaffMonth().under(14, 30, None).present(13, "08:30-17:15").present(16, "08:30-17:15")
    sheet = reckon(month)
    assert (sheet.line(13).regular, sheet.line(16).regular) == (465, 0)
    assert sheet.line(16).missing == 0


def test_who_becomes_short_time_is_so_from_that_date_on(reckon) -> None:
    month = StaffMonth().under(10, 30, Terms("dept-1", CapType.ORDINARY, "short_time"))
    for day in (9, 10):
        month.plan(day, "08:30-12:00 13:00-15:00", "12:00-13:00")
        month.present(day, "08:30-15:30").order(day, "15:00-15:30")
    assert reckon(month).raw == {"overtime": 30, "short_time": 30}
    assert month.terms == REGULAR


def test_a_reissued_card_is_the_same_person() -> None:
    """In by the old card, out by the new one: one stretch."""
    day = datetime(2026, 11, 9, tzinfo=UTC).date()
    (derived,) = derive_days(
        [
            punch(1, PunchDirection.IN, "08:30", day, credential_id="old"),
            punch(2, PunchDirection.OUT, "17:15", day, credential_id="new"),
        ],
        PunchRules(),
        datetime(2026, 12, 31, tzinfo=UTC),
    )
    assert presence_of(derived).spans == spans("08:30-17:15")
