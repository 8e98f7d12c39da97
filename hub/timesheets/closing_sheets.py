"""What routes and pages read of closings: overviews, a department's month, one's own, adjustments.

Personnel (`attendance:read`, `attendance:close`) see every department; a head sees the one they
lead; everybody sees their own month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.attendance.domain import work_date_of
from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import (
    AdjustmentState,
    BlockerKind,
    ClosedMonth,
    DepartmentClosing,
    MonthAdjustment,
    Signature,
    SignedKind,
)
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.figures import ZERO, Figures, figures_of
from hub.timesheets.leading import answering, leads, person_of, sees, unit_seen
from hub.timesheets.open_months import DepartmentMonth, OpenMonths
from hub.timesheets.settled_months import SettledMonth, settled_month
from hub.timesheets.sources import Sources, Unit
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """A department's month in an overview. While it is open, `blockers` counts what stands in the
    way by kind; `signed` of its `people` have signed."""

    unit: Unit
    month: Month
    people: int
    signed: int
    head_signed: bool
    blockers: Mapping[BlockerKind, int]
    closing: DepartmentClosing | None
    adjustments: int

    @property
    def is_ready(self) -> bool:
        """Whether it can be closed as it stands."""
        return self.closing is None and self.people > 0 and not self.blockers


@dataclass(frozen=True, slots=True)
class DepartmentSheet:
    """A department's month in full: `open` while it is, else what was signed, and every round."""

    unit: Unit
    month: Month
    open: DepartmentMonth | None
    closing: DepartmentClosing | None
    closed: tuple[ClosedMonth, ...]
    adjustments: tuple[MonthAdjustment, ...]
    rounds: tuple[DepartmentClosing, ...]
    signatures: tuple[Signature, ...]
    is_head: bool


@dataclass(frozen=True, slots=True)
class AdjustmentSigning:
    """Whether the reader may sign an adjustment; `heads`: who does beside personnel."""

    may_sign: bool
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnFacts:
    """One's own month in figures; of a closed one those that were signed, and what came since."""

    figures: Figures
    fingerprint: str
    signed: bool
    closed: bool
    employed: bool
    adjustments: tuple[MonthAdjustment, ...] = ()


class ClosingSheets:
    """Reads within what a principal may see."""

    def __init__(self, core: Core, sources: Sources, months: OpenMonths) -> None:
        self._core = core
        self._sources = sources
        self._months = months

    @property
    def today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    def overview(self, who: Principal, month: Month) -> tuple[DepartmentLine, ...]:
        """Give every department one may see that has people in a month, by code."""
        with self._core.db.read() as scope:
            members = self._months.members(scope, month)
            closed = rows.closings_of_month(scope, str(month))
            units = [
                unit
                for unit in self._sources.staffing.units(scope)
                if (unit.id in members or unit.id in closed) and self._sees(scope, who, unit.id)
            ]
        still_open = [unit.id for unit in units if unit.id not in closed]
        self._keep(month, [each for unit_id in still_open for each in members[unit_id]])
        with self._core.db.read() as scope:
            return tuple(
                self._line(scope, unit, month, closed.get(unit.id), members.get(unit.id, []))
                for unit in units
            )

    def _keep(self, month: Month, person_ids: Collection[str]) -> None:
        """Have open months kept before they are looked at: the next look finds them."""
        self._sources.derivation.keep(self._core.db, month, person_ids)

    def _line(
        self,
        scope: Scope,
        unit: Unit,
        month: Month,
        found: DepartmentClosing | None,
        people: list[str],
    ) -> DepartmentLine:
        t = month_adjustments.c
        if found is not None:
            waits = rows.adjustments(
                scope,
                t.department_id == unit.id,
                t.month == str(month),
                t.state == AdjustmentState.OPEN,
            )
            counted: Counter[BlockerKind] = Counter()
            many = found.people
            return DepartmentLine(
                unit,
                month,
                many,
                many,
                head_signed=True,
                blockers=counted,
                closing=found,
                adjustments=len(waits),
            )
        now = self._core.clock.now()
        seen = self._months.look(scope, unit.id, month, now, people)
        return DepartmentLine(
            unit=unit,
            month=month,
            people=len(seen.people),
            signed=sum(1 for each in seen.people if each.signed),
            head_signed=seen.head_signed,
            blockers=Counter(each.kind for each in seen.blockers),
            closing=None,
            adjustments=len(seen.adjustments),
        )

    def department(self, who: Principal, department_id: str, month: Month) -> DepartmentSheet:
        """Give a department's month in full."""
        now = self._core.clock.now()
        with self._core.db.read() as scope:
            unit = unit_seen(scope, self._sources, who, department_id, self.today)
            members = self._months.members(scope, month).get(department_id, [])
            closing = rows.closing(scope, department_id, str(month))
        if closing is None:
            self._keep(month, members)
        with self._core.db.read() as scope:
            closing = rows.closing(scope, department_id, str(month))
            seen = None if closing else self._months.look(scope, department_id, month, now)
            t = month_adjustments.c
            own = rows.adjustments(scope, t.department_id == department_id, t.month == str(month))
            signed = rows.signatures_of(scope, SignedKind.DEPARTMENT, department_id, str(month))
            return DepartmentSheet(
                unit=unit,
                month=month,
                open=seen,
                closing=closing,
                closed=rows.closed_people(scope, closing.id) if closing else (),
                adjustments=seen.adjustments if seen else own,
                rounds=rows.rounds(scope, department_id, str(month)),
                signatures=signed,
                is_head=leads(scope, self._sources, who, department_id, self.today),
            )

    def own_facts(self, who: Principal, month: Month) -> OwnFacts:
        """Give one's own month: as it stands, or as it was signed."""
        person_id = person_of(who)
        with self._core.db.read() as scope:
            settled = settled_month(scope, person_id, month)
            if settled is not None:
                return OwnFacts(
                    settled.signed,
                    settled.closed.fingerprint,
                    signed=True,
                    closed=True,
                    employed=True,
                    adjustments=settled.adjustments,
                )
            found = self._months.of_person(scope, person_id, month, self._core.clock.now())
        if found is None:
            return OwnFacts(ZERO, "", signed=False, closed=False, employed=False)
        figures = figures_of(found.derived.result)
        return OwnFacts(
            figures, found.fingerprint, signed=found.signed, closed=False, employed=True
        )

    def has_head(self, department_id: str) -> bool:
        """Whether somebody leads a department now."""
        with self._core.db.read() as scope:
            return bool(answering(scope, self._sources, department_id, self.today))

    def leads(self, who: Principal, department_id: str) -> bool:
        """Whether somebody leads a department now."""
        with self._core.db.read() as scope:
            return leads(scope, self._sources, who, department_id, self.today)

    def settled(self, who: Principal, person_id: str, month: Month) -> SettledMonth:
        """Give somebody's closed month; raise `404 not_found` while it is open."""
        with self._core.db.read() as scope:
            found = settled_month(scope, person_id, month)
            if found is None or not (
                person_id == who.person_id or self._sees(scope, who, found.closed.department_id)
            ):
                raise Problem(NOT_FOUND, "no such closed month")
            return found

    def adjustment(self, who: Principal, adjustment_id: str) -> MonthAdjustment:
        """Give one; raise `404 not_found` for what one may not see."""
        with self._core.db.read() as scope:
            found = next(
                iter(rows.adjustments(scope, month_adjustments.c.id == adjustment_id)), None
            )
            if found is None or not (
                found.person_id == who.person_id or self._sees(scope, who, found.department_id)
            ):
                raise Problem(NOT_FOUND, "no such adjustment")
            return found

    def signing(
        self, who: Principal, found: Collection[MonthAdjustment]
    ) -> Mapping[str, AdjustmentSigning]:
        """Say of each adjustment whether somebody may sign it, and whose it is to sign."""
        closes, on = who.may(Right.ATTENDANCE_CLOSE), self.today
        given: dict[str, AdjustmentSigning] = {}
        known: dict[tuple[str, str], tuple[str, ...]] = {}
        with self._core.db.read() as scope:
            for each in found:
                key = each.department_id, each.person_id
                if key not in known:
                    known[key] = answering(
                        scope, self._sources, each.department_id, on, each.person_id
                    )
                heads, own = known[key], each.person_id == who.person_id
                may = not own and (closes or who.person_id in heads)
                given[each.id] = AdjustmentSigning(may, heads)
        return given

    def adjustments(
        self, who: Principal, state: AdjustmentState | None, person_id: str | None = None
    ) -> tuple[MonthAdjustment, ...]:
        """Give the newest 100 adjustments one may see, in the order they were found."""
        t = month_adjustments.c
        where = [] if state is None else [t.state == state]
        if person_id is not None:
            where.append(t.person_id == person_id)
        with self._core.db.read() as scope:
            found = rows.adjustments(scope, *where)
            seen: dict[str, bool] = {}
            for each in found:
                if each.department_id not in seen:
                    seen[each.department_id] = self._sees(scope, who, each.department_id)
        own = who.person_id
        mine = [each for each in found if seen[each.department_id] or each.person_id == own]
        return tuple(mine[-_SHOWN:])

    def _sees(self, scope: Scope, who: Principal, department_id: str) -> bool:
        return sees(scope, self._sources, who, department_id, self.today)
