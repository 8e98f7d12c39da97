"""One work date, minute by minute: what each minute is, and of which class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from hub.worktime.domain import DayKind, DayNote, DayPlan, ExplainedKind, PayClass
from hub.worktime.ordinance import Ordinance, TripOvertime
from tests.hub.worktime.oracle.facts import (
    DAY,
    Facts,
    Minutes,
    is_night,
    minutes_in,
    somebody_must_be_there,
)

NEVER = DayPlan(date(1, 1, 1), DayKind.WORKDAY)


@dataclass(slots=True)
class DayFigures:
    """What a date comes to. `paid`: minute by minute its class, before the 60th hour; `add_ons`
    and `regular` likewise; `credited`: every minute that is work."""

    work_date: date
    employed: bool
    regular: list[int] = field(default_factory=list)
    explained: Counter[ExplainedKind] = field(default_factory=Counter)
    missing: int = 0
    extra: int = 0
    unmet: int = 0
    paid: list[tuple[int, PayClass]] = field(default_factory=list)
    add_ons: list[tuple[int, PayClass]] = field(default_factory=list)
    credited: set[int] = field(default_factory=set)
    over_full_day: int = 0
    statutory: int = 0
    breaks: set[int] = field(default_factory=set)
    warnings: set[DayNote] = field(default_factory=set)


def reckon_day(
    facts: Facts, plans: Mapping[date, DayPlan], ordinance: Ordinance, excess: int
) -> DayFigures:
    """Ask every minute of a date what it is; `excess` minutes of it are the week's excess."""
    figures = DayFigures(facts.work_date, employed=facts.terms is not None)
    if facts.terms is None:
        return figures
    day_reckoner = _Day(facts, plans, ordinance, figures)
    everything = facts.hours | facts.present | facts.ordered | facts.duty
    for minute in sorted(everything):
        day_reckoner.take(minute)
    for minute in figures.regular[:excess]:
        figures.add_ons.append((minute, PayClass.SWAP_EXCESS))
    if _longest(facts.present) > ordinance.warnings.shift_max_min:
        figures.warnings.add(DayNote.SHIFT_TOO_LONG)
    figures.credited.update(figures.regular)
    figures.credited.update(minute for minute, _ in figures.paid)
    return figures


def _longest(minutes: Minutes) -> int:
    """How many minutes the longest stretch has."""
    longest = length = 0
    last = None
    for minute in sorted(minutes):
        length = length + 1 if last == minute - 1 else 1
        longest, last = max(longest, length), minute
    return longest


class _Day:
    def __init__(
        self,
        facts: Facts,
        plans: Mapping[date, DayPlan],
        ordinance: Ordinance,
        figures: DayFigures,
    ) -> None:
        self.facts = facts
        self.ordinance = ordinance
        self.figures = figures
        self.needed = somebody_must_be_there(facts.plan)
        self.worked = facts.worked
        figures.breaks = set(facts.present & facts.breaks)
        # Where the order itself is the proof, what is ordered counts as if somebody were there.
        by_order = ordinance.elsewhere.trip_overtime is TripOvertime.AS_ORDERED
        self.proven = facts.ordered if by_order and facts.silent_elsewhere else set()
        self.short_time_left = 0
        assert facts.terms is not None
        if ordinance.kinds[facts.terms.kind].short_time:
            self.short_time_left = ordinance.day.full_day_min - len(facts.hours)
        # Past midnight the plan of the next calendar date speaks (and of the one after it).
        self.calendar = [
            plans.get(facts.work_date + timedelta(days=later), NEVER) for later in range(3)
        ]
        self.next_hours = minutes_in(self.calendar[1].spans)

    def take(self, minute: int) -> None:
        facts = self.facts
        if minute in facts.hours:
            on = self.calendar[minute // DAY]
            left_its_holiday = minute >= DAY and facts.plan.rostered and not on.holiday
            if self.needed or left_its_holiday:
                self.take_regular(minute, on)
            else:
                self.take_holiday(minute)
        elif minute >= DAY and facts.hands_on and minute - DAY in self.next_hours:
            pass  # It is the next date's regular time, and reckoned there.
        else:
            self.take_outside(minute)

    def take_regular(self, minute: int, on: DayPlan) -> None:
        facts, figures = self.facts, self.figures
        if minute not in self.worked and minute not in facts.elsewhere:
            if minute in facts.absent:
                figures.explained[facts.absent[minute]] += 1
            else:
                figures.missing += 1
            return
        figures.regular.append(minute)
        runs_on = minute >= DAY and on.holiday and facts.plan.rostered
        if runs_on and minute in self.worked:
            figures.paid.append((minute, PayClass.HOLIDAY))
            figures.over_full_day += 1
        elif is_night(minute, self.ordinance):
            figures.add_ons.append((minute, PayClass.NIGHT_REGULAR))

    def take_holiday(self, minute: int) -> None:
        """Of the regular hours of a holiday: nobody needs to be there."""
        facts, figures = self.facts, self.figures
        ordered = minute in facts.ordered or minute in facts.ordered_before
        there = minute in self.worked or minute in self.proven
        if ordered and not there:
            figures.unmet += 1
        if minute in facts.duty:
            figures.explained[ExplainedKind.DUTY] += 1
        elif there and (ordered or facts.plan.rostered):
            figures.paid.append((minute, PayClass.HOLIDAY))
            figures.over_full_day += 1
        elif there:
            figures.extra += 1

    def take_outside(self, minute: int) -> None:
        """Of everything else: paid is what was ordered and present."""
        facts, figures = self.facts, self.figures
        ordered = minute in facts.ordered
        there = minute in facts.present and minute not in facts.punched_breaks
        there = there or minute in self.proven
        if ordered and not there:
            figures.unmet += 1
        if minute in facts.duty:
            figures.explained[ExplainedKind.DUTY] += 1
        elif there and ordered:
            figures.paid.append((minute, self.class_outside(minute)))
            figures.over_full_day += 1
            figures.breaks.discard(minute)
        elif minute in facts.present and minute not in facts.breaks and not ordered:
            figures.extra += 1

    def class_outside(self, minute: int) -> PayClass:
        """Of a paid minute outside regular hours: by the plan of its calendar date."""
        kind = self.calendar[minute // DAY].kind
        if kind is DayKind.DAY_OFF:
            return PayClass.DAY_OFF
        if kind in (DayKind.HOLIDAY, DayKind.YEAR_END):
            return PayClass.HOLIDAY_OVERTIME
        if self.short_time_left > 0:
            self.short_time_left -= 1
            return PayClass.SHORT_TIME
        return PayClass.OVERTIME
