"""What the routes and pages ask of attendance: punches, days and months, derived when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.attendance import repository
from hub.attendance.derivation import derive_days
from hub.attendance.domain import Day, Punch, Rules, start_of
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, INVALID, FieldProblem, Problem
from hub.web.rights import Principal, Right

DAYS_MAX = 62
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

    def punches(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> Sequence[Punch]:
        """Give the punches that fall on `[first, last]`, oldest first."""
        person_id = _whose(who, person_id)
        _check(first, last)
        end = start_of(last + timedelta(days=1))
        with self._core.db.read() as scope:
            return repository.punches_between(scope, start_of(first), end, person_id)

    def days(
        self, who: Principal, first: date, last: date, person_id: str | None
    ) -> tuple[Day, ...]:
        """Give the work dates of `[first, last]`, by person and date."""
        person_id = _whose(who, person_id)
        _check(first, last)
        start, end = start_of(first) - _AROUND, start_of(last + timedelta(days=1)) + _AROUND
        with self._core.db.read() as scope:
            found = repository.punches_between(scope, start, end, person_id)
        derived = derive_days(found, self._rules, self._core.clock.now())
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
