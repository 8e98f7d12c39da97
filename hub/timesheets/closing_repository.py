"""SQL of signatures, closings, what was signed, and adjustments."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.timesheets.closing_domain import (
    AdjustmentState,
    ClosedMonth,
    DepartmentClosing,
    MonthAdjustment,
    Signature,
    SignedKind,
)
from hub.timesheets.closing_tables import (
    closed_months,
    closings,
    month_adjustments,
    month_signatures,
)
from hub.timesheets.figures import loaded, stored

_AT_ONCE: Final = 400
"""People named in one statement."""

# --- signatures ----------------------------------------------------------------------------------


def sign(scope: Scope, made: Signature) -> bool:
    """Keep a signature; tell whether it is new: of the same state nobody signs twice."""
    return scope.upsert_ignore(month_signatures, asdict(made)) == 1


def signatures(scope: Scope, month: str) -> tuple[Signature, ...]:
    """Give every signature of a month, the oldest first."""
    t = month_signatures
    return as_all(Signature, scope.all(scope.select(t).where(t.c.month == month).order_by(t.c.id)))


def signatures_of(
    scope: Scope, kind: SignedKind, subject_id: str, month: str
) -> tuple[Signature, ...]:
    """Give those of one subject."""
    t = month_signatures.c
    query = scope.select(month_signatures).where(
        t.kind == kind, t.subject_id == subject_id, t.month == month
    )
    return as_all(Signature, scope.all(query.order_by(t.id)))


# --- closings ------------------------------------------------------------------------------------


def keep_closing(scope: Scope, made: DepartmentClosing, people: Iterable[ClosedMonth]) -> None:
    """Write a closing and everything that was signed."""
    scope.insert(closings, asdict(made) | {"overridden": made.overridden})
    scope.insert(closed_months, [asdict(each) for each in people])


def keep_closed_month(scope: Scope, made: ClosedMonth) -> None:
    """Write that somebody belongs to a closing that is there already."""
    scope.insert(closed_months, asdict(made))


def reopen(scope: Scope, made: DepartmentClosing) -> None:
    """Write that a closing was opened again: what was signed stays, and holds no longer."""
    values = {
        "reopened_by": made.reopened_by,
        "reopened_at": made.reopened_at,
        "reopened_cause": made.reopened_cause,
    }
    scope.update(closings, values, closings.c.id == made.id)
    scope.update(closed_months, {"in_force": None}, closed_months.c.closing_id == made.id)


def closing(scope: Scope, department_id: str, month: str) -> DepartmentClosing | None:
    """Give the closing of a department's month that holds, if any."""
    c = closings.c
    query = scope.select(closings).where(
        c.department_id == department_id, c.month == month, c.reopened_at.is_(None)
    )
    return as_one(DepartmentClosing, scope.one(query))


def closing_by_id(scope: Scope, closing_id: str) -> DepartmentClosing | None:
    """Give a closing by its id."""
    query = scope.select(closings).where(closings.c.id == closing_id)
    return as_one(DepartmentClosing, scope.one(query))


def rounds(scope: Scope, department_id: str, month: str) -> tuple[DepartmentClosing, ...]:
    """Give every closing of a department's month, the first first."""
    c = closings.c
    query = scope.select(closings).where(c.department_id == department_id, c.month == month)
    return as_all(DepartmentClosing, scope.all(query.order_by(c.round)))


def closings_of_month(scope: Scope, month: str) -> dict[str, DepartmentClosing]:
    """Give the closings of a month that hold, by department."""
    c = closings.c
    query = scope.select(closings).where(c.month == month, c.reopened_at.is_(None))
    return {each.department_id: each for each in as_all(DepartmentClosing, scope.all(query))}


def closed_month(scope: Scope, person_id: str, month: str) -> ClosedMonth | None:
    """Give what of a person's month was signed and holds; None while it is open."""
    m = closed_months.c
    query = scope.select(closed_months).where(
        m.person_id == person_id, m.month == month, m.in_force.is_(True)
    )
    row = scope.one(query)
    return None if row is None else _closed(row)


def closed_of(scope: Scope, month: str, person_ids: Collection[str]) -> tuple[ClosedMonth, ...]:
    """Give what of some people's month was signed and holds, by person."""
    m, wanted = closed_months.c, sorted(person_ids)
    found: list[ClosedMonth] = []
    for at in range(0, len(wanted), _AT_ONCE):
        query = scope.select(closed_months).where(
            m.month == month, m.in_force.is_(True), m.person_id.in_(wanted[at : at + _AT_ONCE])
        )
        found += [_closed(row) for row in scope.all(query.order_by(m.person_id))]
    return tuple(found)


def closed_people(scope: Scope, closing_id: str) -> tuple[ClosedMonth, ...]:
    """Give everything that was signed with a closing, by person."""
    m = closed_months.c
    query = scope.select(closed_months).where(m.closing_id == closing_id).order_by(m.person_id)
    return tuple(_closed(row) for row in scope.all(query))


def closed_elsewhere(scope: Scope, month: str) -> dict[str, str]:
    """Give person -> department of everybody whose month is signed and holds."""
    m = closed_months.c
    query = scope.select(m.person_id, m.department_id).where(m.month == month, m.in_force.is_(True))
    return {row.person_id: row.department_id for row in scope.all(query)}


def closed_person_months(
    scope: Scope, person_id: str, first: str, last: str
) -> tuple[ClosedMonth, ...]:
    """Give what of a person's months `[first, last]` was signed and holds, in order."""
    m = closed_months.c
    query = scope.select(closed_months).where(
        m.person_id == person_id, m.month >= first, m.month <= last, m.in_force.is_(True)
    )
    return tuple(_closed(row) for row in scope.all(query.order_by(m.month)))


def _closed(row: Any) -> ClosedMonth:
    values = {name: getattr(row, name) for name in ClosedMonth.__dataclass_fields__}
    return ClosedMonth(**values | {"in_force": bool(row.in_force)})


# --- adjustments ---------------------------------------------------------------------------------


def add_adjustment(scope: Scope, made: MonthAdjustment) -> None:
    """Write a new adjustment."""
    scope.insert(month_adjustments, _row(made))


def keep_adjustment(scope: Scope, made: MonthAdjustment) -> None:
    """Write how far an adjustment has come: what it says is never changed."""
    names = ("state", "signed_by", "signed_at", "remark", "carried_into", "carried_by")
    values = {name: getattr(made, name) for name in names}
    scope.update(month_adjustments, values, month_adjustments.c.id == made.id)


def adjustment(scope: Scope, adjustment_id: str) -> MonthAdjustment | None:
    """Give an adjustment, held still until the transaction ends."""
    t = month_adjustments
    row = scope.one(scope.select(t).where(t.c.id == adjustment_id).with_for_update())
    return None if row is None else _adjustment(row)


def adjustments(
    scope: Scope, *where: sa.ColumnElement[bool], hold: bool = False
) -> tuple[MonthAdjustment, ...]:
    """Give adjustments in the order they were found; with `hold` as they are once nobody else
    changes them, and held still until the transaction ends."""
    t = month_adjustments
    query = scope.select(t).where(*where).order_by(t.c.seq)
    query = query.with_for_update() if hold else query
    return tuple(_adjustment(row) for row in scope.all(query))


def adjustments_of(scope: Scope, person_id: str, month: str) -> tuple[MonthAdjustment, ...]:
    """Give every adjustment of a person's closed month."""
    t = month_adjustments.c
    return adjustments(scope, t.person_id == person_id, t.month == month)


def adjustments_of_month(
    scope: Scope, month: str, person_ids: Collection[str]
) -> tuple[MonthAdjustment, ...]:
    """Give every adjustment of some people's closed month, in the order they were found."""
    t, wanted = month_adjustments.c, sorted(person_ids)
    found: list[MonthAdjustment] = []
    for at in range(0, len(wanted), _AT_ONCE):
        found += adjustments(scope, t.month == month, t.person_id.in_(wanted[at : at + _AT_ONCE]))
    return tuple(sorted(found, key=lambda one: one.seq))


def uncarried(
    scope: Scope, before: str, person_ids: Collection[str]
) -> tuple[MonthAdjustment, ...]:
    """Give the adjustments of some people's months before one that no month has taken up."""
    t = month_adjustments.c
    return adjustments(
        scope,
        t.month < before,
        t.person_id.in_(sorted(person_ids)),
        t.state.in_([AdjustmentState.OPEN, AdjustmentState.SIGNED]),
    )


def all_uncarried(scope: Scope, before: str) -> tuple[MonthAdjustment, ...]:
    """Give everybody's adjustments of months before one that no month has taken up."""
    t = month_adjustments.c
    waits = t.state.in_([AdjustmentState.OPEN, AdjustmentState.SIGNED])
    return adjustments(scope, t.month < before, waits)


def uncarried_of_department(scope: Scope, before: str, department_id: str) -> set[str]:
    """Give the people of a department's earlier closings whose adjustments no month has taken."""
    t = month_adjustments.c
    query = scope.select(t.person_id).where(
        t.month < before,
        t.department_id == department_id,
        t.state.in_([AdjustmentState.OPEN, AdjustmentState.SIGNED]),
    )
    return {row.person_id for row in scope.all(query)}


def _row(made: MonthAdjustment) -> dict[str, Any]:
    values = {name: getattr(made, name) for name in MonthAdjustment.__dataclass_fields__}
    return values | {"figures": stored(made.figures)}


def _adjustment(row: Any) -> MonthAdjustment:
    values = {name: getattr(row, name) for name in MonthAdjustment.__dataclass_fields__}
    return MonthAdjustment(**values | {"figures": loaded(row.figures)})
