"""Closing a department's month, opening it again, and what arrives afterwards, each in the caller's
transaction.

Who closes takes the lock of the month before anything else (and before `STORY`, so that nobody
waits in a circle), derives everything anew within the transaction, and keeps that. A punch or an
approval that commits meanwhile was not seen: its mark (`hub.attendance.touched`) is, and `settle`
writes what it changes as an adjustment.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.clock import Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import (
    ADJUSTMENT_STEPS,
    NEVER_OVERRIDDEN,
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
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.kept import file_to_text
from hub.timesheets.open_months import OpenMonths, PersonMonth
from hub.worktime.domain import Month


class ClosingRefusedError(Exception):
    """A month that cannot be closed, or opened again, as things stand."""


class AlreadyClosedError(ClosingRefusedError):
    """It is closed."""


class NotClosedError(ClosingRefusedError):
    """It is open."""


class BlockedError(ClosingRefusedError):
    """Something stands in the way, and no cause was given for closing over it (or none can be)."""

    def __init__(self, blockers: tuple[Blocker, ...]) -> None:
        self.blockers = blockers
        super().__init__(f"{len(blockers)} things stand in the way")


class CarriedError(ClosingRefusedError):
    """An adjustment of the month was carried into one that is closed: opening it would count that
    twice."""


class NobodyError(ClosingRefusedError):
    """Nobody belongs to the department in that month."""


class Closings:
    """The acts. Each takes a scope, and the instant at which it happens."""

    def __init__(self, months: OpenMonths, ids: Ids) -> None:
        self._months = months
        self._ids = ids

    # --- signing ---------------------------------------------------------------------------------

    def sign(
        self,
        scope: Scope,
        kind: SignedKind,
        subject_id: str,
        month: Month,
        print_: str,
        actor: str,
        now: datetime,
    ) -> Signature:
        """Keep somebody's word for a month whose fingerprint they saw."""
        made = Signature(
            id=self._ids.new(),
            kind=kind,
            subject_id=subject_id,
            month=str(month),
            fingerprint=print_,
            signed_by=actor,
            signed_at=now,
        )
        rows.sign(scope, made)
        return made

    # --- closing ---------------------------------------------------------------------------------

    def close(
        self, scope: Scope, department_id: str, month: Month, actor: str, now: datetime, cause: str
    ) -> DepartmentClosing:
        """Close a month; `cause` (may be empty) is why over what stands in the way. Raises
        `ClosingRefusedError`; nothing is written then."""
        scope.lock(f"closing:{department_id}:{month}")
        if rows.closing(scope, department_id, str(month)) is not None:
            raise AlreadyClosedError
        seen = self._months.look(scope, department_id, month, now, anew=True)
        kinds = {each.kind for each in seen.blockers}
        if not seen.people and BlockerKind.UNRECKONABLE not in kinds:
            raise NobodyError
        never = tuple(each for each in seen.blockers if each.kind in NEVER_OVERRIDDEN)
        if never or (seen.blockers and not cause):
            raise BlockedError(never or seen.blockers)
        made = DepartmentClosing(
            id=self._ids.new(),
            department_id=department_id,
            month=str(month),
            round=len(rows.rounds(scope, department_id, str(month))) + 1,
            people=len(seen.people),
            fingerprint=seen.fingerprint,
            ordinance=next((each.derived.ordinance for each in seen.people), ""),
            cause=cause if seen.blockers else "",
            overridden=seen.blockers,
            closed_by=actor,
            closed_at=now,
        )
        rows.keep_closing(scope, made, [_closed(each, made) for each in seen.people])
        # Held: another closing, or somebody who opens their month again, may have been faster.
        taken = month_adjustments.c.id.in_([each.id for each in seen.adjustments])
        for each in rows.adjustments(scope, taken, hold=True):
            if (each.state, AdjustmentAct.CARRY) in ADJUSTMENT_STEPS:
                self._carry(scope, each, made)
        details = {
            "department_id": department_id,
            "month": str(month),
            "round": made.round,
            "people": made.people,
        }
        kind = HappeningKind.ATTENDANCE_MONTH_CLOSED
        tell(scope, now, kind, Subject(other_id=made.id), actor, details)
        return made

    def _carry(self, scope: Scope, each: MonthAdjustment, into: DepartmentClosing) -> None:
        carried = replace(
            each,
            state=AdjustmentState.CARRIED,
            signed_by=each.signed_by or into.closed_by,
            signed_at=each.signed_at or into.closed_at,
            carried_into=into.month,
            carried_by=into.id,
        )
        rows.keep_adjustment(scope, carried)

    def reopen(
        self, scope: Scope, department_id: str, month: Month, actor: str, now: datetime, cause: str
    ) -> DepartmentClosing:
        """Open a closed month again. Its adjustments that nothing has taken up are withdrawn: the
        next closing holds what they said; those it had taken up wait again."""
        scope.lock(f"closing:{department_id}:{month}")
        found = rows.closing(scope, department_id, str(month))
        if found is None:
            raise NotClosedError
        own = rows.adjustments(scope, month_adjustments.c.closing_id == found.id, hold=True)
        if any(each.state is AdjustmentState.CARRIED for each in own):
            raise CarriedError
        for each in own:
            if each.counts:
                gone = replace(each, state=AdjustmentState.WITHDRAWN, remark=cause)
                rows.keep_adjustment(scope, gone)
        for each in rows.adjustments(scope, month_adjustments.c.carried_by == found.id):
            waits = replace(each, state=AdjustmentState.SIGNED, carried_into=None, carried_by=None)
            rows.keep_adjustment(scope, waits)
        opened = replace(found, reopened_by=actor, reopened_at=now, reopened_cause=cause)
        rows.reopen(scope, opened)
        details = {"department_id": department_id, "month": str(month), "round": found.round}
        kind = HappeningKind.ATTENDANCE_MONTH_REOPENED
        tell(scope, now, kind, Subject(other_id=found.id), actor, details)
        return opened


def _closed(person: PersonMonth, by: DepartmentClosing) -> ClosedMonth:
    return ClosedMonth(
        closing_id=by.id,
        person_id=person.person_id,
        month=by.month,
        department_id=by.department_id,
        result=person.text,
        fingerprint=person.fingerprint,
        inputs=tuple(sorted(person.derived.inputs)),
        in_force=True,
        file=file_to_text(person.derived.file),
    )
