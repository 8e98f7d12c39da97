"""Which departments somebody heads, those below them included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.database.scope import Scope
from hub.staff import repository as staff
from hub.staff.domain import Department


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
