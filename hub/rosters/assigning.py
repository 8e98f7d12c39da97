"""Who works by which pattern from when on: shown and written within what somebody may write.

Whoever writes a department's roster assigns patterns to it and to the people who serve there; with
`attendance:write` also to a kind of employment. A head leaves their own past alone: what one was to
do on a day that has come decides what one is paid for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.attendance.domain import work_date_of
from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.domain import Person
from hub.rosters import marks, repository
from hub.rosters.domain import Assignment, ShiftCode, SubjectKind, WorkPattern
from hub.rosters.kinds import ASSIGNMENT
from hub.rosters.reach import department_of, headed_by, may_write
from hub.staff import repository as staff
from hub.staff.domain import Department, Employment
from hub.staff.kana import person_key
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, FieldProblem, Problem, invalid, invalid_fields
from hub.web.rights import Principal, Right

AHEAD: Final = timedelta(days=366)
"""How far ahead members of a department are looked for."""
SUBJECTS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """To whom a pattern is assigned."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a pattern holds. `department_id` is where they serve, empty for a kind of
    employment."""

    assignment: Assignment
    name: str
    department_id: str


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """By what somebody works on a date: `holding` is None for the ordinance's regular week. `own`
    are their own assignments that have not ended, in order."""

    person: Person
    place: Employment
    holding: Assignment | None
    own: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class DepartmentPlan:
    """Who of a department works by which pattern on a date. `own` are the department's assignments
    that have not ended, `kinds` those of kinds of employment. `published_to` is the last date that
    a published roster has settled already: a pattern changes it no more."""

    department: Department
    on: date
    own: tuple[Assignment, ...]
    kinds: tuple[Assignment, ...]
    members: tuple[MemberPlan, ...]
    patterns: Mapping[str, WorkPattern]
    codes: Mapping[str, ShiftCode]
    published_to: date | None
    may_write: bool
    may_write_kinds: bool


class AssignmentsService:
    """Reads and writes assignments of patterns."""

    def __init__(self, core: Core, rows: AuditedRows) -> None:
        self._core = core
        self._rows = rows

    def plan(self, who: Principal, department_id: str) -> DepartmentPlan:
        """Give a department's patterns as of today; raise `404 not_found`."""
        with self._core.db.read() as scope:
            today = self._today
            found = department_of(scope, who, department_id, today)
            lasting = repository.assignments_between(scope, today, date.max)
            named = sorted(lasting, key=lambda each: (each.starts_on, each.id))
            own = _of(named, SubjectKind.DEPARTMENT, department_id)
            return DepartmentPlan(
                department=found,
                on=today,
                own=own,
                kinds=tuple(each for each in named if each.subject_kind is SubjectKind.KIND),
                members=self._members(scope, department_id, named),
                patterns={each.id: each for each in repository.patterns(scope)},
                codes={each.id: each for each in repository.codes(scope)},
                published_to=repository.published_to(scope, department_id, today),
                may_write=may_write(scope, who, department_id, today),
                may_write_kinds=who.may(Right.ATTENDANCE_WRITE),
            )

    def lasting(self) -> tuple[Assignment, ...]:
        """Give every assignment that has not ended."""
        with self._core.db.read() as scope:
            return repository.assignments_between(scope, self._today, date.max)

    def holders(self, pattern_id: str) -> tuple[Holder, ...]:
        """Give for whom a pattern holds or will, with their names: for whoever sees all staff."""
        with self._core.db.read() as scope:
            today = self._today
            lasting = repository.assignments_between(scope, today, date.max)
            found = sorted(
                (each for each in lasting if each.pattern_id == pattern_id),
                key=lambda each: (each.starts_on, each.id),
            )
            departments = {each.id: each.name for each in staff.departments(scope)}
            ids = {each.subject_id for each in found if each.subject_kind is SubjectKind.PERSON}
            named = people.people_by_id(scope, ids)
            places = staff.employments_between(scope, today, today + AHEAD, ids) if ids else {}
            holders = []
            for each in found:
                name, where = each.subject_id, ""
                if each.subject_kind is SubjectKind.DEPARTMENT:
                    name, where = departments.get(each.subject_id, ""), each.subject_id
                elif each.subject_kind is SubjectKind.PERSON and each.subject_id in named:
                    name = named[each.subject_id].name
                    where = next((p.department_id for p in places.get(each.subject_id, ())), "")
                holders.append(Holder(each, name, where))
            return tuple(holders)

    def assign(
        self,
        who: Principal,
        department_id: str,
        pattern_id: str,
        subjects: Collection[Subject],
        first: date,
        last: date | None,
    ) -> tuple[Assignment, ...]:
        """Assign a pattern to the department, to people of it, or to kinds of employment: to all of
        them or to nobody.

        Raises `422 invalid` that names `subjects` for whoever cannot have it and `starts_on` where
        one of them has another from the same date on; `403 forbidden`.
        """

        def work(scope: Scope) -> tuple[Assignment, ...]:
            department_of(scope, who, department_id, self._today, write=True)
            if not subjects:
                raise invalid("subjects", "nobody", "name somebody")
            wrong = []
            for each in subjects:
                self._check_subject(scope, who, department_id, each, first)
                self._check_served(scope, who, department_id, each, first, last)
                self._check_own(scope, who, each, first)
                if repository.assignment_from(scope, each.kind, each.id, first) is not None:
                    wrong.append(FieldProblem(f"body.subjects.{each.id}", "starts_twice", ""))
            if wrong:
                raise invalid_fields(wrong)
            return tuple(
                self._rows.add_in(
                    scope,
                    who,
                    ASSIGNMENT,
                    {
                        "subject_kind": each.kind,
                        "subject_id": each.id,
                        "pattern_id": pattern_id,
                        "starts_on": first,
                        "ends_on": last,
                    },
                )
                for each in subjects
            )

        return self._core.db.write(work)

    def end(self, who: Principal, department_id: str, assignment_id: str, last: date) -> Assignment:
        """Let an assignment end with a date; raise `404 not_found`, `403 forbidden`, and `422
        invalid` for a date before it starts."""

        def work(scope: Scope) -> Assignment:
            found = self._found(scope, who, department_id, assignment_id)
            # The first date that is another from now on.
            touched = min(last, found.ends_on or last) + timedelta(days=1)
            subject = Subject(found.subject_kind, found.subject_id)
            self._check_own(scope, who, subject, touched)
            until = max(last, found.ends_on) if found.ends_on else None
            self._check_served(scope, who, department_id, subject, touched, until)
            changed: Assignment = self._rows.change_in(
                scope, who, ASSIGNMENT, assignment_id, {"ends_on": last}
            )
            return changed

        return self._core.db.write(work)

    def remove(self, who: Principal, department_id: str, assignment_id: str) -> None:
        """Take an assignment away, as if it had never been: one made by mistake."""

        def work(scope: Scope) -> None:
            found = self._found(scope, who, department_id, assignment_id)
            subject = Subject(found.subject_kind, found.subject_id)
            self._check_own(scope, who, subject, found.starts_on)
            self._check_served(scope, who, department_id, subject, found.starts_on, found.ends_on)
            now = self._core.clock.now()
            marks.mark_assigned(scope, [found], now)
            repository.remove_assignment(scope, assignment_id)
            target = ("pattern_assignment", assignment_id)
            record(scope, now, who, "pattern_assignment.removed", target, {})

        self._core.db.write(work)

    # --- inside ----------------------------------------------------------------------------

    @property
    def _today(self) -> date:
        return work_date_of(self._core.clock.now())

    def _members(
        self, scope: Scope, department_id: str, lasting: Sequence[Assignment]
    ) -> tuple[MemberPlan, ...]:
        today = self._today
        found = staff.employments_between(scope, today, today + AHEAD)
        here: dict[str, Employment] = {}
        for person_id, places in found.items():
            for place in sorted(places, key=lambda each: each.starts_on):
                if place.department_id == department_id:
                    here.setdefault(person_id, place)
        named = people.people_by_id(scope, set(here))
        members = [
            MemberPlan(
                named[each],
                place,
                _holding(lasting, each, place, max(today, place.starts_on)),
                _of(lasting, SubjectKind.PERSON, each),
            )
            for each, place in here.items()
            if each in named
        ]
        return tuple(sorted(members, key=lambda one: person_key(one.person)))

    def _found(
        self, scope: Scope, who: Principal, department_id: str, assignment_id: str
    ) -> Assignment:
        department_of(scope, who, department_id, self._today, write=True)
        found = repository.assignment(scope, assignment_id)
        if found is None:
            raise Problem(NOT_FOUND, "no such assignment")
        subject = Subject(found.subject_kind, found.subject_id)
        self._check_subject(scope, who, department_id, subject, found.starts_on)
        return found

    def _check_subject(
        self, scope: Scope, who: Principal, department_id: str, subject: Subject, first: date
    ) -> None:
        """Whoever is assigned a pattern here belongs to this department, and serves in it when the
        pattern begins to hold, or later; of whom another head writes the roster, that head does."""
        if subject.kind is SubjectKind.DEPARTMENT:
            if subject.id != department_id:
                raise Problem(FORBIDDEN, "that is another department")
        elif subject.kind is SubjectKind.KIND:
            if not who.may(Right.ATTENDANCE_WRITE):
                raise Problem(FORBIDDEN, "a kind of employment needs attendance:write")
        else:
            until = max(first, self._today) + AHEAD
            places = staff.employments_between(scope, first, until, [subject.id])
            if not any(each.department_id == department_id for each in places.get(subject.id, ())):
                code = FieldProblem(f"body.subjects.{subject.id}", "elsewhere", "serves elsewhere")
                raise invalid_fields([code])

    def _check_served(
        self,
        scope: Scope,
        who: Principal,
        department_id: str,
        subject: Subject,
        first: date,
        last: date | None,
    ) -> None:
        """A head settles what people do as far as they serve with them: not what they did in the
        department they came from, nor what they will do where they go."""
        if subject.kind is not SubjectKind.PERSON or who.may(Right.ATTENDANCE_WRITE):
            return
        until = last or max(first, self._today) + AHEAD
        if until < first:
            return
        places = staff.employments_between(scope, first, until, [subject.id])
        theirs = headed_by(scope, who.person_id, self._today) | {department_id}
        if any(each.department_id not in theirs for each in places.get(subject.id, ())):
            said = "on some of those dates somebody else writes their roster"
            raise invalid_fields([FieldProblem(f"body.subjects.{subject.id}", "elsewhere", said)])

    def _check_own(self, scope: Scope, who: Principal, subject: Subject, first: date) -> None:
        if first > self._today or who.person_id is None:
            return
        if subject.kind is SubjectKind.PERSON:
            own = subject.id == who.person_id
        else:
            own = not who.may(Right.ATTENDANCE_WRITE) and subject.id in headed_by(
                scope, who.person_id, self._today
            )
        if own:
            said = "nobody changes their own plan of a day that has come"
            raise invalid_fields([FieldProblem("body.starts_on", "own_past", said)])


def _of(found: Sequence[Assignment], kind: SubjectKind, subject_id: str) -> tuple[Assignment, ...]:
    return tuple(
        each for each in found if each.subject_kind is kind and each.subject_id == subject_id
    )


def _holding(
    lasting: Sequence[Assignment], person_id: str, place: Employment, on: date
) -> Assignment | None:
    """The assignment that holds for somebody: their own before the department's, that before the
    kind's; of several for one subject the one that started last."""
    for kind, subject_id in (
        (SubjectKind.PERSON, person_id),
        (SubjectKind.DEPARTMENT, place.department_id),
        (SubjectKind.KIND, place.kind),
    ):
        standing = [each for each in _of(lasting, kind, subject_id) if each.holds(on)]
        if standing:
            return max(standing, key=lambda each: (each.starts_on, each.id))
    return None
