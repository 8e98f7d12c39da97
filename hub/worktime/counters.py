"""The two counters: minutes beyond the full day, and beyond the statutory day and week.

docs/attendance-rules.md, "Two counters": Article 36 agreements hold for some workplaces only, so
both are kept for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from hub.worktime.domain import Piece
from hub.worktime.minutes import Span, Spans, total
from hub.worktime.ordinance import ADD_ONS, Statutory


def beyond_regular_min(pieces: Iterable[Piece]) -> int:
    """Give the minutes of every class but the add-ons."""
    return sum(piece.minutes for piece in pieces if piece.from_class not in ADD_ONS)


def credited_min(regular: Spans, pieces: Sequence[Piece]) -> int:
    """Give regular work and every minute of a class other than an add-on, each once."""
    beyond = [Span(p.start, p.end) for p in pieces if p.from_class not in ADD_ONS]
    return total((*regular, *beyond)) if beyond else total(regular)


def statutory_min(
    days: Iterable[tuple[date, int]],
    limits_of: Iterable[Statutory],
    week_before_min: int,
    week_starts: int,
) -> list[int]:
    """Give for each date, in order, its credited minutes beyond the statutory day, and of those
    left the ones beyond the week, by the limits in force on each. `week_before_min`: what the first
    week brings along; `week_starts`: ISO weekday."""
    found: list[int] = []
    so_far = week_before_min
    for (day, credited), limits in zip(days, limits_of, strict=True):
        if day.isoweekday() == week_starts:
            so_far = 0
        left = min(credited, limits.day_min)
        beyond = max(0, so_far + left - limits.week_min) - max(0, so_far - limits.week_min)
        so_far += left
        found.append(credited - left + beyond)
    return found
