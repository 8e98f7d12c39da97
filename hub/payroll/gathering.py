"""Months out of timesheets, as payroll wants them: the one `MonthSource`.

Of a closed month everything is what was signed, times of day included. What later data changed of
earlier months stands with the month that took it up; of an open month, what it would take up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from hub.attendance.domain import Day
from hub.database.scope import Scope
from hub.leave.domain import Kinds
from hub.payroll.domain import BucketRow, DayRow, MonthRow, PunchRow, Staff
from hub.payroll.leave_gathering import LeaveOfMonth, leave_of_month
from hub.payroll.source import Asked
from hub.people import repository as people
from hub.people.domain import Person
from hub.rosters.reach import below
from hub.staff import repository as staff
from hub.staff.domain import Department, Employment
from hub.staff.kana import person_key
from hub.timesheets import beside, repository
from hub.timesheets.closing_domain import DepartmentClosing, MonthAdjustment
from hub.timesheets.domain import MonthSheet
from hub.timesheets.figures import Figures
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem
from hub.web.rights import SYSTEM, Principal, Right
from hub.worktime.domain import DayFile, DayResult, Month, MonthFile, MonthResult
from wire.events import PunchDirection


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside a month's sheets, by person. `placed`: department of everybody of the
    month, those closed where they were closed."""

    departments: Mapping[str, Department]
    placed: Mapping[str, str]
    closed: Mapping[str, DepartmentClosing]
    signed: Mapping[str, MonthResult]
    files: Mapping[str, MonthFile]
    adjusted: Mapping[str, tuple[MonthAdjustment, ...]]
    leave: LeaveOfMonth


class TimesheetMonths:
    """Takes months from timesheets, beyond what a head may see there: for `payroll:export`, and for
    whoever asks for nothing but their own."""

    def __init__(
        self, core: Core, timesheets: TimesheetsService, reckoner: Reckoner, leave: Kinds
    ) -> None:
        self._core = core
        self._leave = leave
        self._timesheets = timesheets
        self._reckoner = reckoner

    def months(self, who: Principal, asked: Asked) -> Sequence[MonthRow]:
        """Give months in the order of departments, kana and staff numbers; leave out whoever was
        not employed in it."""
        _check(who, asked)
        sheets, stand = self._sheets(asked)
        kinds = self._reckoner.ordinances.at(asked.month.last).kinds
        titles = {code: kind.title for code, kind in kinds.items()}
        rows = [_month(sheet, stand, titles) for sheet in sheets]
        return (*rows, *self._late(asked, stand, titles))

    def punches(self, who: Principal, asked: Asked) -> Sequence[PunchRow]:
        """Give the punches that count, as they are read now."""
        _check(who, asked)
        sheets, stand = self._sheets(asked)
        kinds = self._reckoner.ordinances.at(asked.month.last).kinds
        titles = {code: kind.title for code, kind in kinds.items()}
        with self._core.db.read() as scope:
            read = repository.days_between(
                scope,
                [sheet.person.id for sheet in sheets],
                asked.month.first,
                asked.month.last,
                self._reckoner.book,
                self._core.clock.now(),
            )
        return tuple(
            PunchRow(_staff(sheet, stand, titles), day.work_date, read_at, direction)
            for sheet in sheets
            for _, day in sorted(read.get(sheet.person.id, {}).items())
            for read_at, direction in _counted(day)
        )

    def department(self, department_id: str) -> tuple[str, str]:
        """Give a department's code and name; raise `404 not_found`."""
        with self._core.db.read() as scope:
            found = staff.department(scope, department_id)
        if found is None:
            raise Problem(NOT_FOUND, "no such department")
        return found.code, found.name

    def departments(self, who: Principal) -> Sequence[tuple[str, str]]:
        """Give every department: payroll is the whole town's."""
        _check(who, None)
        with self._core.db.read() as scope:
            listed = staff.departments(scope)
        return [(each.id, each.name) for each in sorted(listed, key=lambda one: (one.code, one.id))]

    def _sheets(self, asked: Asked) -> tuple[list[MonthSheet], _Beside]:
        """The sheets asked for. A person is in one department a month, or they would be paid in
        each of two files."""
        month = asked.month
        with self._core.db.read() as scope:
            departments = {each.id: each for each in staff.departments(scope)}
            placed = self._placed(scope, month)
        found = list(
            self._timesheets.month(SYSTEM, month, asked.department_id, person_id=asked.person_id)
        )
        if asked.department_id is not None:
            if asked.department_id not in departments:
                raise Problem(NOT_FOUND, "no such department")
            wanted = below(departments.values(), [asked.department_id])
            members = {person for person, where in placed.items() if where in wanted}
            if asked.person_id is not None:
                members &= {asked.person_id}
            found = [sheet for sheet in found if sheet.person.id in members]
            for each in sorted(members - {sheet.person.id for sheet in found}):
                found += self._timesheets.month(SYSTEM, month, person_id=each)
        found = [sheet for sheet in found if sheet.person.id in placed]
        with self._core.db.read() as scope:
            stand = self._beside(scope, month, found, departments, placed)
        return sorted(found, key=lambda sheet: _order(sheet, stand)), stand

    def _late(self, asked: Asked, stand: _Beside, titles: Mapping[str, str]) -> Iterator[MonthRow]:
        """Give a row to whoever is employed no more, and of whose earlier months something came to
        light: what is owed is not lost with them."""
        month = asked.month
        with self._core.db.read() as scope:
            gone = self._gone(scope, asked, stand)
            named = people.people_by_id(scope, gone)
            careers = staff.careers(scope, list(gone))
            closings = beside.closings_of_departments(scope, month)
        for person_id in sorted(gone, key=lambda one: person_key(named[one])):
            person, adjustments = named[person_id], gone[person_id]
            where = adjustments[-1].department_id
            place = careers[person_id][-1] if careers.get(person_id) else None
            who = _who(person, stand.departments.get(where), place, titles)
            closing = closings.get(where) if adjustments[-1].carried_into else None
            yield _nothing_signed(who, month, closing, adjustments)

    def _gone(
        self, scope: Scope, asked: Asked, stand: _Beside
    ) -> dict[str, tuple[MonthAdjustment, ...]]:
        found = beside.carried_into_month(scope, asked.month)
        found |= beside.waiting_of_others(scope, asked.month, {*stand.placed, *found})
        wanted = None
        if asked.department_id is not None:
            wanted = below(stand.departments.values(), [asked.department_id])
        return {
            person_id: each
            for person_id, each in found.items()
            if person_id not in stand.placed
            and asked.person_id in (None, person_id)
            and (wanted is None or each[-1].department_id in wanted)
        }

    def _placed(self, scope: Scope, month: Month) -> dict[str, str]:
        at = -1 if self._core.settings.closing.by_last_day else 0
        places = staff.employments_between(scope, month.first, month.last)
        now = {person: each[at].department_id for person, each in places.items() if each}
        return now | beside.closed_in(scope, month)

    def _beside(
        self,
        scope: Scope,
        month: Month,
        sheets: Sequence[MonthSheet],
        departments: Mapping[str, Department],
        placed: Mapping[str, str],
    ) -> _Beside:
        ids = [sheet.person.id for sheet in sheets]
        closed = beside.closings_of(scope, month, ids)
        open_ones = [person for person in ids if person not in closed]
        return _Beside(
            departments=departments,
            placed=placed,
            closed=closed,
            signed=beside.signed_of(scope, month, ids),
            files=beside.signed_files_of(scope, month, ids),
            adjusted=beside.carried_into_month(scope, month)
            | beside.to_be_carried(scope, month, open_ones),
            leave=leave_of_month(scope, month, self._leave),
        )


def _check(who: Principal, asked: Asked | None) -> None:
    own = asked is not None and asked.person_id is not None and asked.person_id == who.person_id
    if own and who.may(Right.ATTENDANCE_OWN):
        return
    if not who.may(Right.PAYROLL_EXPORT):
        raise Problem(FORBIDDEN, "needs the right payroll:export")
    if who.sites is not None:
        raise Problem(FORBIDDEN, "payroll is the whole town's: an account of some sites has none")


# --- a person's month ----------------------------------------------------------------------------


def _order(sheet: MonthSheet, stand: _Beside) -> tuple[str, ...]:
    person = sheet.person
    department = stand.departments.get(stand.placed[person.id])
    code = department.code if department else ""
    return (code, *person_key(person))


def _staff(sheet: MonthSheet, stand: _Beside, titles: Mapping[str, str]) -> Staff:
    department = stand.departments.get(stand.placed[sheet.person.id])
    place = sheet.employments[-1] if sheet.employments else None
    return _who(sheet.person, department, place, titles)


def _who(
    person: Person,
    department: Department | None,
    place: Employment | None,
    titles: Mapping[str, str],
) -> Staff:
    return Staff(
        person_id=person.id,
        staff_number=person.staff_number or "",
        name=person.name,
        name_kana=person.name_kana,
        department_code=department.code if department else "",
        department_name=department.name if department else "",
        kind=titles.get(place.kind, place.kind) if place else "",
        post=place.post if place else "",
    )


def _month(sheet: MonthSheet, stand: _Beside, titles: Mapping[str, str]) -> MonthRow:
    person_id, closing = sheet.person.id, stand.closed.get(sheet.person.id)
    who = _staff(sheet, stand, titles)
    adjustments = stand.adjusted.get(person_id, ())
    if closing is not None and person_id not in stand.signed:
        return _nothing_signed(who, sheet.file.month, closing, adjustments)
    result = sheet.result if closing is None else stand.signed[person_id]
    file = sheet.file if closing is None else stand.files.get(person_id, sheet.file)
    by_date = {day.work_date: day for day in file.days}
    days = tuple(
        replace(
            _day(day, by_date.get(day.work_date)),
            leave=stand.leave.on(person_id, day, by_date.get(day.work_date)),
        )
        for day in result.days
        if day.terms is not None
    )
    closed_at = closing.closed_at if closing else None
    return MonthRow(
        staff=who,
        month=result.month.first,
        buckets=_buckets(result, _summed(adjustments)),
        adjusted=_counters(adjustments),
        adjusted_dates=_dates(adjustments),
        days_worked=result.days_worked,
        present_min=sum(day.present_min for day in days),
        regular_min=result.regular_min,
        missing_min=result.missing_min,
        over_full_day_min=result.over_full_day_min,
        statutory_min=result.statutory_min,
        explained={kind.value: many for kind, many in result.explained_min.items() if many},
        days=days,
        closed_at=closed_at,
        leave_left=stand.leave.left(person_id, closed_at),
    )


def _nothing_signed(
    who: Staff,
    month: Month,
    closing: DepartmentClosing | None,
    adjustments: Sequence[MonthAdjustment],
) -> MonthRow:
    """Somebody who came to the department after it was closed, or has left: theirs comes as an
    adjustment."""
    return MonthRow(
        staff=who,
        month=month.first,
        buckets=_with_later({}, _summed(adjustments)),
        adjusted=_counters(adjustments),
        adjusted_dates=_dates(adjustments),
        days_worked=0,
        present_min=0,
        regular_min=0,
        missing_min=0,
        over_full_day_min=0,
        statutory_min=0,
        explained={},
        closed_at=closing.closed_at if closing else None,
    )


def _buckets(result: MonthResult, later: Mapping[tuple[str, int], int]) -> Mapping[str, BucketRow]:
    own = {
        str(bucket): BucketRow(total.raw_min, total.rounded_min, total.percent, total.paid)
        for bucket, total in result.totals.items()
        if total.raw_min or total.rounded_min or total.recorded_min
    }
    return _with_later(own, later)


def _summed(adjustments: Iterable[MonthAdjustment]) -> dict[tuple[str, int], int]:
    """Paid minutes that adjustments bring or take, by bucket and rate."""
    figures = Figures().summed(each.figures for each in adjustments if each.counts)
    found: dict[tuple[str, int], int] = defaultdict(int)
    for line, amount in figures.lines.items():
        if line.paid and amount.rounded_min:
            found[str(line.bucket), line.percent] += amount.rounded_min
    return found


def _counters(adjustments: Iterable[MonthAdjustment]) -> Mapping[str, int]:
    """What adjustments change of the counters."""
    return Figures().summed(each.figures for each in adjustments if each.counts).counters


def _dates(adjustments: Iterable[MonthAdjustment]) -> tuple[date, ...]:
    """The work dates that adjustments are about."""
    return tuple(sorted({day for each in adjustments if each.counts for day in each.work_dates}))


def _with_later(
    own: Mapping[str, BucketRow], later: Mapping[tuple[str, int], int]
) -> dict[str, BucketRow]:
    found = dict(own)
    for (code, percent), minutes in sorted(later.items()):
        row = found.get(code) or BucketRow(0, 0, percent, paid=True)
        if row.percent == percent:
            found[code] = replace(row, adjusted_min=minutes)
        else:
            found[code] = replace(row, at_other_rates={**row.at_other_rates, percent: minutes})
    return found


def _day(day: DayResult, file: DayFile | None) -> DayRow:
    spans = file.presence.spans if file else ()
    minutes: dict[str, int] = defaultdict(int)
    for piece in day.pieces:
        minutes[str(piece.bucket)] += piece.minutes
    return DayRow(
        work_date=day.work_date,
        kind=day.kind.value,
        first_in_min=spans[0].start if spans else None,
        last_out_min=spans[-1].end if spans else None,
        present_min=day.present_min,
        break_min=day.break_min,
        regular_min=day.regular_min,
        missing_min=day.missing_min,
        minutes=dict(minutes),
        explained={kind.value: many for kind, many in day.explained_min.items() if many},
        notes=tuple(note.value for note in day.notes),
    )


# --- punches -------------------------------------------------------------------------------------

_TOLD: Final = {
    PunchDirection.IN: "in",
    PunchDirection.OUT: "out",
    PunchDirection.BREAK_START: "break_start",
    PunchDirection.BREAK_END: "break_end",
}


def _counted(day: Day) -> Iterator[tuple[datetime, str]]:
    """The punches of a day that count. A door tap is what the shift made of it."""
    ends = {shift.ends_at for shift in day.shifts}
    starts = {shift.starts_at for shift in day.shifts}
    for read in day.punches:
        if read.ignored is not None:
            continue
        at = read.punch.corrected_at
        direction = _TOLD.get(read.punch.direction)
        if direction is None:
            direction = "in" if at in starts else "out" if at in ends else None
        if direction is not None:
            yield at, direction
