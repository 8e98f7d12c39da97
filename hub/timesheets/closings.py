"""Closing a department's month, opening it again, and what arrives afterwards, each in the caller's
transaction.

Who closes takes the lock of the month before anything else (and before `STORY`, so that nobody
waits in a circle), derives everything anew within the transaction, and keeps that. A punch or an
approval that commits meanwhile was not seen: its mark (`hub.attendance.touched`) is, and `settle`
writes what it changes as an adjustment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from hub.attendance.domain import work_date_of
from hub.attendance.repository import unsure_punches
from hub.clock import Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.timesheets import closing_repository as rows
from hub.timesheets import divergence_repository as divergences
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
    blockers_of_applications,
    blockers_of_results,
    blockers_of_unreckonable,
    difference,
)
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.closing_tables import month_adjustments
from hub.timesheets.figures import ZERO, Figures, figures_of
from hub.timesheets.kept import file_to_text
from hub.timesheets.snapshots import fingerprint, fingerprint_of_all, result_of, text_of
from hub.timesheets.sources import DerivedMonth, Sources
from hub.worktime.domain import Month, month_of

_COUNTER: Final = "month_adjustments"
_WAITING_MOST: Final = 10_000


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


@dataclass(frozen=True, slots=True)
class PersonMonth:
    """Somebody's open month as it stands. `signed`: they signed it as it is now."""

    person_id: str
    derived: DerivedMonth
    text: str
    fingerprint: str
    signed: bool


@dataclass(frozen=True, slots=True)
class DepartmentMonth:
    """An open month of a department as it stands. `adjustments` of earlier months would be carried
    into it."""

    department_id: str
    month: Month
    people: tuple[PersonMonth, ...]
    fingerprint: str
    head_signed: bool
    blockers: tuple[Blocker, ...]
    adjustments: tuple[MonthAdjustment, ...]


def closed_through(
    scope: Scope, day: date, *, person_id: str | None = None, department_id: str | None = None
) -> bool:
    """Tell whether the month of a date is closed, for a person or for a department."""
    month = str(month_of(day))
    if person_id is not None:
        return rows.closed_month(scope, person_id, month) is not None
    return department_id is not None and rows.closing(scope, department_id, month) is not None


class Closings:
    """The acts. Each takes a scope, and the instant at which it happens."""

    def __init__(self, sources: Sources, ids: Ids, settings: ClosingSettings) -> None:
        self._sources = sources
        self.ids = ids
        self._settings = settings

    # --- looking ---------------------------------------------------------------------------------

    def members(self, scope: Scope, month: Month) -> dict[str, list[str]]:
        """Give the people of a month by department: those closed elsewhere stay where they are."""
        placed = dict(self._sources.staffing.placed(scope, month, self._settings.by_last_day))
        placed |= rows.closed_elsewhere(scope, str(month))
        found: dict[str, list[str]] = {}
        for person_id in sorted(placed):
            found.setdefault(placed[person_id], []).append(person_id)
        return found

    def look(
        self,
        scope: Scope,
        department_id: str,
        month: Month,
        now: datetime,
        person_ids: Collection[str] | None = None,
        *,
        anew: bool = False,
    ) -> DepartmentMonth:
        """Give a department's open month as it stands. `person_ids`: its people, if known. `anew`:
        derived from everything there is, with the records behind it, whatever is kept."""
        if person_ids is None:
            person_ids = self.members(scope, month).get(department_id, [])
        derivation = self._sources.derivation
        derive = derivation.months if anew else derivation.standing
        derived = derive(scope, month, person_ids)
        signed = {
            (each.kind, each.subject_id, each.fingerprint)
            for each in rows.signatures(scope, str(month))
        }
        people = tuple(_person(derived[each], signed) for each in person_ids if each in derived)
        whole = fingerprint_of_all({each.person_id: each.fingerprint for each in people})
        head = (SignedKind.DEPARTMENT, department_id, whole) in signed
        carried = self._to_carry(scope, department_id, month, person_ids)
        found = self._blockers(scope, month, people, now, carried, head_signed=head)
        unknown = derivation.unreckonable(scope, month, person_ids)
        if unknown:
            more = blockers_of_unreckonable(unknown)
            found = tuple(sorted((*found, *more), key=_order_of))
        return DepartmentMonth(department_id, month, people, whole, head, found, carried)

    def _blockers(
        self,
        scope: Scope,
        month: Month,
        people: tuple[PersonMonth, ...],
        now: datetime,
        carried: Iterable[MonthAdjustment],
        *,
        head_signed: bool,
    ) -> tuple[Blocker, ...]:
        ids = [each.person_id for each in people]
        waiting: dict[str, list[date]] = {}
        for punch in unsure_punches(scope, _WAITING_MOST):
            if month_of(day := work_date_of(punch.corrected_at)) == month:
                waiting.setdefault(punch.person_id, []).append(day)
        found = blockers_of_results((each.derived for each in people), waiting)
        pending = self._sources.pending
        found += blockers_of_applications(
            pending.open_applications(scope, ids, month.first, month.last)
        )
        found += [
            Blocker(
                kind=BlockerKind.OPEN_DIVERGENCE,
                person_id=each.person_id,
                work_date=each.work_date,
                about=each.id,
                path=f"/divergences/{each.id}",
            )
            for each in divergences.pending(scope, month.first, month.last, ids)
        ]
        if work_date_of(now) <= month.last:
            found.append(Blocker(kind=BlockerKind.MONTH_NOT_OVER))
        if self._settings.people_sign:
            found += [
                Blocker(kind=BlockerKind.NOT_SIGNED, person_id=each.person_id)
                for each in people
                if not each.signed
            ]
        if self._settings.heads_sign and people and not head_signed:
            found.append(Blocker(kind=BlockerKind.HEAD_NOT_SIGNED))
        found += [
            Blocker(
                kind=BlockerKind.UNSIGNED_ADJUSTMENT,
                person_id=each.person_id,
                about=each.id,
                path=f"/closing/adjustments#a{each.id}",
            )
            for each in carried
            if each.state is AdjustmentState.OPEN
        ]
        return tuple(sorted(found, key=_order_of))

    def _to_carry(
        self, scope: Scope, department_id: str, month: Month, person_ids: Collection[str]
    ) -> tuple[MonthAdjustment, ...]:
        """What the month would take up: of its people, and of those who were the department's and
        belong to none now."""
        text = str(month)
        left = rows.uncarried_of_department(scope, text, department_id) - set(person_ids)
        if left:
            placed = self._sources.staffing.placed(scope, month, self._settings.by_last_day)
            left = {each for each in left if each not in placed}
        return rows.uncarried(scope, text, {*person_ids, *left})

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
            id=self.ids.new(),
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
        seen = self.look(scope, department_id, month, now, anew=True)
        kinds = {each.kind for each in seen.blockers}
        if not seen.people and BlockerKind.UNRECKONABLE not in kinds:
            raise NobodyError
        never = tuple(each for each in seen.blockers if each.kind in NEVER_OVERRIDDEN)
        if never or (seen.blockers and not cause):
            raise BlockedError(never or seen.blockers)
        made = DepartmentClosing(
            id=self.ids.new(),
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

    # --- what comes after ------------------------------------------------------------------------

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
        signed = ZERO if closed.result is None else figures_of(result_of(closed.result))
        found = difference(
            signed,
            closed.inputs,
            rows.adjustments_of(scope, person_id, str(month)),
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
            state=AdjustmentState.OPEN,
            found_at=now,
        )
        rows.add_adjustment(scope, made)
        details = {
            "person_id": person_id,
            "month": str(month),
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


def _person(derived: DerivedMonth, signed: Collection[tuple[SignedKind, str, str]]) -> PersonMonth:
    text = text_of(derived.result)
    print_ = fingerprint(text)
    is_signed = (SignedKind.PERSON, derived.person_id, print_) in signed
    return PersonMonth(derived.person_id, derived, text, print_, is_signed)


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


def _order_of(blocker: Blocker) -> tuple[int, str, date, str]:
    kinds = list(BlockerKind)
    day = blocker.work_date or date.min
    return kinds.index(blocker.kind), blocker.person_id, day, blocker.about


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
