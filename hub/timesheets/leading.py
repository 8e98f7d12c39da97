"""Who sees a department's months, and who leads it: for closings, divergences and caps alike."""

from __future__ import annotations

from datetime import date

from hub.database.scope import Scope
from hub.timesheets.sources import Sources, Unit
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem
from hub.web.rights import Principal, Right


def leads(scope: Scope, sources: Sources, who: Principal, department_id: str, on: date) -> bool:
    """Whether somebody leads a department on a date."""
    if who.person_id is None:
        return False
    return who.person_id in sources.staffing.heads(scope, department_id, on)


def sees(scope: Scope, sources: Sources, who: Principal, department_id: str, on: date) -> bool:
    """Whether somebody sees the months of a department's people."""
    return who.may(Right.ATTENDANCE_READ) or leads(scope, sources, who, department_id, on)


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
