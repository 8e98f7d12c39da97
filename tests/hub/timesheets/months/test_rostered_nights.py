"""A rostered night in which somebody went out and came back, read from rows."""

from __future__ import annotations

from datetime import date, timedelta

from hub.applications.claims import Claims
from hub.attendance.domain import start_of
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
    end = timedelta(minutes=1_950)
    assert nights_of(plans, {}) == {HANAKO: {DAY: start_of(DAY) + end}}
    claims = Claims(swaps=(Swap("s", SwapKind.SWAP, later, DAY),))
    assert nights_of(plans, {HANAKO: claims}) == {HANAKO: {later: start_of(later) + end}}
    day_shift = plan(DAY, (Span(510, 1_035),))
    assert nights_of({HANAKO: {DAY: day_shift}}, {}) == {}
    unrostered = plan(DAY, NIGHT, is_rostered=False)
    assert nights_of({HANAKO: {DAY: unrostered}}, {}) == {}
