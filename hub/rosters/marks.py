"""Says which months of whom must be reckoned anew after patterns or rosters changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from hub.attendance.domain import work_date_of
from hub.attendance.touched import AHEAD, touch, touch_months
from hub.database.scope import Scope
from hub.rosters import repository
from hub.rosters.domain import Assignment, SubjectKind
from hub.staff import repository as staff


def mark_days(scope: Scope, days: Iterable[tuple[str, date]], at: datetime) -> None:
    """Mark dates of people, with those between them."""
    of_person: dict[str, list[date]] = {}
    for person_id, day in sorted(days):
        of_person.setdefault(person_id, []).append(day)
    for person_id, own in of_person.items():
        touch(scope, person_id, own[0], own[-1], at)


def mark_assigned(scope: Scope, found: Iterable[Assignment], at: datetime) -> None:
    """Mark everybody to whom a pattern is assigned, for as long as it is."""
    for each in found:
        people = _subjects(scope, each, at)
        touch_months(scope, people, each.starts_on, each.ends_on, at)


def mark_everybody(scope: Scope, first: date, at: datetime) -> None:
    """Mark all staff from a date on: the calendar of closed days changed."""
    ahead = work_date_of(at) + AHEAD
    touch_months(scope, staff.employments_between(scope, first, ahead), first, None, at)


def mark_pattern(scope: Scope, pattern_ids: Collection[str], at: datetime) -> None:
    """Mark everybody who works by some patterns."""
    mark_assigned(scope, repository.assignments_of(scope, pattern_ids), at)


def mark_code(scope: Scope, code_id: str, at: datetime) -> None:
    """Mark everybody in whose pattern or roster a shift code stands."""
    mark_pattern(scope, repository.patterns_with(scope, code_id), at)
    days = repository.days_with(scope, code_id, date(2000, 1, 1))
    mark_days(scope, {(each.person_id, each.work_date) for each in days}, at)


def _subjects(scope: Scope, found: Assignment, at: datetime) -> Collection[str]:
    if found.subject_kind is SubjectKind.PERSON:
        return (found.subject_id,)
    end = min(found.ends_on or date.max, work_date_of(at) + AHEAD)
    if end < found.starts_on:
        return ()
    everybody = staff.employments_between(scope, found.starts_on, end)
    named = "department_id" if found.subject_kind is SubjectKind.DEPARTMENT else "kind"
    return [
        person_id
        for person_id, places in everybody.items()
        if any(getattr(place, named) == found.subject_id for place in places)
    ]
