"""Whose timesheets somebody may see: with the right, everybody's; as a head, their department's and
those below it; else their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hub.database.scope import Scope
from hub.rosters.reach import below, headed_by
from hub.staff import repository as staff
from hub.staff.domain import Employment
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem
from hub.web.rights import Principal, Right


def people_of(
    scope: Scope,
    who: Principal,
    first: date,
    last: date,
    today: date,
    department_id: str | None = None,
    person_id: str | None = None,
) -> dict[str, tuple[Employment, ...]]:
    """Give the people asked for with their employments of a span: one person; a department's with
    those below it; or all whom one may see. Raises `403 forbidden` beyond reach."""
    if person_id is not None:
        places = staff.employments_between(scope, first, last, [person_id])
        own = {person_id: places.get(person_id, ())}
        if person_id != who.person_id and not _all(who):
            _check_headed(own, headed_by(scope, who.person_id, today))
        return own
    seen = None if _all(who) else headed_by(scope, who.person_id, today)
    wanted = seen
    if department_id is not None:
        listed = staff.departments(scope)
        if department_id not in {each.id for each in listed}:
            raise Problem(NOT_FOUND, "no such department")
        wanted = below(listed, [department_id])
        if seen is not None and not wanted <= seen:
            raise Problem(FORBIDDEN, "others' attendance needs the right attendance:read")
    if wanted is not None and not wanted:
        return _own(scope, who, first, last)
    everybody = staff.employments_between(scope, first, last)
    return {p: places for p, places in everybody.items() if _serves(places, wanted)}


def departments_of(scope: Scope, who: Principal, today: date) -> frozenset[str] | None:
    """Give the departments whose people somebody may see; None for all."""
    return None if _all(who) else headed_by(scope, who.person_id, today)


def _all(who: Principal) -> bool:
    return who.may(Right.ATTENDANCE_READ)


def _own(
    scope: Scope, who: Principal, first: date, last: date
) -> dict[str, tuple[Employment, ...]]:
    if who.person_id is None:
        raise Problem(FORBIDDEN, "others' attendance needs the right attendance:read")
    places = staff.employments_between(scope, first, last, [who.person_id])
    return {who.person_id: places.get(who.person_id, ())}


def _check_headed(places: Mapping[str, tuple[Employment, ...]], headed: frozenset[str]) -> None:
    if not any(_serves(each, headed) for each in places.values()):
        raise Problem(FORBIDDEN, "others' attendance needs the right attendance:read")


def _serves(places: tuple[Employment, ...], wanted: frozenset[str] | None) -> bool:
    return wanted is None or any(each.department_id in wanted for each in places)
