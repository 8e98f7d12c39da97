"""Who sees a department's months, and who acts for it: for closings, divergences and caps alike.

The rule is that of `docs/closing.md`: a head sees their department and all below it, and acts for
it and for those below that have no head of their own.
"""

from __future__ import annotations

from datetime import date

from hub.database.scope import Scope
from hub.timesheets.sources import Sources, Unit
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem
from hub.web.rights import Principal, Right


def answering(
    scope: Scope, sources: Sources, department_id: str, on: date, about: str | None = None
) -> tuple[str, ...]:
    """Give who acts for a department on a date: who leads it, or where nobody does, who leads the
    next one above it. `about`: whose matter it is, for nobody acts on their own; of a head's own
    the next one above decides, also where two lead together: they do not act for one another, as
    in `hub.applications.chains`. Empty: personnel alone."""
    for heads in sources.staffing.heads(scope, department_id, on):
        if heads and about not in heads:
            return heads
    return ()


def leads(
    scope: Scope,
    sources: Sources,
    who: Principal,
    department_id: str,
    on: date,
    about: str | None = None,
) -> bool:
    """Whether somebody acts for a department on a date."""
    if who.person_id is None:
        return False
    return who.person_id in answering(scope, sources, department_id, on, about)


def sees(scope: Scope, sources: Sources, who: Principal, department_id: str, on: date) -> bool:
    """Whether somebody sees the months of a department's people: with the right, or as a head of it
    or of one above it, as `hub.timesheets.reach` has it of months."""
    if who.may(Right.ATTENDANCE_READ):
        return True
    heads = sources.staffing.heads(scope, department_id, on)
    return who.person_id is not None and any(who.person_id in each for each in heads)


def unit_seen(scope: Scope, sources: Sources, who: Principal, department_id: str, on: date) -> Unit:
    """Give a department that somebody sees; raise `404 not_found` for any other."""
    units = sources.staffing.units(scope)
    found = next((each for each in units if each.id == department_id), None)
    if found is None or not sees(scope, sources, who, department_id, on):
        raise Problem(NOT_FOUND, "no such department")
    return found


def person_of(who: Principal) -> str:
    """Give who of the town somebody is; raise `403 forbidden` for a user who is nobody."""
    if who.person_id is None:
        raise Problem(FORBIDDEN, "this user is tied to nobody")
    return who.person_id
