"""A town's ordinance on working time, as data: every number that reckoning uses.

The shipped one (`ordinances/standard.toml`) says what published municipal rules say; a town writes
its own beside it. An ordinance holds from `from` until the next one of the same town begins; a
month is reckoned, day by day, by the ordinance in force on that day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from hub.worktime.domain import PayClass

Percent = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
Minutes = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
MinuteOfDay = Annotated[int, msgspec.Meta(ge=0, le=2_880)]

ADD_ONS: Final = frozenset({PayClass.SWAP_EXCESS, PayClass.NIGHT_REGULAR})
"""Paid on top of regular pay: they have no night of their own and never reach the 60th hour."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables share: a misspelt key is an error, not ignored."""


class Pay(_Table, frozen=True, kw_only=True):
    """One pay class: per cent of the hourly rate by day and night, and what it counts towards."""

    day_percent: Percent
    night_percent: Percent
    counts_60h: bool = False
    counts_cap_month: bool = False
    counts_cap_average: bool = False


class Rounding(_Table, frozen=True, kw_only=True):
    """A month's total of a bucket becomes a multiple of `unit_min`: what is left over is raised
    from `up_from_min` on, and dropped below. Never per day."""

    unit_min: Annotated[int, msgspec.Meta(ge=1, le=60)] = 60
    up_from_min: Annotated[int, msgspec.Meta(ge=0, le=60)] = 30


class Day(_Table, frozen=True, kw_only=True):
    """The regular day and the night band, as minutes of a day; the band's end may be the next day's
    (05:00 is 300 or 1740)."""

    starts_min: MinuteOfDay = 510
    ends_min: MinuteOfDay = 1_035
    break_from_min: MinuteOfDay = 720
    break_to_min: MinuteOfDay = 780
    full_day_min: Minutes = 465
    full_week_min: Minutes = 2_325
    night_from_min: MinuteOfDay = 1_320
    night_to_min: MinuteOfDay = 300
    week_starts: Annotated[int, msgspec.Meta(ge=1, le=7)] = 7
    """ISO weekday, 7 for Sunday."""


class Statutory(_Table, frozen=True, kw_only=True):
    """The second counter (Labour Standards Act, Article 32)."""

    day_min: Minutes = 480
    week_min: Minutes = 2_400


class Sixty(_Table, frozen=True, kw_only=True):
    """After how many counted minutes of a month the higher rate holds."""

    after_min: Minutes = 3_600


class Cap(_Table, frozen=True, kw_only=True):
    """The caps of one kind of department. `month_min` is the most that is allowed; with
    `month_below`, only less than that is. None: no such cap."""

    month_min: Minutes | None = None
    month_below: bool = False
    year_min: Minutes | None = None
    average_min: Minutes | None = None
    average_months: tuple[int, ...] = ()
    months_above_min: Minutes | None = None
    months_above_max: Annotated[int, msgspec.Meta(ge=0, le=12)] | None = None
    alerts_min: tuple[Minutes, ...] = ()


class Overtime(StrEnum):
    """What becomes of the ordered minutes of a kind of employment."""

    PAID = "paid"
    RECORDED = "recorded"


class Kind(_Table, frozen=True, kw_only=True):
    """A kind of employment. `short_time`: overtime of a working day is of class `short_time` until
    the hours planned and ordered reach the full day."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    overtime: Overtime = Overtime.PAID
    short_time: bool = False


class TripOvertime(StrEnum):
    """What shows that overtime ordered on a date of work elsewhere was done."""

    NEEDS_PUNCHES = "needs_punches"
    """Punches, as on any date."""
    AS_ORDERED = "as_ordered"
    """The order itself, where nobody punched that date."""


class Elsewhere(_Table, frozen=True, kw_only=True):
    """Work elsewhere: trips, telework, training."""

    trip_overtime: TripOvertime = TripOvertime.NEEDS_PUNCHES


class Swaps(_Table, frozen=True, kw_only=True):
    """Within how many days of the worked day the other one lies."""

    swap_before_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 28
    swap_after_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 56
    compensatory_after_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 56


class Warnings(_Table, frozen=True, kw_only=True):
    """What is said and never refused."""

    days_in_a_row: Annotated[int, msgspec.Meta(ge=1, le=31)] = 12
    shift_max_min: Minutes = 960
    divergence_min: Minutes = 30
    """From how many minutes on order, punches and presence 'differ markedly'."""


class Ordinance(_Table, frozen=True, kw_only=True):
    """One version of a town's rules. `since` is the first work date it holds for."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    since: date = msgspec.field(name="from")
    pay: Mapping[PayClass, Pay]
    kinds: Mapping[str, Kind]
    day: Day = Day()
    rounding: Rounding = Rounding()
    statutory: Statutory = Statutory()
    sixty: Sixty = Sixty()
    caps: Mapping[str, Cap] = {}
    elsewhere: Elsewhere = Elsewhere()
    swaps: Swaps = Swaps()
    warnings: Warnings = Warnings()


class NoOrdinanceError(LookupError):
    """No version of the rules is in force on a date: it lies before the first one's `from`."""


class KindUnknownError(LookupError):
    """A kind of employment has no table `[kinds.…]` in the ordinance in force."""


class Ordinances:
    """All versions of a town's rules, by the first date on which each holds."""

    __slots__ = ("_since", "versions")

    def __init__(self, versions: Iterable[Ordinance]) -> None:
        self.versions: Final = tuple(sorted(versions, key=lambda version: version.since))
        self._since: Final = [version.since for version in self.versions]

    def at(self, day: date) -> Ordinance:
        """Give the version in force on a date; raise `NoOrdinanceError` before the first one."""
        position = bisect_right(self._since, day)
        if not position:
            raise NoOrdinanceError(f"no ordinance is in force on {day}")
        return self.versions[position - 1]

    def kind_at(self, code: str, day: date) -> Kind:
        """Give a kind of employment as it is on a date; raise `KindUnknownError`."""
        kind = self.at(day).kinds.get(code)
        if kind is None:
            raise KindUnknownError(f"kinds.{code} is not in the ordinance in force on {day}")
        return kind
