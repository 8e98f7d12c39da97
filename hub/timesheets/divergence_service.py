"""Divergences: found by holding order, punches and doors against one another, explained by the
person, looked into by a head or personnel, with a trail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Final

from hub.attendance import refused
from hub.attendance.domain import start_of, work_date_of
from hub.audit.service import record
from hub.clock import Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.sites import repository as sites
from hub.timesheets import divergence_repository as rows
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.divergence_domain import (
    BY_DERIVING,
    BY_PERSON,
    PENDING,
    SETTLED,
    Act,
    Divergence,
    DivergenceState,
    DivergenceStep,
    FoundDivergence,
    IllegalActError,
    after,
    rederived,
    resolving,
)
from hub.timesheets.leading import leads, sees
from hub.timesheets.seen import SeenAtDoors, seen_by_date
from hub.timesheets.sources import DerivedMonth, Sources
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, INVALID, NOT_FOUND, FieldProblem, Problem, ProblemKind
from hub.web.problems import invalid as invalid_field
from hub.web.rights import Principal, Right
from hub.worktime.domain import month_of
from wire.policy_bodies import Side

DIVERGENCE_SETTLED: Final = ProblemKind("divergence_settled", HTTPStatus.CONFLICT)
DAYS_MAX: Final = 100
MOST: Final = 500
HUB: Final = "hub"


@dataclass(frozen=True, slots=True)
class DivergenceSheet:
    """A divergence with its trail, and whether the reader may judge it. `held_up`: when a card of
    theirs was held to a terminal on that date and did not count."""

    divergence: Divergence
    steps: tuple[DivergenceStep, ...]
    may_judge: bool
    is_own: bool
    held_up: tuple[datetime, ...] = ()


def compare_month(
    scope: Scope, sources: Sources, ids: Ids, derived: DerivedMonth, now: datetime
) -> int:
    """Hold a person's dates that are over against one another, and write what changed; give how
    many divergences that were."""
    month, today = derived.file.month, work_date_of(now)
    last = min(month.last, today - timedelta(days=1))
    if last < month.first:
        return 0
    seen = seen_at_doors(scope, sources, derived)
    found = [
        each
        for each in sources.comparison.found(derived, seen)
        if month.first <= each.work_date <= last
    ]
    kept = rows.between(scope, month.first, last, [derived.person_id])
    changes, new = rederived(kept, found, now, marked_min=max(1, derived.divergence_min))
    inputs = {day.work_date: derived.inputs_of(day) for day in derived.file.days}
    by_id = {each.id: each for each in kept}
    for change in changes:
        changed = change.divergence
        links: tuple[str, ...] = ()
        if change.act is Act.VANISH:
            links = resolving(by_id[changed.id], inputs.get(changed.work_date, frozenset()))
            changed = replace(changed, links=tuple(sorted({*changed.links, *links})))
        rows.keep(scope, changed)
        if change.act is not None:
            rows.step(scope, changed, change.act, HUB, "", links)
        if change.act is Act.RETURN:
            _tell(scope, changed, now)
    for each in new:
        made = _new(ids, derived.person_id, each, inputs.get(each.work_date, frozenset()), now)
        rows.add(scope, made, HUB)
        _tell(scope, made, now)
    return len(changes) + len(new)


def seen_at_doors(scope: Scope, sources: Sources, derived: DerivedMonth) -> dict[date, SeenAtDoors]:
    """Give what the doors saw of somebody in a month, by work date."""
    month = derived.file.month
    start = start_of(month.first) - timedelta(days=1)
    end = start_of(month.last) + timedelta(days=3)
    passed = rows.door_events(scope, start, end, [derived.person_id]).get(derived.person_id, [])
    doors = {each.door_id for each in passed if each.door_id is not None}
    both = {
        door
        for door in doors
        if {Side.ENTRY, Side.EXIT} <= {each.side for each in sites.readers_of_door(scope, door)}
    }
    blind = sources.gaps.blind(scope, derived.person_id, start, end)
    return seen_by_date(passed, derived.days, both, blind)


def _new(
    ids: Ids, person_id: str, found: FoundDivergence, inputs: frozenset[str], now: datetime
) -> Divergence:
    return Divergence(
        id=ids.new(),
        person_id=person_id,
        work_date=found.work_date,
        kind=found.kind,
        minutes=found.minutes,
        state=DivergenceState.OPEN,
        stands=True,
        settled_min=0,
        reason="",
        cause=found.cause,
        inputs=tuple(sorted(found.inputs or inputs)),
        links=(),
        found_at=now,
        changed_at=now,
    )


def _tell(scope: Scope, made: Divergence, now: datetime) -> None:
    details = {
        "person_id": made.person_id,
        "work_date": made.work_date.isoformat(),
        "divergence": made.kind.value,
        "minutes": made.minutes,
    }
    kind = HappeningKind.ATTENDANCE_DIVERGED
    tell(scope, now, kind, Subject(other_id=made.id), HUB, details)


class DivergenceService:
    """Reads divergences and acts on them, within what a principal may."""

    def __init__(self, core: Core, sources: Sources, settings: ClosingSettings) -> None:
        self._core = core
        self._sources = sources
        self._settings = settings

    @property
    def today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    def inbox(
        self,
        who: Principal,
        first: date,
        last: date,
        *,
        pending: bool = True,
        person_id: str | None = None,
        department_id: str | None = None,
    ) -> tuple[Divergence, ...]:
        """Give divergences of `[first, last]` (at most 100 days) that one may see, at most 500, by
        date: everybody's with the right, a head's department, one's own."""
        if not first <= last <= first + timedelta(days=DAYS_MAX):
            message = f"from `from` to `to` there are 0 to {DAYS_MAX} days"
            raise Problem(INVALID, "", (FieldProblem("query.to", "range", message),))
        states = PENDING if pending else None
        with self._core.db.read() as scope:
            people = self._people(scope, who, first, last, department_id)
            if person_id is not None:
                people = [person_id] if people is None or person_id in people else []
            return rows.between(scope, first, last, people, states, MOST)

    def sheet(self, who: Principal, divergence_id: str) -> DivergenceSheet:
        """Give one with its trail."""
        with self._core.db.read() as scope:
            found = self._found(scope, who, divergence_id)
            own = found.person_id == who.person_id
            judge = not own and self._judges(scope, who, found)
            day = start_of(found.work_date), start_of(found.work_date + timedelta(days=1))
            taps = refused.uncounted(scope, *day, [found.person_id])
            held_up = tuple(each.corrected_at for each in taps)
            return DivergenceSheet(found, rows.trail(scope, found.id), judge, own, held_up)

    def act(
        self,
        who: Principal,
        divergence_id: str,
        act: Act,
        note: str,
        links: tuple[str, ...] = (),
    ) -> Divergence:
        """Do something about one: the person explains, a head or personnel does everything else,
        and nobody judges their own. A note is needed for all but to begin looking into it."""
        if act in BY_DERIVING:
            raise invalid_field("act", "nobodys", "this follows from deriving anew")
        if not note.strip() and act is not Act.INVESTIGATE:
            raise invalid_field("note", "missing", "say why")
        now = self._core.clock.now()

        def work(scope: Scope) -> Divergence:
            found = self._found(scope, who, divergence_id, lock=True)
            self._check(scope, who, found, act)
            try:
                state = after(found.state, act)
            except IllegalActError as error:
                raise Problem(DIVERGENCE_SETTLED, str(error)) from error
            changed = replace(
                found,
                state=state,
                reason=note if act is Act.EXPLAIN else found.reason,
                settled_min=found.minutes if state in SETTLED else 0,
                links=tuple(sorted({*found.links, *links})),
                changed_at=now,
            )
            rows.keep(scope, changed)
            rows.step(scope, changed, act, who.actor, note, links)
            # The text stands in the trail: it may tell of an illness, and the audit log is for all.
            said: dict[str, object] = {"person_id": found.person_id, "act": act.value}
            said["note_chars"], said["state"] = len(note), [found.state.value, state.value]
            record(scope, now, who, "divergence.acted_on", ("divergence", found.id), said)
            return changed

        return self._core.db.write(work)

    # --- reach -----------------------------------------------------------------------------------

    def _people(
        self, scope: Scope, who: Principal, first: date, last: date, department_id: str | None
    ) -> list[str] | None:
        """Whose one may see; None for everybody's."""
        everybody = who.may(Right.ATTENDANCE_READ)
        if everybody and department_id is None:
            return None
        placed: dict[str, str] = {}
        staffing = self._sources.staffing
        month = month_of(first)
        while month <= month_of(last):
            placed |= staffing.placed(scope, month, self._settings.by_last_day)
            month = month.plus(1)
        units = set(placed.values()) if department_id is None else {department_id}
        seen = {each for each in units if sees(scope, self._sources, who, each, self.today)}
        found = {each for each, unit in placed.items() if unit in seen}
        if who.person_id is not None and department_id is None:
            found.add(who.person_id)
        return sorted(found)

    def _department(self, scope: Scope, about: Divergence) -> str:
        month = month_of(about.work_date)
        placed = self._sources.staffing.placed(scope, month, self._settings.by_last_day)
        return placed.get(about.person_id, "")

    def _judges(self, scope: Scope, who: Principal, about: Divergence) -> bool:
        if who.may(Right.ATTENDANCE_WRITE):
            return True
        unit = self._department(scope, about)
        return leads(scope, self._sources, who, unit, self.today, about.person_id)

    def _found(
        self, scope: Scope, who: Principal, divergence_id: str, *, lock: bool = False
    ) -> Divergence:
        found = rows.one(scope, divergence_id, lock=lock)
        if found is None:
            raise Problem(NOT_FOUND, "no such divergence")
        own = found.person_id == who.person_id
        unit = self._department(scope, found)
        if not (own or sees(scope, self._sources, who, unit, self.today)):
            raise Problem(NOT_FOUND, "no such divergence")
        return found

    def _check(self, scope: Scope, who: Principal, found: Divergence, act: Act) -> None:
        own = found.person_id == who.person_id
        if act in BY_PERSON:
            if not own:
                raise Problem(FORBIDDEN, "the person explains it")
        elif own or not self._judges(scope, who, found):
            raise Problem(FORBIDDEN, "a head or personnel decides, never on their own")
