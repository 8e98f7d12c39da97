"""What routes and pages have done with closings: signing, closing, opening again.

Everybody signs their own month, a head their department's, and personnel (`attendance:close`)
close.
"""

from __future__ import annotations

from dataclasses import replace
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
    Blocker,
    DepartmentClosing,
    MonthAdjustment,
    Signature,
    SignedKind,
)
from hub.timesheets.closings import (
    AlreadyClosedError,
    BlockedError,
    CarriedError,
    ClosingRefusedError,
    Closings,
    NobodyError,
    NotClosedError,
)
from hub.timesheets.leading import answering, leads, person_of, sees, unit_seen
from hub.timesheets.open_months import OpenMonths
from hub.timesheets.sources import Sources
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


class ClosingService:
    """Signs and closes, within what a principal may."""

    def __init__(
        self, core: Core, sources: Sources, months: OpenMonths, closings: Closings
    ) -> None:
        self._core = core
        self._sources = sources
        self._months = months
        self._closings = closings

    @property
    def _today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    # --- signing ---------------------------------------------------------------------------------

    def sign_own(self, who: Principal, month: Month, fingerprint: str | None) -> Signature:
        """Sign one's own month as it stands; `fingerprint`: that of what one saw, if known."""
        person_id = person_of(who)
        now = self._core.clock.now()

        def work(scope: Scope) -> Signature:
            if rows.closed_month(scope, person_id, str(month)) is not None:
                raise Problem(MONTH_CLOSED, "this month is closed")
            found = self._months.of_person(scope, person_id, month, now)
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
            unit_seen(scope, self._sources, who, department_id, self._today)
            heads = answering(scope, self._sources, department_id, self._today)
            stands_in = not heads and who.may(Right.ATTENDANCE_CLOSE)
            if not (stands_in or (who.person_id is not None and who.person_id in heads)):
                raise Problem(FORBIDDEN, "the head of the department signs its month")
            if rows.closing(scope, department_id, str(month)) is not None:
                raise Problem(MONTH_CLOSED, "this month is closed")
            seen = self._months.look(scope, department_id, month, now)
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
            if found is None or not sees(
                scope, self._sources, who, found.department_id, self._today
            ):
                raise Problem(NOT_FOUND, "no such adjustment")
            heads = leads(
                scope, self._sources, who, found.department_id, self._today, found.person_id
            )
            if not (who.may(Right.ATTENDANCE_CLOSE) or heads):
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
            said = {
                "person_id": found.person_id,
                "month": found.month,
                "remark_chars": len(remark),
            }
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
                "cause_chars": len(made.cause),
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
            said = {"month": made.month, "round": made.round, "cause_chars": len(cause)}
            record(scope, now, who, "month.reopened", ("department", department_id), said)
            return made

        self._check_unit(who, department_id)
        try:
            return self._core.db.write(work)
        except ClosingRefusedError as error:
            raise _problem(error) from error

    def _check_unit(self, who: Principal, department_id: str) -> None:
        with self._core.db.read() as scope:
            unit_seen(scope, self._sources, who, department_id, self._today)


def _check_closer(who: Principal) -> None:
    if not who.may(Right.ATTENDANCE_CLOSE):
        raise Problem(FORBIDDEN, "closing needs the right attendance:close")


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
