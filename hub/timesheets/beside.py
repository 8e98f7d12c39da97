"""What stands beside somebody's month, for sheets, exports and applications: whether it is closed,
what was signed, what came after, and what does not agree."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets import divergence_repository
from hub.timesheets.closing_domain import DepartmentClosing, MonthAdjustment
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.divergence_domain import Divergence
from hub.timesheets.kept import file_from_text
from hub.timesheets.settled_months import closed_through
from hub.timesheets.snapshots import result_of
from hub.worktime.domain import Month, MonthFile, MonthResult


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


def signed_files_of(
    scope: Scope, month: Month, person_ids: Collection[str]
) -> dict[str, MonthFile]:
    """Give what closed months were reckoned from when they were signed, by person."""
    found = rows.closed_of(scope, str(month), person_ids)
    return {each.person_id: file_from_text(each.file) for each in found if each.file is not None}


def closed_in(scope: Scope, month: Month) -> dict[str, str]:
    """Give the department in which somebody's month is closed, by person."""
    return dict(rows.closed_elsewhere(scope, str(month)))


def carried_into_month(scope: Scope, month: Month) -> dict[str, tuple[MonthAdjustment, ...]]:
    """Give the adjustments of earlier months that closings of a month took up, by person."""
    return _by_person(rows.adjustments(scope, month_adjustments.c.carried_into == str(month)))


def closings_of_departments(scope: Scope, month: Month) -> dict[str, DepartmentClosing]:
    """Give the closings that hold for a month, by department."""
    return {each.department_id: each for each in rows.closings_of_month(scope, str(month)).values()}


def waiting_of_others(
    scope: Scope, month: Month, known: Collection[str]
) -> dict[str, tuple[MonthAdjustment, ...]]:
    """Give the adjustments that no month has taken up yet of people other than these."""
    waiting = rows.all_uncarried(scope, str(month))
    return _by_person(each for each in waiting if each.person_id not in known)


def to_be_carried(
    scope: Scope, month: Month, person_ids: Collection[str]
) -> dict[str, tuple[MonthAdjustment, ...]]:
    """Give those that some people's open month would take up if it were closed now."""
    return _by_person(rows.uncarried(scope, str(month), person_ids))


def _by_person(
    adjustments: Iterable[MonthAdjustment],
) -> dict[str, tuple[MonthAdjustment, ...]]:
    found: dict[str, tuple[MonthAdjustment, ...]] = {}
    for each in adjustments:
        found[each.person_id] = (*found.get(each.person_id, ()), each)
    return found


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
