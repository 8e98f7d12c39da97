"""What people do with departments and employments: hire, transfer, retire, correct, list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.errors import OverlapError
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import Person
from hub.people.kinds import PERSON
from hub.people.tables import people
from hub.staff import leavers, marks, repository
from hub.staff.careers import (
    Career,
    CareerCode,
    CareerError,
    Stint,
    career_of,
    corrected,
    hired,
    retired,
    steps,
    transferred,
)
from hub.staff.department_rows import DEPARTMENT
from hub.staff.domain import Department, DepartmentTerm, Employment, Leaver, Place, StaffContact
from hub.staff.kana import folded, person_key
from hub.staff.kinds import EmploymentKinds
from hub.staff.repository import Placed
from hub.staff.tables import employments
from hub.web.core import Core
from hub.web.paging import Page, decode_texts, encode_cursor
from hub.web.problems import FORBIDDEN, IN_USE, NOT_FOUND, Problem, ProblemKind, invalid
from hub.web.rights import Principal

OVERLAPS: Final = ProblemKind("employments_overlap", HTTPStatus.CONFLICT)
NOT_EMPLOYED: Final = ProblemKind("not_employed", HTTPStatus.CONFLICT)
LATER: Final = ProblemKind("later_employment", HTTPStatus.CONFLICT)
NOT_LEFT: Final = ProblemKind("not_left", HTTPStatus.CONFLICT)
_KIND_OF: Final = {
    CareerCode.OVERLAPS: OVERLAPS,
    CareerCode.NOT_EMPLOYED: NOT_EMPLOYED,
    CareerCode.LATER: LATER,
}


@dataclass(frozen=True, slots=True)
class StaffFilter:
    """Of whom a list is: on a date, of a department with all that belong to it, of a kind, with a
    text in the name, its reading or the staff number."""

    on: date
    department_id: str | None = None
    kind: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A person as staff: all their employments, in order, and where they are written to."""

    person: Person
    employments: tuple[Employment, ...]
    contact: StaffContact | None


@dataclass(frozen=True, slots=True)
class Retired:
    """Somebody who retires, and what lets them in until somebody or the hub blocks them."""

    employment: Employment
    leaver: Leaver
    blocked_by_hub: bool


class StaffService:
    """Departments, employments and contacts; every change is audited."""

    def __init__(self, core: Core, rows: AuditedRows, kinds: EmploymentKinds) -> None:
        self._core = core
        self._rows = rows
        self._kinds = kinds

    @property
    def today(self) -> date:
        """The date in the town."""
        return self._core.clock.now().astimezone(self._core.settings.town.zone).date()

    @property
    def kinds(self) -> Mapping[str, str]:
        """The titles of the ordinances' kinds of employment, by code."""
        return self._kinds.titles(self.today)

    # --- departments -----------------------------------------------------------------------

    def departments(self) -> tuple[Department, ...]:
        """Give every department, by code."""
        with self._core.db.read() as scope:
            return repository.departments(scope)

    def drop_department(self, who: Principal, department_id: str) -> None:
        """Remove a department in which nobody is or was employed; raise `409 in_use`."""

        def work(scope: Scope) -> None:
            found = self._rows.change_in(scope, who, DEPARTMENT, department_id, {})
            scope.lock(repository.EMPLOYMENTS)
            employed, parts = repository.is_department_in_use(scope, department_id)
            if employed or parts:
                why = "employments name it" if employed else "departments belong to it"
                raise Problem(IN_USE, why)
            repository.drop_department(scope, department_id)
            now, said = self._core.clock.now(), {"code": found.code}
            record(scope, now, who, "department.removed", ("department", department_id), said)

        self._core.db.write(work)

    def terms(self, who: Principal, department_id: str) -> tuple[DepartmentTerm, ...]:
        """Give a department's terms, in order; raise `404 not_found`."""
        self._rows.get(who, DEPARTMENT, department_id)
        with self._core.db.read() as scope:
            return repository.terms_of(scope, department_id)

    def put_term(self, who: Principal, term: DepartmentTerm) -> DepartmentTerm:
        """Say what holds for a department from a day on."""
        said = msgspec.to_builtins(term)

        def work(scope: Scope) -> DepartmentTerm:
            self._rows.change_in(scope, who, DEPARTMENT, term.department_id, {})
            if term in repository.terms_of(scope, term.department_id):
                return term
            repository.write_term(scope, term)
            now = self._core.clock.now()
            marks.mark_department(scope, term.department_id, term.starts_on, now)
            target = ("department", term.department_id)
            record(scope, now, who, "department.term_set", target, said)
            return term

        return self._core.db.write(work)

    def drop_term(self, who: Principal, department_id: str, starts_on: date) -> None:
        """Take back what was said from a day on; raise `404 not_found`."""

        def work(scope: Scope) -> None:
            self._rows.change_in(scope, who, DEPARTMENT, department_id, {})
            if not repository.drop_term(scope, department_id, starts_on):
                raise Problem(NOT_FOUND, "no terms start on that day")
            now, said = self._core.clock.now(), {"starts_on": starts_on.isoformat()}
            marks.mark_department(scope, department_id, starts_on, now)
            record(scope, now, who, "department.term_removed", ("department", department_id), said)

        self._core.db.write(work)

    # --- who is there ----------------------------------------------------------------------

    def page(
        self, who: Principal, wanted: StaffFilter, cursor: str | None, limit: int
    ) -> Page[Placed]:
        """Give those employed on a date, in the order of their names' reading. A cursor names who
        was the last by their id: it stands in addresses, and a name does not belong there."""
        behind = self._behind(cursor) if cursor else ()
        listed = sorted(self.listed(who, wanted), key=lambda each: person_key(each.person))
        ahead = [each for each in listed if person_key(each.person) > behind]
        shown, more = tuple(ahead[:limit]), len(ahead) > limit
        return Page(shown, encode_cursor([shown[-1].person.id]) if more else None)

    def _behind(self, cursor: str) -> tuple[str, ...]:
        (last,) = decode_texts(cursor, 1)
        with self._core.db.read() as scope:
            person = people_rows.person(scope, last)
        if person is None:
            raise invalid("cursor", "unknown", "start again from the first page")
        return person_key(person)

    def listed(self, who: Principal, wanted: StaffFilter) -> list[Placed]:
        """Give all of them, in no order."""
        e = employments.c
        where: list[ColumnElement[bool]] = []
        with self._core.db.read() as scope:
            if wanted.department_id is not None:
                all_of_them = repository.departments(scope)
                where.append(
                    e.department_id.in_(repository.within(all_of_them, wanted.department_id))
                )
            if wanted.kind is not None:
                where.append(e.kind == wanted.kind)
            found = repository.placed_on(scope, wanted.on, PERSON.reach(who), *where)
        sought = folded(wanted.text)
        return [each for each in found if not sought or sought in _sought_in(each.person)]

    def member(self, who: Principal, person_id: str) -> Member:
        """Give a person as staff; raise `404 not_found` for somebody who is nobody, or beyond
        reach."""
        person = self._rows.get(who, PERSON, person_id)
        with self._core.db.read() as scope:
            found = repository.careers(scope, [person_id]).get(person_id, ())
            contact = repository.contacts(scope, [person_id]).get(person_id)
        return Member(person, found, contact)

    # --- employments -----------------------------------------------------------------------

    def hire(
        self, who: Principal, person_id: str, place: Place, first: date, last: date | None
    ) -> Employment:
        """Employ somebody from a day on; raise `409 employments_overlap`."""
        made = Stint(first, last, place, None)
        after = self._change(who, person_id, "hired", lambda career: hired(career, made))
        return _at(after, first)

    def transfer(self, who: Principal, person_id: str, first: date, place: Place) -> Employment:
        """End what holds on a day the day before and begin at another place; raise
        `409 not_employed`, and `422 invalid` where an employment starts on that day."""

        def change(career: Career) -> Career:
            return transferred(career, first, place)

        return _at(self._change(who, person_id, "transferred", change), first)

    def retire(self, who: Principal, person_id: str, last: date) -> Retired:
        """End somebody's employment with a day, and say what still lets them in."""
        after = self._change(who, person_id, "retired", lambda career: retired(career, last))
        now = self._core.clock.now()
        with self._core.db.read() as scope:
            (leaver,) = leavers.what_lets_in(scope, {person_id: last}, now)
        return Retired(_at(after, last), leaver, self._core.settings.staff.block_leavers)

    def correct(self, who: Principal, employment_id: str, changes: Mapping[str, Any]) -> Employment:
        """Change what was entered wrongly, dates too; the audit log keeps what stood there."""
        with self._core.db.read() as scope:
            before = self._employment(scope, who, employment_id)

        def change(career: Career) -> Career:
            stint = next((each for each in career if each.id == employment_id), None)
            if stint is None:
                raise Problem(NOT_FOUND, "no such employment")
            dates = {n: v for n, v in changes.items() if n in ("starts_on", "ends_on")}
            place = {n: v for n, v in changes.items() if n not in dates}
            new = replace(stint, **dates, place=replace(stint.place, **place))
            return corrected(career, new)

        after = self._change(who, before.person_id, "corrected", change)
        return next(each for each in after if each.id == employment_id)

    def drop(self, who: Principal, employment_id: str) -> None:
        """Remove an employment that never was; the audit log keeps it."""
        with self._core.db.read() as scope:
            before = self._employment(scope, who, employment_id)

        def change(career: Career) -> Career:
            return tuple(each for each in career if each.id != employment_id)

        self._change(who, before.person_id, "removed", change)

    def _change(
        self,
        who: Principal,
        person_id: str,
        action: str,
        change: Callable[[Career], Career],
    ) -> tuple[Employment, ...]:
        """Do something to somebody's career in one transaction; give all of it as it is then."""

        def work(scope: Scope) -> tuple[Employment, ...]:
            check_writer(who)
            scope.lock(repository.EMPLOYMENTS)
            if people_rows.person(scope, person_id) is None:
                raise Problem(NOT_FOUND, "no such person")
            before = career_of(repository.careers(scope, [person_id]).get(person_id, ()))
            with named_refusals():
                after = change(before)
                self.check_places(scope, before, after)
                self.write(scope, who, person_id, action, before, after)
            return repository.careers(scope, [person_id]).get(person_id, ())

        return self._core.db.write(work)

    def write(
        self,
        scope: Scope,
        who: Principal,
        person_id: str,
        action: str,
        before: Career,
        after: Career,
    ) -> None:
        """Write a career and record it, within a transaction that holds the lock `EMPLOYMENTS`;
        raise `422 invalid` for a kind of employment that the ordinance in force does not know."""
        way = steps(before, after)
        if not way:
            return
        self._check_kinds(before, after)
        now = self._core.clock.now()
        made = tuple(replace(each, id=self._core.ids.new()) for each in way.added)
        repository.write_career(scope, person_id, replace(way, added=made), now)
        marks.mark_career(scope, person_id, before, after, now)
        said = {"before": _told(before, after), "after": _told(after, before)}
        record(scope, now, who, f"employment.{action}", ("person", person_id), said)

    def check_places(self, scope: Scope, before: Career, after: Career) -> None:
        """Raise `422 invalid` for a new place of no department."""
        for place in {each.place for each in after} - {each.place for each in before}:
            if repository.department(scope, place.department_id) is None:
                raise invalid("department_id", "unknown", "no such department")

    def _check_kinds(self, before: Career, after: Career) -> None:
        """What stands there already stays as it is, but for its dates."""
        for each in set(after) - set(before):
            problem = self._kinds.problem(each.place.kind, each.starts_on, each.ends_on)
            if problem is not None:
                raise invalid("kind", "unknown", problem)

    def _employment(self, scope: Scope, who: Principal, employment_id: str) -> Employment:
        found = repository.employment(scope, employment_id)
        if found is None or not self._reaches(scope, who, found.person_id):
            raise Problem(NOT_FOUND, "no such employment")
        return found

    def _reaches(self, scope: Scope, who: Principal, person_id: str) -> bool:
        statement = sa.select(people.c.id).where(people.c.id == person_id, PERSON.reach(who))
        return scope.one(statement) is not None

    # --- contacts --------------------------------------------------------------------------

    def put_contact(self, who: Principal, contact: StaffContact) -> StaffContact:
        """Say where somebody is written to. The audit log keeps that it changed, and no address."""

        def work(scope: Scope) -> StaffContact:
            check_writer(who)
            if people_rows.person(scope, contact.person_id) is None:
                raise Problem(NOT_FOUND, "no such person")
            if repository.contacts(scope, [contact.person_id]).get(contact.person_id) != contact:
                repository.write_contact(scope, contact)
                now, target = self._core.clock.now(), ("person", contact.person_id)
                record(scope, now, who, "staff_contact.set", target)
            return contact

        return self._core.db.write(work)

    # --- who has left ----------------------------------------------------------------------

    def leavers(self, who: Principal) -> tuple[tuple[Person, Leaver], ...]:
        """Give those who have left and whom something still lets in, the last to leave first."""
        with self._core.db.read() as scope:
            found = leavers.leavers(scope, self.today, self._core.clock.now(), PERSON.reach(who))
            known = people_rows.people_by_id(scope, {each.person_id for each in found})
        return tuple((known[each.person_id], each) for each in found if each.person_id in known)

    def block(self, who: Principal, person_id: str) -> Person:
        """Deny somebody who has left every door, from now on; raise `409 conflict` for somebody who
        is employed."""

        def work(scope: Scope) -> Person:
            check_writer(who)
            scope.lock(repository.EMPLOYMENTS)
            self._rows.change_in(scope, who, PERSON, person_id, {})
            if person_id not in repository.left_by(scope, self.today, people.c.id == person_id):
                raise Problem(NOT_LEFT, "they are employed, or never were")
            leavers.block(scope, self._rows, who, person_id)
            return self._rows.change_in(scope, who, PERSON, person_id, {})

        return self._core.db.write(work)


def check_writer(who: Principal) -> None:
    """Raise `403 forbidden` for somebody who is limited to some sites."""
    if who.sites is not None:
        raise Problem(FORBIDDEN, "staff belongs to the whole town, not to a site")


@contextmanager
def named_refusals() -> Iterator[None]:
    """Turn what a career cannot be into problems."""
    try:
        yield
    except CareerError as error:
        kind = _KIND_OF.get(error.code)
        if kind is None:
            raise invalid(error.field, error.code.value, str(error)) from error
        raise Problem(kind, str(error)) from error
    except OverlapError as error:
        raise Problem(OVERLAPS, "somebody was quicker") from error


def _at(career: tuple[Employment, ...], day: date) -> Employment:
    return next(each for each in career if each.holds(day))


def _told(career: Career, other: Career) -> list[Any]:
    """What is different in a career, for the audit log."""
    told: list[Any] = msgspec.to_builtins([each for each in career if each not in other])
    return told


def _sought_in(person: Person) -> str:
    return "\n".join(
        folded(text)
        for text in (person.name, person.name_kana, person.name_en, person.staff_number or "")
    )
