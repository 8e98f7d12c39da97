"""Open months as they stand: who belongs to a department, who has signed, what is in the way of
closing, and which adjustments of earlier months would be taken up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub.attendance.domain import work_date_of
from hub.attendance.repository import unsure_punches
from hub.database.scope import Scope
from hub.timesheets import closing_repository as rows
from hub.timesheets import divergence_repository as divergences
from hub.timesheets.closing_domain import (
    AdjustmentState,
    Blocker,
    BlockerKind,
    MonthAdjustment,
    SignedKind,
    blockers_of_applications,
    blockers_of_results,
    blockers_of_unreckonable,
)
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.snapshots import fingerprint, fingerprint_of_all, text_of
from hub.timesheets.sources import DerivedMonth, Sources
from hub.worktime.domain import Month, month_of

_WAITING_MOST: Final = 10_000


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


class OpenMonths:
    """Looks at them, in the caller's transaction."""

    def __init__(self, sources: Sources, settings: ClosingSettings) -> None:
        self._sources = sources
        self._settings = settings

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
        found = self._blockers(
            scope, (department_id, month), people, now, carried, head_signed=head
        )
        unknown = derivation.unreckonable(scope, month, person_ids)
        if unknown:
            more = blockers_of_unreckonable(unknown)
            found = tuple(sorted((*found, *more), key=_order_of))
        return DepartmentMonth(department_id, month, people, whole, head, found, carried)

    def of_person(
        self, scope: Scope, person_id: str, month: Month, now: datetime
    ) -> PersonMonth | None:
        """Give somebody's own open month as it stands; None where they are not employed in it."""
        seen = self.look(scope, "", month, now, [person_id])
        return next(iter(seen.people), None)

    def _blockers(
        self,
        scope: Scope,
        place: tuple[str, Month],
        people: tuple[PersonMonth, ...],
        now: datetime,
        carried: Iterable[MonthAdjustment],
        *,
        head_signed: bool,
    ) -> tuple[Blocker, ...]:
        department_id, month = place
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
                Blocker(
                    kind=BlockerKind.NOT_SIGNED,
                    person_id=each.person_id,
                    path=f"/attendance/people/{each.person_id}?month={month}",
                )
                for each in people
                if not each.signed
            ]
        if self._settings.heads_sign and people and not head_signed:
            path = f"/closing/{month}/{department_id}#signed"
            found.append(Blocker(kind=BlockerKind.HEAD_NOT_SIGNED, path=path))
        found += [
            Blocker(
                kind=BlockerKind.UNSIGNED_ADJUSTMENT,
                person_id=each.person_id,
                about=each.id,
                path=f"/closing/adjustments/{each.id}",
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


def _person(derived: DerivedMonth, signed: Collection[tuple[SignedKind, str, str]]) -> PersonMonth:
    text = text_of(derived.result)
    print_ = fingerprint(text)
    is_signed = (SignedKind.PERSON, derived.person_id, print_) in signed
    return PersonMonth(derived.person_id, derived, text, print_, is_signed)


def _order_of(blocker: Blocker) -> tuple[int, str, date, str]:
    kinds = list(BlockerKind)
    day = blocker.work_date or date.min
    return kinds.index(blocker.kind), blocker.person_id, day, blocker.about
