"""Says which months of whom must be reckoned anew after employments or terms changed."""

from __future__ import annotations

from datetime import date, datetime

from hub.attendance.touched import AHEAD, touch_months
from hub.database.scope import Scope
from hub.staff import repository
from hub.staff.careers import Career, Stint


def mark_career(scope: Scope, person_id: str, before: Career, after: Career, at: datetime) -> None:
    """Mark somebody's months in which they are employed otherwise than before."""
    old, new = ({_counts(each) for each in career} for career in (before, after))
    changed = old ^ new
    if not changed:
        return
    first = min(starts_on for starts_on, *_ in changed)
    ends = [ends_on for _, ends_on, *_ in changed]
    known = [each for each in ends if each is not None]
    last = max(known) if len(known) == len(ends) else None
    touch_months(scope, [person_id], first, last, at)


def mark_department(scope: Scope, department_id: str, first: date, at: datetime) -> None:
    """Mark the months from a date on of everybody who is employed in a department then."""
    last = max(at.date(), first) + AHEAD
    found = repository.employments_between(scope, first, last)
    people = [
        person_id
        for person_id, places in found.items()
        if any(each.department_id == department_id for each in places)
    ]
    touch_months(scope, people, first, None, at)


def _counts(stint: Stint) -> tuple[date, date | None, str, str]:
    """What of a stint reckoning goes by."""
    return stint.starts_on, stint.ends_on, stint.place.department_id, stint.place.kind
