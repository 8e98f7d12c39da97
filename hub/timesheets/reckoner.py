"""Brings kept months up to date: takes marks, gathers, reckons, keeps, all in one transaction.

A month is reckoned after those before it, for weeks and caps reach over its first day. Whoever's
month comes to something else than before leaves the months that depend on it stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub.attendance.domain import Day, Rules, work_date_of
from hub.attendance.touched import first_punch
from hub.database.scope import Scope
from hub.staff import repository as staff
from hub.timesheets import fingerprints, repository
from hub.timesheets.domain import PersonMonthKey
from hub.timesheets.gathering import (
    Facts,
    PersonFacts,
    Rulebook,
    good_until,
    history_of,
    looks_back_to,
    month_file,
    months_between,
    tail_of,
)
from hub.timesheets.repository import Fresh, State
from hub.timesheets.unreckonable import UnknownKind, unknown_kinds
from hub.worktime.domain import Month, MonthFile, MonthResult, MonthTally, month_of
from hub.worktime.ordinance import Ordinances
from hub.worktime.reckoning import reckon_month

_DEPEND: Final = 12
"""Months later whose caps may look at a month: the rest of its fiscal year, or five."""


@dataclass(frozen=True, slots=True)
class Reckoner:
    """Reckons by a town's rules. `begins`: the first month that is known; None: that of the first
    punch."""

    book: Rulebook
    begins: Month | None = None

    @property
    def ordinances(self) -> Ordinances:
        """The town's ordinances."""
        return self.book.ordinances

    @property
    def rules(self) -> Rules:
        """How punches are read."""
        return self.book.punches

    @property
    def rules_print(self) -> str:
        """The fingerprint of all by which months are reckoned."""
        return fingerprints.of_rules(self.book)

    @property
    def earliest(self) -> Month:
        """The first month that can be reckoned: an ordinance is in force a week before it."""
        return month_of(self.ordinances.versions[0].since).plus(1)

    def first_month(self, scope: Scope, month: Month) -> Month:
        """Give the first month that is known, at most the one asked for."""
        begins = self.begins
        if begins is None:
            day = first_punch(scope)
            begins = month_of(day) if day is not None else month
        return min(max(begins, self.earliest), month)

    def stands(
        self, scope: Scope, person_ids: Collection[str], month: Month, now: datetime
    ) -> bool:
        """Whether some people's month can be given as it is kept."""
        view = self._view(scope, person_ids, month, now)
        return not view.wanting(person_ids)

    def bring_up(
        self, scope: Scope, person_ids: Collection[str], month: Month, now: datetime
    ) -> tuple[Fresh, ...]:
        """Reckon what does not stand of some people's month, and of those at which its caps look;
        give what changed."""
        repository.spread_marks(scope, person_ids)
        view = self._view(scope, person_ids, month, now)
        wanting = view.wanting(person_ids)
        if not wanting:
            return ()
        facts = self._facts(scope, list(wanting), (min(wanting.values()), month), now)
        changed: list[Fresh] = []
        for person_id, since in wanting.items():
            person = _Person(PersonFacts.of(facts, person_id), view)
            for fresh in self._outcomes(person, since, month):
                if fresh.result is not None:
                    changed.append(fresh)
                else:
                    repository.still_stands(scope, fresh)
        repository.keep(scope, changed)
        people = {each.key.person_id for each in changed}
        repository.mark_stale(scope, people, month.plus(1), month.plus(_DEPEND))
        return tuple(changed)

    def derive(
        self, scope: Scope, person_ids: Collection[str], month: Month, now: datetime
    ) -> dict[str, Derived]:
        """Reckon some people's month anew, whatever is kept, and write nothing."""
        view = self._view(scope, person_ids, month, now)
        since = dict.fromkeys(person_ids, month) | view.wanting(person_ids)
        if not since:
            return {}
        facts = self._facts(scope, list(since), (min(since.values()), month), now)
        found = {}
        for person_id, first in since.items():
            person = _Person(PersonFacts.of(facts, person_id), view)
            *_, last = self._outcomes(person, first, month)
            result = reckon_month(last.file, self.ordinances)
            found[person_id] = Derived(last.file, result, person.facts.days)
        return found

    def standing(
        self, scope: Scope, person_ids: Collection[str], month: Month, now: datetime
    ) -> dict[str, Derived]:
        """Give some people's month as it is kept where it stands, reckoned anew where it does not,
        and write nothing. Of what is kept no punches are read: `days` is empty."""
        wanting = self._view(scope, person_ids, month, now).wanting(person_ids)
        kept = repository.kept_months(scope, set(person_ids) - wanting.keys(), month)
        found = {each: Derived(one.file, one.result, {}) for each, one in kept.items()}
        return found | self.derive(scope, wanting, month, now)

    def unknown_kinds(
        self, scope: Scope, person_ids: Collection[str], month: Month
    ) -> dict[str, UnknownKind]:
        """Give those of some people whose month cannot be reckoned, or none at which its caps look:
        no other method may be asked for them."""
        first = max(self.first_month(scope, month), looks_back_to(month)).first
        found = staff.employments_between(scope, first, month.last, person_ids)
        return unknown_kinds(found, first, month.last, self.ordinances)

    def _view(
        self, scope: Scope, person_ids: Collection[str], month: Month, now: datetime
    ) -> _View:
        begins = self.first_month(scope, month)
        first = max(begins, looks_back_to(month))
        marked = repository.marked_months(scope, person_ids)
        known = repository.states(scope, person_ids, max(begins, looks_back_to(first)), month)
        rules = self.rules_print
        stand = {
            key: state
            for key, state in known.items()
            if key not in marked and state.stands(rules, now)
        }
        return _View(begins, (first, month), known, stand, rules, now)

    def _facts(
        self, scope: Scope, person_ids: list[str], span: tuple[Month, Month], now: datetime
    ) -> Facts:
        return repository.facts_between(scope, person_ids, span, self.book, now)

    def _outcomes(self, person: _Person, since: Month, month: Month) -> Iterator[Fresh]:
        """Reckon somebody's months in order, each on what those before it came to."""
        view, today = person.view, work_date_of(person.view.now)
        for each in months_between(since, month):
            key = PersonMonthKey(person.facts.person_id, each)
            before, partial = view.known.get(key), person.lacks_history(each)
            file = month_file(
                person.facts,
                each,
                self.ordinances,
                person.tails.get(each.plus(-1), ()),
                history_of(each, person.tallies),
                today,
            )
            fingerprint = fingerprints.of_file(file, view.rules)
            until = good_until(person.facts, each, self.rules, today)
            same = before is not None and before.fingerprint == fingerprint
            if before is not None and same:
                person.tallies[each], person.tails[each] = before.tally, before.tail
                fresh = Fresh(
                    key, file, None, fingerprint, view.rules, partial, until, before.tail, view.now
                )
            else:
                result = reckon_month(file, self.ordinances)
                tail = tail_of(result)
                person.tallies[each], person.tails[each] = result.tally, tail
                fresh = Fresh(
                    key, file, result, fingerprint, view.rules, partial, until, tail, view.now
                )
            yield fresh


@dataclass(frozen=True, slots=True)
class Derived:
    """One person's month with what it was reckoned from. `days`: punches as they were read."""

    file: MonthFile
    result: MonthResult
    days: Mapping[date, Day]


@dataclass(frozen=True, slots=True)
class _View:
    """What is kept of some people, and what of it stands. `span`: the months that are needed."""

    begins: Month
    span: tuple[Month, Month]
    known: Mapping[PersonMonthKey, State]
    stand: Mapping[PersonMonthKey, State]
    rules: str
    now: datetime

    def wanting(self, person_ids: Collection[str]) -> dict[str, Month]:
        """Give whoever has a month within the span that does not stand, with the first such."""
        found: dict[str, Month] = {}
        for person_id in person_ids:
            for month in months_between(*self.span):
                state = self.stand.get(PersonMonthKey(person_id, month))
                if state is None or (state.partial and month == self.span[1]):
                    found[person_id] = month
                    break
        return found


class _Person:
    """Somebody's facts, and what is known of their months while they are reckoned. `tallies` and
    `tails` hold only months that stand."""

    __slots__ = ("facts", "tails", "tallies", "view")

    def __init__(self, facts: PersonFacts, view: _View) -> None:
        self.facts = facts
        self.view = view
        first = max(view.begins, looks_back_to(view.span[0]))
        own = {
            month: state
            for month in months_between(first, view.span[1])
            if (state := view.stand.get(PersonMonthKey(facts.person_id, month))) is not None
        }
        self.tallies: dict[Month, MonthTally | None] = {m: s.tally for m, s in own.items()}
        self.tails: dict[Month, tuple[int, ...]] = {m: s.tail for m, s in own.items()}

    def lacks_history(self, month: Month) -> bool:
        """Whether a month at which its caps look is known and not reckoned."""
        first = max(self.view.begins, looks_back_to(month))
        return any(each not in self.tallies for each in months_between(first, month.plus(-1)))
