"""One work date, minute by minute: what each minute is, and of which class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from hub.worktime.domain import DayKind, DayPlan, ExplainedKind, PayClass
from hub.worktime.ordinance import Ordinance
from tests.hub.worktime.oracle.facts import (
    DAY,
    Facts,
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


def reckon_day(
    facts: Facts, plans: Mapping[date, DayPlan], ordinance: Ordinance, excess: int
) -> DayFigures:
    """Ask every minute of a date what it is; `excess` minutes of it are the week's excess."""
    figures = DayFigures(facts.work_date, employed=facts.terms is not None)
    if facts.terms is None:
        return figures
    day_reckoner = _Day(facts, plans, ordinance, figures)
    everything = facts.hours | facts.present | facts.ordered | facts.duty | facts.carried
    for minute in sorted(everything):
        day_reckoner.take(minute)
    for minute in figures.regular[:excess]:
        figures.add_ons.append((minute, PayClass.SWAP_EXCESS))
    figures.credited.update(figures.regular)
    figures.credited.update(minute for minute, _ in figures.paid)
    return figures


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
        self.there = facts.present - facts.punched_breaks
        self.short_time_left = 0
        assert facts.terms is not None
        if ordinance.kinds[facts.terms.kind].short_time:
            self.short_time_left = ordinance.day.full_day_min - len(facts.hours)
        # Past midnight the plan of the next calendar date speaks (and of the one after it).
        self.calendar = [
            plans.get(facts.work_date + timedelta(days=later), NEVER) for later in range(3)
        ]
        self.calendar_hours = [minutes_in(plan.spans) for plan in self.calendar]

    def take(self, minute: int) -> None:
        on = self.calendar[minute // DAY]
        if minute in self.facts.hours and self.needed:
            self.take_regular(minute, on)
        elif minute in self.facts.hours:
            self.take_ordered(minute, PayClass.HOLIDAY, rostered=self.facts.plan.rostered)
        elif minute >= DAY and minute % DAY in self.calendar_hours[minute // DAY]:
            if not somebody_must_be_there(on):
                self.take_ordered(minute, PayClass.HOLIDAY)
            # Otherwise it is the next date's regular time, and reckoned there.
        else:
            self.take_ordered(minute, None)

    def take_regular(self, minute: int, on: DayPlan) -> None:
        facts, figures = self.facts, self.figures
        if minute not in self.worked and minute not in facts.elsewhere:
            if minute in facts.absent:
                figures.explained[facts.absent[minute]] += 1
            else:
                figures.missing += 1
            return
        figures.regular.append(minute)
        if minute >= DAY and on.holiday and facts.plan.rostered:
            figures.paid.append((minute, PayClass.HOLIDAY))
            figures.over_full_day += 1
        elif facts.plan.kind is DayKind.WORKDAY and is_night(minute, self.ordinance):
            figures.add_ons.append((minute, PayClass.NIGHT_REGULAR))

    def take_ordered(
        self, minute: int, pay_class: PayClass | None, *, rostered: bool = False
    ) -> None:
        facts, figures = self.facts, self.figures
        ordered, there = minute in facts.ordered, minute in self.there
        if ordered and not there:
            figures.unmet += 1
        if minute in facts.duty:
            figures.explained[ExplainedKind.DUTY] += 1
        elif there and (ordered or rostered):
            figures.paid.append((minute, pay_class or self.class_outside(minute)))
            figures.over_full_day += 1
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
