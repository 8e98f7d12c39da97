"""What routes and pages ask of rosters, within what somebody may see and write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.attendance.domain import work_date_of
from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.domain import Person
from hub.people.kinds import CALENDAR
from hub.rosters import marks, repository
from hub.rosters.checks import RosterRules, findings
from hub.rosters.domain import ROSTER_DAYS, Assignment, DayChange, Roster, RosterDay, ShiftCode
from hub.rosters.grid import Cell, CellSource, GridRow, RosterGrid
from hub.rosters.kinds import ASSIGNMENT
from hub.rosters.planning import PlanFacts, Planner, days_between
from hub.rosters.reach import department_of, headed_by, may_write, seen_by
from hub.rosters.settings import RostersSettings
from hub.staff import repository as staff
from hub.staff.domain import Department, Employment
from hub.staff.kana import person_key
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal, Right
from hub.worktime.domain import DayPlan
from hub.worktime.ordinance import Ordinances
from hub.worktime.patterns import DAY_OFF, plan_of

SPAN_MAX = 366


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A date of one's own roster."""

    plan: DayPlan
    code: ShiftCode | None


class RostersService:
    """Reads and writes patterns and rosters."""

    def __init__(
        self, core: Core, rows: AuditedRows, ordinances: Ordinances, settings: RostersSettings
    ) -> None:
        self._core = core
        self._rows = rows
        self._ordinances = ordinances
        self._settings = settings

    # --- reading ---------------------------------------------------------------------------

    def departments(self, who: Principal) -> tuple[Department, ...]:
        """Give the departments whose rosters somebody may see."""
        with self._core.db.read() as scope:
            seen = seen_by(scope, who, self._today)
            return tuple(
                each for each in staff.departments(scope) if seen is None or each.id in seen
            )

    def start_of(self, day: date) -> date:
        """Give the first date of the four weeks in which a date lies, where none was begun: every
        fourth Sunday."""
        sunday = repository.sunday_of(day)
        return sunday - timedelta(days=(sunday - _FIRST_SUNDAY).days % ROSTER_DAYS)

    def grid(self, who: Principal, department_id: str, first: date) -> RosterGrid:
        """Give a department's four weeks from a Sunday on; drafts only to those who may write."""
        with self._core.db.read() as scope:
            found = department_of(scope, who, department_id, self._today)
            return self._grid(scope, who, found, self._sunday(first))

    def planned(
        self, who: Principal, first: date, last: date, person_id: str | None = None
    ) -> tuple[PlannedDay, ...]:
        """Give somebody's dates as they are published; their own where nobody is named."""
        person_id = person_id or who.person_id
        if not first <= last <= first + timedelta(days=SPAN_MAX):
            raise invalid("to", "range", f"from `from` to `to` there are 0 to {SPAN_MAX} days")
        self._check_in_force(first)
        with self._core.db.read() as scope:
            if person_id is None or not self._sees(scope, who, person_id, first, last):
                raise Problem(FORBIDDEN, "others' rosters need the right attendance:read")
            facts = repository.facts_between(scope, [person_id], first, last)
            days = days_between(first, last)
            planner = Planner(facts, {day: self._ordinances.at(day) for day in days})
            plans = planner.plans(person_id, days)
            return tuple(PlannedDay(plans[day], planner.code_on(person_id, day)) for day in days)

    def codes(self, who: Principal) -> tuple[ShiftCode, ...]:  # noqa: ARG002  # for all staff
        """Give every shift code."""
        with self._core.db.read() as scope:
            return repository.codes(scope)

    # --- writing ---------------------------------------------------------------------------

    def draft(
        self, who: Principal, department_id: str, first: date, days: Sequence[RosterDay]
    ) -> RosterGrid:
        """Draft dates of the department's people; nobody works by them yet."""

        def work(scope: Scope) -> RosterGrid:
            found = department_of(scope, who, department_id, self._today, write=True)
            start = self._sunday(first)
            self._check_days(scope, department_id, start, days)
            for each in days:
                self._check_own(who, each.person_id, each.work_date)
            repository.keep_drafts(scope, department_id, days)
            if repository.roster(scope, department_id, start) is None:
                repository.keep_roster(scope, Roster(department_id, start, None, None))
            said = {"starts_on": start.isoformat(), "dates": len(days)}
            target = ("department", department_id)
            record(scope, self._core.clock.now(), who, "roster.drafted", target, said)
            return self._grid(scope, who, found, start)

        return self._core.db.write(work)

    def publish(self, who: Principal, department_id: str, first: date) -> RosterGrid:
        """Publish a department's four weeks as they stand: drafts and shift patterns alike, so that
        a pattern that changes later does not change what people were told. Days of patterns that
        leave holidays free stay their pattern's."""
        now = self._core.clock.now()

        def work(scope: Scope) -> RosterGrid:
            found = department_of(scope, who, department_id, self._today, write=True)
            start = self._sunday(first)
            grid = self._grid(scope, who, found, start)
            days = [
                RosterDay(row.person.id, day, cell.code.id if cell.code else None)
                for row in grid.rows
                for day, cell in row.cells.items()
                if not cell.away and (cell.source is not CellSource.PATTERN or cell.plan.rostered)
            ]
            for row in grid.rows:
                for day, cell in row.cells.items():
                    # A draft that waited until its day had come is one's own plan after the fact.
                    if cell.source is CellSource.DRAFT:
                        self._check_own(who, row.person.id, day)
            repository.keep_days(scope, days)
            repository.forget_drafts(scope, department_id, start, grid.last)
            kept = Roster(department_id, start, now, who.actor)
            repository.keep_roster(scope, kept)
            marks.mark_days(scope, {(each.person_id, each.work_date) for each in days}, now)
            said = {"starts_on": start.isoformat(), "dates": len(days)}
            record(scope, now, who, "roster.published", ("department", department_id), said)
            return self._grid(scope, who, found, start)

        return self._core.db.write(work)

    def discard(self, who: Principal, department_id: str, first: date) -> RosterGrid:
        """Throw a department's draft away."""

        def work(scope: Scope) -> RosterGrid:
            found = department_of(scope, who, department_id, self._today, write=True)
            start = self._sunday(first)
            last = start + timedelta(days=ROSTER_DAYS - 1)
            gone = repository.forget_drafts(scope, department_id, start, last)
            said = {"starts_on": start.isoformat(), "dates": gone}
            now, target = self._core.clock.now(), ("department", department_id)
            record(scope, now, who, "roster.discarded", target, said)
            return self._grid(scope, who, found, start)

        return self._core.db.write(work)

    def change_day(
        self, who: Principal, person_id: str, day: date, code_id: str | None, cause: str
    ) -> PlannedDay:
        """Give somebody another shift on a date, at once; None: a day off."""
        self._check_in_force(day)
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            self._check_head(scope, who, person_id, day)
            self._check_own(who, person_id, day)
            self._check_code(scope, code_id)
            repository.keep_days(scope, [RosterDay(person_id, day, code_id)])
            marks.mark_days(scope, {(person_id, day)}, now)
            self._keep_cause(scope, who, RosterDay(person_id, day, code_id), cause)
            said = {"work_date": day.isoformat(), "code_id": code_id, "cause_chars": len(cause)}
            record(scope, now, who, "roster_day.changed", ("person", person_id), said)

        self._core.db.write(work)
        return self.planned(who, day, day, person_id)[0]

    def release_day(self, who: Principal, person_id: str, day: date, cause: str) -> PlannedDay:
        """Let somebody's pattern hold again on a date."""
        self._check_in_force(day)
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            self._check_head(scope, who, person_id, day)
            self._check_own(who, person_id, day)
            if repository.forget_day(scope, person_id, day):
                marks.mark_days(scope, {(person_id, day)}, now)
                self._keep_cause(scope, who, RosterDay(person_id, day, None), cause, released=True)
                said = {"work_date": day.isoformat(), "cause_chars": len(cause)}
                record(scope, now, who, "roster_day.released", ("person", person_id), said)

        self._core.db.write(work)
        return self.planned(who, day, day, person_id)[0]

    def remove_assignment(self, who: Principal, assignment_id: str) -> None:
        """Take an assignment away, as if it had never been: one made by mistake."""
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            found: Assignment = self._rows.change_in(scope, who, ASSIGNMENT, assignment_id, {})
            marks.mark_assigned(scope, [found], now)
            repository.remove_assignment(scope, assignment_id)
            target = ("pattern_assignment", assignment_id)
            record(scope, now, who, "pattern_assignment.removed", target, {})

        self._core.db.write(work)

    def calendar(self, who: Principal) -> str | None:  # noqa: ARG002  # for all staff
        """Give the calendar by which offices are closed; None: the usual one."""
        with self._core.db.read() as scope:
            return repository.calendar_id(scope)

    def choose_calendar(self, who: Principal, calendar_id: str | None, since: date) -> None:
        """Choose it; months from `since` on are reckoned anew."""
        now = self._core.clock.now()
        if calendar_id is not None:
            self._rows.get(who, CALENDAR, calendar_id)

        def work(scope: Scope) -> None:
            repository.keep_calendar(scope, calendar_id)
            marks.mark_everybody(scope, since, now)
            said = {"calendar_id": calendar_id, "since": since.isoformat()}
            record(scope, now, who, "working_calendar.chosen", ("town", scope.town_id), said)

        self._core.db.write(work)

    def _keep_cause(
        self, scope: Scope, who: Principal, day: RosterDay, cause: str, *, released: bool = False
    ) -> None:
        made = DayChange(
            id=self._core.ids.new(),
            person_id=day.person_id,
            work_date=day.work_date,
            code_id=day.code_id,
            released=released,
            cause=cause,
            changed_by=who.actor,
            changed_at=self._core.clock.now(),
        )
        repository.add_day_change(scope, made)

    # --- inside ----------------------------------------------------------------------------

    @property
    def _today(self) -> date:
        return work_date_of(self._core.clock.now())

    def _sunday(self, first: date) -> date:
        if first != repository.sunday_of(first):
            raise invalid("from", "sunday", "a roster starts on a Sunday")
        self._check_in_force(first)
        return first

    def _check_in_force(self, first: date) -> None:
        since = self._ordinances.versions[0].since
        if first < since:
            raise invalid("from", "range", f"no ordinance is in force before {since}")

    def _sees(self, scope: Scope, who: Principal, person_id: str, first: date, last: date) -> bool:
        if person_id == who.person_id or who.may(Right.ATTENDANCE_READ):
            return True
        headed = headed_by(scope, who.person_id, self._today)
        places = staff.employments_between(scope, first, last, [person_id]) if headed else {}
        return any(each.department_id in headed for each in places.get(person_id, ()))

    def _check_head(self, scope: Scope, who: Principal, person_id: str, day: date) -> None:
        if people.person(scope, person_id) is None:
            raise Problem(NOT_FOUND, "no such person")
        if who.may(Right.ATTENDANCE_WRITE):
            return
        headed = headed_by(scope, who.person_id, self._today)
        places = staff.employments_between(scope, day, day, [person_id]).get(person_id, ())
        if not any(each.department_id in headed for each in places):
            raise Problem(FORBIDDEN, "a roster is written by the head, or with attendance:write")

    def _check_own(self, who: Principal, person_id: str, day: date) -> None:
        """What one was to do on a day that has come decides what one is paid for it."""
        if person_id == who.person_id and day <= self._today:
            said = "nobody changes their own plan of a day that has come: another head does"
            raise Problem(FORBIDDEN, said)

    def _check_code(self, scope: Scope, code_id: str | None) -> None:
        if code_id is None:
            return
        found = {each.id: each for each in repository.codes(scope)}.get(code_id)
        if found is None:
            raise invalid("code_id", "unknown", "no such shift_code")
        if found.retired:
            raise invalid("code_id", "retired", "a shift_code that is retired is given to nobody")

    def _check_days(
        self, scope: Scope, department_id: str, start: date, days: Sequence[RosterDay]
    ) -> None:
        last = start + timedelta(days=ROSTER_DAYS - 1)
        known = {each.id for each in repository.codes(scope) if not each.retired}
        members = self._members(scope, department_id, start, last)
        for each in days:
            if not start <= each.work_date <= last:
                raise invalid("days", "range", "a date lies outside the four weeks")
            if each.code_id is not None and each.code_id not in known:
                raise invalid("days", "unknown_code", "no such shift_code")
            if not _holds(members.get(each.person_id, ()), each.work_date):
                raise invalid("days", "elsewhere", "nobody is drafted where they do not serve")
        if len({(each.person_id, each.work_date) for each in days}) != len(days):
            raise invalid("days", "twice", "a date of somebody stands there twice")

    def _members(
        self, scope: Scope, department_id: str, first: date, last: date
    ) -> dict[str, tuple[Employment, ...]]:
        everybody = staff.employments_between(scope, first, last)
        found = {
            person_id: tuple(each for each in places if each.department_id == department_id)
            for person_id, places in everybody.items()
        }
        return {person_id: places for person_id, places in found.items() if places}

    def _grid(
        self, scope: Scope, who: Principal, department: Department, start: date
    ) -> RosterGrid:
        last = start + timedelta(days=ROSTER_DAYS - 1)
        days = days_between(start, last)
        members = self._members(scope, department.id, start, last)
        writes = may_write(scope, who, department.id, self._today)
        facts = repository.facts_between(scope, list(members), start, last)
        drafted = (
            {
                (each.person_id, each.work_date): each
                for each in repository.drafts(scope, department.id, start, last)
                if each.person_id in members
            }
            if writes
            else {}
        )
        maker = _Rows(facts, drafted, self._ordinances, self._settings, days)
        named = people.people_by_id(scope, set(members))
        rows = [maker.row(named[each], members[each]) for each in members if each in named]
        return RosterGrid(
            department=department,
            first=start,
            roster=repository.roster(scope, department.id, start),
            codes=tuple(facts.codes.values()),
            rows=tuple(sorted(rows, key=_by_name)),
            holidays=facts.holidays,
            drafted=len(drafted),
            may_write=writes,
        )


_FIRST_SUNDAY = date(2000, 1, 2)


def _by_name(row: GridRow) -> tuple[str, ...]:
    return person_key(row.person)


def _holds(places: Collection[Employment], day: date) -> bool:
    return any(each.holds(day) for each in places)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes a grid's rows."""

    facts: PlanFacts
    drafted: Mapping[tuple[str, date], RosterDay]
    ordinances: Ordinances
    settings: RostersSettings
    days: Sequence[date]

    def row(self, person: Person, places: Sequence[Employment]) -> GridRow:
        """Give somebody's four weeks."""
        planner = Planner(self.facts, {day: self.ordinances.at(day) for day in self.days})
        plans = planner.plans(person.id, self.days)
        cells: dict[date, Cell] = {}
        for day in self.days:
            draft, key = self.drafted.get((person.id, day)), (person.id, day)
            source = CellSource.PUBLISHED if key in self.facts.roster else CellSource.PATTERN
            code, plan = planner.code_on(person.id, day), plans[day]
            if draft is not None:
                source = CellSource.DRAFT
                code = self.facts.codes[draft.code_id] if draft.code_id else None
                shift, holiday = code.day if code else DAY_OFF, self.facts.holidays.get(day)
                plan = plan_of(shift, day, holiday, rostered=True)
            cells[day] = Cell(plan, code, source, away=not _holds(places, day))
        settings = self.settings
        rules = RosterRules.of(
            self.ordinances.at(self.days[-1]),
            settings.days_off_min,
            settings.rest_min,
            settings.slack_min,
        )
        whole = not any(cell.away for cell in cells.values())
        all_plans = {day: cell.plan for day, cell in cells.items()}
        odd = findings(person.id, all_plans, self.days[0], rules) if whole else ()
        return GridRow(person, cells, odd)
