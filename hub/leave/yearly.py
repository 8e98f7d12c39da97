"""What is done for everybody once a year: grants, and the year's end. Each is shown first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from hub.audit.service import record
from hub.database.scope import Scope
from hub.leave import repository
from hub.leave.balances import granted, months_employed, year_end
from hub.leave.domain import (
    NOTHING,
    Amount,
    Entry,
    EntryKind,
    LeaveKind,
    first_day,
    last_day,
)
from hub.leave.service import LeaveService
from hub.people import repository as people
from hub.staff import repository as staff
from hub.staff.domain import Employment
from hub.staff.kana import person_key
from hub.web.core import Core
from hub.web.problems import invalid
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class GrantLine:
    """What somebody is granted for a year. `there`: that it was before, and stays as it was."""

    person_id: str
    employment: str
    months: int
    day: date
    amount: Amount
    there: bool


@dataclass(frozen=True, slots=True)
class YearEndLine:
    """What is left of somebody's year: carried over, and lost. `there`: it was ended before."""

    person_id: str
    left: Amount
    carried_over: Amount
    there: bool


L = TypeVar("L", GrantLine, YearEndLine)


class YearlyLeave:
    """Grants and year's ends; the same run twice changes nothing."""

    def __init__(self, core: Core, leave: LeaveService) -> None:
        self._core = core
        self._leave = leave

    def grants(self, code: str, year: int) -> Sequence[GrantLine]:
        """Give what everybody would be granted, by kana."""
        with self._core.db.read() as scope:
            return self._by_kana(scope, self._grants(scope, code, year))

    def grant(self, who: Principal, code: str, year: int) -> Sequence[GrantLine]:
        """Grant it; give the lines that are new."""

        def work(scope: Scope) -> Sequence[GrantLine]:
            scope.lock(repository.LEDGER)
            lines = [each for each in self._grants(scope, code, year) if not each.there]
            repository.add(scope, [self._granted(who, code, year, each) for each in lines])
            told = {"leave_kind": code, "year": year, "people": len(lines)}
            record(scope, self._core.clock.now(), who, "leave.granted", ("leave", code), told)
            return self._by_kana(scope, lines)

        return self._core.db.write(work)

    def year_ends(self, code: str, year: int) -> Sequence[YearEndLine]:
        """Give what of a year is left to everybody, by kana."""
        kind = self._leave.kind(code)
        with self._core.db.read() as scope:
            found = repository.entries_of_years(scope, code, (year, year + 1))
            lines = [
                _end_line(kind, person_id, entries, year) for person_id, entries in found.items()
            ]
            return self._by_kana(scope, [each for each in lines if each is not None])

    def end_year(self, who: Principal, code: str, year: int) -> int:
        """End a year that is over, for everybody; give for how many something was entered."""
        kind = self._leave.kind(code)
        if not self._leave.is_over(kind, year):
            day = last_day(year, kind.cycle)
            raise invalid("year", "not_over", f"the year goes on until {day.isoformat()}")

        def work(scope: Scope) -> int:
            scope.lock(repository.LEDGER)
            touched = 0
            for person_id in repository.entries_of_years(scope, code, (year,)):
                entries = repository.entries_of(scope, person_id, code)
                made = self._leave.year_end_entries(kind, code, entries, person_id, year, who)
                repository.add(scope, made)
                if made:
                    self._leave.settle(scope, person_id, code, year + 1, who)
                touched += bool(made)
            told = {"leave_kind": code, "year": year, "people": touched}
            record(scope, self._core.clock.now(), who, "leave.year_ended", ("leave", code), told)
            return touched

        return self._core.db.write(work)

    # --- inside ----------------------------------------------------------------------------------

    def _grants(self, scope: Scope, code: str, year: int) -> list[GrantLine]:
        kind = self._leave.kind(code)
        if not kind.grants:
            raise invalid("leave_kind", "no_grants", "nothing is granted of this kind")
        first, last = first_day(year, kind.cycle), last_day(year, kind.cycle)
        found = staff.employments_between(scope, first, last)
        there = repository.entries_of_years(scope, code, (year,))
        lines = (
            _grant_line(kind, person_id, employments, there.get(person_id, []), year)
            for person_id, employments in found.items()
        )
        return [each for each in lines if each is not None]

    def _granted(self, who: Principal, code: str, year: int, line: GrantLine) -> Entry:
        return Entry(
            id=self._core.ids.new(),
            person_id=line.person_id,
            leave_kind=code,
            year=year,
            kind=EntryKind.GRANTED,
            half_days=line.amount.half_days,
            minutes=line.amount.minutes,
            day=line.day,
            source=f"granted:{year}",
            application_id=None,
            reason="",
            made_by=who.actor,
            made_at=self._core.clock.now(),
        )

    @staticmethod
    def _by_kana(scope: Scope, lines: Sequence[L]) -> list[L]:
        known = people.people_by_id(scope, {each.person_id for each in lines})
        return sorted(
            (each for each in lines if each.person_id in known),
            key=lambda each: person_key(known[each.person_id]),
        )


def _grant_line(
    kind: LeaveKind,
    person_id: str,
    employments: Sequence[Employment],
    entries: Sequence[Entry],
    year: int,
) -> GrantLine | None:
    """What somebody is granted by the employment of their first day in the year."""
    before = next((each for each in entries if each.kind is EntryKind.GRANTED), None)
    months = months_employed(kind, year, [(e.starts_on, e.ends_on) for e in employments])
    if not months:
        return None
    first = first_day(year, kind.cycle)
    hired = min(employments, key=lambda each: each.starts_on)
    line = GrantLine(
        person_id=person_id,
        employment=hired.kind,
        months=months,
        day=max(first, hired.starts_on),
        amount=granted(kind, hired.kind, months),
        there=False,
    )
    if before is not None:
        return replace(line, day=before.day, amount=before.amount, there=True)
    return None if line.amount == NOTHING else line


def _end_line(
    kind: LeaveKind, person_id: str, entries: Sequence[Entry], year: int
) -> YearEndLine | None:
    if not any(each.year == year for each in entries):
        return None
    end = year_end(kind, entries, year)
    there = any(each.year == year and each.kind is EntryKind.EXPIRED for each in entries)
    return YearEndLine(person_id, end.left, end.carried_over, there)
