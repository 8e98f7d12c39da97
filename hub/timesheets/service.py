"""What routes and pages ask of timesheets: months as they are reckoned, one date in full, the team
of today. A month that stands no longer is reckoned before it is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from hub.attendance.domain import work_date_of
from hub.database.scope import Scope
from hub.ingest.heard import last_heard
from hub.people import repository as people
from hub.people.domain import Person
from hub.policy.connections import Connections
from hub.sites import repository as sites
from hub.staff import repository as staff
from hub.staff.domain import Department, Employment
from hub.staff.kana import person_key
from hub.timesheets import beside, repository
from hub.timesheets.domain import DaySheet, KeptMonth, MonthSheet
from hub.timesheets.gathering import PersonFacts
from hub.timesheets.reach import departments_of, people_of
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.team import TeamToday, member
from hub.timesheets.unreckonable import problem_of
from hub.web.core import Core
from hub.web.problems import INVALID, NOT_FOUND, FieldProblem, Problem
from hub.web.rights import Principal
from hub.worktime.domain import Month, month_of

MONTHS_AHEAD = 3
"""How far ahead a month is reckoned: plans are known, and leave may be."""
_PUNCHED_LATELY = 30
"""Days back to look for the terminals of a team."""
A_ROUND = 50
"""People whose months are reckoned in one transaction: nobody else writes meanwhile on SQLite."""


class TimesheetsService:
    """Gives timesheets within what a principal may see."""

    def __init__(self, core: Core, reckoner: Reckoner, connections: Connections) -> None:
        self._core = core
        self._reckoner = reckoner
        self._connections = connections

    @property
    def today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    def month(
        self,
        who: Principal,
        month: Month,
        department_id: str | None = None,
        person_id: str | None = None,
    ) -> tuple[MonthSheet, ...]:
        """Give a month of one person, of a department with those below it, or of all whom one may
        see, by kana. Raises `403 forbidden` beyond reach."""
        self._check(month)
        with self._core.db.read() as scope:
            wanted = people_of(
                scope, who, month.first, month.last, self.today, department_id, person_id
            )
            named = _named(scope, wanted, person_id)
        kept = self._kept(list(named), month)
        with self._core.db.read() as scope:
            return _sheets(scope, month, named, wanted, kept)

    def day(self, who: Principal, person_id: str, day: date) -> DaySheet:
        """Give one date of somebody in full, with every punch that was read for it."""
        (sheet,) = self.month(who, month_of(day), person_id=person_id)
        book, now = self._reckoner.book, self._core.clock.now()
        with self._core.db.read() as scope:
            read = repository.days_between(scope, [person_id], day, day, book, now)
        file = sheet.file.days[day.day - 1]
        return DaySheet(
            person=sheet.person,
            file=file,
            punched=read.get(person_id, {}).get(day),
            result=sheet.result.days[day.day - 1],
            closed=sheet.closed,
            adjustments=tuple(each for each in sheet.adjustments if day in each.work_dates),
        )

    def divergence_min(self, month: Month) -> int:
        """Give from how many minutes on things 'differ markedly' in a month."""
        return self._reckoner.ordinances.at(month.last).warnings.divergence_min

    def departments(self, who: Principal) -> tuple[Department, ...]:
        """Give the departments whose months somebody may see beside their own."""
        with self._core.db.read() as scope:
            seen = departments_of(scope, who, self.today)
            listed = staff.departments(scope)
        return tuple(each for each in listed if seen is None or each.id in seen)

    def team(self, who: Principal, department_id: str | None = None) -> TeamToday:
        """Say where a team is: of a department with those below it, or all whom one may see."""
        now, today = self._core.clock.now(), self.today
        reckoner, yesterday = self._reckoner, today - timedelta(days=1)
        with self._core.db.read() as scope:
            places = people_of(scope, who, today, today, today, department_id)
            named = _named(scope, places, None)
            facts = repository.facts_of_days(
                scope, list(named), yesterday, today, reckoner.book, now
            )
            since = now - timedelta(days=_PUNCHED_LATELY)
            machines = repository.controllers_of(scope, list(named), since)
            away = machines - self._connections.of(scope, machines)
            heard = last_heard(scope)
            names = [sites.controller(scope, each) for each in sorted(away)]
        members = []
        for person in named.values():
            own = PersonFacts.of(facts, person.id)
            night = own.days.get(yesterday)
            read = own.days.get(today) or (night if night and night.is_in else None)
            explained = own.explained.get(today, ())
            members.append(member(person, own.plans[today], read, explained, now))
        return TeamToday(
            members=tuple(members),
            as_of=min((heard[each] for each in away if each in heard), default=now),
            away=tuple(each.name for each in names if each),
        )

    def refresh(self, limit: int = A_ROUND) -> int:
        """Reckon what stands no longer of some people, and the months of this and last month about
        which anything was written; give how many months changed."""
        return self._core.db.write(lambda scope: self.refresh_in(scope, limit))

    def refresh_in(self, scope: Scope, limit: int) -> int:
        """The same within a transaction."""
        now, waiting = self._core.clock.now(), repository.waiting(scope, limit)
        if not waiting:
            return 0
        since = month_of(self.today).plus(-1)
        new = {key for key in repository.spread_marks(scope, waiting) if key.month >= since}
        people_of_month: dict[Month, set[str]] = {}
        for key in (*new, *repository.stale_months(scope, waiting)):
            people_of_month.setdefault(key.month, set()).add(key.person_id)
        changed = 0
        for month in sorted(people_of_month)[:MONTHS_AHEAD]:
            people_there = people_of_month[month]
            unknown = self._reckoner.unknown_kinds(scope, people_there, month)
            repository.give_up(scope, unknown, month)
            known = sorted(people_there - unknown.keys())
            changed += len(self._reckoner.bring_up(scope, known, month, now))
        return changed

    def _kept(self, person_ids: Collection[str], month: Month) -> dict[str, KeptMonth]:
        """Give the months asked for, reckoned before where they do not stand. Raises
        `409 employment_kind_unknown` where one cannot be."""
        with self._core.db.read() as scope:
            unknown = self._reckoner.unknown_kinds(scope, person_ids, month)
            if unknown:
                found_people = people.people_by_id(scope, set(unknown))
                names = {each.id: each.name for each in found_people.values()}
                raise problem_of(unknown.values(), names)
        ordered = sorted(person_ids)
        found: dict[str, KeptMonth] = {}
        for at in range(0, len(ordered), A_ROUND):
            some, now = ordered[at : at + A_ROUND], self._core.clock.now()
            with self._core.db.read() as scope:
                if self._reckoner.stands(scope, some, month, now):
                    found |= repository.kept_months(scope, some, month)
                    continue
            found |= self._reckoned(some, month)
        return found

    def _reckoned(self, person_ids: Sequence[str], month: Month) -> Mapping[str, KeptMonth]:
        now = self._core.clock.now()

        def work(scope: Scope) -> Mapping[str, KeptMonth]:
            self._reckoner.bring_up(scope, person_ids, month, now)
            return repository.kept_months(scope, person_ids, month)

        return self._core.db.write(work)

    def _check(self, month: Month) -> None:
        first, last = self._reckoner.earliest, month_of(self.today).plus(MONTHS_AHEAD)
        if not first <= month <= last:
            message = f"a month from {first} through {last}"
            raise Problem(INVALID, message, (FieldProblem("path.month", "range", message),))


def _named(
    scope: Scope, wanted: Mapping[str, Sequence[Employment]], person_id: str | None
) -> dict[str, Person]:
    found = people.people_by_id(scope, set(wanted))
    if person_id is not None and person_id not in found:
        raise Problem(NOT_FOUND, "no such person")
    ordered = sorted(found.values(), key=person_key)
    return {person.id: person for person in ordered}


def _sheets(
    scope: Scope,
    month: Month,
    named: Mapping[str, Person],
    places: Mapping[str, tuple[Employment, ...]],
    kept: Mapping[str, KeptMonth],
) -> tuple[MonthSheet, ...]:
    closed = beside.closings_of(scope, month, named)
    signed = beside.signed_of(scope, month, named)
    files = beside.signed_files_of(scope, month, named)
    adjusted = beside.adjustments_of(scope, month, named)
    diverging = beside.divergences_of(scope, month, named)
    return tuple(
        MonthSheet(
            person=person,
            employments=places.get(person_id, ()),
            file=files.get(person_id, kept[person_id].file),
            result=signed.get(person_id, kept[person_id].result),
            fingerprint=kept[person_id].fingerprint,
            closed=closed.get(person_id),
            adjustments=adjusted.get(person_id, ()),
            divergences=diverging.get(person_id, ()),
        )
        for person_id, person in named.items()
    )


def through(month: Month, today: date) -> date:
    """Give the last date of a month that is over; the one before its first where none is."""
    return min(month.last, max(today, month.first) - timedelta(days=1))
