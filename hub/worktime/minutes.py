"""Spans of whole minutes, half-open, counted from 00:00 Asia/Tokyo of a work date.

26:00 is two o'clock of the next morning; a night shift 17:00 to 08:30 is `Span(1020, 1950)`. Asia/
Tokyo has had no summer time since 1951, so that a minute of a date is always sixty seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

DAY_MIN: Final = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Minutes from `start` up to, not including, `end`. Raises `ValueError` unless it has any."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a span ends after it starts: {self.start} to {self.end}")

    @property
    def minutes(self) -> int:
        """How long it is."""
        return self.end - self.start

    def moved(self, by_min: int) -> Span:
        """The same span seen from another origin."""
        return Span(self.start + by_min, self.end + by_min)


Spans = tuple[Span, ...]
"""In order, apart from one another: what every function here gives."""


def joined(spans: Iterable[Span]) -> Spans:
    """Give the minutes that lie in any of them; spans that touch become one."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and span.start <= whole[-1].end:
            whole[-1] = Span(whole[-1].start, max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return tuple(whole)


def common(one: Iterable[Span], other: Iterable[Span]) -> Spans:
    """Give the minutes that lie in both."""
    theirs = joined(other)
    both = (
        (max(mine.start, their.start), min(mine.end, their.end))
        for mine in joined(one)
        for their in theirs
    )
    return tuple(Span(start, end) for start, end in both if start < end)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """Give the minutes of `spans` that lie in none of `taken`."""
    left: list[Span] = []
    away = joined(taken)
    for span in joined(spans):
        at = span.start
        for gone in away:
            if gone.end <= at or gone.start >= span.end:
                continue
            if gone.start > at:
                left.append(Span(at, gone.start))
            at = max(at, gone.end)
        if at < span.end:
            left.append(Span(at, span.end))
    return tuple(left)


def total(spans: Iterable[Span]) -> int:
    """Give how many minutes they hold, each counted once."""
    return sum(span.minutes for span in joined(spans))
