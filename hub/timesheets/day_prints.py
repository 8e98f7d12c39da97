"""Which dates of a month came to something else: what each brings to the figures, as a short print.
Pure.

Figures are sums over a month, and do not say where a difference comes from. A print is of all
of one date that goes into them, so that whatever makes a difference there makes another print; what
a month alone knows (its rounding, a rate) has no date.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from hub.worktime.domain import DayResult, MonthResult


class ChangedDay(msgspec.Struct, frozen=True, order=True):
    """A date that came to something else. `print`: of what it brings now, empty for nothing."""

    work_date: date
    print: str


def day_prints(result: MonthResult | None) -> dict[date, str]:
    """Give the print (16 hex digits of SHA-256) of every date that brings anything."""
    if result is None:
        return {}
    brought = {day.work_date: _brought(day) for day in result.days}
    return {day: _print(values) for day, values in brought.items() if any(values)}


def changed_days(
    signed: MonthResult | None,
    adjusted: Iterable[Iterable[ChangedDay]],
    fresh: MonthResult | None,
) -> tuple[ChangedDay, ...]:
    """Give the dates that come to something else than was signed and adjusted (in order) before."""
    known: dict[date, str] = day_prints(signed)
    for days in adjusted:
        known |= {each.work_date: each.print for each in days}
    now = day_prints(fresh)
    return tuple(
        ChangedDay(day, now.get(day, ""))
        for day in sorted({*known, *now})
        if known.get(day, "") != now.get(day, "")
    )


def _brought(day: DayResult) -> tuple[object, ...]:
    minutes: Counter[str] = Counter()
    for piece in day.pieces:
        minutes[str(piece.bucket)] += piece.minutes
    return (
        day.regular_min,
        day.missing_min,
        day.extra_min,
        day.unmet_order_min,
        day.over_full_day_min,
        day.statutory_min,
        day.credited_min > 0,
        _sorted(minutes),
        _sorted({kind.value: many for kind, many in day.explained_min.items()}),
    )


def _sorted(minutes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((name, minutes[name]) for name in sorted(minutes) if minutes[name])


def _print(values: tuple[object, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:16]
