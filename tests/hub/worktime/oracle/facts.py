"""What is known of each minute of a work date, as plain sets of minutes from 00:00 of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from hub.worktime.domain import (
    DayFile,
    DayKind,
    DayPlan,
    ExplainedKind,
    MonthFile,
    Order,
    Presence,
    Terms,
)
from hub.worktime.minutes import Spans
from hub.worktime.ordinance import Ordinance

OrdinanceAt = Callable[[date], Ordinance]
"""The ordinance in force on a date."""

Minutes = AbstractSet[int]
DAY = 24 * 60
_ELSEWHERE = (ExplainedKind.TRIP, ExplainedKind.TELEWORK, ExplainedKind.TRAINING)


@lru_cache(maxsize=4_096)
def minutes_in(spans: Spans) -> frozenset[int]:
    """Every single minute of some spans."""
    found: set[int] = set()
    for span in spans:
        found.update(range(span.start, span.end))
    return frozenset(found)


@dataclass(slots=True)
class Facts:
    """Of one work date: who holds which minute. `carried`: minutes of the day before's presence
    that lie in this date's regular hours, counted from this date's midnight; `ordered_before`:
    those of the day before's orders, all counted likewise. `hands_on`: the next date's regular
    hours are that date's, for the person is employed then."""

    plan: DayPlan
    terms: Terms | None
    hours: Minutes
    present: Minutes
    punched_breaks: Minutes
    breaks: Minutes
    ordered: Minutes
    ordered_before: Minutes
    hands_on: bool
    duty: Minutes
    elsewhere: Minutes
    absent: dict[int, ExplainedKind]
    carried: Minutes
    silent_elsewhere: bool
    """Work elsewhere was approved, and nobody punched."""

    @property
    def work_date(self) -> date:
        """The date."""
        return self.plan.work_date

    @property
    def worked(self) -> Minutes:
        """Minutes of presence less breaks, those carried over from the night before included."""
        return (self.present - self.breaks) | self.carried


def somebody_must_be_there(plan: DayPlan) -> bool:
    """Whether the plan's regular hours have to be worked: not on a holiday or at the year's end."""
    return plan.kind not in (DayKind.HOLIDAY, DayKind.YEAR_END)


def plans_of(file: MonthFile) -> dict[date, DayPlan]:
    """Every plan that is known: the month's and those around it."""
    plans = dict(file.around)
    for day in file.days:
        plans[day.work_date] = day.plan
    return plans


def is_night(minute: int, ordinance: Ordinance) -> bool:
    """Whether the clock shows a minute of the night band, whose end may be the next day's."""
    begins, ends = ordinance.day.night_from_min, ordinance.day.night_to_min
    if ends < begins:
        ends += DAY
    clock = minute % DAY
    return begins <= clock < ends or begins <= clock + DAY < ends


def _breaks(presence: Presence, plan: DayPlan) -> frozenset[int]:
    """The punched breaks if any were punched that work date, else the plan's."""
    return minutes_in(presence.breaks) if presence.breaks else minutes_in(plan.breaks)


def _carried(before: DayPlan | None, presence: Presence | None, plan: DayPlan) -> set[int]:
    """Minutes of the night before that reach this date's regular hours."""
    if before is None or presence is None:
        return set()
    own, hours = minutes_in(before.spans), minutes_in(plan.spans)
    breaks = _breaks(presence, before)
    carried = set()
    for minute in minutes_in(presence.spans):
        if minute >= DAY and minute not in own and minute not in breaks and minute - DAY in hours:
            carried.add(minute - DAY)
    return carried


def facts_of(
    day: DayFile,
    before: DayPlan | None,
    stays: Presence | None,
    stays_orders: tuple[Order, ...],
    *,
    hands_on: bool,
) -> Facts:
    """Spread one date's file over its minutes; `stays` is the presence of the date before, and
    `stays_orders` are its orders. A minute explained twice is the kind's that is named first."""
    absent: dict[int, ExplainedKind] = {}
    elsewhere: set[int] = set()
    duty: set[int] = set()
    for explained in sorted(day.explained, key=lambda one: list(ExplainedKind).index(one.kind)):
        minutes = minutes_in(explained.spans)
        if explained.kind is ExplainedKind.DUTY:
            duty |= minutes
        elif explained.kind in _ELSEWHERE:
            elsewhere |= minutes
        else:
            for minute in minutes:
                absent.setdefault(minute, explained.kind)
    return Facts(
        plan=day.plan,
        terms=day.terms,
        hours=minutes_in(day.plan.spans),
        present=minutes_in(day.presence.spans),
        punched_breaks=minutes_in(day.presence.breaks),
        breaks=_breaks(day.presence, day.plan),
        ordered=_ordered(day.orders),
        ordered_before={minute - DAY for minute in _ordered(stays_orders) if minute >= DAY},
        hands_on=hands_on,
        duty=duty,
        elsewhere=elsewhere,
        absent=absent,
        carried=_carried(before, stays, day.plan),
        silent_elsewhere=bool(
            not day.presence.spans
            and not day.presence.open
            and not day.presence.missing
            and any(one.kind in _ELSEWHERE for one in day.explained)
        ),
    )


def _ordered(orders: Iterable[Order]) -> set[int]:
    minutes: set[int] = set()
    for order in orders:
        minutes |= minutes_in(order.spans)
    return minutes


def facts_of_month(file: MonthFile, plans: Mapping[date, DayPlan]) -> list[Facts]:
    """The facts of every date. Beyond the month's ends the person is taken to be employed."""
    facts = []
    stays, stays_orders = file.stays, file.stays_orders
    for day, following in zip(file.days, [*file.days[1:], None], strict=True):
        before = plans.get(day.work_date - timedelta(days=1))
        hands_on = following is None or following.terms is not None
        facts.append(facts_of(day, before, stays, stays_orders, hands_on=hands_on))
        stays, stays_orders = day.presence, day.orders
    return facts
