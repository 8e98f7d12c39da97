"""When the cells of a device will be used up: a median day and a range that holds it with 80 %, or
why it cannot be said. Pure, deterministic, plain Python.

The model. A cell of depth of discharge d (0 new, 1 empty) shows, of a cell,

    millivolts = curve(d ** bend) + offset + sag * (temperature - 20) + scatter
    d(t) = d0 + rate * ((1 - w) * time + w * openings)          (both as shares of those so far)

`curve` is the chemistry's; `bend` lets it fall earlier or later than in the data sheet; `offset`
is the device's own calibration and its cells' spread; `w` is the part of the draw that openings
cost, the rest is standby. Depth, bend and w are gone through on a grid, which gives each its
probability (the likelihood with a prior from the chemistry's usual life, or from how long earlier
cells of the same device lasted). Offset and sag are linear with Gaussian priors, and are integrated
out in closed form. A flat curve thus needs no rule of its own: where voltages do not tell depths
apart, many depths stay likely and the range is wide, and one too wide to plan by is not given.

Each likely line is carried on, with the recent rate of openings and the seasons' temperatures,
to the day on which the pack shows less than the device needs: cells that would last until spring in
a room may fail in January. The quantiles of those days are the answer. The scatter of neighbours
in time is far from independent, so the bins' likelihood is tempered to a few effective ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from hub.batteries.chemistries import BEYOND, STEPS, Chemistry, chemistries
from hub.batteries.domain import ChemistryKind, Forecast, Profile, Reading, WhyNot
from hub.batteries.endings import CURVE_LENGTH, WANDER, Line, days_left, depth_below, quantiles
from hub.batteries.evidence import Evidence, gather
from hub.batteries.regression import Columns, Prior

READINGS_MIN: Final = 6
DAYS_MIN: Final = 21.0
USED_MIN: Final = 0.05
"""Less than so much of the charge used tells nothing of the pace."""
RATIO_MAX: Final = 5.0
"""From the near to the far end of a range, in days left; more helps nobody to plan."""
CLEAR_DAYS: Final = 75.0
"""A range that ends within this is given however wide it is."""
BENDS: Final = ((0.87, 0.25), (1.0, 0.5), (1.15, 0.25))
"""Bends of the curve with their prior probability."""
OPENING_SHARES: Final = ((0.1, 0.3), (0.4, 0.4), (0.75, 0.3))
"""Parts of the draw that openings cost, with their prior probability."""
_OLDEST: Final = 0.9
"""Cells of unknown age that are older cannot be told from those at their end."""
_DEPTHS: Final = tuple(1 / (1 + math.exp(-(-4.2 + 0.13 * i))) for i in range(68))
"""Depths now, evenly in their log-odds: 0.015 to 0.989."""
_LIFE_SPREAD: Final = 0.7
_OWN_LIFE_SPREAD: Final = 0.35
_EFFECTIVE_POINTS: Final = 10.0
"""How many independent ones the bins are worth: what keeps them off the curve lasts for weeks."""
_SCATTER_MV: Final = 5.0
"""What a bin's median lies off for reasons of its own, a cell: weather, load, time of day."""
_SAG_SPREAD: Final = 0.5
_UNTOLD_SAG_SPREAD: Final = 0.9
_SCALES: Final = 20
"""Steps of depth in which the priors of the wandering are made."""
_NEGLIGIBLE: Final = 5e-3


def forecast(
    readings: Iterable[Reading],
    profile: Profile,
    new_at: datetime | None,
    earlier_lives_days: Sequence[float] = (),
) -> Forecast:
    """Give the forecast as of the last reading. `new_at` is when the cells were new; None where
    nobody knows, then their charge at the first reading is estimated as well.
    `earlier_lives_days` are how long earlier cells of this device lasted."""
    chemistry = chemistries()[profile.chemistry]
    seen = gather(readings, new_at, profile.cells, chemistry.sag_mv_per_k)
    if seen is None:
        return Forecast(None, new_at, 0, why_not=WhyNot.TOO_FEW)
    known = Forecast(seen.end, new_at, seen.readings, course=_course(seen, profile.cells))
    if seen.readings < READINGS_MIN:
        return replace(known, why_not=WhyNot.TOO_FEW)
    if seen.days < DAYS_MIN:
        return replace(known, why_not=WhyNot.TOO_SHORT)
    cutoff = profile.cutoff_mv / profile.cells
    lines = _likely_lines(seen, chemistry, new_at is not None, earlier_lives_days)
    left = sum(
        line.weight * max(0.0, 1 - line.depth / depth_below(line.table, cutoff)) for line in lines
    )
    early, middle, late = quantiles(
        days_left(seen, lines, cutoff, chemistry.spread_mv), (0.1, 0.5, 0.9)
    )
    used = seen.days * sum(line.weight * line.rate for line in lines)
    if used < USED_MIN or (late > CLEAR_DAYS and late > RATIO_MAX * max(early, 1.0)):
        return replace(known, left=left, why_not=WhyNot.TOO_FLAT)
    return replace(
        known,
        median=seen.end + timedelta(days=middle),
        earliest=seen.end + timedelta(days=early),
        latest=seen.end + timedelta(days=late),
        left=left,
    )


def _course(seen: Evidence, cells: int) -> tuple[tuple[int, int], ...]:
    """Give the bins as seconds since 1970 and millivolts of the pack."""
    start = seen.start.timestamp()
    return tuple(
        (round(start + each.day * 86400), round(each.millivolts * cells)) for each in seen.points
    )


# --- what is likely ----------------------------------------------------------------------------


def _columns(seen: Evidence, progress: Sequence[float]) -> Columns:
    """The linear part: offset now, two powers of the way back from now, and the warmth."""
    per_bin = sum(1 / each.readings for each in seen.points) / len(seen.points)
    scatter = _SCATTER_MV**2 + seen.noise_mv**2 * per_bin
    back = [x - 1 for x in progress]
    warmth = [each.warmth_k for each in seen.points]
    ones = [1.0] * len(back)
    precision = min(1.0, _EFFECTIVE_POINTS / len(back)) / scatter
    return Columns.of((ones, back, [x * x for x in back], warmth), precision)


class _Regressions:
    """The regressions of one course, each made once.

    The device's own curve may lie off the table, smoothly over `CURVE_LENGTH` of depth: the first
    terms of a squared-exponential Gaussian process around now, whose priors go with the depth gone.
    """

    def __init__(self, columns: Columns, chemistry: Chemistry, *, told: bool) -> None:
        self._columns = columns
        self._spread = chemistry.spread_mv
        self._sag = (_SAG_SPREAD if told else _UNTOLD_SAG_SPREAD) * chemistry.sag_mv_per_k
        self._made: dict[int, Prior] = {}

    def over(self, gone: float) -> Prior:
        """Give the regression for so much depth gone."""
        step = round(gone * _SCALES) or 1
        if step not in self._made:
            wander, scale = WANDER * self._spread, step / _SCALES / CURVE_LENGTH
            now, back = math.hypot(self._spread, wander), wander * scale
            spreads = (now, back, back * scale / math.sqrt(2), self._sag)
            self._made[step] = self._columns.under(spreads)
        return self._made[step]


def _likely_lines(
    seen: Evidence, chemistry: Chemistry, new_known: bool, earlier: Sequence[float]
) -> list[Line]:
    """Go through the grid; give what is not negligible, with weights that sum to 1."""
    sag = chemistry.sag_mv_per_k
    shown = [each.millivolts - sag * each.warmth_k for each in seen.points]
    usual = math.log(_usual_life(chemistry, earlier))
    spread = _OWN_LIFE_SPREAD if earlier else _LIFE_SPREAD
    tried: list[tuple[float, Line]] = []
    for share, share_prior, progress, pace in _courses(seen):
        columns = _columns(seen, progress)
        regressions = _Regressions(columns, chemistry, told=seen.temperatures)
        for bend, bend_prior in BENDS:
            table = _bent(chemistry.kind, bend)
            begun = 0.0 if new_known else _first_depth(shown, table)
            at_first = math.log(share_prior * bend_prior)
            for depth in _DEPTHS:
                gone = depth - begun
                if gone < 0.004:
                    continue
                scaled, base = gone * STEPS, begun * STEPS
                residuals = [
                    v - table[int(base + scaled * x)] for v, x in zip(shown, progress, strict=True)
                ]
                fit, (offset, _, _, more_sag) = regressions.over(gone).fit(residuals)
                life = math.log(seen.days / gone) - usual
                before = -0.5 * (life / spread) ** 2 + math.log(depth * (1 - depth) / gone)
                rate = gone / seen.days * ((1 - share) + share * pace)
                line = Line(depth, rate, table, offset, sag + more_sag, 0.0)
                tried.append((at_first + fit + before, line))
    best = max(score for score, _ in tried)
    weighed = [(math.exp(score - best), line) for score, line in tried]
    kept = [(weight, line) for weight, line in weighed if weight > _NEGLIGIBLE]
    total = sum(weight for weight, _ in kept)
    return [
        Line(line.depth, line.rate, line.table, line.offset, line.sag, weight / total)
        for weight, line in kept
    ]


def _courses(seen: Evidence) -> Iterator[tuple[float, float, list[float], float]]:
    """Give each share of the draw that openings may cost, its prior, the progress of each point
    (1 at the last reading), and the pace of openings from now on beside the one so far."""
    last = seen.points[-1]
    if last.uses is None or last.uses < 20 or any(each.uses is None for each in seen.points):
        yield 0.0, 1.0, [each.day / seen.days for each in seen.points], 1.0
        return
    pace = _pace(seen, last.uses)
    for share, prior in OPENING_SHARES:
        yield (
            share,
            prior,
            [
                (1 - share) * each.day / seen.days + share * (each.uses or 0.0) / last.uses
                for each in seen.points
            ],
            pace,
        )


def _pace(seen: Evidence, total: float) -> float:
    """Openings a day of late, as a multiple of those since the start: half way between the two,
    because a burst seldom lasts."""
    since = max(seen.days * 2 / 3, seen.days - 90)
    late = [each for each in seen.points if each.day >= since and each.uses is not None]
    if len(late) < 2 or late[-1].day - late[0].day < 7:
        return 1.0
    made = (late[-1].uses or 0.0) - (late[0].uses or 0.0)
    ratio = made / (late[-1].day - late[0].day) / (total / seen.days)
    return 0.5 + 0.5 * min(ratio, 5.0)


def _usual_life(chemistry: Chemistry, earlier: Sequence[float]) -> float:
    lives = [each for each in earlier if each >= DAYS_MIN]
    if not lives:
        return chemistry.life_days
    return math.exp(sum(map(math.log, lives)) / len(lives))


def _first_depth(shown: Sequence[float], table: Sequence[float]) -> float:
    """Estimate the depth at the first readings of cells of unknown age."""
    level = sum(shown[:2]) / len(shown[:2])
    return min(depth_below(table, level), _OLDEST)


@cache
def _bent(kind: ChemistryKind, bend: float) -> tuple[float, ...]:
    """A chemistry's table with its curve bent: above 1 it stays high for longer."""
    plain = chemistries()[kind].table
    top = STEPS + BEYOND
    bent = []
    for step in range(top + 1):
        at = (step / STEPS) ** bend * STEPS
        low = min(int(at), top - 1)
        bent.append(plain[low] + (plain[low + 1] - plain[low]) * min(at - low, 1.0))
    return tuple(bent)
