"""When something holds within a time: pure.

What holds is asked at every instant at which it may change, and is the same until the next one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wire.policy_bodies import DaySpan

_DAY: Final = timedelta(days=1)
_DAY_MIN: Final = 1_440


@dataclass(frozen=True, slots=True)
class Span:
    """A time `[start, end)`."""

    start: datetime
    end: datetime


def spans_where(
    holds: Callable[[datetime], bool], changes: Iterable[datetime], within: Span
) -> tuple[Span, ...]:
    """Give the spans of a time in which something holds, in order and joined where they touch."""
    inside = {at for at in changes if within.start < at < within.end}
    marks = [within.start, *sorted(inside), within.end]
    found: list[Span] = []
    for start, end in itertools.pairwise(marks):
        if not holds(start):
            continue
        if found and found[-1].end == start:
            found[-1] = Span(found[-1].start, end)
        else:
            found.append(Span(start, end))
    return tuple(found)


def changes_of(
    zone: ZoneInfo, within: Span, spans_of: Callable[[date], tuple[DaySpan, ...]]
) -> set[datetime]:
    """Give every instant of a time at which a schedule of spans by wall time may begin or end to
    hold: both times that such a wall time comes, where it comes twice, and where the zone changes
    its offset."""
    found: set[datetime] = set()
    day = within.start.astimezone(zone).date() - _DAY
    last = within.end.astimezone(zone).date() + _DAY
    while day <= last:
        midnight, next_one = _instant(day, 0, zone, 0), _instant(day + _DAY, 0, zone, 0)
        found.add(midnight)
        for span in spans_of(day):
            for minute in (span.start_min, span.end_min):
                found |= {_instant(day, minute, zone, fold) for fold in (0, 1)}
        if midnight.astimezone(zone).utcoffset() != next_one.astimezone(zone).utcoffset():
            found.add(_shift(zone, midnight, next_one))
        day += _DAY
    return found


def _instant(day: date, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    if minute == _DAY_MIN:
        day, minute = day + _DAY, 0
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold)
    return wall.astimezone(UTC)


def _shift(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second between two instants at which the zone changes its offset."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
