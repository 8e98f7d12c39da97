"""Closed months as outputs read them: what was signed, and what was found since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import ClosedMonth, MonthAdjustment
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.figures import ZERO, Figures, figures_of
from hub.timesheets.snapshots import result_of
from hub.worktime.domain import Month, month_of


@dataclass(frozen=True, slots=True)
class SettledMonth:
    """A closed month as outputs need it: what was signed, and what was found since, in order."""

    closed: ClosedMonth
    signed: Figures
    adjustments: tuple[MonthAdjustment, ...]

    @property
    def now(self) -> Figures:
        """What a fresh derivation comes to: signed, and everything found since."""
        return self.signed.summed(each.figures for each in self.adjustments)


def settled_month(scope: Scope, person_id: str, month: Month) -> SettledMonth | None:
    """Give somebody's closed month; None while it is open."""
    closed = rows.closed_month(scope, person_id, str(month))
    if closed is None:
        return None
    signed = ZERO if closed.result is None else figures_of(result_of(closed.result))
    found = rows.adjustments_of(scope, person_id, str(month))
    return SettledMonth(closed, signed, tuple(each for each in found if each.counts))


def carried_into(scope: Scope, person_id: str, month: Month) -> tuple[MonthAdjustment, ...]:
    """Give the adjustments of earlier months that a closed month took up: they are paid, or taken
    back, with its output."""
    t = month_adjustments.c
    return rows.adjustments(scope, t.person_id == person_id, t.carried_into == str(month))


def closed_through(
    scope: Scope, day: date, *, person_id: str | None = None, department_id: str | None = None
) -> bool:
    """Tell whether the month of a date is closed, for a person or for a department."""
    month = str(month_of(day))
    if person_id is not None:
        return rows.closed_month(scope, person_id, month) is not None
    return department_id is not None and rows.closing(scope, department_id, month) is not None
