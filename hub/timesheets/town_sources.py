"""The ports of `hub.timesheets.sources`, filled by the topics that know: the one file that names
them. `hub.bootstrap` plugs them in once `hub.staff`, `hub.applications` and the reckoner are built:

    plug_in(services.get(Sources), services.get(Reckoner), core.clock)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any, Final

from hub.attendance.domain import DayProblem, start_of, work_date_of
from hub.attendance.tables import punches
from hub.clock import Clock
from hub.database.scope import Scope
from hub.timesheets.divergence_domain import DivergenceKind, FoundDivergence, ProbableCause
from hub.timesheets.seen import SeenAtDoors
from hub.timesheets.sources import DerivedMonth, OpenApplication, Sources, Unit
from hub.worktime.domain import Month, month_of
from hub.worktime.minutes import Span

AHEAD: Final = 3
"""Months after the present one that can be derived: plans are known, and leave may be."""
_USED: Final = timedelta(days=60)
"""Whoever punched at a reader within that time uses it."""
_MINUTE: Final = timedelta(minutes=1)


def plug_in(sources: Sources, reckoner: Any, clock: Clock) -> None:
    """Fill the ports. `reckoner` is `hub.timesheets.reckoner.Reckoner`."""
    sources.derivation = ReckonedMonths(reckoner, clock)
    sources.staffing = Staff()
    sources.pending = Applications()
    sources.comparison = ThreeWay()
    sources.gaps = ReaderGaps()


class ReckonedMonths:
    """Months reckoned anew from everything there is, in the caller's transaction."""

    def __init__(self, reckoner: Any, clock: Clock) -> None:
        self._reckoner = reckoner
        self._clock = clock

    def months(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Give the months of those who were employed in it."""
        now = self._clock.now()
        known = self._reckoner.earliest <= month <= month_of(work_date_of(now)).plus(AHEAD)
        if not known or not person_ids:
            return {}
        derived = self._reckoner.derive(scope, sorted(person_ids), month, now)
        ordinance = self._reckoner.ordinances.at(month.last)
        found = {}
        for person_id, each in derived.items():
            if not any(day.terms is not None for day in each.result.days):
                continue
            found[person_id] = DerivedMonth(
                file=each.file,
                result=each.result,
                days=each.days,
                ordinance=f"{ordinance.title} {ordinance.since}",
                divergence_min=ordinance.warnings.divergence_min,
                cap_month_min=_cap(ordinance, each.result.tally),
            )
        return found


def _cap(ordinance: Any, tally: Any) -> int | None:
    """The most minutes that a month may have; where only less than a number is allowed, one less
    than that."""
    cap = ordinance.caps.get(tally.cap_type) if tally is not None else None
    if cap is None or cap.month_min is None:
        return None
    return int(cap.month_min) - (1 if cap.month_below else 0)


class Staff:
    """Departments and employments of `hub.staff`."""

    def __init__(self) -> None:
        self._rows: Any = import_module("hub.staff.repository")

    def units(self, scope: Scope, /) -> tuple[Unit, ...]:
        """Give every department, by code."""
        found = sorted(self._rows.departments(scope), key=lambda one: (one.code, one.id))
        return tuple(Unit(d.id, d.code, d.name, d.name_en, d.parent_id) for d in found)

    def placed(self, scope: Scope, month: Month, by_last_day: bool, /) -> Mapping[str, str]:
        """Give person -> department of everybody employed in a month."""
        found = self._rows.employments_between(scope, month.first, month.last)
        at = -1 if by_last_day else 0
        return {person: places[at].department_id for person, places in found.items() if places}

    def heads(self, scope: Scope, department_id: str, on: date, /) -> tuple[str, ...]:
        """Give who leads a department; where nobody does, the one above it."""
        parents = {unit.id: unit.parent_id for unit in self.units(scope)}
        seen: set[str] = set()
        here: str | None = department_id
        while here is not None and here in parents and here not in seen:
            heads: tuple[str, ...] = self._rows.heads_of(scope, here, on)
            if heads:
                return heads
            seen.add(here)
            here = parents[here]
        return ()


class Applications:
    """What waits for a decision in `hub.applications`."""

    def __init__(self) -> None:
        self._rows: Any = import_module("hub.applications.repository")

    def open_applications(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> tuple[OpenApplication, ...]:
        """Give those that concern a date of `[first, last]`."""
        wanted = set(person_ids)
        return tuple(
            OpenApplication(
                each.id, each.person_id, max(each.first, first), f"/applications/{each.id}"
            )
            for each in self._rows.waiting(scope)
            if each.person_id in wanted and each.first <= last and each.last >= first
        )


class ThreeWay:
    """The comparison of `hub.worktime.three_way`, with what would explain a difference."""

    def __init__(self) -> None:
        self._rules: Any = import_module("hub.worktime.three_way")

    def found(
        self, derived: DerivedMonth, seen: Mapping[date, SeenAtDoors], /
    ) -> tuple[FoundDivergence, ...]:
        """Give what differs markedly on the dates on which somebody is employed."""
        found = []
        for day in derived.file.days:
            if day.terms is None:
                continue
            doors = seen.get(day.work_date, SeenAtDoors())
            sides = self._rules.three_way_of(day, self._doors(day.work_date, doors))
            for each in self._rules.compare(sides, derived.divergence_min):
                kind = DivergenceKind(each.kind.value)
                cause = _cause(derived, day.work_date, doors, kind)
                found.append(FoundDivergence(day.work_date, kind, each.minutes, cause))
        return tuple(found)

    def _doors(self, work_date: date, seen: SeenAtDoors) -> Any:
        first, last = seen.minutes(work_date)
        midnight = start_of(work_date)
        blind = tuple(
            Span(max(0, (start - midnight) // _MINUTE), (end - midnight) // _MINUTE)
            for start, end in sorted(seen.blind)
            if (end - midnight) // _MINUTE > max(0, (start - midnight) // _MINUTE)
        )
        return self._rules.Doors(
            first_min=first,
            last_min=last,
            inside=seen.inside,
            left_unseen=seen.left_unseen,
            expected=seen.expected,
            blind=blind,
        )


_ABOUT_PUNCHES: Final = frozenset(
    {
        DivergenceKind.DOOR_ONLY,
        DivergenceKind.DOOR_BEFORE_IN,
        DivergenceKind.DOOR_AFTER_OUT,
        DivergenceKind.ORDER_BEYOND_PRESENCE,
    }
)


def _cause(
    derived: DerivedMonth, work_date: date, seen: SeenAtDoors, kind: DivergenceKind
) -> ProbableCause:
    read = derived.days.get(work_date)
    if read is not None and DayProblem.WAITING in read.problems:
        return ProbableCause.CLOCK
    if kind in _ABOUT_PUNCHES and seen.blind:
        return ProbableCause.READER_DOWN
    return ProbableCause.NO_PUNCHES if kind is DivergenceKind.DOOR_ONLY else ProbableCause.NONE


class ReaderGaps:
    """When the readers at which somebody punches were down (`hub.attendance.reader_gaps`)."""

    def __init__(self) -> None:
        self._rules: Any = import_module("hub.attendance.reader_gaps")
        self._rows: Any = import_module("hub.attendance.gap_repository")

    def blind(
        self, scope: Scope, person_id: str, start: datetime, end: datetime, /
    ) -> tuple[tuple[datetime, datetime], ...]:
        """Give the gaps that are sure, within `[start, end)`."""
        p = punches.c
        query = (
            scope.select(p.reader_id)
            .where(p.person_id == person_id, p.corrected_at >= start - _USED, p.corrected_at < end)
            .distinct()
        )
        found = []
        for row in scope.all(query):
            known = self._rows.signs_of(scope, row.reader_id, start, end)
            gaps = self._rules.reader_gaps(known, start, end) if known is not None else ()
            found += [(gap.start, gap.end or end) for gap in gaps if gap.sure]
        return tuple(sorted(found))
