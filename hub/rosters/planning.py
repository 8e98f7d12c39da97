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
from hub.worktime.ordinance import Day, Ordinance
from hub.worktime.patterns import DAY_OFF, PatternDay, WeekPattern, plan_of, regular_week

_ORDER = (SubjectKind.PERSON, SubjectKind.DEPARTMENT, SubjectKind.KIND)


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
        self._days = {each.id: each.day for each in facts.codes.values()}
        self._weeks: dict[Day, WeekPattern] = {}
        self._plans: dict[tuple[date, PatternDay, bool], DayPlan] = {}

    def plans(self, person_id: str, days: Iterable[date]) -> dict[date, DayPlan]:
        """Give somebody's plans, before swaps."""
        return {day: self._plan(day, *self._shift(person_id, day)) for day in days}

    def code_on(self, person_id: str, day: date) -> ShiftCode | None:
        """Give the shift code that holds on a date; None for a day off and for the ordinance's own
        regular day."""
        told = self._facts.roster.get((person_id, day))
        if told is not None:
            return self._facts.codes[told.code_id] if told.code_id else None
        pattern = self._pattern(person_id, day)
        code_id = pattern.code_on(day) if pattern else None
        return self._facts.codes[code_id] if code_id else None

    def _shift(self, person_id: str, day: date) -> tuple[PatternDay, bool]:
        """The hours of somebody's date, and whether they order work on a holiday too."""
        told = self._facts.roster.get((person_id, day))
        if told is not None:
            return self._day(told.code_id), True
        pattern = self._pattern(person_id, day)
        if pattern is None:
            return self._regular_day(day), False
        return self._day(pattern.code_on(day)), pattern.rostered

    def _day(self, code_id: str | None) -> PatternDay:
        return DAY_OFF if code_id is None else self._days[code_id]

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

    def _regular_day(self, day: date) -> PatternDay:
        ordinance = self._ordinances[day]
        if ordinance.day not in self._weeks:
            self._weeks[ordinance.day] = regular_week(ordinance)
        return self._weeks[ordinance.day].on(day)

    def _plan(self, day: date, shift: PatternDay, rostered: bool) -> DayPlan:
        key = (day, shift, rostered)
        found = self._plans.get(key)
        if found is None:
            holiday = self._facts.holidays.get(day)
            found = self._plans[key] = plan_of(shift, day, holiday, rostered)
        return found


def days_between(first: date, last: date) -> list[date]:
    """Give the dates from `first` through `last`."""
    return [first + timedelta(days=each) for each in range((last - first).days + 1)]


def _by_subject(
    assignments: Iterable[Assignment],
) -> dict[tuple[SubjectKind, str | None], list[Assignment]]:
    found: dict[tuple[SubjectKind, str | None], list[Assignment]] = {}
    for each in sorted(assignments, key=lambda one: (one.starts_on, one.id), reverse=True):
        found.setdefault((each.subject_kind, each.subject_id), []).append(each)
    return found
