"""From a likely course to its end: the days until a pack shows less than its device needs. Pure.

The end comes when the voltage of that day's depth, less what the cold of that day costs, lies below
the cutoff: cells that would last until spring in a room may fail in January.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.batteries.chemistries import STEPS
from hub.batteries.evidence import DAY, ROOM_C, YEAR_DAYS, Evidence

WANDER: Final = 1.3
"""How far a device's own curve wanders off the table, in spreads of a cell."""
CURVE_LENGTH: Final = 0.2
"""Over which part of the depth it does."""
_FUTURE: Final = ((0.80, -9.0), (0.92, -4.0), (1.0, 0.0), (1.09, 4.0), (1.25, 9.0))
"""Quintiles of how far the future may differ from what was expected: a factor on the days left for
what is drawn, and days for the weather at the end."""
_SNAP_K: Final = 3.0
"""A cold snap: the device has to work through the colder days of a season too."""
_WEAKEST: Final = 0.04
"""The weakest cell of a row is empty before the others by about so much of the depth."""
_GROWTH: Final = 1.5
"""How much more of its internal resistance an empty cell has than a new one."""
HORIZON_DAYS: Final = 3650.0


@dataclass(frozen=True, slots=True)
class Line:
    """One likely course: depth now, rate a day from now on, its table, offset, sag and weight."""

    depth: float
    rate: float
    table: Sequence[float]
    offset: float
    sag: float
    weight: float


def depth_below(table: Sequence[float], millivolts: float) -> float:
    """The depth at which a cell shows less; the table falls."""
    low, high = 0, len(table) - 1
    while low < high:
        middle = (low + high) // 2
        if table[middle] > millivolts:
            low = middle + 1
        else:
            high = middle
    return max(low, 1) / STEPS


def days_left(
    seen: Evidence, lines: Sequence[Line], cutoff: float, spread_mv: float
) -> list[tuple[float, float]]:
    """Give the days that each line lasts, with its weight, spread by what the future may draw."""
    coldest = min(_chill(seen, offset) for offset in range(0, 366, 5))
    seasons = [_chill(seen, offset) for offset in range(0, 371, 5)]
    found: list[tuple[float, float]] = []
    for line in lines:
        for higher, early, likely in _ends(line, cutoff, spread_mv):
            days = _lasts(line, cutoff + higher, early, seasons, coldest)
            weight = line.weight * likely / len(_FUTURE)
            found += [(max(0.0, days * part + off), weight) for part, off in _FUTURE]
    return found


def _ends(line: Line, cutoff: float, spread_mv: float) -> Iterator[tuple[float, float, float]]:
    """Give how the end may differ from the table: millivolts that the cutoff lies higher, depth
    that is missing because the weakest cell of a row ends first, and the weight of both.

    What is off now is off at the end too, the less the further that is.
    """
    far = max(0.0, depth_below(line.table, cutoff) - line.depth) / CURVE_LENGTH
    reach = math.sqrt(3) * WANDER * spread_mv * math.sqrt(max(0.0, 1 - math.exp(-far * far)))
    yield from ((-reach, _WEAKEST / 2, 1 / 6), (0.0, 0.0, 1 / 3))
    yield from ((0.0, _WEAKEST, 1 / 3), (reach, _WEAKEST / 2, 1 / 6))


def _chill(seen: Evidence, days: float) -> float:
    """Kelvins above 20 degrees on the colder days around a day from now."""
    return seen.climate.at(seen.end + days * DAY) - _SNAP_K - ROOM_C


def _lasts(
    line: Line, cutoff: float, early: float, seasons: Sequence[float], coldest: float
) -> float:
    """Give the days until the pack shows less than the cutoff in the weather of that day. Cold
    costs the more, the emptier a cell is."""
    needed = cutoff - line.offset

    def until(sag: float, warmth: float) -> float:
        return (depth_below(line.table, needed - sag * warmth) - early - line.depth) / line.rate

    # Nothing happens before even the coldest day could end it; then five days a step.
    day = max(0.0, until(line.sag * (1 + _GROWTH), coldest))
    end = min(until(line.sag, max(seasons)), HORIZON_DAYS)
    top = len(line.table) - 1
    while day < end:
        depth = line.depth + line.rate * day
        sag = line.sag * (1 + _GROWTH * depth**3)
        shown = line.table[min(int((depth + early) * STEPS), top)]
        if shown + sag * seasons[int(day % YEAR_DAYS / 5)] < needed:
            return day
        day += 5.0
    return max(0.0, end)


def quantiles(weighted: list[tuple[float, float]], at: Sequence[float]) -> list[float]:
    """Give quantiles of weighted values, interpolated between the middles of their weights."""
    weighted.sort()
    total = sum(weight for _, weight in weighted)
    found: list[float] = []
    wanted = list(at)
    passed, before_at, before = 0.0, 0.0, weighted[0][0]
    for value, weight in weighted:
        middle = (passed + weight / 2) / total
        while wanted and middle >= wanted[0]:
            span = middle - before_at
            part = (wanted[0] - before_at) / span if span > 0 else 1.0
            found.append(before + (value - before) * part)
            wanted.pop(0)
        passed, before_at, before = passed + weight, middle, value
    return found + [weighted[-1][0]] * len(wanted)
