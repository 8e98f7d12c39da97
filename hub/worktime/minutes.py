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
    given = spans if isinstance(spans, tuple) else tuple(spans)
    if len(given) < 2 or _are_apart(given):
        return given
    whole: list[Span] = []
    for span in sorted(given):
        if whole and span.start <= whole[-1].end:
            whole[-1] = Span(whole[-1].start, max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return tuple(whole)


def _are_apart(spans: Spans) -> bool:
    """Whether they are in order and apart already, as nearly all are."""
    before = spans[0].end
    for span in spans[1:]:
        if span.start <= before:
            return False
        before = span.end
    return True


def either(one: Spans, other: Spans) -> Spans:
    """Give the minutes that lie in either."""
    if not one or not other:
        return joined(one or other)
    return joined((*one, *other))


def common(one: Iterable[Span], other: Iterable[Span]) -> Spans:
    """Give the minutes that lie in both."""
    if one == () or other == ():
        return ()
    mine, theirs = joined(one), joined(other)
    found: list[Span] = []
    for span in mine:
        for their in theirs:
            if their.end <= span.start:
                continue
            if their.start >= span.end:
                break
            start, end = max(span.start, their.start), min(span.end, their.end)
            whole = start == span.start and end == span.end
            found.append(span if whole else Span(start, end))
    return tuple(found)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """Give the minutes of `spans` that lie in none of `taken`."""
    if spans == () or taken == ():
        return joined(spans)
    left: list[Span] = []
    away = joined(taken)
    for span in joined(spans):
        at = span.start
        for gone in away:
            if gone.end <= at:
                continue
            if gone.start >= span.end:
                break
            if gone.start > at:
                left.append(Span(at, gone.start))
            at = gone.end
        if at < span.end:
            left.append(span if at == span.start else Span(at, span.end))
    return tuple(left)


def within(spans: Spans, start: int, end: int) -> Spans:
    """Give the minutes of `spans` from `start` up to, not including, `end`."""
    whole = joined(spans)
    if not whole or (whole[0].start >= start and whole[-1].end <= end):
        return whole
    return common(whole, (Span(start, end),)) if start < end else ()


def moved(spans: Spans, by_min: int) -> Spans:
    """Give the same minutes seen from another origin."""
    return tuple(span.moved(by_min) for span in spans)


def first_minutes(spans: Spans, minutes: int) -> Spans:
    """Give as many of the minutes, from the first on; all where there are fewer."""
    found: list[Span] = []
    for span in spans:
        if minutes <= 0:
            break
        found.append(span if span.minutes <= minutes else Span(span.start, span.start + minutes))
        minutes -= span.minutes
    return tuple(found)


def total(spans: Iterable[Span]) -> int:
    """Give how many minutes they hold, each counted once."""
    minutes = 0
    for span in joined(spans):
        minutes += span.end - span.start
    return minutes
