"""From facts to a person's month, ready to be reckoned: pure.

Every date gets its plan with swaps done, its terms, its presence by punches, its orders and
explanations. What lies around the month (plans of the week before and after, the last presence
before it, the weeks' credited minutes, earlier months' tallies) is handed along, for weeks, shifts
and caps reach over the month's ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final, TypeVar

from hub.applications.claims import Claims
from hub.attendance.domain import Day, Night, Nights, Rules, start_of
from hub.leave.domain import Kinds
from hub.rosters.planning import days_between
from hub.staff.domain import DepartmentTerm, Employment
from hub.worktime.domain import (
    CapType,
    DayFile,
    DayPlan,
    Explained,
    Month,
    MonthFile,
    MonthResult,
    MonthTally,
    Order,
    Presence,
    Terms,
)
from hub.worktime.minutes import DAY_MIN
from hub.worktime.ordinance import Ordinances
from hub.worktime.presence import presence_of
from hub.worktime.swaps import apply_swaps

C = TypeVar("C", Order, Explained)

AROUND: Final = timedelta(days=7)
"""How far weeks and shifts reach over a month's ends."""
TAIL: Final = 6
"""Dates of a week that can lie in the month before."""
_NONE: Final = Claims()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All by which months are reckoned beside their facts: the town's ordinances, its kinds of
    leave (which say what is paid), and how punches are read."""

    ordinances: Ordinances
    leave_kinds: Kinds
    punches: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of some people from `AROUND` before the first month until as long after the
    last. `plans`: before swaps, further where a swap reaches further."""

    employments: Mapping[str, Sequence[Employment]] = field(default_factory=dict)
    terms: Mapping[str, Sequence[DepartmentTerm]] = field(default_factory=dict)
    plans: Mapping[str, Mapping[date, DayPlan]] = field(default_factory=dict)
    claims: Mapping[str, Claims] = field(default_factory=dict)
    days: Mapping[str, Mapping[date, Day]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person's share, by date: plans with swaps done, orders and explanations."""

    person_id: str
    employments: Sequence[Employment]
    terms: Mapping[str, Sequence[DepartmentTerm]]
    plans: Mapping[date, DayPlan]
    orders: Mapping[date, tuple[Order, ...]]
    explained: Mapping[date, tuple[Explained, ...]]
    days: Mapping[date, Day]

    @classmethod
    def of(cls, facts: Facts, person_id: str) -> PersonFacts:
        """Give somebody's."""
        claims = facts.claims.get(person_id, _NONE)
        plans = facts.plans[person_id]
        return cls(
            person_id=person_id,
            employments=facts.employments.get(person_id, ()),
            terms=facts.terms,
            plans=apply_swaps(plans, claims.swaps) if claims.swaps else plans,
            orders=_by_date(claims.orders),
            explained=_by_date(claims.explained),
            days=facts.days.get(person_id, {}),
        )

    def terms_on(self, day: date) -> Terms | None:
        """Give what holds for them on a date; None if they are not employed."""
        place = next((each for each in self.employments if each.holds(day)), None)
        if place is None:
            return None
        held = None
        for each in self.terms.get(place.department_id, ()):
            if each.starts_on <= day:
                held = each
        return Terms(
            department_id=place.department_id,
            cap_type=held.cap_type if held else CapType.ORDINARY,
            kind=place.kind,
            article_36=held.article_36 if held else False,
        )

    def presence_on(self, day: date) -> Presence:
        """Give when they were there."""
        found = self.days.get(day)
        return presence_of(found) if found else Presence(day)

    def day_file(self, day: date) -> DayFile:
        """Give everything about a date."""
        return DayFile(
            plan=self.plans[day],
            terms=self.terms_on(day),
            presence=self.presence_on(day),
            orders=self.orders.get(day, ()),
            explained=self.explained.get(day, ()),
        )


def month_file(
    facts: PersonFacts,
    month: Month,
    ordinances: Ordinances,
    tail: Sequence[int],
    history: Sequence[MonthTally],
    today: date,
) -> MonthFile:
    """Give somebody's month as of a date. `tail`: credited minutes of the six dates before its
    first, or as many as are known, the last one last."""
    first, last = month.first, month.last
    before = days_between(first - AROUND, first - timedelta(days=1))
    after = days_between(last + timedelta(days=1), last + AROUND)
    return MonthFile(
        person_id=facts.person_id,
        month=month,
        days=tuple(facts.day_file(day) for day in days_between(first, last)),
        around={day: facts.plans[day] for day in (*before, *after)},
        stays=facts.presence_on(before[-1]),
        stays_orders=facts.orders.get(before[-1], ()),
        week_before_min=week_before_min(first, tail, ordinances),
        history=tuple(history),
        known_through=known_through(month, today),
    )


def known_through(month: Month, today: date) -> date | None:
    """Give the last date of a month that is over, the one before its first where none is; None once
    all are."""
    if today > month.last:
        return None
    return max(today, month.first) - timedelta(days=1)


def week_before_min(first: date, tail: Sequence[int], ordinances: Ordinances) -> int:
    """Give the credited minutes of a month's first week that lie before it, at most the statutory
    day of each date."""
    rules = ordinances.at(first)
    reaches = (first.isoweekday() - rules.day.week_starts) % 7
    return sum(
        min(minutes, rules.statutory.day_min) for minutes in tail[max(0, len(tail) - reaches) :]
    )


def tail_of(result: MonthResult) -> tuple[int, ...]:
    """Give the credited minutes of a month's last six dates."""
    return tuple(day.credited_min for day in result.days[-TAIL:])


def good_until(facts: PersonFacts, month: Month, rules: Rules, today: date) -> datetime | None:
    """Give until when a month's result stands if nobody writes anything: then the first shift that
    is open now counts as one whose `out` is missing, or another date of the month is over."""
    found = [
        shift.starts_at + timedelta(minutes=rules.shift_max_min)
        for day, read in facts.days.items()
        if month.first - AROUND <= day <= month.last
        for shift in read.shifts
        if shift.open and shift.starts_at
    ]
    known = known_through(month, today)
    if known is not None:
        over = start_of(known + timedelta(days=2)).astimezone(UTC)
        found.append(over - timedelta(microseconds=1))
    return min(found, default=None)


def nights_of(
    plans: Mapping[str, Mapping[date, DayPlan]], claims: Mapping[str, Claims], rules: Rules
) -> dict[str, Nights]:
    """Give by person the rostered hours, swaps done, that run past midnight."""
    found: dict[str, Nights] = {}
    for person_id, theirs in plans.items():
        swaps = claims.get(person_id, _NONE).swaps
        swapped = apply_swaps(theirs, swaps) if swaps else theirs
        nights = {
            day: _night(plan, swapped.get(day + timedelta(days=1)), rules)
            for day, plan in swapped.items()
            if plan.rostered and plan.spans and plan.spans[-1].end > DAY_MIN
        }
        if nights:
            found[person_id] = nights
    return found


def _night(plan: DayPlan, after: DayPlan | None, rules: Rules) -> Night:
    midnight = start_of(plan.work_date).astimezone(UTC)
    next_at = None
    if after is not None and after.due_spans:
        own = DAY_MIN + after.due_spans[0].start - rules.early_within_min
        next_at = midnight + timedelta(minutes=own)
    return Night(
        starts_at=midnight + timedelta(minutes=plan.spans[0].start),
        ends_at=midnight + timedelta(minutes=plan.spans[-1].end),
        next_at=next_at,
    )


def looks_back_to(month: Month) -> Month:
    """Give the first month at which a month's caps look."""
    return min(Month(month.fiscal_year, 4), month.plus(-5))


def history_of(month: Month, tallies: Mapping[Month, MonthTally | None]) -> tuple[MonthTally, ...]:
    """Give the months before that its caps look at, oldest first: its fiscal year's, and five."""
    begins = looks_back_to(month)
    before = sorted(each for each in tallies if begins <= each < month)
    return tuple(tally for each in before if (tally := tallies[each]) is not None)


def months_between(first: Month, last: Month) -> list[Month]:
    """Give the months from `first` through `last`."""
    count = (last.year - first.year) * 12 + last.number - first.number
    return [first.plus(each) for each in range(count + 1)]


def _by_date(claims: Iterable[C]) -> dict[date, tuple[C, ...]]:
    ordered = sorted(claims, key=lambda one: (one.work_date, one.id))
    return {day: tuple(each) for day, each in groupby(ordered, key=lambda one: one.work_date)}
