"""A month's figures: what is paid and counted, as sums that can be taken from one another. Pure.

A closed month's figures never change. What a fresh derivation comes to now, less what was signed,
is an adjustment: `fresh.minus(signed)`; and signed plus every adjustment is the fresh one again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from hub.worktime.domain import Bucket, MonthResult, PayClass


class Line(NamedTuple):
    """What minutes are added up under: a bucket at its rate. Were the rate of a closed month other
    afterwards, its minutes leave one line and come to another."""

    bucket: Bucket
    percent: int
    paid: bool


class Amount(NamedTuple):
    """Minutes of a line: raw, and as they are paid after rounding."""

    raw_min: int = 0
    rounded_min: int = 0


NONE = Amount()


@dataclass(frozen=True, slots=True)
class Figures:
    """Lines and counters by name; what is zero is left out, so that equal figures are equal."""

    lines: Mapping[Line, Amount] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_zero(self) -> bool:
        """Whether nothing is in them."""
        return not self.lines and not self.counters

    def plus(self, other: Figures, sign: int = 1) -> Figures:
        """Give the sum."""
        lines = {
            line: Amount(mine.raw_min + sign * theirs.raw_min, mine.rounded_min + sign * theirs[1])
            for line in sorted({*self.lines, *other.lines})
            for mine, theirs in [(self.lines.get(line, NONE), other.lines.get(line, NONE))]
        }
        counters = {
            name: self.counters.get(name, 0) + sign * other.counters.get(name, 0)
            for name in sorted({*self.counters, *other.counters})
        }
        return _without_zeros(lines, counters)

    def minus(self, other: Figures) -> Figures:
        """Give the difference."""
        return self.plus(other, -1)

    def summed(self, others: Iterable[Figures]) -> Figures:
        """Give the sum with several."""
        total = self
        for each in others:
            total = total.plus(each)
        return total


ZERO = Figures()


def figures_of(result: MonthResult) -> Figures:
    """Give a reckoned month's figures: every bucket's totals, and every counter that outputs,
    balances and caps go by."""
    lines = {
        Line(bucket, total.percent, total.paid): Amount(total.raw_min, total.rounded_min)
        for bucket, total in result.totals.items()
    }
    counters = {
        "regular_min": result.regular_min,
        "missing_min": result.missing_min,
        "days_worked": result.days_worked,
        "counted_60h_min": result.counted_60h_min,
        "over_full_day_min": result.over_full_day_min,
        "statutory_min": result.statutory_min,
        "extra_min": sum(day.extra_min for day in result.days),
        "unmet_order_min": sum(day.unmet_order_min for day in result.days),
        **{f"explained.{kind.value}": many for kind, many in result.explained_min.items()},
    }
    if result.tally is not None:
        counters["cap_month_min"] = result.tally.cap_month_min
        counters["cap_average_min"] = result.tally.cap_average_min
    return _without_zeros(lines, counters)


def _without_zeros(lines: Mapping[Line, Amount], counters: Mapping[str, int]) -> Figures:
    return Figures(
        {line: lines[line] for line in sorted(lines) if lines[line] != NONE},
        {name: counters[name] for name in sorted(counters) if counters[name]},
    )


# --- as they are stored --------------------------------------------------------------------------


class StoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line, flat."""

    pay_class: PayClass
    night: bool
    percent: int
    paid: bool
    raw_min: int
    rounded_min: int


class StoredFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures as a JSON document."""

    lines: tuple[StoredLine, ...] = ()
    counters: dict[str, int] = {}


def stored(figures: Figures) -> StoredFigures:
    """Give figures as they are stored."""
    lines = tuple(
        StoredLine(
            pay_class=line.bucket.pay_class,
            night=line.bucket.night,
            percent=line.percent,
            paid=line.paid,
            raw_min=amount.raw_min,
            rounded_min=amount.rounded_min,
        )
        for line, amount in figures.lines.items()
    )
    return StoredFigures(lines=lines, counters=dict(figures.counters))


def loaded(kept: StoredFigures) -> Figures:
    """Give stored figures back."""
    lines = {
        Line(Bucket(each.pay_class, each.night), each.percent, each.paid): Amount(
            each.raw_min, each.rounded_min
        )
        for each in kept.lines
    }
    return _without_zeros(lines, kept.counters)
