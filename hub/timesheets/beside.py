"""What stands beside somebody's month, for sheets, exports and applications: whether it is closed,
what was signed, what came after, and what does not agree."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets import divergence_repository
from hub.timesheets.closing_domain import DepartmentClosing, MonthAdjustment
from hub.timesheets.closings import closed_through
from hub.timesheets.divergence_domain import Divergence
from hub.timesheets.snapshots import result_of
from hub.worktime.domain import Month, MonthResult


def closings_of(
    scope: Scope, month: Month, person_ids: Collection[str]
) -> dict[str, DepartmentClosing]:
    """Give the closings that hold for some people's month, by person."""
    by_id: dict[str, DepartmentClosing] = {}
    for each in rows.closings_of_month(scope, str(month)).values():
        by_id[each.id] = each
    found = rows.closed_of(scope, str(month), person_ids)
    return {each.person_id: by_id[each.closing_id] for each in found if each.closing_id in by_id}


def signed_of(scope: Scope, month: Month, person_ids: Collection[str]) -> dict[str, MonthResult]:
    """Give closed months as they were signed, by person; of somebody who came to a department after
    it was closed nothing was."""
    found = rows.closed_of(scope, str(month), person_ids)
    return {each.person_id: result_of(each.result) for each in found if each.result is not None}


def adjustments_of(
    scope: Scope, month: Month, person_ids: Collection[str]
) -> dict[str, tuple[MonthAdjustment, ...]]:
    """Give what closed months came to since, by person, in the order it was found."""
    found: dict[str, tuple[MonthAdjustment, ...]] = {}
    for each in rows.adjustments_of_month(scope, str(month), person_ids):
        if each.counts:
            found[each.person_id] = (*found.get(each.person_id, ()), each)
    return found


def divergences_of(
    scope: Scope, month: Month, person_ids: Collection[str]
) -> dict[str, tuple[Divergence, ...]]:
    """Give the divergences of a month that still stand, or wait for somebody, by person."""
    found: dict[str, tuple[Divergence, ...]] = {}
    between = divergence_repository.between(scope, month.first, month.last, person_ids)
    for each in between:
        if each.stands or each.is_pending:
            found[each.person_id] = (*found.get(each.person_id, ()), each)
    return found


def is_closed(scope: Scope, person_id: str, day: date) -> bool:
    """Whether the month of a date is closed for somebody."""
    return closed_through(scope, day, person_id=person_id)
