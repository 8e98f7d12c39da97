"""Patterns of regular hours, and the plan they give for a date.

A pattern is a week, or a cycle of any number of days that starts on an anchor date (a four-week
roster has 28). Each of its days has its hours and the breaks in them; a shift may end on the next
date. Swaps come later (`hub.worktime.swaps`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.worktime.calendar import is_holiday
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import DAY_MIN, Span, Spans, common, joined, total, without
from hub.worktime.ordinance import Ordinance


@dataclass(frozen=True, slots=True)
class PatternDay:
    """One day of a pattern: its stretches of hours from coming to going, and the breaks in them.
    No hours: a day off. Raises `ValueError` for hours that do not start on the date or end after
    the next one, and for a break outside the hours."""

    hours: Spans = ()
    breaks: Spans = ()

    def __post_init__(self) -> None:
        if any(not 0 <= span.start < DAY_MIN or span.end > 2 * DAY_MIN for span in self.hours):
            raise ValueError("hours start on their date and end on it or the next one")
        if without(self.breaks, self.hours):
            raise ValueError("a break lies within the hours")

    @property
    def spans(self) -> Spans:
        """The regular hours: without the breaks."""
        return without(self.hours, self.breaks)


DAY_OFF = PatternDay()


@dataclass(frozen=True, slots=True)
class WeekPattern:
    """The same week for ever; `days` from Monday to Sunday. Raises `ValueError` unless seven."""

    days: tuple[PatternDay, ...]
    rostered: bool = False

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("a week has seven days")

    def on(self, day: date) -> PatternDay:
        """Give the pattern's day for a date."""
        return self.days[day.weekday()]


@dataclass(frozen=True, slots=True)
class CyclePattern:
    """A cycle of days, the first of which falls on `anchor`; it holds before that date too. A shift
    pattern orders work on holidays by itself (`rostered`). Raises `ValueError` for no days."""

    anchor: date
    days: tuple[PatternDay, ...]
    rostered: bool = True

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a cycle has at least one day")

    def on(self, day: date) -> PatternDay:
        """Give the pattern's day for a date."""
        return self.days[(day - self.anchor).days % len(self.days)]


Pattern = WeekPattern | CyclePattern


def regular_week(ordinance: Ordinance) -> WeekPattern:
    """Give the ordinance's regular day from Monday to Friday."""
    day = ordinance.day
    breaks = (
        (Span(day.break_from_min, day.break_to_min),)
        if day.break_from_min < day.break_to_min
        else ()
    )
    workday = PatternDay((Span(day.starts_min, day.ends_min),), breaks)
    return WeekPattern((workday,) * 5 + (DAY_OFF,) * 2)


def plan_on(
    pattern: Pattern,
    day: date,
    extra: Collection[date] = (),
    removed: Collection[date] = (),
) -> DayPlan:
    """Give a date's plan. `extra` and `removed` are the town's own holidays and its exceptions."""
    return plan_of(pattern.on(day), day, is_holiday(day, extra, removed), pattern.rostered)


def plan_of(
    shift: PatternDay, day: date, holiday: DayKind | None, rostered: bool = False
) -> DayPlan:
    """Give the plan of a date with these hours, as for a single day changed. `holiday` is what
    `is_holiday` said; a day without hours is a day off even on a holiday."""
    spans = shift.spans
    kind = (holiday or DayKind.WORKDAY) if spans else DayKind.DAY_OFF
    return DayPlan(
        work_date=day,
        kind=kind,
        spans=spans,
        breaks=joined(shift.breaks),
        base_spans=spans,
        holiday=holiday is not None,
        rostered=rostered,
    )


class PatternProblem(StrEnum):
    """What is odd about a pattern."""

    OVERLAPS_NEXT = "overlaps_next"
    """A shift that crosses midnight runs into the hours of the next day."""
    SHIFT_TOO_LONG = "shift_too_long"
    """A stretch is longer than the ordinance's `warnings.shift_max_min`."""
    WEEK_TOO_LONG = "week_too_long"
    """The mean week has more regular hours than the ordinance's full week."""
    TOO_MANY_DAYS = "too_many_days"
    """More days in a row than the ordinance's `warnings.days_in_a_row`."""


def pattern_problems(pattern: Pattern, ordinance: Ordinance) -> tuple[PatternProblem, ...]:
    """Say what is odd about a pattern, each kind once."""
    found = set(_problems(pattern.days, ordinance))
    return tuple(problem for problem in PatternProblem if problem in found)


def _problems(days: Sequence[PatternDay], ordinance: Ordinance) -> Iterator[PatternProblem]:
    following = (*days[1:], days[0])
    for day, after in zip(days, following, strict=True):
        if common(day.hours, (span.moved(DAY_MIN) for span in after.hours)):
            yield PatternProblem.OVERLAPS_NEXT
        if any(span.minutes > ordinance.warnings.shift_max_min for span in joined(day.hours)):
            yield PatternProblem.SHIFT_TOO_LONG
    if sum(total(day.spans) for day in days) * 7 > ordinance.day.full_week_min * len(days):
        yield PatternProblem.WEEK_TOO_LONG
    if _longest_row(days) > ordinance.warnings.days_in_a_row:
        yield PatternProblem.TOO_MANY_DAYS


def _longest_row(days: Sequence[PatternDay]) -> int:
    """The most days with hours in a row, the pattern being repeated."""
    longest = row = 0
    for day in (*days, *days):
        row = row + 1 if day.hours else 0
        longest = max(longest, row)
    return longest
