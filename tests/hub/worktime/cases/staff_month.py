"""Somebody's month written down by hand, and what either reckoning makes of it.

November 2026 begins on a Sunday; its holidays are Tuesday the 3rd and Monday the 23rd. Everybody
works the regular week unless a case says otherwise. Days are given by their number in the month,
or as dates; times as `08:30`, past midnight as `26:00`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

import hub.worktime
from hub.worktime.domain import (
    Bucket,
    CapFinding,
    CapType,
    DayFile,
    DayKind,
    DayNote,
    DayPlan,
    Explained,
    ExplainedKind,
    Month,
    MonthFile,
    MonthResult,
    MonthTally,
    Order,
    Presence,
    Swap,
    Terms,
)
from hub.worktime.minutes import Span, Spans
from hub.worktime.ordinance import ADD_ONS, Ordinance, Ordinances
from hub.worktime.reckoning import reckon_month
from tests.hub.worktime.oracle.month import MonthFigures, reckon_slowly
from tests.hub.worktime.oracle.swapping import swap_slowly

STANDARD = msgspec.toml.decode(
    (Path(hub.worktime.__file__).parent / "ordinances" / "standard.toml").read_bytes(),
    type=Ordinance,
)
NOVEMBER = Month(2026, 11)
HOLIDAYS: Mapping[date, DayKind] = {
    date(2026, 11, 3): DayKind.HOLIDAY,
    date(2026, 11, 23): DayKind.HOLIDAY,
}


def spans(text: str) -> Spans:
    """Spans from `08:30-12:00 13:00-17:15`."""
    return tuple(
        Span(*(int(clock[:2]) * 60 + int(clock[3:]) for clock in one.split("-")))
        for one in text.split()
    )


WARNINGS = frozenset({DayNote.SHIFT_TOO_LONG, DayNote.TOO_MANY_DAYS})
HOURS, BREAKS = spans("08:30-12:00 13:00-17:15"), spans("12:00-13:00")
REGULAR = Terms("dept-1", CapType.ORDINARY, "regular")


_STANDARD_RULES = Ordinances((STANDARD,))


def regular_week(day: date, holidays: Mapping[date, DayKind] = HOLIDAYS) -> DayPlan:
    """Monday to Friday 08:30 to 17:15, of kind holiday where one falls on a weekday."""
    if day.isoweekday() >= 6:
        return DayPlan(day, DayKind.DAY_OFF, holiday=day in holidays)
    kind = holidays.get(day, DayKind.WORKDAY)
    return DayPlan(day, kind, HOURS, BREAKS, HOURS, holiday=day in holidays)


@dataclass(slots=True)
class StaffMonth:
    """A month as it is being written down."""

    month: Month = NOVEMBER
    terms: Terms = REGULAR
    holidays: Mapping[date, DayKind] = field(default_factory=lambda: HOLIDAYS)
    history: tuple[MonthTally, ...] = ()
    stays: Presence | None = None
    stays_orders: tuple[Order, ...] = ()
    week_before_min: int = 0
    known_through: date | None = None
    plans: dict[date, DayPlan] = field(default_factory=dict)
    presences: dict[date, Presence] = field(default_factory=dict)
    orders: dict[date, list[Order]] = field(default_factory=dict)
    explanations: dict[date, list[Explained]] = field(default_factory=dict)
    other_terms: dict[date, Terms | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        day = self.month.first - timedelta(days=7)
        while day <= self.month.last + timedelta(days=7):
            self.plans[day] = regular_week(day, self.holidays)
            day += timedelta(days=1)

    def on(self, day: int | date) -> date:
        """A date from its number in the month."""
        return day if isinstance(day, date) else self.month.first.replace(day=day)

    def plan(self, day: int | date, hours: str, breaks: str = "", **other: object) -> StaffMonth:
        """Other regular hours on a date; `kind` unless a workday."""
        values: dict[str, object] = {
            "kind": DayKind.WORKDAY,
            "spans": spans(hours),
            "breaks": spans(breaks),
            "base_spans": spans(hours),
        }
        plan = self.plans[self.on(day)]
        self.plans[self.on(day)] = replace(plan, **(values | other))  # type: ignore[arg-type]
        return self

    def present(self, day: int | date, stretches: str, breaks: str = "") -> StaffMonth:
        """In and out, and the breaks that were punched."""
        on = self.on(day)
        self.presences[on] = Presence(on, spans(stretches), spans(breaks))
        return self

    def order(self, day: int | date, hours: str) -> StaffMonth:
        """An approved order."""
        on = self.on(day)
        orders = self.orders.setdefault(on, [])
        orders.append(Order(f"{on}-{len(orders)}", on, spans(hours)))
        return self

    def explain(self, day: int | date, kind: ExplainedKind, hours: str) -> StaffMonth:
        """An approved explanation."""
        on = self.on(day)
        explained = self.explanations.setdefault(on, [])
        explained.append(Explained(f"{on}-e{len(explained)}", on, kind, spans(hours)))
        return self

    def under(self, first: int, last: int, terms: Terms | None) -> StaffMonth:
        """Other terms from one date through another; None: not employed."""
        for day in range(first, last + 1):
            self.other_terms[self.on(day)] = terms
        return self

    def swap(self, *swaps: Swap) -> StaffMonth:
        """Swaps applied to the plans."""
        self.plans = swap_slowly(self.plans, swaps)
        return self

    def file(self) -> MonthFile:
        """What is handed to a reckoning."""
        days = tuple(
            DayFile(
                plan=plan,
                terms=self.other_terms.get(day, self.terms),
                presence=self.presences.get(day, Presence(day)),
                orders=tuple(self.orders.get(day, ())),
                explained=tuple(self.explanations.get(day, ())),
            )
            for day, plan in sorted(self.plans.items())
            if self.month.first <= day <= self.month.last
        )
        around = {
            day: plan
            for day, plan in self.plans.items()
            if not self.month.first <= day <= self.month.last
        }
        return MonthFile(
            "hanako",
            self.month,
            days,
            around,
            stays=self.stays,
            stays_orders=self.stays_orders,
            week_before_min=self.week_before_min,
            history=self.history,
            known_through=self.known_through,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """What a date comes to, in minutes."""

    regular: int
    missing: int
    extra: int
    unmet: int
    explained: Mapping[ExplainedKind, int]
    credited: int
    over_full_day: int
    statutory: int
    breaks: int
    warnings: frozenset[DayNote]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a month comes to, by either reckoning. Buckets by their names (`overtime.night`)."""

    days: Mapping[date, Line]
    raw: Mapping[str, int]
    rounded: Mapping[str, int]
    percent: Mapping[str, int]
    paid: Mapping[str, bool]
    recorded: Mapping[str, int]
    counted_60h: int
    over_full_day: int
    statutory: int
    caps: frozenset[CapFinding]
    tally: MonthTally | None

    def line(self, day: int) -> Line:
        """A date by its number in the month."""
        return next(line for on, line in self.days.items() if on.day == day)


class Reckoner(Protocol):
    """Turns a month into a sheet."""

    def __call__(self, written: StaffMonth | MonthFile, rules: Ordinances = ...) -> Sheet: ...


def by_reckoning(written: StaffMonth | MonthFile, rules: Ordinances = _STANDARD_RULES) -> Sheet:
    """By `hub.worktime.reckoning`."""
    file = written.file() if isinstance(written, StaffMonth) else written
    return sheet_of(reckon_month(file, rules))


def sheet_of(result: MonthResult) -> Sheet:
    """A result of `hub.worktime.reckoning` as a sheet."""
    return Sheet(
        days={
            day.work_date: Line(
                regular=day.regular_min,
                missing=day.missing_min,
                extra=day.extra_min,
                unmet=day.unmet_order_min,
                explained={kind: value for kind, value in day.explained_min.items() if value},
                credited=day.credited_min,
                over_full_day=day.over_full_day_min,
                statutory=day.statutory_min,
                breaks=day.break_min,
                warnings=frozenset(day.notes) & WARNINGS,
            )
            for day in result.days
        },
        raw={str(bucket): one.raw_min for bucket, one in result.totals.items() if one.raw_min},
        rounded={str(b): one.rounded_min for b, one in result.totals.items() if one.raw_min},
        percent={str(b): one.percent for b, one in result.totals.items() if one.raw_min},
        paid={str(b): one.paid for b, one in result.totals.items() if one.raw_min},
        recorded={str(b): one.recorded_min for b, one in result.totals.items() if one.raw_min},
        counted_60h=result.counted_60h_min,
        over_full_day=result.over_full_day_min,
        statutory=result.statutory_min,
        caps=frozenset(result.caps),
        tally=result.tally,
    )


def by_oracle(written: StaffMonth | MonthFile, rules: Ordinances = _STANDARD_RULES) -> Sheet:
    """By the oracle of `tests.hub.worktime.oracle`."""
    file = written.file() if isinstance(written, StaffMonth) else written
    return sheet_of_oracle(reckon_slowly(file, rules.at), rules.at(file.month.last))


def sheet_of_oracle(figures: MonthFigures, last: Ordinance) -> Sheet:
    """Figures of the oracle as a sheet; `last` is the ordinance of the month's last day."""
    totals = {str(bucket): one for bucket, one in figures.totals.items()}
    return Sheet(
        days={
            day.work_date: Line(
                regular=len(day.regular),
                missing=day.missing,
                extra=day.extra,
                unmet=day.unmet,
                explained=dict(day.explained),
                credited=len(day.credited),
                over_full_day=day.over_full_day,
                statutory=day.statutory,
                breaks=len(day.breaks),
                warnings=frozenset(day.warnings),
            )
            for day in figures.days
        },
        raw={name: one.paid_min or one.recorded_min for name, one in totals.items()},
        rounded={name: one.rounded_min for name, one in totals.items()},
        percent={str(bucket): _percent(bucket, last) for bucket in figures.raw},
        paid={name: one.paid_min > 0 for name, one in totals.items()},
        recorded={name: one.recorded_min if one.paid_min else 0 for name, one in totals.items()},
        counted_60h=figures.counted_60h_min,
        over_full_day=figures.over_full_day_min,
        statutory=figures.statutory_min,
        caps=frozenset(figures.caps),
        tally=figures.tally,
    )


def _percent(bucket: Bucket, ordinance: Ordinance) -> int:
    pay = ordinance.pay[bucket.pay_class]
    by_night = bucket.night and bucket.pay_class not in ADD_ONS
    return pay.night_percent if by_night else pay.day_percent
