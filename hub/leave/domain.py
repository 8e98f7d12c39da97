"""Kinds of leave, amounts, and the entries of a ledger. Pure; amounts are whole numbers, always.

An amount is so many half days and so many minutes, side by side: a day of leave is a day, whatever
its hours, and only what was taken by the hour is turned into days, by the kind's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

import msgspec


class LeaveUnit(StrEnum):
    """In what a kind of leave is taken."""

    DAY = "day"
    HALF_DAY = "half_day"
    HOUR = "hour"


class Cycle(StrEnum):
    """When a kind's year begins."""

    CALENDAR = "calendar"
    """1 January, as the annual leave of most municipal staff."""
    FISCAL = "fiscal"
    """1 April."""


class YearlyGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody of a kind of employment (`kind` of the ordinance; empty: everybody else) is
    given for a year, in half days. `hired`: the same for somebody employed for only the last 1, 2,
    ... 11 months of it, in this order; empty: in proportion to the months, rounded up to days."""

    employment: str = ""
    half_days: Annotated[int, msgspec.Meta(ge=0, le=732)]
    hired: tuple[Annotated[int, msgspec.Meta(ge=0, le=732)], ...] = ()


class LeaveKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of leave, as a file of kinds says it.

    `balanced`: only what is left may be taken; others are counted and never run out. `day_min`: so
    many minutes taken by the hour make a day of leave. `hour_unit_min`: they are taken in
    multiples of this, and the very last minutes of a balance at once. `once_half_days`: the most of
    one application. `season`: the first and last day of the year on which it may be taken, as
    `MM-DD`. `carry_over_half_days`: the most that lives on in the next year, and `carry_over_days`:
    whole days alone.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    title_en: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    title_easy: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    units: tuple[LeaveUnit, ...] = (LeaveUnit.DAY,)
    paid: bool = True
    balanced: bool = False
    needs_reason: bool = False
    needs_evidence: bool = False
    cycle: Cycle = Cycle.CALENDAR
    grants: tuple[YearlyGrant, ...] = ()
    carry_over_half_days: Annotated[int, msgspec.Meta(ge=0, le=732)] = 0
    carry_over_days: bool = True
    day_min: Annotated[int, msgspec.Meta(ge=60, le=1_440)] = 480
    hour_unit_min: Annotated[int, msgspec.Meta(ge=1, le=480)] = 60
    once_half_days: Annotated[int, msgspec.Meta(ge=1, le=732)] | None = None
    season: tuple[str, str] | None = None
    below_zero: bool = False
    """Taking more than is left is warned of, not refused."""


Kinds = Mapping[str, LeaveKind]
"""By their code, in the order in which they are shown."""


class Amount(NamedTuple):
    """Half days and minutes, each of either sign."""

    half_days: int = 0
    minutes: int = 0

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.half_days + other.half_days, self.minutes + other.minutes)

    @property
    def negative(self) -> Amount:
        """As much, the other way."""
        return Amount(-self.half_days, -self.minutes)

    def half_minutes(self, day_min: int) -> int:
        """How much it is with so many minutes to the day, in half minutes: half of a day of an odd
        number of minutes is none of whole ones."""
        return self.half_days * day_min + 2 * self.minutes


class Shown(NamedTuple):
    """An amount as people read it: days, a half day or none, hours and minutes, by the rule that
    `day_min` minutes make a day. `below`: all of it is missing."""

    days: int
    half: bool
    hours: int
    minutes: int
    below: bool


def shown(amount: Amount, day_min: int) -> Shown:
    """Give an amount as people read it. A kind taken in half days and hours has a day of an even
    number of minutes (`hub.leave.kind_files` sees to it), so that nothing is lost here."""
    whole = amount.half_minutes(day_min)
    days, rest = divmod(abs(whole), 2 * day_min)
    half = rest % 2 == 1 or (rest == day_min)
    minutes = (rest - day_min if half and rest >= day_min else rest) // 2
    return Shown(days, half, minutes // 60, minutes % 60, below=whole < 0)


class EntryKind(StrEnum):
    """Why the ledger has an entry."""

    GRANTED = "granted"
    CARRIED_OVER = "carried_over"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    """What was taken by an application that was cancelled."""
    CORRECTED = "corrected"
    EXPIRED = "expired"
    """At the year's end: all that was left, whether it was carried over or lost."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; never changed. `year` is the kind's year in which it counts, `day` the one from
    which it does. `source` says what it stands for and is there once: a second grant for a year
    changes nothing."""

    id: str
    person_id: str
    leave_kind: str
    year: int
    kind: EntryKind
    half_days: int
    minutes: int
    day: date
    source: str
    application_id: str | None
    reason: str
    made_by: str
    made_at: datetime

    @property
    def amount(self) -> Amount:
        """How much it adds."""
        return Amount(self.half_days, self.minutes)


NOTHING: Final = Amount()


def year_of(day: date, cycle: Cycle) -> int:
    """Give the year of a kind in which a date lies: the one in which it began."""
    return day.year if cycle is Cycle.CALENDAR or day.month >= 4 else day.year - 1


def first_day(year: int, cycle: Cycle) -> date:
    """Give the first day of a kind's year."""
    return date(year, 1 if cycle is Cycle.CALENDAR else 4, 1)


def last_day(year: int, cycle: Cycle) -> date:
    """Give the last day of a kind's year."""
    return first_day(year + 1, cycle) - timedelta(days=1)
