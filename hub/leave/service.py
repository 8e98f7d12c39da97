"""Balances, grants for a year, the year's end, corrections, and what applications take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub.audit.service import record
from hub.database.scope import Scope
from hub.leave import repository
from hub.leave.balances import Balance, balance, falls_short, lowest, settled, total
from hub.leave.domain import (
    NOTHING,
    Amount,
    Entry,
    EntryKind,
    Kinds,
    LeaveKind,
    first_day,
    last_day,
    year_of,
)
from hub.people import repository as people
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal, Right


@dataclass(frozen=True, slots=True)
class Taking:
    """What an application takes on one date."""

    day: date
    amount: Amount


class LeaveService:
    """Reads and adds to the ledger."""

    def __init__(self, core: Core, kinds: Kinds) -> None:
        self._core = core
        self.kinds = kinds

    # --- reading -------------------------------------------------------------------------------

    def kind(self, code: str) -> LeaveKind:
        """Give a kind; raise `404 not_found`."""
        try:
            return self.kinds[code]
        except KeyError:
            raise Problem(NOT_FOUND, "no such kind of leave") from None

    def balances(
        self, who: Principal, person_id: str | None, at: date | None = None
    ) -> tuple[Balance, ...]:
        """Give what is left of each kind that runs out, and what was taken of the others."""
        whose = self.whose(who, person_id)
        day = at or self.today()
        with self._core.db.read() as scope:
            return self.balances_in(scope, whose, day)

    def balances_in(self, scope: Scope, person_id: str, at: date) -> tuple[Balance, ...]:
        """The same within a transaction."""
        entries = repository.entries_of(scope, person_id)
        found: list[Balance] = []
        for code, kind in self.kinds.items():
            ours = [each for each in entries if each.leave_kind == code]
            if kind.balanced or ours:
                found.append(balance(code, kind, ours, year_of(at, kind.cycle), at))
        return tuple(found)

    def entries(
        self, who: Principal, person_id: str | None, code: str, year: int
    ) -> Sequence[Entry]:
        """Give a person's ledger of a kind in a year."""
        whose = self.whose(who, person_id)
        self.kind(code)
        with self._core.db.read() as scope:
            return repository.entries_of(scope, whose, code, year)

    def whose(self, who: Principal, person_id: str | None) -> str:
        """Give whose leave is asked for: one's own, or somebody's with `attendance:read`."""
        if person_id is None or person_id == who.person_id:
            if who.person_id is None:
                raise Problem(NOT_FOUND, "you are no member of staff: name a person_id")
            return who.person_id
        if not who.may(Right.ATTENDANCE_READ):
            raise Problem(FORBIDDEN, "others' leave needs the right attendance:read")
        with self._core.db.read() as scope:
            if people.person(scope, person_id) is None:
                raise Problem(NOT_FOUND, "no such person")
        return person_id

    def today(self) -> date:
        """The date in the town."""
        return self._core.clock.now().astimezone(self._core.settings.town.zone).date()

    def year_of(self, code: str, day: date) -> int:
        """Give in which of a kind's years a date lies."""
        return year_of(day, self.kind(code).cycle)

    def left_from(self, scope: Scope, person_id: str, code: str, day: date) -> Amount:
        """Give the least that is left of a kind from a date to its year's end."""
        kind = self.kind(code)
        year = year_of(day, kind.cycle)
        return lowest(kind, repository.entries_of(scope, person_id, code, year), year, day)

    # --- corrections ----------------------------------------------------------------------------

    def correct(
        self, who: Principal, person_id: str, code: str, amount: Amount, day: date, reason: str
    ) -> Balance:
        """Add a correction, counted from a date on; refuse one that leaves less than nothing."""
        kind = self.kind(code)
        if not reason.strip():
            raise invalid("reason", "missing", "say why")
        if amount == NOTHING:
            raise invalid("half_days", "nothing", "half_days or minutes is more or less than 0")
        year = year_of(day, kind.cycle)

        def work(scope: Scope) -> Balance:
            scope.lock(repository.LEDGER)
            if people.person(scope, person_id) is None:
                raise Problem(NOT_FOUND, "no such person")
            entry = self._entry(person_id, code, EntryKind.CORRECTED, amount, day, who)
            entry = self._with(entry, source=f"corrected:{entry.id}", reason=reason)
            self._refuse_below(scope, kind, entry)
            repository.add(scope, [entry])
            self.settle(scope, person_id, code, year, who)
            self._record(scope, who, "leave.corrected", entry)
            entries = repository.entries_of(scope, person_id, code)
            return balance(code, kind, entries, year, day)

        return self._core.db.write(work)

    # --- what applications take ---------------------------------------------------------------

    def short_of(
        self,
        scope: Scope,
        person_id: str,
        code: str,
        takings: Iterable[Taking],
        reserved: Iterable[Taking] = (),
    ) -> list[date]:
        """Give the dates on which more would be taken than is left, in order. `reserved` is what
        other applications that wait for approval would take."""
        kind = self.kind(code)
        if not kind.balanced:
            return []
        entries = list(repository.entries_of(scope, person_id, code))
        entries += [
            _supposed(person_id, code, year_of(each.day, kind.cycle), each) for each in reserved
        ]
        short: list[date] = []
        for taking in sorted(takings, key=lambda each: each.day):
            year = year_of(taking.day, kind.cycle)
            if falls_short(kind, lowest(kind, entries, year, taking.day), taking.amount):
                short.append(taking.day)
                continue
            entries.append(_supposed(person_id, code, year, taking))
            if _carried_too_much(kind, entries, year):
                short.append(taking.day)
        return short

    def take(
        self,
        scope: Scope,
        who: Principal,
        person_id: str,
        code: str,
        application_id: str,
        takings: Sequence[Taking],
    ) -> None:
        """Take what an approved application says: once, however often it is asked. The caller
        holds the ledger's lock and has looked whether there is enough."""
        self._enter(scope, who, person_id, code, application_id, takings, EntryKind.TAKEN)

    def give_back(self, scope: Scope, who: Principal, application_id: str) -> None:
        """Give back what a cancelled application took."""
        scope.lock(repository.LEDGER)
        taken: dict[tuple[str, str], list[Taking]] = {}
        for each in repository.entries_of_application(scope, application_id):
            if each.kind is EntryKind.TAKEN:
                of = (each.person_id, each.leave_kind)
                taken.setdefault(of, []).append(Taking(each.day, each.amount.negative))
        for (person_id, code), takings in taken.items():
            self._enter(scope, who, person_id, code, application_id, takings, EntryKind.GIVEN_BACK)

    def settle(self, scope: Scope, person_id: str, code: str, year: int, who: Principal) -> None:
        """End a year anew if it was ended and something came late."""
        kind = self.kind(code)
        entries = repository.entries_of(scope, person_id, code)
        while any(e.year == year and e.kind is EntryKind.EXPIRED for e in entries):
            added = self.year_end_entries(kind, code, entries, person_id, year, who)
            repository.add(scope, added)
            entries = repository.entries_of(scope, person_id, code)
            year += 1

    def year_end_entries(
        self,
        kind: LeaveKind,
        code: str,
        entries: Sequence[Entry],
        person_id: str,
        year: int,
        who: Principal,
    ) -> list[Entry]:
        """Give the entries that end somebody's year, as far as they are not there."""
        after = first_day(year + 1, kind.cycle)
        made: list[Entry] = []
        for what, amount in settled(kind, entries, year):
            of = year if what is EntryKind.EXPIRED else year + 1
            again = sum(1 for each in entries if each.year == of and each.kind is what)
            entry = self._entry(person_id, code, what, amount, after, who)
            made.append(self._with(entry, year=of, source=f"{what.value}:{of}:{again}"))
        return made

    def is_over(self, kind: LeaveKind, year: int) -> bool:
        """Tell whether a kind's year has passed."""
        return self.today() > last_day(year, kind.cycle)

    # --- inside ----------------------------------------------------------------------------------

    def _enter(
        self,
        scope: Scope,
        who: Principal,
        person_id: str,
        code: str,
        application_id: str,
        takings: Sequence[Taking],
        what: EntryKind,
    ) -> None:
        taken = what is EntryKind.TAKEN
        made = [
            self._with(
                self._entry(person_id, code, what, amount, each.day, who),
                source=f"{what.value}:{application_id}:{each.day.isoformat()}",
                application_id=application_id,
            )
            for each in takings
            if (amount := each.amount.negative if taken else each.amount) != NOTHING
        ]
        repository.add(scope, made)
        for year in sorted({each.year for each in made}):
            self.settle(scope, person_id, code, year, who)

    def _entry(
        self, person_id: str, code: str, what: EntryKind, amount: Amount, day: date, who: Principal
    ) -> Entry:
        kind = self.kind(code)
        return Entry(
            id=self._core.ids.new(),
            person_id=person_id,
            leave_kind=code,
            year=year_of(day, kind.cycle),
            kind=what,
            half_days=amount.half_days,
            minutes=amount.minutes,
            day=day,
            source="",
            application_id=None,
            reason="",
            made_by=who.actor,
            made_at=self._core.clock.now(),
        )

    @staticmethod
    def _with(entry: Entry, **changed: Any) -> Entry:
        return Entry(**({n: getattr(entry, n) for n in Entry.__dataclass_fields__} | changed))

    def _refuse_below(self, scope: Scope, kind: LeaveKind, entry: Entry) -> None:
        least = self.left_from(scope, entry.person_id, entry.leave_kind, entry.day)
        if kind.balanced and falls_short(kind, least, entry.amount.negative):
            raise invalid("half_days", "below_zero", "less than nothing would be left")

    def _record(self, scope: Scope, who: Principal, action: str, entry: Entry) -> None:
        said = {
            "leave_kind": entry.leave_kind,
            "half_days": entry.half_days,
            "minutes": entry.minutes,
            "day": entry.day.isoformat(),
            "reason_chars": len(entry.reason),
        }
        record(scope, entry.made_at, who, action, ("person", entry.person_id), said)


def _carried_too_much(kind: LeaveKind, entries: Sequence[Entry], year: int) -> bool:
    """Tell whether a year that was ended already has carried over what is taken in it now, and the
    next year has used it."""
    if not any(each.year == year and each.kind is EntryKind.EXPIRED for each in entries):
        return False
    change = total(
        amount for what, amount in settled(kind, entries, year) if what is EntryKind.CARRIED_OVER
    )
    least = lowest(kind, entries, year + 1, first_day(year + 1, kind.cycle))
    return falls_short(kind, least, change.negative)


def _supposed(person_id: str, code: str, year: int, taking: Taking) -> Entry:
    """An entry as it would be: only to reckon with."""
    amount = taking.amount.negative
    return Entry(
        id="",
        person_id=person_id,
        leave_kind=code,
        year=year,
        kind=EntryKind.TAKEN,
        half_days=amount.half_days,
        minutes=amount.minutes,
        day=taking.day,
        source="",
        application_id=None,
        reason="",
        made_by="",
        made_at=datetime.min,  # noqa: DTZ901  # never stored
    )


def summed(takings: Iterable[Taking]) -> Amount:
    """Give all that is taken together."""
    return total(each.amount for each in takings)
