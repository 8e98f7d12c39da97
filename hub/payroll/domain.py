"""What goes out: lines of a person's month, of a day, of a punch; and how cells are written.

Lines are plain values gathered from timesheets; a profile (`profile.py`) says which of them become
columns. Durations are whole minutes; `clock` cells are minutes of the work date, so that half past
one of the next morning is 25:30.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias


class Unit(StrEnum):
    """What a value is, and so in which forms it can be written."""

    TEXT = "text"
    NUMBER = "number"
    MINUTES = "minutes"
    HALF_DAYS = "half_days"
    """Counted in half days, written in days: 3 is `1.5`."""
    CLOCK = "clock"
    DATE = "date"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value that no cell of this kind of row can say; `code` is why."""

    code: str


Value: TypeAlias = str | int | date | Unfit | None
Line: TypeAlias = Mapping[str, Value]
"""Field codes and their values; None where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who it is about, as the payroll system knows them."""

    person_id: str
    staff_number: str
    name: str
    name_kana: str
    department_code: str
    department_name: str
    kind: str
    post: str


class LeaveGroup(StrEnum):
    """What payroll tells apart of leave. A town's further kinds are special ones, or unpaid."""

    ANNUAL = "annual"
    SICK = "sick"
    SPECIAL = "special"
    UNPAID = "unpaid"
    COMPENSATORY = "compensatory"
    """A day off that stands for a worked holiday (代休)."""


@dataclass(frozen=True, slots=True)
class LeaveName:
    """A kind of leave: its code, and its names in the three languages."""

    code: str
    group: LeaveGroup
    title: str
    title_easy: str
    title_en: str


@dataclass(frozen=True, slots=True)
class LeaveTaken:
    """Leave of one kind that was taken: half days, and minutes of what was taken by the hour."""

    name: LeaveName
    half_days: int
    minutes: int


@dataclass(frozen=True, slots=True)
class LeaveLeft:
    """What is left of one kind at the month's end, hours made into days by the kind's rule. Below
    zero both are."""

    name: LeaveName
    half_days: int
    minutes: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """One work date. `first_in_min`, `last_out_min`: minutes of the work date, None where there is
    none; `minutes` by bucket (`overtime`, `overtime.night`, ...); `explained` by kind."""

    work_date: date
    kind: str
    first_in_min: int | None
    last_out_min: int | None
    present_min: int
    break_min: int
    regular_min: int
    missing_min: int
    minutes: Mapping[str, int] = field(default_factory=dict)
    explained: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    leave: tuple[LeaveTaken, ...] = ()


@dataclass(frozen=True, slots=True)
class BucketRow:
    """A month's bucket: raw minutes, what is paid of them, and paid minutes that later data brought
    to earlier months, or took from them. `at_other_rates`: those by the percent that was in force
    then, where it is another."""

    raw_min: int
    rounded_min: int
    percent: int
    paid: bool
    adjusted_min: int = 0
    at_other_rates: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One person's month. `month` is its first day. `closed_at` None: still open. `adjusted`: what
    later data changed of earlier months' counters (`missing_min`, ..., `explained.leave`): time
    that was deducted and is given back, say."""

    staff: Staff
    month: date
    buckets: Mapping[str, BucketRow]
    days_worked: int
    present_min: int
    regular_min: int
    missing_min: int
    over_full_day_min: int
    statutory_min: int
    explained: Mapping[str, int]
    days: tuple[DayRow, ...] = ()
    closed_at: datetime | None = None
    adjusted: Mapping[str, int] = field(default_factory=dict)
    adjusted_dates: tuple[date, ...] = ()
    """The work dates of earlier months about which something came later."""
    leave_left: tuple[LeaveLeft, ...] = ()

    @property
    def leave(self) -> tuple[LeaveTaken, ...]:
        """The leave taken on the month's days, by kind in the order in which they came."""
        found: dict[LeaveName, LeaveTaken] = {}
        for each in (taken for day in self.days for taken in day.leave):
            so_far = found.get(each.name, LeaveTaken(each.name, 0, 0))
            half_days = so_far.half_days + each.half_days
            found[each.name] = LeaveTaken(each.name, half_days, so_far.minutes + each.minutes)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class PunchRow:
    """A punch that counts, with the work date that it belongs to. `direction` is `in`, `out`,
    `break_start` or `break_end`: inferred ones are told as what they became."""

    staff: Staff
    work_date: date
    at: datetime
    direction: str
