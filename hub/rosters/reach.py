"""Whose rosters somebody may see and write: those of departments they head, the ones below them
included, and with the rights of attendance everybody's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from hub.database.scope import Scope
from hub.rosters.domain import ROSTER_DAYS
from hub.staff import repository as staff
from hub.staff.domain import Department
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem
from hub.web.rights import Principal, Right


def below(departments: Iterable[Department], tops: Iterable[str]) -> frozenset[str]:
    """Give the departments `tops` and all that belong to them."""
    children: dict[str, list[str]] = {}
    for each in departments:
        if each.parent_id is not None:
            children.setdefault(each.parent_id, []).append(each.id)
    found: set[str] = set()
    waiting = list(tops)
    while waiting:
        top = waiting.pop()
        if top not in found:
            found.add(top)
            waiting += children.get(top, [])
    return frozenset(found)


def headed_by(scope: Scope, person_id: str | None, on: date) -> frozenset[str]:
    """Give the departments whom somebody heads on a date, and all below."""
    if person_id is None:
        return frozenset()
    places = staff.employments_between(scope, on, on, [person_id]).get(person_id, ())
    tops = [each.department_id for each in places if each.heads and each.holds(on)]
    return below(staff.departments(scope), tops) if tops else frozenset()


def seen_by(scope: Scope, who: Principal, today: date) -> frozenset[str] | None:
    """Give the departments whose rosters somebody may see; None for all."""
    if who.may(Right.ATTENDANCE_READ) or who.may(Right.ATTENDANCE_WRITE):
        return None
    if who.person_id is None:
        return frozenset()
    ahead = today + timedelta(days=ROSTER_DAYS)
    own = staff.employments_between(scope, today, ahead, [who.person_id])
    places = {each.department_id for each in own.get(who.person_id, ())}
    return headed_by(scope, who.person_id, today) | places


def may_write(scope: Scope, who: Principal, department_id: str, today: date) -> bool:
    """Tell whether somebody writes a department's roster."""
    return who.may(Right.ATTENDANCE_WRITE) or (
        department_id in headed_by(scope, who.person_id, today)
    )


def department_of(
    scope: Scope, who: Principal, department_id: str, today: date, *, write: bool = False
) -> Department:
    """Give a department; raise `404 not_found` for one that somebody may not see, `403 forbidden`
    with `write` for one whose roster they do not write."""
    seen = seen_by(scope, who, today)
    listed = {each.id: each for each in staff.departments(scope)}
    if department_id not in listed or (seen is not None and department_id not in seen):
        raise Problem(NOT_FOUND, "no such department")
    if write and not may_write(scope, who, department_id, today):
        raise Problem(FORBIDDEN, "a roster is written by the head, or with attendance:write")
    return listed[department_id]
