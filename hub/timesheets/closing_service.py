"""What routes and pages ask of closings: overviews, signing, closing, opening again, adjustments.

Personnel (`attendance:read`, `attendance:close`) see every department; a head sees the one they
lead; everybody signs their own month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Final

from hub.attendance.domain import work_date_of
from hub.audit.service import record
from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import (
    ADJUSTMENT_STEPS,
    AdjustmentAct,
    AdjustmentState,
    Blocker,
    BlockerKind,
    ClosedMonth,
    DepartmentClosing,
    MonthAdjustment,
    Signature,
    SignedKind,
)
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.closings import (
    AlreadyClosedError,
    BlockedError,
    CarriedError,
    ClosingRefusedError,
    Closings,
    DepartmentMonth,
    NobodyError,
    NotClosedError,
    PersonMonth,
    SettledMonth,
    settled_month,
)
from hub.timesheets.figures import ZERO, Figures, figures_of
from hub.timesheets.sources import Sources, Unit
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, ProblemKind, invalid
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

MONTH_BLOCKED: Final = ProblemKind("month_blocked", HTTPStatus.CONFLICT)
MONTH_CLOSED: Final = ProblemKind("month_closed", HTTPStatus.CONFLICT)
MONTH_OPEN: Final = ProblemKind("month_open", HTTPStatus.CONFLICT)
MONTH_CARRIED: Final = ProblemKind("month_carried", HTTPStatus.CONFLICT)
MONTH_CHANGED: Final = ProblemKind("month_changed", HTTPStatus.CONFLICT)
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
class OwnFacts:
    """One's own month in figures; of a closed one those that were signed, and what came since."""

    figures: Figures
    fingerprint: str
    signed: bool
    closed: bool
    employed: bool
    adjustments: tuple[MonthAdjustment, ...] = ()


class ClosingService:
    """Reads and closes, within what a principal may."""

    def __init__(
        self, core: Core, sources: Sources, closings: Closings, settings: ClosingSettings
    ) -> None:
        self._core = core
        self._sources = sources
        self._closings = closings
        self.settings = settings

    @property
    def today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    # --- reading ---------------------------------------------------------------------------------

    def overview(self, who: Principal, month: Month) -> tuple[DepartmentLine, ...]:
        """Give every department one may see that has people in a month, by code."""
        with self._core.db.read() as scope:
            members = self._closings.members(scope, month)
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
        seen = self._closings.look(scope, unit.id, month, now, people)
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
            unit = self._unit(scope, who, department_id)
            members = self._closings.members(scope, month).get(department_id, [])
            closing = rows.closing(scope, department_id, str(month))
        if closing is None:
            self._keep(month, members)
        with self._core.db.read() as scope:
            closing = rows.closing(scope, department_id, str(month))
            seen = None if closing else self._closings.look(scope, department_id, month, now)
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
                is_head=self._leads(scope, who, department_id),
            )

    def own_facts(self, who: Principal, month: Month) -> OwnFacts:
        """Give one's own month: as it stands, or as it was signed."""
        person_id = _person_of(who)
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
            found = self._open(scope, person_id, month)
        if found is None:
            return OwnFacts(ZERO, "", signed=False, closed=False, employed=False)
        figures = figures_of(found.derived.result)
        return OwnFacts(
            figures, found.fingerprint, signed=found.signed, closed=False, employed=True
        )

    def has_head(self, department_id: str) -> bool:
        """Whether somebody leads a department now."""
        with self._core.db.read() as scope:
            return bool(self._sources.staffing.heads(scope, department_id, self.today))

    def leads(self, who: Principal, department_id: str) -> bool:
        """Whether somebody leads a department now."""
        with self._core.db.read() as scope:
            return self._leads(scope, who, department_id)

    def settled(self, who: Principal, person_id: str, month: Month) -> SettledMonth:
        """Give somebody's closed month; raise `404 not_found` while it is open."""
        with self._core.db.read() as scope:
            found = settled_month(scope, person_id, month)
            if found is None or not (
                person_id == who.person_id or self._sees(scope, who, found.closed.department_id)
            ):
                raise Problem(NOT_FOUND, "no such closed month")
            return found

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

    # --- signing ---------------------------------------------------------------------------------

    def sign_own(self, who: Principal, month: Month, fingerprint: str | None) -> Signature:
        """Sign one's own month as it stands; `fingerprint`: that of what one saw, if known."""
        person_id = _person_of(who)
        now = self._core.clock.now()

        def work(scope: Scope) -> Signature:
            if rows.closed_month(scope, person_id, str(month)) is not None:
                raise Problem(MONTH_CLOSED, "this month is closed")
            found = self._open(scope, person_id, month)
            if found is None:
                raise Problem(NOT_FOUND, "not employed in this month")
            if fingerprint not in (None, found.fingerprint):
                raise Problem(MONTH_CHANGED, "the month has changed since you saw it")
            made = self._closings.sign(
                scope, SignedKind.PERSON, person_id, month, found.fingerprint, who.actor, now
            )
            record(scope, now, who, "month.signed", ("person", person_id), {"month": str(month)})
            return made

        return self._core.db.write(work)

    def sign_department(
        self, who: Principal, department_id: str, month: Month, fingerprint: str | None
    ) -> Signature:
        """Sign a department's month as its head; where nobody leads it, personnel may."""
        now = self._core.clock.now()

        def work(scope: Scope) -> Signature:
            self._unit(scope, who, department_id)
            heads = self._sources.staffing.heads(scope, department_id, self.today)
            stands_in = not heads and who.may(Right.ATTENDANCE_CLOSE)
            if not (stands_in or (who.person_id is not None and who.person_id in heads)):
                raise Problem(FORBIDDEN, "the head of the department signs its month")
            if rows.closing(scope, department_id, str(month)) is not None:
                raise Problem(MONTH_CLOSED, "this month is closed")
            seen = self._closings.look(scope, department_id, month, now)
            if not seen.people:
                raise Problem(NOT_FOUND, "nobody belongs to this department in this month")
            if fingerprint not in (None, seen.fingerprint):
                raise Problem(MONTH_CHANGED, "the month has changed since you saw it")
            kind = SignedKind.DEPARTMENT
            made = self._closings.sign(
                scope, kind, department_id, month, seen.fingerprint, who.actor, now
            )
            target = "department", department_id
            record(scope, now, who, "month.signed", target, {"month": str(month)})
            return made

        return self._core.db.write(work)

    def sign_adjustment(self, who: Principal, adjustment_id: str, remark: str) -> MonthAdjustment:
        """Sign an adjustment, so that the next month can take it up: a head, or personnel,
        and nobody their own."""
        now = self._core.clock.now()

        def work(scope: Scope) -> MonthAdjustment:
            found = rows.adjustment(scope, adjustment_id)
            if found is None or not self._sees(scope, who, found.department_id):
                raise Problem(NOT_FOUND, "no such adjustment")
            leads = self._leads(scope, who, found.department_id)
            if not (who.may(Right.ATTENDANCE_CLOSE) or leads):
                raise Problem(FORBIDDEN, "a head or personnel signs adjustments")
            if found.person_id == who.person_id:
                raise Problem(FORBIDDEN, "nobody signs an adjustment of their own month")
            state = ADJUSTMENT_STEPS.get((found.state, AdjustmentAct.SIGN))
            if state is None:
                raise Problem(MONTH_CLOSED, "this adjustment is settled")
            signed = replace(
                found,
                state=state,
                signed_by=who.actor,
                signed_at=now,
                remark=remark,
            )
            rows.keep_adjustment(scope, signed)
            said = {"person_id": found.person_id, "month": found.month, "remark": remark}
            record(scope, now, who, "adjustment.signed", ("adjustment", found.id), said)
            return signed

        return self._core.db.write(work)

    # --- closing ---------------------------------------------------------------------------------

    def close(
        self, who: Principal, department_id: str, month: Month, cause: str
    ) -> DepartmentClosing:
        """Close a department's month; over what stands in the way only with a cause."""
        _check_closer(who)
        now = self._core.clock.now()

        def work(scope: Scope) -> DepartmentClosing:
            made = self._closings.close(scope, department_id, month, who.actor, now, cause)
            said = {
                "month": made.month,
                "round": made.round,
                "people": made.people,
                "fingerprint": made.fingerprint,
                "cause": made.cause,
                "overridden": len(made.overridden),
            }
            record(scope, now, who, "month.closed", ("department", department_id), said)
            return made

        self._check_unit(who, department_id)
        try:
            return self._core.db.write(work)
        except ClosingRefusedError as error:
            raise _problem(error) from error

    def reopen(
        self, who: Principal, department_id: str, month: Month, cause: str
    ) -> DepartmentClosing:
        """Open a closed month again, with a cause."""
        _check_closer(who)
        if not cause.strip():
            raise invalid("cause", "missing", "say why the month is opened again")
        now = self._core.clock.now()

        def work(scope: Scope) -> DepartmentClosing:
            made = self._closings.reopen(scope, department_id, month, who.actor, now, cause)
            said = {"month": made.month, "round": made.round, "cause": cause}
            record(scope, now, who, "month.reopened", ("department", department_id), said)
            return made

        self._check_unit(who, department_id)
        try:
            return self._core.db.write(work)
        except ClosingRefusedError as error:
            raise _problem(error) from error

    # --- reach -----------------------------------------------------------------------------------

    def _sees(self, scope: Scope, who: Principal, department_id: str) -> bool:
        return who.may(Right.ATTENDANCE_READ) or self._leads(scope, who, department_id)

    def _leads(self, scope: Scope, who: Principal, department_id: str) -> bool:
        if who.person_id is None:
            return False
        return who.person_id in self._sources.staffing.heads(scope, department_id, self.today)

    def _unit(self, scope: Scope, who: Principal, department_id: str) -> Unit:
        units = self._sources.staffing.units(scope)
        found = next((each for each in units if each.id == department_id), None)
        if found is None or not self._sees(scope, who, department_id):
            raise Problem(NOT_FOUND, "no such department")
        return found

    def _check_unit(self, who: Principal, department_id: str) -> None:
        with self._core.db.read() as scope:
            self._unit(scope, who, department_id)

    def _open(self, scope: Scope, person_id: str, month: Month) -> PersonMonth | None:
        now = self._core.clock.now()
        seen = self._closings.look(scope, "", month, now, [person_id])
        return next(iter(seen.people), None)


def _check_closer(who: Principal) -> None:
    if not who.may(Right.ATTENDANCE_CLOSE):
        raise Problem(FORBIDDEN, "closing needs the right attendance:close")


def _person_of(who: Principal) -> str:
    if who.person_id is None:
        raise Problem(FORBIDDEN, "this user is tied to nobody")
    return who.person_id


def _problem(error: ClosingRefusedError) -> Problem:
    match error:
        case BlockedError(blockers=blockers):
            return Problem(
                MONTH_BLOCKED,
                f"{len(blockers)} things stand in the way",
                extra={"blockers": [told(each) for each in blockers[:_SHOWN]]},
            )
        case AlreadyClosedError():
            return Problem(MONTH_CLOSED, "this month is closed")
        case NotClosedError():
            return Problem(MONTH_OPEN, "this month is open")
        case CarriedError():
            return Problem(MONTH_CARRIED, "a later month has taken up an adjustment of this one")
        case NobodyError():
            return Problem(NOT_FOUND, "nobody belongs to this department in this month")
    raise error


def told(blocker: Blocker) -> dict[str, object]:
    """Give a blocker as JSON."""
    return {
        "kind": blocker.kind.value,
        "person_id": blocker.person_id or None,
        "work_date": blocker.work_date.isoformat() if blocker.work_date else None,
        "about": blocker.about or None,
        "path": blocker.path or None,
    }
