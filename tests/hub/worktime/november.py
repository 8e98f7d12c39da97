"""November 2026 as a month's file: the 1st is a Sunday, the 3rd and the 23rd are holidays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from hub.worktime.domain import (
    CapType,
    DayFile,
    DayPlan,
    Explained,
    ExplainedKind,
    Month,
    MonthFile,
    MonthResult,
    Order,
    Presence,
    Terms,
)
from hub.worktime.minutes import Span, Spans, joined
from hub.worktime.ordinance import Ordinances
from hub.worktime.ordinance_files import load_ordinances
from hub.worktime.patterns import Pattern, plan_on, regular_week
from hub.worktime.reckoning import reckon_month

NOVEMBER: Final = Month(2026, 11)
ORDINANCES: Final = load_ordinances(None)
STANDARD: Final = ORDINANCES.at(NOVEMBER.first)
WEEK: Final = regular_week(STANDARD)
TERMS: Final = Terms("soumu", CapType.ORDINARY, "regular")
REGULAR: Final = "08:30-12:00 13:00-17:15"


def minute(clock: str) -> int:
    """26:10 is 1570."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def spans(text: str) -> Spans:
    """Read `08:30-12:00 13:00-17:15`."""
    parts = (each.split("-") for each in text.split())
    return joined(Span(minute(start), minute(end)) for start, end in parts)


def on(day: int) -> date:
    """A date of November; 0 is the last of October, 31 the first of December."""
    return date(2026, 10, 31) + timedelta(days=day)


def plans(pattern: Pattern = WEEK) -> dict[date, DayPlan]:
    """The plans of November and a week around it."""
    return {on(day): plan_on(pattern, on(day)) for day in range(-6, 38)}


def worked(
    day: int,
    presence: str = "",
    order: str = "",
    *,
    breaks: str = "",
    explained: Mapping[ExplainedKind, str] | None = None,
    terms: Terms | None = TERMS,
    plan: DayPlan | None = None,
    **state: bool,
) -> DayFile:
    """A date with what was punched, ordered and explained."""
    claims = (explained or {}).items()
    return DayFile(
        plan=plan or plan_on(WEEK, on(day)),
        terms=terms,
        presence=Presence(on(day), spans(presence), spans(breaks), **state),
        orders=(Order(f"order-{day}", on(day), spans(order)),) if order else (),
        explained=tuple(
            Explained(f"{kind.value}-{day}", on(day), kind, spans(when)) for kind, when in claims
        ),
    )


def month(*given: DayFile, planned: Mapping[date, DayPlan] | None = None) -> MonthFile:
    """A month with these dates; on the others nobody was there. `planned` stands for the plans of
    all of them."""
    files = {day.work_date: day for day in given}
    all_plans = planned or plans()
    days = []
    for number in range(1, 31):
        file = files.get(on(number)) or worked(number)
        days.append(replace(file, plan=all_plans[on(number)]) if planned else file)
    around = {day: plan for day, plan in all_plans.items() if day.month != 11}
    return MonthFile("hanako", NOVEMBER, tuple(days), around)


def reckoned(
    *given: DayFile,
    planned: Mapping[date, DayPlan] | None = None,
    ordinances: Ordinances = ORDINANCES,
) -> MonthResult:
    """The month reckoned."""
    return reckon_month(month(*given, planned=planned), ordinances)


def pieces(result: MonthResult, day: int) -> list[str]:
    """A date's pieces, as `17:15-19:00 overtime`."""
    return [
        f"{_clock(piece.start)}-{_clock(piece.end)} {piece.bucket}"
        for piece in result.days[day - 1].pieces
    ]


def raw(result: MonthResult) -> dict[str, int]:
    """The month's raw minutes by bucket."""
    return {str(bucket): sums.raw_min for bucket, sums in result.totals.items()}


def _clock(minute_of_day: int) -> str:
    return f"{minute_of_day // 60:02d}:{minute_of_day % 60:02d}"


def every_minute(found: Iterable[Span]) -> set[int]:
    """The minutes one by one."""
    return {at for span in found for at in range(span.start, span.end)}
