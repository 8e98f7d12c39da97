"""What the routes and pages ask of attendance: punches, days and months, derived when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.attendance import refused, repository
from hub.attendance.corrected import CorrectionProblem
from hub.attendance.corrections import CorrectionRefusedError
from hub.attendance.corrections import record as record_correction
from hub.attendance.derivation import derive_days
from hub.attendance.domain import (
    Correction,
    CorrectionAction,
    CorrectionWish,
    Day,
    Punch,
    RefusedPunch,
    Rules,
    start_of,
)
from hub.attendance.rostered import NoRosters, RosteredNights
from hub.attendance.tables import punch_corrections
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, INVALID, NOT_FOUND, FieldProblem, Problem, invalid
from hub.web.rights import Principal, Right

DAYS_MAX = 62
WAITING_MAX = 500
REFUSED_MAX = 2_000
_AROUND = timedelta(days=2)
"""A shift can begin on the date before, and one that began before can end on it."""


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """One person's month: its days and plain totals, in whole minutes."""

    person_id: str
    days: tuple[Day, ...]

    @property
    def present_min(self) -> int:
        """Minutes from in to out."""
        return sum(day.present_min for day in self.days)

    @property
    def break_min(self) -> int:
        """Minutes of break."""
        return sum(day.break_min for day in self.days)

    @property
    def worked_min(self) -> int:
        """Minutes worked."""
        return sum(day.worked_min for day in self.days)

    @property
    def days_worked(self) -> int:
        """Days with a shift."""
        return sum(1 for day in self.days if day.shifts)


class AttendanceService:
    """Reads punches within what a principal may see: their own, or everybody's with the right."""

    def __init__(self, core: Core, rules: Rules | None = None) -> None:
        self._core = core
        self._rules = rules or Rules()
        self.rosters: RosteredNights = NoRosters()
        """Plugged in by whoever knows rosters, so that pages and months read nights alike."""

    def punches(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> Sequence[Punch]:
        """Give the punches that fall on `[first, last]`, oldest first."""
        person_id = _whose(who, person_id)
        _check(first, last)
        end = start_of(last + timedelta(days=1))
        with self._core.db.read() as scope:
            return repository.punches_between(scope, start_of(first), end, person_id)

    def refused(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> Sequence[RefusedPunch]:
        """Give the taps of `[first, last]` that were to be punches and are none, oldest first: at
        most 2000."""
        person_id = _whose(who, person_id)
        _check(first, last)
        end = start_of(last + timedelta(days=1))
        with self._core.db.read() as scope:
            return refused.between(scope, start_of(first), end, person_id, REFUSED_MAX)

    def days(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> tuple[Day, ...]:
        """Give the work dates of `[first, last]`, by person and date."""
        person_id = _whose(who, person_id)
        _check(first, last)
        start, end = start_of(first) - _AROUND, start_of(last + timedelta(days=1)) + _AROUND
        with self._core.db.read() as scope:
            found = repository.punches_between(scope, start, end, person_id)
            people_ids = sorted({punch.person_id for punch in found})
            eve = first - timedelta(days=1)
            nights = self.rosters.nights(scope, people_ids, eve, last) if people_ids else {}
        derived = derive_days(found, self._rules, self._core.clock.now(), nights)
        return tuple(day for day in derived if first <= day.work_date <= last)

    def month(
        self, who: Principal, year: int, month: int, person_id: str | None
    ) -> tuple[MonthTotal, ...]:
        """Give everybody's days of a month, by person."""
        first = date(year, month, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        days = self.days(who, first, last, person_id)
        people = sorted({day.person_id for day in days})
        return tuple(
            MonthTotal(person, tuple(day for day in days if day.person_id == person))
            for person in people
        )

    # --- corrections -------------------------------------------------------------------------

    def corrections(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> tuple[Correction, ...]:
        """Give the corrections whose old or new instant lies on `[first, last]`, in order."""
        person_id = _whose(who, person_id)
        _check(first, last)
        start, end = start_of(first), start_of(last + timedelta(days=1))
        c = punch_corrections.c
        where = [
            sa.or_(
                sa.and_(c.at >= start, c.at < end),
                sa.and_(c.original_at >= start, c.original_at < end),
            )
        ]
        if person_id is not None:
            where.append(c.person_id == person_id)
        with self._core.db.read() as scope:
            return repository.corrections(scope, *where)

    def waiting(self, who: Principal, person_id: str | None = None) -> tuple[Punch, ...]:
        """Give punches whose time somebody has to confirm or reject: no trusted time is known, or
        they claim to come from the future. At most 500, those that came in first."""
        person_id = _whose(who, person_id)
        with self._core.db.read() as scope:
            return repository.unsure_punches(scope, WAITING_MAX, person_id, self._rules.ahead_s)

    def correct(self, who: Principal, wish: CorrectionWish) -> Correction:
        """Record a correction on one's own word: with the right `attendance:write`, and never of
        one's own punches (those go by an application that somebody else approves)."""
        if not who.may(Right.ATTENDANCE_WRITE):
            raise Problem(FORBIDDEN, "corrections need the right attendance:write")
        if who.person_id is not None and who.person_id == wish.person_id:
            raise Problem(FORBIDDEN, "nobody corrects their own punches: apply for it")
        now = self._core.clock.now()

        def work(scope: Scope) -> Correction:
            if people.person(scope, wish.person_id) is None:
                raise invalid("person_id", "unknown", "no such person")
            try:
                made = record_correction(
                    scope, now, wish, asked_by=who.actor, approved_by=who.actor
                )
            except CorrectionRefusedError as error:
                raise invalid(*_FIELD_OF[error.problem]) from error
            # The text stands in the correction: the audit log is for more readers.
            said: dict[str, object] = {"person_id": made.person_id, "punch_id": made.punch_id}
            said["cause_chars"] = len(made.cause)
            target = "punch_correction", made.id
            record(scope, now, who, f"punch.{_PAST[made.action]}", target, said)
            return made

        return self._core.db.write(work)

    def confirm(self, who: Principal, punch_id: int, at: datetime | None, cause: str) -> Correction:
        """Say that a waiting punch was made at `at` (None: at the time it shows)."""
        found = self._waiting_punch(who, punch_id)
        wish = CorrectionWish(
            action=CorrectionAction.MOVE,
            person_id=found.person_id,
            punch_id=punch_id,
            at=at or found.corrected_at,
            cause=cause,
        )
        return self.correct(who, wish)

    def reject(self, who: Principal, punch_id: int, cause: str) -> Correction:
        """Say that a waiting punch does not count."""
        found = self._waiting_punch(who, punch_id)
        wish = CorrectionWish(
            action=CorrectionAction.VOID,
            person_id=found.person_id,
            punch_id=punch_id,
            cause=cause,
        )
        return self.correct(who, wish)

    def _waiting_punch(self, who: Principal, punch_id: int) -> Punch:
        if not who.may(Right.ATTENDANCE_WRITE):
            raise Problem(FORBIDDEN, "corrections need the right attendance:write")
        with self._core.db.read() as scope:
            found = repository.corrected_punch(scope, punch_id)
        if found is None or found.corrected_by is not None:
            raise Problem(NOT_FOUND, "no such punch waits")
        return found


_PAST: Final = {
    CorrectionAction.ADD: "added",
    CorrectionAction.MOVE: "moved",
    CorrectionAction.TURN: "turned",
    CorrectionAction.VOID: "voided",
    CorrectionAction.RESTORE: "restored",
}
_FIELD_OF: Final = {
    CorrectionProblem.NO_PUNCH: ("punch_id", "unknown", "this person has no such punch"),
    CorrectionProblem.NEEDS_INSTANT: ("at", "missing", "say when"),
    CorrectionProblem.NEEDS_DIRECTION: ("direction", "missing", "in, out, or a break"),
    CorrectionProblem.IN_FUTURE: ("at", "in_future", "nobody can have punched yet"),
    CorrectionProblem.ALREADY_VOID: ("punch_id", "void", "it does not count already"),
    CorrectionProblem.NOT_VOID: ("punch_id", "not_void", "it counts already"),
    CorrectionProblem.SAME: ("at", "same", "this would change nothing"),
}


def _whose(who: Principal, person_id: str | None) -> str | None:
    """Whoever may see everybody's asks for whom they like; others get their own alone."""
    if who.may(Right.ATTENDANCE_READ):
        return person_id
    if who.person_id is None or person_id not in (None, who.person_id):
        raise Problem(FORBIDDEN, "others' attendance needs the right attendance:read")
    return who.person_id


def _check(first: date, last: date) -> None:
    if not first <= last <= first + timedelta(days=DAYS_MAX):
        message = f"from `from` to `to` there are 0 to {DAYS_MAX} days"
        raise Problem(INVALID, "", (FieldProblem("query.to", "range", message),))
    if not date(1970, 1, 1) <= first <= date(9998, 12, 31):
        raise Problem(INVALID, "", (FieldProblem("query.from", "range", "out of range"),))
