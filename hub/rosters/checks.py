"""What is odd about four weeks of a roster: pure, said and never refused.

Hours on average over the four weeks, days off, rest between shifts, long shifts, days in a row. A
holiday counts with the hours that would be worked, for the average is that of the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hub.rosters.domain import ROSTER_DAYS, Finding, FindingKind
from hub.worktime.domain import DayPlan
from hub.worktime.minutes import DAY_MIN
from hub.worktime.ordinance import Ordinance


@dataclass(frozen=True, slots=True)
class RosterRules:
    """What a roster is held against. `days_off_min`: in the four weeks; `rest_min`: from the end of
    a shift to the start of the next, 0 for no rule; `slack_min`: how far the four weeks' hours may
    be off."""

    week_min: int
    shift_max_min: int
    days_in_a_row: int
    days_off_min: int = 8
    rest_min: int = 660
    slack_min: int = 60

    @classmethod
    def of(
        cls, ordinance: Ordinance, days_off_min: int, rest_min: int, slack_min: int
    ) -> RosterRules:
        """Those of an ordinance."""
        return cls(
            week_min=ordinance.day.full_week_min,
            shift_max_min=ordinance.warnings.shift_max_min,
            days_in_a_row=ordinance.warnings.days_in_a_row,
            days_off_min=days_off_min,
            rest_min=rest_min,
            slack_min=slack_min,
        )


def findings(
    person_id: str, plans: Mapping[date, DayPlan], first: date, rules: RosterRules
) -> tuple[Finding, ...]:
    """Say what is odd about somebody's four weeks from `first` on."""
    days = [plans[first + timedelta(days=each)] for each in range(ROSTER_DAYS)]
    return (
        *_hours(person_id, days, rules),
        *_days_off(person_id, days, rules),
        *_long(person_id, days, rules),
        *_rest(person_id, days, rules),
        *_in_a_row(person_id, days, rules),
    )


def _hours(person_id: str, days: list[DayPlan], rules: RosterRules) -> Iterator[Finding]:
    have, want = sum(day.regular_min for day in days), rules.week_min * ROSTER_DAYS // 7
    if have > want + rules.slack_min:
        yield Finding(person_id, FindingKind.HOURS_OVER, have, want)
    if have < want - rules.slack_min:
        yield Finding(person_id, FindingKind.HOURS_UNDER, have, want)


def _days_off(person_id: str, days: list[DayPlan], rules: RosterRules) -> Iterator[Finding]:
    free = sum(1 for day in days if not day.spans)
    if free < rules.days_off_min:
        yield Finding(person_id, FindingKind.FEW_DAYS_OFF, free, rules.days_off_min)


def _length(day: DayPlan) -> int:
    return day.spans[-1].end - day.spans[0].start


def _long(person_id: str, days: list[DayPlan], rules: RosterRules) -> Iterator[Finding]:
    for day in days:
        if day.spans and _length(day) > rules.shift_max_min:
            yield Finding(
                person_id,
                FindingKind.LONG_SHIFT,
                _length(day),
                rules.shift_max_min,
                day.work_date,
            )


def _rest(person_id: str, days: list[DayPlan], rules: RosterRules) -> Iterator[Finding]:
    worked = [day for day in days if day.spans]
    for before, after in pairwise(worked):
        apart = (after.work_date - before.work_date).days * DAY_MIN
        rest = apart + after.spans[0].start - before.spans[-1].end
        if rest < 0:
            yield Finding(person_id, FindingKind.OVERLAP, -rest, 0, after.work_date)
        elif rest < rules.rest_min:
            yield Finding(person_id, FindingKind.SHORT_REST, rest, rules.rest_min, after.work_date)


def _in_a_row(person_id: str, days: list[DayPlan], rules: RosterRules) -> Iterator[Finding]:
    row = 0
    for day in days:
        row = row + 1 if day.spans else 0
        if row == rules.days_in_a_row + 1:
            yield Finding(
                person_id, FindingKind.MANY_IN_A_ROW, row, rules.days_in_a_row, day.work_date
            )
