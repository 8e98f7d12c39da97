"""What closings, adjustments, divergences and alerts stand on: small ports.

`Sources` is where they are plugged in, once, by `hub.bootstrap`. Tests plug in their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from hub.attendance.domain import Day
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.timesheets.divergence_domain import FoundDivergence
from hub.timesheets.seen import SeenAtDoors
from hub.worktime.domain import DayFile, Month, MonthFile, MonthResult


@dataclass(frozen=True, slots=True)
class DerivedMonth:
    """One person's month, derived anew. `days` are the punches as they were read, by date;
    `ordinance` names the one in force on the last day (`title from date`); `divergence_min`: from
    how many minutes on things 'differ markedly' by it; `cap_month_min`: the month's cap, if any;
    `alerts_min`: the thresholds on the way there. On the dates `by_order` an order needs no
    punches."""

    file: MonthFile
    result: MonthResult
    days: Mapping[date, Day] = field(default_factory=dict)
    ordinance: str = ""
    divergence_min: int = 30
    cap_month_min: int | None = None
    alerts_min: tuple[int, ...] = ()
    by_order: frozenset[date] = frozenset()

    @property
    def person_id(self) -> str:
        """Whose."""
        return self.result.person_id

    @property
    def inputs(self) -> frozenset[str]:
        """The records it was derived from, each as `kind:id`: punches that count, corrections,
        orders, explanations and swaps."""
        none: frozenset[str] = frozenset()
        return none.union(*(self.inputs_of(each) for each in self.file.days))

    def inputs_of(self, each: DayFile) -> frozenset[str]:
        """Give those of one date of the file."""
        found = {f"order:{one.id}" for one in each.orders}
        found |= {f"explained:{one.id}" for one in each.explained}
        if each.plan.swap_id is not None:
            found.add(f"swap:{each.plan.swap_id}")
        punched = self.days.get(each.work_date)
        for read in punched.punches if punched else ():
            found.add(f"punch:{read.punch.id}")
            if read.punch.corrected_by is not None:
                found.add(f"correction:{read.punch.corrected_by}")
        return frozenset(found)


class Derivation(Protocol):
    """Derives months anew from everything there is."""

    def months(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Give the months of those who were employed in it, by person. Those who cannot be
        reckoned (`unreckonable`) are left out."""
        ...

    def standing(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Give the same as they are kept, where they stand: without `days`."""
        ...

    def keep(self, db: Database, month: Month, person_ids: Collection[str], /) -> None:
        """Have what does not stand reckoned and kept, so that `standing` has little to do."""
        ...

    def unreckonable(
        self, scope: Scope, month: Month, person_ids: Collection[str], /
    ) -> Mapping[str, date]:
        """Give those whose kind of employment no ordinance knows, with the first such date."""
        ...


@dataclass(frozen=True, slots=True)
class Unit:
    """A department as closings need it."""

    id: str
    code: str
    name: str
    name_en: str = ""
    parent_id: str | None = None


class Staffing(Protocol):
    """Who belongs where."""

    def units(self, scope: Scope, /) -> tuple[Unit, ...]:
        """Give every department, by code."""
        ...

    def placed(self, scope: Scope, month: Month, by_last_day: bool, /) -> Mapping[str, str]:
        """Give person -> department of everybody employed in a month: where they were on the last
        day of it on which they were employed, or on the first."""
        ...

    def heads(self, scope: Scope, department_id: str, on: date, /) -> tuple[tuple[str, ...], ...]:
        """Give the people who lead a department, then those who lead the one above it, and so on
        to the top; empty where nobody does."""
        ...


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """An application that nobody has decided on. `path` is its page."""

    id: str
    person_id: str
    work_date: date
    path: str = ""


class Pending(Protocol):
    """What is not decided yet."""

    def open_applications(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> tuple[OpenApplication, ...]:
        """Give the applications that concern dates of `[first, last]` and wait for somebody."""
        ...


class Comparison(Protocol):
    """Holds the three sides of a person's dates against one another."""

    def found(
        self, derived: DerivedMonth, seen: Mapping[date, SeenAtDoors], /
    ) -> tuple[FoundDivergence, ...]:
        """Give what differs markedly on the dates of a month."""
        ...


class Gaps(Protocol):
    """When readers were down."""

    def blind(
        self, scope: Scope, person_id: str, start: datetime, end: datetime, /
    ) -> tuple[tuple[datetime, datetime], ...]:
        """Give when a reader that somebody uses was down, within `[start, end)`."""
        ...


class Nobody:
    """A town without staff: nobody is employed, nothing is derived, nothing waits."""

    def months(
        self, _scope: Scope, _month: Month, _person_ids: Collection[str], /
    ) -> Mapping[str, DerivedMonth]:
        """Nobody's."""
        return {}

    standing = months

    def keep(self, _db: Database, _month: Month, _person_ids: Collection[str], /) -> None:
        """Nothing."""

    def unreckonable(
        self, _scope: Scope, _month: Month, _person_ids: Collection[str], /
    ) -> Mapping[str, date]:
        """Nobody."""
        return {}

    def units(self, _scope: Scope, /) -> tuple[Unit, ...]:
        """None."""
        return ()

    def placed(self, _scope: Scope, _month: Month, _by_last_day: bool, /) -> Mapping[str, str]:
        """Nobody."""
        return {}

    def heads(
        self, _scope: Scope, _department_id: str, _on: date, /
    ) -> tuple[tuple[str, ...], ...]:
        """Nobody."""
        return ()

    def found(
        self, _derived: DerivedMonth, _seen: Mapping[date, SeenAtDoors], /
    ) -> tuple[FoundDivergence, ...]:
        """Nothing."""
        return ()

    def blind(
        self, _scope: Scope, _person_id: str, _start: datetime, _end: datetime, /
    ) -> tuple[tuple[datetime, datetime], ...]:
        """Never."""
        return ()

    def open_applications(
        self, _scope: Scope, _person_ids: Collection[str], _first: date, _last: date, /
    ) -> tuple[OpenApplication, ...]:
        """None."""
        return ()


_NOBODY = Nobody()


@dataclass(slots=True)
class Sources:
    """The ports together."""

    derivation: Derivation = _NOBODY
    staffing: Staffing = _NOBODY
    pending: Pending = _NOBODY
    comparison: Comparison = _NOBODY
    gaps: Gaps = _NOBODY
