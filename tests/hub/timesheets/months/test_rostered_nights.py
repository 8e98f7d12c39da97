"""A rostered night in which somebody went out and came back, read from rows."""

from __future__ import annotations

from datetime import date, timedelta

from hub.applications.claims import Claims
from hub.attendance.domain import Night, Rules, start_of
from hub.attendance.service import AttendanceService
from hub.database.scope import Scope
from hub.rosters.domain import PatternKind, Stretch, SubjectKind
from hub.rosters.tables import pattern_assignments, shift_codes, work_patterns
from hub.timesheets.gathering import nights_of
from hub.worktime.domain import DayKind, DayPlan, Swap, SwapKind
from hub.worktime.minutes import Span
from tests.hub.timesheets.months.conftest import APRIL, HANAKO, LONG_AGO, Office
from wire.events import PunchDirection

NIGHT = (Span(1_020, 1_500), Span(1_560, 1_950))
DAY = date(2026, 4, 15)
IN, OUT = PunchDirection.IN, PunchDirection.OUT


def rostered(office: Office) -> None:
    """17:00 to 32:30 less a break from 25:00 to 26:00, and the next date off, from the 15th on."""
    stamps = {"created_at": LONG_AGO, "updated_at": LONG_AGO}

    def work(scope: Scope) -> None:
        scope.insert(
            shift_codes,
            {
                "id": "night",
                "code": "夜",
                "name": "夜勤",
                "name_en": "",
                "stretches": (Stretch(1_020, 1_950),),
                "breaks": (Stretch(1_500, 1_560),),
                **stamps,
            },
        )
        scope.insert(
            work_patterns,
            {
                "id": "nights",
                "name": "夜勤",
                "name_en": "",
                "kind": PatternKind.CYCLE,
                "anchor": DAY,
                "codes": ("night", None),
                "rostered": True,
                **stamps,
            },
        )
        scope.insert(
            pattern_assignments,
            {
                "id": "assigned",
                "subject_kind": SubjectKind.PERSON,
                "subject_id": HANAKO,
                "pattern_id": "nights",
                "starts_on": DAY,
                "ends_on": None,
                **stamps,
            },
        )

    office.hub.core.db.write(work)


def test_out_for_an_hour_at_night_is_that_nights_absence(office: Office, personnel) -> None:
    """Out 27:00 to 28:00: an hour of the 15th is missing, the 16th has nothing at all; and every
    page that reads punches reads them so."""
    office.employ(HANAKO)
    rostered(office)
    for minute, direction in ((1_020, IN), (1_620, OUT), (1_680, IN), (1_950, OUT)):
        office.punch(HANAKO, DAY, minute, direction)
    office.clock.advance(timedelta(days=60))
    (sheet,) = office.service.month(personnel, APRIL, person_id=HANAKO)
    night, after = (sheet.result.days[day.day - 1] for day in (DAY, DAY + timedelta(days=1)))
    assert (night.regular_min, night.missing_min, night.extra_min) == (870 - 60, 60, 0)
    assert (after.regular_min, after.extra_min, after.present_min) == (0, 0, 0)
    punched = office.service.day(personnel, HANAKO, DAY).punched
    assert punched is not None
    assert len(punched.shifts) == 2
    assert office.service.day(personnel, HANAKO, DAY + timedelta(days=1)).punched is None


def test_nights_are_those_that_are_rostered_swaps_done() -> None:
    """A night that a swap moved is one where it went, and none where it was."""

    def plan(day: date, spans: tuple[Span, ...], *, is_rostered: bool = True) -> DayPlan:
        kind = DayKind.WORKDAY if spans else DayKind.DAY_OFF
        return DayPlan(day, kind, spans, (), spans, rostered=is_rostered)

    later = DAY + timedelta(days=1)
    plans = {HANAKO: {DAY: plan(DAY, NIGHT), later: plan(later, ())}}

    def night(day: date) -> Night:
        return Night(*(start_of(day) + timedelta(minutes=each) for each in (1_020, 1_950)))

    assert nights_of(plans, {}, Rules()) == {HANAKO: {DAY: night(DAY)}}
    claims = Claims(swaps=(Swap("s", SwapKind.SWAP, later, DAY),))
    swapped = nights_of(plans, {HANAKO: claims}, Rules())
    assert swapped == {HANAKO: {later: night(later)}}
    day_shift = plan(DAY, (Span(510, 1_035),))
    assert nights_of({HANAKO: {DAY: day_shift}}, {}, Rules()) == {}
    unrostered = plan(DAY, NIGHT, is_rostered=False)
    assert nights_of({HANAKO: {DAY: unrostered}}, {}, Rules()) == {}
    before_a_day = {DAY: plan(DAY, NIGHT), later: plan(later, (Span(510, 1_035),))}
    (found,) = nights_of({HANAKO: before_a_day}, {}, Rules()).values()
    assert found[DAY].next_at == start_of(later) + timedelta(minutes=450)


def test_attendance_and_months_agree_on_which_date_a_nights_punches_belong_to(
    office: Office, personnel
) -> None:
    """Out and in again in one night, late after midnight in the other."""
    office.employ(HANAKO)
    rostered(office)
    second = DAY + timedelta(days=2)
    for minute, direction in ((1_020, IN), (1_500, OUT), (1_560, IN), (1_950, OUT)):
        office.punch(HANAKO, DAY, minute, direction)
    for minute, direction in ((1_500, IN), (1_950, OUT)):
        office.punch(HANAKO, second, minute, direction)
    office.clock.advance(timedelta(days=60))
    attendance = office.hub.services.get(AttendanceService)
    last = second + timedelta(days=2)
    found = attendance.days(personnel, DAY, last, HANAKO)
    assert [day.work_date for day in found] == [DAY, second]
    for day in found:
        assert office.service.day(personnel, HANAKO, day.work_date).punched == day
        alone = attendance.days(personnel, day.work_date, day.work_date, HANAKO)
        assert alone == (day,)
        after = day.work_date + timedelta(days=1)
        assert attendance.days(personnel, after, after, HANAKO) == ()
    (sheet,) = office.service.month(personnel, APRIL, person_id=HANAKO)
    late = sheet.result.days[second.day - 1]
    assert (late.regular_min, late.missing_min, late.present_min) == (390, 480, 450)
