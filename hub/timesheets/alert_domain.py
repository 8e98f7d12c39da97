"""Alerts about caps, what a month will come to, and the record of work beyond a cap. Pure.

An alert is raised once per person, month, kind and level. During the month the rest of it is
projected twice: at the pace so far, and by the orders that are approved for it already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from hub.timesheets.sources import DerivedMonth
from hub.worktime.domain import CapKind, CapLevel, DayKind, MonthFile
from hub.worktime.minutes import joined, total, without

PACE_AFTER_DAYS: Final = 5
"""So many working days have to be over before a pace says anything."""


class AlertLevel(StrEnum):
    """How near a cap is."""

    FORECAST = "forecast"
    """Not met, but it will be by the end of the month."""
    ALERT = "alert"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a month comes to. `counted_min` so far, against `limit_min` (None: no cap); `pace_min`
    and `ordered_min` at its end, None where nothing can be said."""

    person_id: str
    counted_min: int
    limit_min: int | None
    pace_min: int | None
    ordered_min: int | None

    @property
    def projected_min(self) -> int:
        """The higher of the two."""
        return max(self.counted_min, self.pace_min or 0, self.ordered_min or 0)


@dataclass(frozen=True, slots=True)
class FoundAlert:
    """An alert that is due."""

    kind: CapKind
    level: AlertLevel
    limit_min: int
    minutes: int
    months: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CapAlert:
    """An alert that was raised. `minutes` against `limit_min` are those of that moment (of
    `months_above`: months)."""

    id: str
    person_id: str
    month: str
    department_id: str
    kind: CapKind
    level: AlertLevel
    limit_min: int
    minutes: int
    months: int
    raised_at: datetime
    seen_by: str | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialWork:
    """Work beyond a cap (特例業務) in somebody's month: its cause, recorded when it is known, and
    what was made of it after the year."""

    id: str
    person_id: str
    month: str
    fiscal_year: int
    department_id: str
    kinds: tuple[CapKind, ...]
    minutes: int
    cause: str
    recorded_by: str
    recorded_at: datetime
    analysis: str = ""
    analysed_by: str | None = None
    analysed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedText:
    """What stood in a record of work beyond a cap before: its `cause` or its `analysis`, as `field`
    says, and who had written it."""

    id: str
    special_work_id: str
    field: str
    text: str
    written_by: str
    replaced_at: datetime


def outlook(derived: DerivedMonth, today: date) -> Outlook:
    """Give what a month comes to, as of a date that is not over."""
    tally = derived.result.tally
    counted = tally.cap_month_min if tally else 0
    month = derived.file.month
    if not month.first <= today <= month.last:
        return Outlook(derived.person_id, counted, derived.cap_month_min, None, None)
    work = [day.work_date for day in derived.file.days if day.plan.kind is DayKind.WORKDAY]
    over = sum(1 for day in work if day < today)
    pace = counted * len(work) // over if over >= PACE_AFTER_DAYS else None
    ahead = ordered_ahead_min(derived.file, today)
    return Outlook(derived.person_id, counted, derived.cap_month_min, pace, counted + ahead)


def ordered_ahead_min(file: MonthFile, today: date) -> int:
    """Give the minutes that are ordered from a date on and not yet done."""
    ahead = 0
    for day in file.days:
        if day.work_date >= today:
            ordered = joined(span for order in day.orders for span in order.spans)
            ahead += total(without(ordered, (*day.plan.spans, *day.presence.spans)))
    return ahead


def alerts_due(derived: DerivedMonth, today: date) -> tuple[FoundAlert, ...]:
    """Give every alert that a month calls for now: what reckoning found, and what is projected."""
    found = [
        FoundAlert(
            kind=each.kind,
            level=AlertLevel.BREACH if each.level is CapLevel.BREACH else AlertLevel.ALERT,
            limit_min=each.limit_min,
            minutes=each.minutes,
            months=each.months,
        )
        for each in derived.result.caps
    ]
    seen = outlook(derived, today)
    breached = any(each.kind is CapKind.MONTH and each.level is AlertLevel.BREACH for each in found)
    if seen.limit_min is not None and seen.projected_min > seen.limit_min and not breached:
        projected = FoundAlert(
            CapKind.MONTH, AlertLevel.FORECAST, seen.limit_min, seen.projected_min
        )
        if seen.projected_min > seen.counted_min:
            found.append(projected)
    return tuple(found)
