"""The ports of `hub.timesheets.sources`, filled by the topics that know: the one file that names
them. `hub.timesheets.closing_wiring` plugs them in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from hub.applications import repository as applications
from hub.attendance import gap_repository
from hub.attendance.domain import DayProblem, start_of, work_date_of
from hub.attendance.reader_gaps import reader_gaps
from hub.attendance.tables import punches
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.staff import repository as staff
from hub.timesheets.divergence_domain import DivergenceKind, FoundDivergence, ProbableCause
from hub.timesheets.reckoner import Derived, Reckoner
from hub.timesheets.seen import SeenAtDoors
from hub.timesheets.sources import DerivedMonth, OpenApplication, Sources, Unit
from hub.worktime.day import goes_by_order
from hub.worktime.domain import Month, MonthFile, MonthTally, month_of
from hub.worktime.minutes import Span
from hub.worktime.ordinance import Ordinance
from hub.worktime.three_way import Doors, compare, three_way_of

AHEAD: Final = 3
"""Months after the present one that can be derived: plans are known, and leave may be."""
_USED: Final = timedelta(days=60)
"""Whoever punched at a reader within that time uses it."""
_MINUTE: Final = timedelta(minutes=1)
_AT_ONCE: Final = 50
"""People whose months are reckoned in one transaction: nobody else writes meanwhile on SQLite."""


def plug_in(sources: Sources, reckoner: Reckoner, clock: Clock) -> None:
    """Fill the ports."""
    sources.derivation = ReckonedMonths(reckoner, clock)
    sources.staffing = Staff()
    sources.pending = Applications()
    sources.comparison = ThreeWay()
    sources.gaps = ReaderGaps()


class ReckonedMonths:
    """Months as the reckoner gives them, in the caller's transaction."""

    def __init__(self, reckoner: Reckoner, clock: Clock) -> None:
        self._reckoner = reckoner
        self._clock = clock

    def months(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Reckon anew, from everything there is, the months of those who were employed in it."""
        wanted = self._reckonable(scope, month, person_ids)
        return self._told(month, self._reckoner.derive(scope, wanted, month, self._clock.now()))

    def standing(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Give them as they are kept, where they stand."""
        wanted = self._reckonable(scope, month, person_ids)
        return self._told(month, self._reckoner.standing(scope, wanted, month, self._clock.now()))

    def keep(self, db: Database, month: Month, person_ids: Collection[str], /) -> None:
        """Have them kept, a few people in a transaction."""
        ordered = sorted(person_ids)
        for at in range(0, len(ordered), _AT_ONCE):
            with db.read() as scope:
                some = self._reckonable(scope, month, ordered[at : at + _AT_ONCE])
                if not some or self._reckoner.stands(scope, some, month, self._clock.now()):
                    continue
            self._bring_up(db, some, month)

    def _bring_up(self, db: Database, person_ids: list[str], month: Month) -> None:
        now = self._clock.now()
        db.write(lambda scope: self._reckoner.bring_up(scope, person_ids, month, now))

    def unreckonable(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, date]:
        """Give those whose kind of employment no ordinance knows, with the first such date."""
        if not self._is_known(month) or not person_ids:
            return {}
        found = self._reckoner.unknown_kinds(scope, person_ids, month)
        return {each.person_id: each.work_date for each in found.values()}

    def _is_known(self, month: Month) -> bool:
        this = month_of(work_date_of(self._clock.now()))
        return self._reckoner.earliest <= month <= this.plus(AHEAD)

    def _reckonable(self, scope: Scope, month: Month, person_ids: Collection[str]) -> list[str]:
        if not self._is_known(month):
            return []
        unknown = self.unreckonable(scope, month, person_ids)
        return sorted(set(person_ids) - unknown.keys())

    def _told(self, month: Month, found: Mapping[str, Derived]) -> Mapping[str, DerivedMonth]:
        ordinance = self._reckoner.ordinances.at(month.last) if found else None
        return {
            person_id: DerivedMonth(
                file=each.file,
                result=each.result,
                days=each.days,
                ordinance=f"{ordinance.title} {ordinance.since}",
                divergence_min=ordinance.warnings.divergence_min,
                cap_month_min=cap_of(ordinance, each.result.tally),
                alerts_min=_alerts_of(ordinance, each.result.tally),
                by_order=self._by_order(each.file),
            )
            for person_id, each in found.items()
            if ordinance is not None and any(day.terms is not None for day in each.result.days)
        }

    def _by_order(self, file: MonthFile) -> frozenset[date]:
        return frozenset(
            day.work_date
            for day in file.days
            if day.orders
            and day.explained
            and goes_by_order(
                day, self._reckoner.ordinances.at(day.work_date).elsewhere.trip_overtime
            )
        )


def cap_of(ordinance: Ordinance, tally: MonthTally | None) -> int | None:
    """Give the most minutes that a month may have; where only less than a number is allowed, one
    less than that."""
    cap = ordinance.caps.get(tally.cap_type) if tally is not None else None
    if cap is None or cap.month_min is None:
        return None
    return cap.month_min - (1 if cap.month_below else 0)


def _alerts_of(ordinance: Ordinance, tally: MonthTally | None) -> tuple[int, ...]:
    cap = ordinance.caps.get(tally.cap_type) if tally is not None else None
    return cap.alerts_min if cap is not None else ()


class Staff:
    """Departments and employments of `hub.staff`."""

    def units(self, scope: Scope, /) -> tuple[Unit, ...]:
        """Give every department, by code."""
        found = sorted(staff.departments(scope), key=lambda one: (one.code, one.id))
        return tuple(Unit(d.id, d.code, d.name, d.name_en, d.parent_id) for d in found)

    def placed(self, scope: Scope, month: Month, by_last_day: bool, /) -> Mapping[str, str]:
        """Give person -> department of everybody employed in a month."""
        found = staff.employments_between(scope, month.first, month.last)
        at = -1 if by_last_day else 0
        return {person: places[at].department_id for person, places in found.items() if places}

    def heads(self, scope: Scope, department_id: str, on: date, /) -> tuple[tuple[str, ...], ...]:
        """Give who leads a department, then who leads the one above it, and so on."""
        parents = {unit.id: unit.parent_id for unit in self.units(scope)}
        chain: list[str] = []
        here: str | None = department_id
        while here is not None and here in parents and here not in chain:
            chain.append(here)
            here = parents[here]
        return tuple(staff.heads_of(scope, each, on) for each in chain)


class Applications:
    """What waits for a decision in `hub.applications`."""

    def open_applications(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> tuple[OpenApplication, ...]:
        """Give those that concern a date of `[first, last]`."""
        wanted = set(person_ids)
        return tuple(
            OpenApplication(
                each.id, each.person_id, max(each.first, first), f"/my/applications/{each.id}"
            )
            for each in applications.waiting(scope)
            if each.person_id in wanted and each.first <= last and each.last >= first
        )


class ThreeWay:
    """The comparison of `hub.worktime.three_way`, with what would explain a difference."""

    def found(
        self, derived: DerivedMonth, seen: Mapping[date, SeenAtDoors], /
    ) -> tuple[FoundDivergence, ...]:
        """Give what differs markedly on the dates on which somebody is employed."""
        found = []
        for day in derived.file.days:
            if day.terms is None:
                continue
            doors = seen.get(day.work_date, SeenAtDoors())
            sides = three_way_of(
                day, _doors(day.work_date, doors), by_order=day.work_date in derived.by_order
            )
            for each in compare(sides, derived.divergence_min):
                kind = DivergenceKind(each.kind.value)
                cause = _cause(derived, day.work_date, doors, kind)
                found.append(FoundDivergence(day.work_date, kind, each.minutes, cause))
        return tuple(found)


def _doors(work_date: date, seen: SeenAtDoors) -> Doors:
    first, last = seen.minutes(work_date)
    midnight = start_of(work_date)
    blind = tuple(
        Span(max(0, (start - midnight) // _MINUTE), (end - midnight) // _MINUTE)
        for start, end in sorted(seen.blind)
        if (end - midnight) // _MINUTE > max(0, (start - midnight) // _MINUTE)
    )
    return Doors(
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
            known = gap_repository.signs_of(scope, row.reader_id, start, end)
            gaps = reader_gaps(known, start, end) if known is not None else ()
            found += [(gap.start, gap.end or end) for gap in gaps if gap.sure]
        return tuple(sorted(found))
