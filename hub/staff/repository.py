"""The rows of departments, employments and contacts, as frozen values. Also for other topics."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.catalogue import Language
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.people.domain import Person
from hub.people.tables import people
from hub.staff.careers import Steps, Stint
from hub.staff.domain import Department, DepartmentTerm, Employment, StaffContact
from hub.staff.tables import (
    department_terms,
    employments,
    staff_contacts,
    staff_departures,
)
from hub.staff.tables import (
    departments as department_rows,
)

EMPLOYMENTS: Final = "employments"
"""The town's lock of whoever changes employments: they look before they write."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Placed:
    """A person with the employment that holds on the day that was asked for."""

    person: Person
    employment: Employment


# --- departments -------------------------------------------------------------------------------


def departments(scope: Scope) -> tuple[Department, ...]:
    """Give every department, by code."""
    t = department_rows
    return as_all(Department, scope.all(scope.select(t).order_by(t.c.code)))


def department(scope: Scope, department_id: str) -> Department | None:
    """Give one."""
    t = department_rows
    return as_one(Department, scope.one(scope.select(t).where(t.c.id == department_id)))


def drop_department(scope: Scope, department_id: str) -> None:
    """Remove a department with its terms."""
    scope.delete(department_rows, department_rows.c.id == department_id)


def is_department_in_use(scope: Scope, department_id: str) -> tuple[bool, bool]:
    """Tell whether anybody is or was employed in a department, and whether others belong to it."""
    e, t = employments.c, department_rows.c
    employed = scope.one(scope.select(e.id).where(e.department_id == department_id).limit(1))
    parts = scope.one(scope.select(t.id).where(t.parent_id == department_id).limit(1))
    return employed is not None, parts is not None


def within(found: Iterable[Department], department_id: str) -> frozenset[str]:
    """Give the ids of a department and of all that belong to it, at any depth."""
    parts: dict[str | None, list[str]] = {}
    for each in found:
        parts.setdefault(each.parent_id, []).append(each.id)
    reached: set[str] = set()
    ahead = [department_id]
    while ahead:
        one = ahead.pop()
        if one not in reached:
            reached.add(one)
            ahead += parts.get(one, [])
    return frozenset(reached)


def terms_of(scope: Scope, department_id: str) -> tuple[DepartmentTerm, ...]:
    """Give a department's terms, in order."""
    t = department_terms
    statement = scope.select(t).where(t.c.department_id == department_id).order_by(t.c.starts_on)
    return as_all(DepartmentTerm, scope.all(statement))


def terms_between(scope: Scope, first: date, last: date) -> dict[str, tuple[DepartmentTerm, ...]]:
    """Give the terms in force on any day from `first` through `last`, by department, in order."""
    t = department_terms
    statement = scope.select(t).where(t.c.starts_on <= last)
    found: dict[str, list[DepartmentTerm]] = {}
    for each in as_all(DepartmentTerm, scope.all(statement.order_by(t.c.starts_on))):
        kept = found.setdefault(each.department_id, [])
        if each.starts_on <= first:
            kept.clear()  # it came after all that began before
        kept.append(each)
    return {name: tuple(kept) for name, kept in found.items()}


def write_term(scope: Scope, term: DepartmentTerm) -> None:
    """Make or change what holds for a department from a day on."""
    values = {
        "department_id": term.department_id,
        "starts_on": term.starts_on,
        "cap_type": term.cap_type,
        "article_36": term.article_36,
    }
    scope.upsert(department_terms, values, key=["department_id", "starts_on"])


def drop_term(scope: Scope, department_id: str, starts_on: date) -> bool:
    """Remove a term; tell whether there was one."""
    t = department_terms.c
    where = (t.department_id == department_id, t.starts_on == starts_on)
    return scope.delete(department_terms, *where) > 0


# --- employments -------------------------------------------------------------------------------


def employments_between(
    scope: Scope, first: date, last: date, person_ids: Collection[str] | None = None
) -> dict[str, tuple[Employment, ...]]:
    """Give the employments that hold on any day from `first` through `last`, by person, in order;
    of these people, or of everybody."""
    e = employments.c
    where = [e.starts_on <= last, sa.or_(e.ends_on.is_(None), e.ends_on >= first)]
    return _by_person(scope, where, person_ids)


def department_names(scope: Scope, person_ids: Collection[str], on: date) -> dict[str, str]:
    """Give the department that each of these people is in on a date, by its name; outsiders and
    those who are not employed then have none."""
    names = {each.id: each.name for each in departments(scope)}
    found = employments_between(scope, on, on, person_ids)
    return {person: names[theirs[-1].department_id] for person, theirs in found.items() if theirs}


def careers(scope: Scope, person_ids: Collection[str]) -> dict[str, tuple[Employment, ...]]:
    """Give all employments of these people, by person, in order."""
    return _by_person(scope, [], person_ids)


def _by_person(
    scope: Scope, where: Sequence[ColumnElement[bool]], person_ids: Collection[str] | None
) -> dict[str, tuple[Employment, ...]]:
    e = employments
    found: dict[str, list[Employment]] = {}
    for part in _parts(person_ids):
        only = sa.true() if part is None else e.c.person_id.in_(part)
        statement = scope.select(e).where(only, *where).order_by(e.c.person_id, e.c.starts_on)
        for each in as_all(Employment, scope.all(statement)):
            found.setdefault(each.person_id, []).append(each)
    return {person: tuple(kept) for person, kept in found.items()}


def _parts(ids: Collection[str] | None) -> list[list[str] | None]:
    if ids is None:
        return [None]
    listed = sorted(set(ids))
    return [listed[at : at + _BATCH] for at in range(0, len(listed), _BATCH)]


def employment(scope: Scope, employment_id: str) -> Employment | None:
    """Give one."""
    e = employments
    return as_one(Employment, scope.one(scope.select(e).where(e.c.id == employment_id)))


def heads_of(scope: Scope, department_id: str, on: date) -> tuple[str, ...]:
    """Give the ids of those who lead a department itself on a date, sorted."""
    e = employments.c
    statement = scope.select(e.person_id).where(
        e.department_id == department_id,
        e.heads,
        e.starts_on <= on,
        sa.or_(e.ends_on.is_(None), e.ends_on >= on),
    )
    return tuple(row.person_id for row in scope.all(statement.order_by(e.person_id)))


def placed_on(
    scope: Scope, on: date, reach: ColumnElement[bool], *where: ColumnElement[bool]
) -> tuple[Placed, ...]:
    """Give everybody employed on a date, within reach, with their place; in no order."""
    e, p = employments, people
    holds = (e.c.starts_on <= on, sa.or_(e.c.ends_on.is_(None), e.c.ends_on >= on))
    of = [column for column in p.c if column.name != "town_id"]
    at = [column.label(f"e_{column.name}") for column in e.c if column.name != "town_id"]
    joined = e.join(p, sa.and_(p.c.town_id == e.c.town_id, p.c.id == e.c.person_id))
    rows = scope.all(scope.select(*of, *at).select_from(joined).where(reach, *holds, *where))
    found = []
    for row in rows:
        values = dict(row._mapping)  # noqa: SLF001  # its documented name, in spite of the underscore
        mine = {
            name.removeprefix("e_"): values.pop(name) for name in list(values) if name[:2] == "e_"
        }
        found.append(Placed(Person(**values), Employment(**mine)))
    return tuple(found)


def write_career(scope: Scope, person_id: str, way: Steps, now: datetime) -> None:
    """Write what changes in a person's employments; new stints bring their id."""
    for employment_id in way.removed:
        scope.delete(employments, employments.c.id == employment_id)
    for each in (*way.shortened, *way.moved):
        values = {**_columns(each), "updated_at": now}
        scope.update(employments, values, employments.c.id == each.id)
    made = [
        {
            "id": each.id,
            "person_id": person_id,
            **_columns(each),
            "created_at": now,
            "updated_at": now,
        }
        for each in way.added
    ]
    scope.insert(employments, made)


def _columns(stint: Stint) -> dict[str, object]:
    return {
        "starts_on": stint.starts_on,
        "ends_on": stint.ends_on,
        "department_id": stint.place.department_id,
        "kind": stint.place.kind,
        "post": stint.place.post,
        "heads": stint.place.heads,
    }


# --- contacts ----------------------------------------------------------------------------------


def contacts(scope: Scope, person_ids: Collection[str]) -> dict[str, StaffContact]:
    """Give where these people are written to; who is not known is left out."""
    t = staff_contacts
    found: dict[str, StaffContact] = {}
    for part in _parts(person_ids):
        rows = scope.all(scope.select(t).where(t.c.person_id.in_(part or [])))
        found |= {
            row.person_id: StaffContact(row.person_id, row.mail, row.language.value) for row in rows
        }
    return found


def write_contact(scope: Scope, contact: StaffContact) -> None:
    """Make or change where somebody is written to."""
    values = {
        "person_id": contact.person_id,
        "mail": contact.mail,
        "language": Language(contact.language),
    }
    scope.upsert(staff_contacts, values, key=["person_id"])


# --- people ------------------------------------------------------------------------------------


def people_by_number(scope: Scope, numbers: Collection[str]) -> dict[str, Person]:
    """Give the people with these staff numbers, by number."""
    found: dict[str, Person] = {}
    for part in _parts(numbers):
        rows = scope.all(scope.select(people).where(people.c.staff_number.in_(part or [])))
        found |= {each.staff_number or "": each for each in as_all(Person, rows)}
    return found


# --- who has left ------------------------------------------------------------------------------


def left_by(scope: Scope, today: date, *where: ColumnElement[bool]) -> dict[str, date]:
    """Give the last day of everybody whose last employment is over, by person."""
    e = employments.c
    of = employments.join(
        people, sa.and_(people.c.town_id == employments.c.town_id, people.c.id == e.person_id)
    )
    statement = (
        scope.select(e.person_id, sa.func.max(e.ends_on).label("left_on"))
        .select_from(of)
        .where(*where)
        .group_by(e.person_id)
        .having(sa.func.max(e.starts_on) < today)
        .having(sa.func.count() == sa.func.count(e.ends_on))
        .having(sa.func.max(e.ends_on) < today)
    )
    return {row.person_id: row.left_on for row in scope.all(statement)}


def departures(scope: Scope, person_ids: Collection[str]) -> frozenset[tuple[str, date]]:
    """Give the departures of these people that were dealt with."""
    t = staff_departures.c
    return frozenset(
        (row.person_id, row.left_on)
        for part in _parts(person_ids)
        for row in scope.all(
            scope.select(t.person_id, t.left_on).where(t.person_id.in_(part or []))
        )
    )


def write_departure(
    scope: Scope, person_id: str, left_on: date, now: datetime, *, blocked: bool
) -> None:
    """Keep that a departure was dealt with."""
    values = {"person_id": person_id, "left_on": left_on, "blocked": blocked, "seen_at": now}
    scope.upsert(staff_departures, values, key=["person_id", "left_on"])
