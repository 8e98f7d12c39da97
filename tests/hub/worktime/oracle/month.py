"""A month: its dates one after the other, the 60th hour, totals, counters and caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hub.worktime.domain import (
    Bucket,
    CapFinding,
    DayNote,
    DayPlan,
    ExplainedKind,
    Month,
    MonthFile,
    MonthTally,
    PayClass,
    Terms,
)
from hub.worktime.ordinance import Ordinance, Overtime
from tests.hub.worktime.oracle.caps import find_caps
from tests.hub.worktime.oracle.days import DayFigures, reckon_day
from tests.hub.worktime.oracle.facts import (
    Facts,
    OrdinanceAt,
    facts_of_month,
    is_night,
    minutes_in,
    plans_of,
)

Paid = tuple[date, int, Bucket, PayClass]
"""A work date, a minute of it, its bucket, and its class before the 60th hour."""


@dataclass(frozen=True, slots=True)
class Total:
    """A bucket's minutes: those on dates of a paid kind of employment, and those on others."""

    paid_min: int
    recorded_min: int
    rounded_min: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """What a month comes to. `raw`: minutes of a bucket, paid or only recorded."""

    days: tuple[DayFigures, ...]
    paid: frozenset[Paid]
    raw: Mapping[Bucket, int]
    totals: Mapping[Bucket, Total]
    regular_min: int
    missing_min: int
    explained_min: Mapping[ExplainedKind, int]
    counted_60h_min: int
    over_full_day_min: int
    statutory_min: int
    caps: tuple[CapFinding, ...]
    tally: MonthTally | None


def reckon_slowly(file: MonthFile, at: OrdinanceAt) -> MonthFigures:
    """Reckon one person's month; `at` gives the ordinance in force on a date."""
    plans = plans_of(file)
    facts = facts_of_month(file, plans)
    last = at(file.month.last)
    days = [
        reckon_day(one, plans, at(one.work_date), excess_on(one.work_date, plans, at))
        for one in facts
    ]
    for day in days:
        if file.known_through is not None and day.work_date > file.known_through:
            day.missing = day.unmet = 0  # Whoever is not there yet may still come.
    paid, counted = _paid(days, at, last)
    raw = Counter(bucket for _, _, bucket, _ in paid)
    _count_statutory(file, days, at)
    _warn_of_days_in_a_row(days, last)
    tally = _tally(file, facts, raw, last)
    explained: Counter[ExplainedKind] = Counter()
    for day in days:
        explained.update(day.explained)
    return MonthFigures(
        days=tuple(days),
        paid=frozenset(paid),
        raw=raw,
        totals=_totals(paid, {one.work_date: one.terms for one in facts}, at),
        regular_min=sum(len(day.regular) for day in days),
        missing_min=sum(day.missing for day in days),
        explained_min=explained,
        counted_60h_min=counted,
        over_full_day_min=sum(day.over_full_day for day in days),
        statutory_min=sum(day.statutory for day in days),
        caps=() if tally is None else tuple(find_caps(tally, file.history, last)),
        tally=tally,
    )


def rounded(minutes: int, ordinance: Ordinance) -> int:
    """A month's total as a multiple of the unit: what is left over is dropped or raised."""
    unit, up_from = ordinance.rounding.unit_min, ordinance.rounding.up_from_min
    left_over = minutes % unit
    whole = minutes - left_over
    return whole + unit if left_over and left_over >= up_from else whole


def week_of(day: date, ordinance: Ordinance) -> date:
    """The first day of the week in which a date lies."""
    while day.isoweekday() != ordinance.day.week_starts:
        day -= timedelta(days=1)
    return day


def excess_on(day: date, plans: Mapping[date, DayPlan], at: OrdinanceAt) -> int:
    """How many of a date's regular minutes are the week's excess."""
    first = week_of(day, at(day))
    week = [plans[on] for on in (first + timedelta(days=n) for n in range(7)) if on in plans]
    after = sum(len(minutes_in(plan.spans)) for plan in week)
    before = sum(len(minutes_in(plan.base_spans)) for plan in week)
    left = max(0, after - before)
    for plan in week:
        moved_in = len(minutes_in(plan.spans) - minutes_in(plan.base_spans))
        portion = min(left, moved_in)
        if plan.work_date == day:
            return portion
        left -= portion
    return 0


def _paid(days: list[DayFigures], at: OrdinanceAt, last: Ordinance) -> tuple[list[Paid], int]:
    """Give each class minute its bucket, in the order in which they passed, and how many of them
    were counted towards the 60th hour."""
    counted = 0
    paid: list[Paid] = []
    for day in days:
        for minute, pay_class in sorted(day.paid):
            now = pay_class
            if last.pay[pay_class].counts_60h:
                counted += 1
                if counted > last.sixty.after_min:
                    now = PayClass.OVER_60
            night = is_night(minute, at(day.work_date))
            paid.append((day.work_date, minute, Bucket(now, night), pay_class))
        for minute, pay_class in day.add_ons:
            paid.append((day.work_date, minute, Bucket(pay_class), pay_class))
    return paid, counted


def _totals(
    paid: list[Paid], terms: Mapping[date, Terms | None], at: OrdinanceAt
) -> dict[Bucket, Total]:
    """Round what is paid; where nothing of a bucket is, what is recorded."""
    minutes: dict[Bucket, Counter[Overtime]] = {}
    for day, _, bucket, _ in paid:
        kind = terms[day]
        assert kind is not None
        overtime = at(day).kinds[kind.kind].overtime
        minutes.setdefault(bucket, Counter())[overtime] += 1
    month = next(iter(terms))
    last = at(Month(month.year, month.month).last)
    return {
        bucket: Total(
            of[Overtime.PAID],
            of[Overtime.RECORDED],
            rounded(of[Overtime.PAID] or of[Overtime.RECORDED], last),
        )
        for bucket, of in minutes.items()
    }


def _warn_of_days_in_a_row(days: list[DayFigures], last: Ordinance) -> None:
    """Of the thirteenth working day in a row, and of each after it."""
    row = 0
    for day in days:
        row = row + 1 if day.credited else 0
        if row > last.warnings.days_in_a_row:
            day.warnings.add(DayNote.TOO_MANY_DAYS)


def _count_statutory(file: MonthFile, days: list[DayFigures], at: OrdinanceAt) -> None:
    """Beyond eight hours a day, and of what is left beyond forty hours a week."""
    week = week_of(file.month.first, at(file.month.first))
    so_far = file.week_before_min if week < file.month.first else 0
    for day in days:
        ordinance = at(day.work_date)
        if week_of(day.work_date, ordinance) != week:
            week, so_far = week_of(day.work_date, ordinance), 0
        for number, _ in enumerate(sorted(day.credited), start=1):
            if number > ordinance.statutory.day_min:
                day.statutory += 1
            else:
                so_far += 1
                if so_far > ordinance.statutory.week_min:
                    day.statutory += 1


def _tally(
    file: MonthFile, facts: list[Facts], raw: Mapping[Bucket, int], last: Ordinance
) -> MonthTally | None:
    terms = [one.terms for one in facts if one.terms is not None]
    if not terms:
        return None
    month_min = average_min = 0
    for bucket, minutes in raw.items():
        pay = last.pay[bucket.pay_class]
        month_min += minutes if pay.counts_cap_month else 0
        average_min += minutes if pay.counts_cap_average else 0
    return MonthTally(file.month, terms[-1].cap_type, month_min, average_min)
