"""From raw readings to what a fit can stand on: few, robust, evenly spread points. Pure.

Outliers are found against the median of their neighbours (Hampel, 1974); what is left is gathered
in bins whose median counts, narrower towards the end, where a flat curve begins to tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import Final

from hub.batteries.domain import Reading

ROOM_C: Final = 20.0
YEAR_DAYS: Final = 365.2425
COLDEST_DAY: Final = 26
"""Day of the year around which Japan is coldest (late January)."""
MEAN_C: Final = 12.5
SWING_C: Final = 11.5
"""A year where a device tells no temperature: about that of a Kyushu town at
500 m."""
_NEIGHBOURS: Final = 4
_STRAY_MADS: Final = 6.0
_STRAY_MV: Final = 40.0
_EARLY_BINS: Final = 18
_LATE_BINS: Final = 8
_LATE_FROM: Final = 0.85
DAY: Final = timedelta(days=1)
_COLDEST_DC: Final = -400
_WARMEST_DC: Final = 800
"""What lies beyond is a broken sensor."""


@dataclass(frozen=True, slots=True)
class Climate:
    """The temperatures around a device through the year, in degrees Celsius."""

    mean_c: float
    swing_c: float

    def at(self, instant: datetime) -> float:
        """Give the usual temperature at an instant."""
        return self.mean_c + self.swing_c * _warmth(instant)


@dataclass(frozen=True, slots=True)
class Point:
    """One bin: days since the start, millivolts a cell, kelvins above 20 degrees, openings since
    the start (None where the device counts none), and how many readings stand behind it."""

    day: float
    millivolts: float
    warmth_k: float
    uses: float | None
    readings: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a fit stands on. `noise_mv` is a single reading's scatter; `temperatures` tells whether
    the device told its own."""

    start: datetime
    end: datetime
    points: tuple[Point, ...]
    noise_mv: float
    climate: Climate
    temperatures: bool
    readings: int

    @property
    def days(self) -> float:
        """Days from the start to the last reading."""
        return (self.end - self.start) / DAY


def gather(
    readings: Iterable[Reading], start: datetime | None, cells: int, sag_mv_per_k: float
) -> Evidence | None:
    """Gather the readings from `start` on (None: from the first); None without any."""
    sane = [each for each in readings if 200 * cells < each.millivolts < 6000 * cells]
    found = sorted({each for each in sane if start is None or each.at >= start}, key=_order)
    if not found:
        return None
    climate = climate_of(found)
    shown = [each.millivolts / cells for each in found]
    warmth = [_warmth_k(each, climate) for each in found]
    level = [mv - sag_mv_per_k * warm for mv, warm in zip(shown, warmth, strict=True)]
    kept, noise = _without_strays(level)
    begin = start or found[0].at
    uses = _uses([found[i] for i in kept])
    points = _binned(
        [
            (
                (found[i].at - begin) / DAY,
                shown[i],
                warmth[i],
                uses[n] if uses is not None else None,
            )
            for n, i in enumerate(kept)
        ]
    )
    told = any(each.temperature_dc is not None for each in found)
    return Evidence(begin, found[-1].at, points, noise, climate, told, len(found))


def levels(readings: Sequence[Reading], cells: int, sag_mv_per_k: float) -> list[float]:
    """Give what each reading would be at 20 degrees, in millivolts a cell."""
    climate = climate_of(readings)
    return [each.millivolts / cells - sag_mv_per_k * _warmth_k(each, climate) for each in readings]


def climate_of(readings: Sequence[Reading]) -> Climate:
    """Give the year around a device: least squares on its own temperatures, drawn towards the
    usual year while they are few or cover a part of it."""
    told = [
        (_warmth(each.at), each.temperature_dc / 10)
        for each in readings
        if each.temperature_dc is not None and _COLDEST_DC <= each.temperature_dc <= _WARMEST_DC
    ]
    if not told:
        return Climate(MEAN_C, SWING_C)
    # As many as a fortnight apart: neighbours are hardly independent.
    share = min(1.0, 26 / len(told))
    n, sx = share * len(told), share * sum(x for x, _ in told)
    sxx = share * sum(x * x for x, _ in told)
    sy, sxy = share * sum(y for _, y in told), share * sum(x * y for x, y in told)
    # Of the usual year as much as two fortnights would say.
    n, sy, sxx, sxy = n + 2, sy + 2 * MEAN_C, sxx + 2, sxy + 2 * SWING_C
    det = n * sxx - sx * sx
    swing = (n * sxy - sx * sy) / det
    return Climate((sy - swing * sx) / n, swing)


def _warmth(instant: datetime) -> float:
    """The season: -1 in late January, 1 in late July."""
    day = instant.timetuple().tm_yday
    return -math.cos(2 * math.pi * (day - COLDEST_DAY) / YEAR_DAYS)


def _order(reading: Reading) -> tuple[datetime, int, int, int]:
    return (reading.at, reading.millivolts, reading.temperature_dc or 0, reading.uses or 0)


def _warmth_k(reading: Reading, climate: Climate) -> float:
    """Kelvins above 20 degrees: as told, else as usual in that season."""
    told = reading.temperature_dc
    plausible = told is not None and _COLDEST_DC <= told <= _WARMEST_DC
    return (told / 10 if told is not None and plausible else climate.at(reading.at)) - ROOM_C


def _without_strays(level: Sequence[float]) -> tuple[list[int], float]:
    """Give the indexes of what fits its neighbours, and the usual distance from them."""
    n = len(level)
    apart = []
    for i in range(n):
        around = sorted(level[max(0, i - _NEIGHBOURS) : i + _NEIGHBOURS + 1])
        apart.append(abs(level[i] - around[len(around) // 2]))
    scale = 1.4826 * median(apart)
    limit = max(_STRAY_MV, _STRAY_MADS * scale)
    kept = [i for i in range(n) if apart[i] <= limit]
    return (kept, scale) if kept else (list(range(n)), scale)


def _uses(readings: Sequence[Reading]) -> list[float] | None:
    """Give openings since the first of these readings, gaps filled straight; None where a device
    counts none, or counts backwards (its electronics were replaced)."""
    known = [(i, each.uses) for i, each in enumerate(readings) if each.uses is not None]
    if len(known) < 2 or any(a[1] > b[1] for a, b in pairwise(known)):
        return None
    filled: list[float] = []
    at = 0
    for i, each in enumerate(readings):
        while at < len(known) - 2 and known[at + 1][0] <= i:
            at += 1
        (i0, u0), (i1, u1) = known[at], known[at + 1]
        t0, t1 = readings[i0].at, readings[i1].at
        part = (each.at - t0) / (t1 - t0) if t1 > t0 else 0.0
        filled.append(max(0.0, u0 + (u1 - u0) * part - known[0][1]))
    return filled


def _binned(rows: Sequence[tuple[float, float, float, float | None]]) -> tuple[Point, ...]:
    last = rows[-1][0]
    bins: dict[int, list[tuple[float, float, float, float | None]]] = {}
    for row in rows:
        share = row[0] / last if last > 0 else 1.0
        if share < _LATE_FROM:
            number = int(share / _LATE_FROM * _EARLY_BINS)
        else:
            late = (share - _LATE_FROM) / (1 - _LATE_FROM) * _LATE_BINS
            number = _EARLY_BINS + min(_LATE_BINS - 1, int(late))
        bins.setdefault(number, []).append(row)
    return tuple(_point(bins[number]) for number in sorted(bins))


def _point(rows: Sequence[tuple[float, float, float, float | None]]) -> Point:
    counted = [row[3] for row in rows if row[3] is not None]
    return Point(
        day=fmean(row[0] for row in rows),
        millivolts=median(row[1] for row in rows),
        warmth_k=fmean(row[2] for row in rows),
        uses=fmean(counted) if counted else None,
        readings=len(rows),
    )
