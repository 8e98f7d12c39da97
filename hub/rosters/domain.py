"""Shift codes, patterns, their assignment, rosters. Dates are work dates, `ends_on` the last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from hub.worktime.minutes import DAY_MIN, Span, Spans, joined, without
from hub.worktime.patterns import PatternDay

ROSTER_DAYS: Final = 28
"""A roster is made for four weeks."""
CYCLE_MAX: Final = 366
LONGEST_SHIFT_MIN: Final = 2 * DAY_MIN


class Stretch(msgspec.Struct, frozen=True, order=True):
    """Minutes of a work date from `start` up to `end`; those past 1440 are the next date's."""

    start: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_SHIFT_MIN)]
    end: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_SHIFT_MIN)]


@dataclass(frozen=True, slots=True)
class ShiftCode:
    """What a date is called on a roster: `日`, `夜`, `公`. `stretches` run from start to end of the
    shift, breaks among them; without any it is a day off. One that is `retired` stands where it
    stood, and is given to nobody any more."""

    id: str
    code: str
    name: str
    name_en: str
    stretches: tuple[Stretch, ...]
    breaks: tuple[Stretch, ...]
    created_at: datetime
    updated_at: datetime
    retired: bool = False

    @property
    def spans(self) -> Spans:
        """Regular hours: the stretches without the breaks."""
        return without(map(_span, self.stretches), map(_span, self.breaks))

    @property
    def break_spans(self) -> Spans:
        """The breaks."""
        return joined(map(_span, self.breaks))

    @property
    def day(self) -> PatternDay:
        """The day of a pattern on which it falls."""
        return PatternDay(tuple(map(_span, self.stretches)), tuple(map(_span, self.breaks)))

    @property
    def regular_min(self) -> int:
        """Minutes of regular hours."""
        return sum(span.minutes for span in self.spans)


def _span(stretch: Stretch) -> Span:
    return Span(stretch.start, stretch.end)


class PatternKind(StrEnum):
    """How a pattern goes round."""

    WEEKLY = "weekly"
    """Seven days from Monday."""
    CYCLE = "cycle"
    """Any number of days; `anchor` is a first one."""


@dataclass(frozen=True, slots=True)
class WorkPattern:
    """Which shift falls on which day, over and over. `codes`: ids of shift codes, None for a day
    off. `rostered`: it orders work on a holiday that falls on one of its shifts, as where somebody
    is on duty every day of the year. One that is `retired` is assigned to nobody any more."""

    id: str
    name: str
    name_en: str
    kind: PatternKind
    anchor: date
    codes: tuple[str | None, ...]
    rostered: bool
    created_at: datetime
    updated_at: datetime
    retired: bool = False

    def code_on(self, day: date) -> str | None:
        """The id of the shift code that falls on a date."""
        return self.codes[(day - self.anchor).days % len(self.codes)]


class SubjectKind(StrEnum):
    """To whom a pattern is assigned; whom it names more closely wins."""

    PERSON = "person"
    DEPARTMENT = "department"
    KIND = "kind"
    """A kind of employment of the ordinance."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A pattern holds for a person, a department or a kind of employment from `starts_on` on. Of
    several for the same subject the one that started last holds."""

    id: str
    subject_kind: SubjectKind
    subject_id: str
    pattern_id: str
    starts_on: date
    ends_on: date | None
    created_at: datetime
    updated_at: datetime

    def holds(self, day: date) -> bool:
        """Whether it is in force on a date."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A date of somebody as the roster says, whatever their pattern: `code_id` None for a day off.
    It orders work on holidays."""

    person_id: str
    work_date: date
    code_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """Why a single published date was changed, or `released` to its pattern."""

    id: str
    person_id: str
    work_date: date
    code_id: str | None
    released: bool
    cause: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """A department's four weeks. `published_at` None: a draft that nobody works by yet."""

    department_id: str
    starts_on: date
    published_at: datetime | None
    published_by: str | None


class FindingKind(StrEnum):
    """What is odd about a roster. Said, never refused."""

    HOURS_OVER = "hours_over"
    HOURS_UNDER = "hours_under"
    FEW_DAYS_OFF = "few_days_off"
    LONG_SHIFT = "long_shift"
    SHORT_REST = "short_rest"
    MANY_IN_A_ROW = "many_in_a_row"
    OVERLAP = "overlap"
    """A shift starts before the one of the day before has ended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd: of a person over the four weeks, or on one date. `amount` and `limit` are
    minutes, for days off and days in a row days."""

    person_id: str
    kind: FindingKind
    amount: int
    limit: int
    work_date: date | None = None
