"""What arrives after a month was closed, in the caller's transaction: it is derived anew, and what
differs from what was signed and adjusted before is written as an adjustment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hub.clock import Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import AdjustmentState, ClosedMonth, MonthAdjustment, difference
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.day_prints import changed_days
from hub.timesheets.figures import ZERO, figures_of
from hub.timesheets.snapshots import fingerprint, result_of
from hub.timesheets.sources import Sources
from hub.worktime.domain import Month

_COUNTER: Final = "month_adjustments"


class Adjusting:
    """Settles months that are closed."""

    def __init__(self, sources: Sources, ids: Ids, settings: ClosingSettings) -> None:
        self._sources = sources
        self.ids = ids
        self._settings = settings

    def hold(self, scope: Scope, months: Iterable[tuple[str, Month]]) -> None:
        """Take the locks of several people's months, in one order, before looking whether they are
        closed: also of those that are open, for somebody may be closing one, and have read before
        what we are to settle was there."""
        people: dict[Month, set[str]] = {}
        for person_id, month in months:
            people.setdefault(month, set()).add(person_id)
        names = set()
        for month, wanted in people.items():
            placed = self._sources.staffing.placed(scope, month, self._settings.by_last_day)
            closed = rows.closed_elsewhere(scope, str(month))
            units = {unit for each in wanted for unit in (placed.get(each), closed.get(each))}
            names |= {f"closing:{unit}:{month}" for unit in units if unit is not None}
        for name in sorted(names):
            scope.lock(name)

    def settle(
        self, scope: Scope, person_id: str, month: Month, now: datetime
    ) -> MonthAdjustment | None:
        """Derive somebody's closed month anew, and write what differs as an adjustment; None where
        the month is open, cannot be reckoned, or nothing differs."""
        closed = self._closed_for(scope, person_id, month)
        if closed is None:
            return None
        scope.lock(f"closing:{closed.department_id}:{month}")
        closed = rows.closed_month(scope, person_id, str(month))
        if closed is None:  # opened again while we waited
            return None
        derivation = self._sources.derivation
        if derivation.unreckonable(scope, month, [person_id]):
            return None
        derived = derivation.months(scope, month, [person_id]).get(person_id)
        signed = None if closed.result is None else result_of(closed.result)
        before = rows.adjustments_of(scope, person_id, str(month))
        found = difference(
            ZERO if signed is None else figures_of(signed),
            closed.inputs,
            before,
            ZERO if derived is None else figures_of(derived.result),
            () if derived is None else derived.inputs,
            joined_late=closed.result is None,
        )
        if found is None:
            return None
        made = MonthAdjustment(
            id=self.ids.new(),
            seq=int(scope.take_numbers(_COUNTER)[0]),
            closing_id=closed.closing_id,
            person_id=person_id,
            month=str(month),
            department_id=closed.department_id,
            causes=found.causes,
            figures=found.figures,
            added=found.added,
            removed=found.removed,
            days=changed_days(
                signed,
                (each.days for each in before if each.counts),
                None if derived is None else derived.result,
            ),
            state=AdjustmentState.OPEN,
            found_at=now,
        )
        rows.add_adjustment(scope, made)
        details = {
            "person_id": person_id,
            "month": str(month),
            "work_dates": [each.isoformat() for each in made.work_dates],
            "causes": [each.value for each in made.causes],
        }
        kind = HappeningKind.ATTENDANCE_ADJUSTED
        tell(scope, now, kind, Subject(other_id=made.id), "hub", details)
        return made

    def _closed_for(self, scope: Scope, person_id: str, month: Month) -> ClosedMonth | None:
        """What was signed of a person's month; whoever came to a department after it was closed
        gets an empty one, so that all of theirs is an adjustment."""
        closed = rows.closed_month(scope, person_id, str(month))
        if closed is not None:
            return closed
        closings = rows.closings_of_month(scope, str(month))
        if not closings:
            return None
        placed = self._sources.staffing.placed(scope, month, self._settings.by_last_day)
        theirs = closings.get(placed.get(person_id, ""))
        if theirs is None:
            return None
        scope.lock(f"closing:{theirs.department_id}:{month}")
        closed = rows.closed_month(scope, person_id, str(month))
        if closed is not None:  # it was closed with them while we waited
            return closed
        theirs = rows.closing(scope, theirs.department_id, str(month))
        if theirs is None:
            return None
        empty = ClosedMonth(
            closing_id=theirs.id,
            person_id=person_id,
            month=str(month),
            department_id=theirs.department_id,
            result=None,
            fingerprint=fingerprint(""),
            inputs=(),
            in_force=True,
        )
        rows.keep_closed_month(scope, empty)
        return empty
