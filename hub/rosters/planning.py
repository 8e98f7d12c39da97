"""From patterns, rosters and holidays to plans: pure.

Who looks for the plan of a date finds the first of these: what the published roster says of the
person; the pattern assigned to the person, to the department, to the kind of employment; the
ordinance's regular day from Monday to Friday.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from hub.rosters.domain import Assignment, RosterDay, ShiftCode, SubjectKind, WorkPattern
from hub.staff.domain import Employment
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import Span, Spans, common, without
from hub.worktime.ordinance import Day, Ordinance

_SATURDAY = 5
_ORDER = (SubjectKind.PERSON, SubjectKind.DEPARTMENT, SubjectKind.KIND)


@dataclass(frozen=True, slots=True)
class Shift:
    """Regular hours of a date with their breaks; `rostered` orders work on a holiday too."""

    spans: Spans = ()
    breaks: Spans = ()
    rostered: bool = False


_ROSTERED_OFF = Shift(rostered=True)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """All that plans follow from. `holidays`: dates on which offices are closed, with their kind.
    `roster`: published days by person and date."""

    codes: Mapping[str, ShiftCode] = field(default_factory=dict)
    patterns: Mapping[str, WorkPattern] = field(default_factory=dict)
    assignments: Sequence[Assignment] = ()
    roster: Mapping[tuple[str, date], RosterDay] = field(default_factory=dict)
    employments: Mapping[str, Sequence[Employment]] = field(default_factory=dict)
    holidays: Mapping[date, DayKind] = field(default_factory=dict)


class Planner:
    """Gives plans of people and dates. What repeats (a code on a date's kind) is made once."""

    def __init__(self, facts: PlanFacts, ordinances: Mapping[date, Ordinance]) -> None:
        self._facts = facts
        self._ordinances = ordinances
        self._assigned = _by_subject(facts.assignments)
        self._shifts = {
            (each.id, rostered): Shift(each.spans, each.break_spans, rostered)
            for each in facts.codes.values()
            for rostered in (False, True)
        }
        self._regular: dict[tuple[Day, bool], Shift] = {}
        self._plans: dict[tuple[date, Shift], DayPlan] = {}

    def plans(self, person_id: str, days: Iterable[date]) -> dict[date, DayPlan]:
        """Give somebody's plans, before swaps."""
        return {day: self._plan(day, self._shift(person_id, day)) for day in days}

    def code_on(self, person_id: str, day: date) -> ShiftCode | None:
        """Give the shift code that holds on a date; None for a day off and for the ordinance's own
        regular day."""
        told = self._facts.roster.get((person_id, day))
        if told is not None:
            return self._facts.codes[told.code_id] if told.code_id else None
        pattern = self._pattern(person_id, day)
        code_id = pattern.code_on(day) if pattern else None
        return self._facts.codes[code_id] if code_id else None

    def _shift(self, person_id: str, day: date) -> Shift:
        told = self._facts.roster.get((person_id, day))
        if told is not None:
            return _ROSTERED_OFF if told.code_id is None else self._shifts[told.code_id, True]
        pattern = self._pattern(person_id, day)
        if pattern is None:
            return self._regular_day(day)
        code_id = pattern.code_on(day)
        if code_id is None:
            return Shift(rostered=pattern.rostered)
        return self._shifts[code_id, pattern.rostered]

    def _pattern(self, person_id: str, day: date) -> WorkPattern | None:
        if not self._assigned:
            return None
        place = next((e for e in self._facts.employments.get(person_id, ()) if e.holds(day)), None)
        subject = {
            SubjectKind.PERSON: person_id,
            SubjectKind.DEPARTMENT: place.department_id if place else None,
            SubjectKind.KIND: place.kind if place else None,
        }
        for kind in _ORDER:
            for each in self._assigned.get((kind, subject[kind]), ()):
                if each.holds(day):
                    return self._facts.patterns[each.pattern_id]
        return None

    def _regular_day(self, day: date) -> Shift:
        works = day.weekday() < _SATURDAY
        rules = self._ordinances[day].day
        key = (rules, works)
        if key not in self._regular:
            self._regular[key] = _regular(rules) if works else Shift()
        return self._regular[key]

    def _plan(self, day: date, shift: Shift) -> DayPlan:
        found = self._plans.get((day, shift))
        if found is None:
            found = self._plans[day, shift] = plan_of(day, shift, self._facts.holidays.get(day))
        return found


def plan_of(day: date, shift: Shift, holiday: DayKind | None) -> DayPlan:
    """Give the plan of a date with these regular hours; `holiday` says which kind of holiday the
    calendar date is, if any."""
    kind = DayKind.DAY_OFF if not shift.spans else holiday or DayKind.WORKDAY
    return DayPlan(
        work_date=day,
        kind=kind,
        spans=shift.spans,
        breaks=shift.breaks,
        base_spans=shift.spans,
        holiday=holiday is not None,
        rostered=shift.rostered,
    )


def days_between(first: date, last: date) -> list[date]:
    """Give the dates from `first` through `last`."""
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def _regular(rules: Day) -> Shift:
    whole = (Span(rules.starts_min, rules.ends_min),)
    if rules.break_to_min <= rules.break_from_min:
        return Shift(whole)
    pause = (Span(rules.break_from_min, rules.break_to_min),)
    return Shift(without(whole, pause), common(whole, pause))


def _by_subject(
    assignments: Iterable[Assignment],
) -> dict[tuple[SubjectKind, str | None], list[Assignment]]:
    found: dict[tuple[SubjectKind, str | None], list[Assignment]] = {}
    for each in sorted(assignments, key=lambda one: (one.starts_on, one.id), reverse=True):
        found.setdefault((each.subject_kind, each.subject_id), []).append(each)
    return found
