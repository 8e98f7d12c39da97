"""Simulated cells whose day of death is known: what the forecast is judged by.

Nothing of the forecast's is used here: neither its tables nor its formulas. Each pack is made of
single cells with capacities of their own, whose open-circuit voltage follows an exponential onset,
a slope and a logarithm (alkaline), or a plateau with a logistic end (lithium); internal resistance
grows with the depth and, by Arrhenius, with the cold. The town is a mountain town of Japan: a cold
winter, warm and cold spells of some days, day and night. Openings come in weeks with festivals and
holidays. Readings are noisy, quantised, sometimes wildly wrong, and missing for weeks.

A pack is dead on the first day on which its loaded voltage at the day's mean temperature is below
what the device needs: for want of charge or in a frost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from hub.batteries.domain import ChemistryKind, Profile, Reading

DAYS_MAX = 2500


@dataclass(frozen=True)
class Life:
    """One pack from new to dead."""

    profile: Profile
    new_at: datetime
    dead_at: datetime
    readings: tuple[Reading, ...]

    def seen_at(self, share: float) -> tuple[Reading, ...]:
        """The readings of the first part of its life."""
        until = self.new_at + share * (self.dead_at - self.new_at)
        return tuple(each for each in self.readings if each.at <= until)


@dataclass(frozen=True)
class _Cell:
    capacity_mah: float
    shape: tuple[float, ...]
    resistance: float
    growth: float


def live(seed: int, kind: ChemistryKind) -> Life:
    """Let one pack live."""
    random = Random(f"{kind}-{seed}")
    lithium = kind is ChemistryKind.LITHIUM_CR
    count = 2 if lithium else 4
    cells = _cells(random, count, lithium=lithium)
    cutoff = random.uniform(2380, 2520) * 2 if lithium else random.uniform(1020, 1120) * 4
    new_at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=random.randrange(365))
    standby_ma = random.lognormvariate(math.log(0.075 if lithium else 0.12), 0.4)
    opening_mah = random.lognormvariate(math.log(0.12 if lithium else 0.22), 0.4)
    openings = _Openings(random)
    weather = _Weather(random)
    load_a = random.uniform(0.1, 0.25)
    sensor = _Sensor(random)
    drawn, uses = 0.0, random.randrange(20000)
    readings: list[Reading] = []
    for number in range(DAYS_MAX):
        at = new_at + timedelta(days=number)
        mean_c = weather.on(at)
        made = openings.on(at)
        uses += made
        leak = 0.03 / 365 * 2 ** ((mean_c - 20) / 10) * cells[0].capacity_mah
        drawn += standby_ma * 24 + made * opening_mah + leak
        if _pack_mv(cells, drawn, mean_c, load_a, lithium=lithium) < cutoff:
            break
        if sensor.is_heard(number):
            hour = random.uniform(0, 24)
            now_c = mean_c - 4.5 * math.cos(2 * math.pi * (hour - 3) / 24)
            true_mv = _pack_mv(cells, drawn, now_c, load_a, lithium=lithium)
            readings.append(sensor.read(at + timedelta(hours=hour), true_mv, now_c, uses))
    profile = Profile("d", kind, count, round(cutoff), 86400)
    return Life(profile, new_at, at, tuple(readings))


def _cells(random: Random, count: int, *, lithium: bool) -> list[_Cell]:
    size = random.lognormvariate(math.log(1450 if lithium else 2550), 0.12)
    resistance = random.lognormvariate(math.log(0.35 if lithium else 0.22), 0.2)
    if lithium:
        shape = (
            random.gauss(3.10, 0.015),
            random.gauss(0.09, 0.02),
            random.gauss(0.13, 0.03),
            random.gauss(0.93, 0.012),
            random.gauss(0.035, 0.006),
        )
    else:
        shape = (
            random.gauss(1.60, 0.012),
            random.gauss(0.12, 0.02),
            random.gauss(0.26, 0.03),
            random.gauss(0.055, 0.01),
        )
    return [
        _Cell(
            size * random.lognormvariate(0, 0.03),
            shape,
            resistance * random.lognormvariate(0, 0.05),
            random.uniform(1.0, 2.5),
        )
        for _ in range(count)
    ]


def _pack_mv(
    cells: list[_Cell], drawn_mah: float, celsius: float, load_a: float, *, lithium: bool
) -> float:
    total = 0.0
    for cell in cells:
        depth = min(drawn_mah / cell.capacity_mah, 0.9999)
        if lithium:
            e0, onset, slope, knee, width = cell.shape
            open_v = e0 - onset * (1 - math.exp(-30 * depth)) - slope * depth
            open_v -= 1.4 / (1 + math.exp((knee + 0.05 - depth) / width))
        else:
            e0, onset, slope, end = cell.shape
            open_v = e0 - onset * (1 - math.exp(-9 * depth)) - slope * depth
            open_v += end * math.log(1 - depth)
        kelvin = celsius + 273.15
        cold = math.exp(2100 * (1 / kelvin - 1 / 293.15))
        ohms = cell.resistance * (1 + cell.growth * depth**3) * cold
        total += open_v - ohms * load_a
    return total * 1000


class _Weather:
    """Days of a mountain town: a year, spells, and chance."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._mean = random.uniform(10.5, 14)
        self._swing = random.uniform(10.5, 13)
        self._indoors = random.choice((1.0, 1.0, 0.7))
        self._spell = 0.0

    def on(self, at: datetime) -> float:
        day = at.timetuple().tm_yday
        self._spell = 0.8 * self._spell + self._random.gauss(0, 1.6)
        swing = -self._swing * math.cos(2 * math.pi * (day - 28) / 365)
        return self._mean + self._indoors * (swing + self._spell)


class _Openings:
    """How often the door is opened: by weekday and season, with festivals."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._daily = random.lognormvariate(math.log(8), 0.6)
        self._week = [random.uniform(0.3, 1.8) for _ in range(7)]
        self._winter = random.uniform(0.4, 1.2)
        self._burst_left, self._burst = 0, 1.0

    def on(self, at: datetime) -> int:
        if self._burst_left == 0 and self._random.random() < 5 / 365:
            self._burst_left = self._random.randrange(4, 15)
            self._burst = self._random.uniform(2, 6)
        rate = self._daily * self._week[at.weekday()]
        if self._burst_left:
            self._burst_left -= 1
            rate *= self._burst
        if at.month in (12, 1, 2):
            rate *= self._winter
        return max(0, round(self._random.gauss(rate, math.sqrt(rate))))


class _Sensor:
    """What a device's own electronics make of it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._gain = random.gauss(1, 0.004)
        self._noise_mv = random.uniform(4, 20)
        self._warm_c = random.gauss(0, 1.5)
        self._tells_c = random.random() < 0.75
        self._counts = random.random() < 0.75
        self._each = random.choice((1, 1, 1, 3))
        self._away = [
            (start, start + random.randrange(7, 36))
            for start in (random.randrange(DAYS_MAX // 2) for _ in range(random.randrange(1, 6)))
        ]

    def is_heard(self, number: int) -> bool:
        return number % self._each == 0 and not any(a <= number < b for a, b in self._away)

    def read(self, at: datetime, true_mv: float, celsius: float, uses: int) -> Reading:
        shown = true_mv * self._gain + self._random.gauss(0, self._noise_mv)
        if self._random.random() < 0.012:
            shown *= self._random.choice((0.5, 0.8, 0.9, 1.1, 1.4))
        told = round((celsius + self._warm_c) * 2) * 5 if self._tells_c else None
        return Reading(at, round(shown / 10) * 10, told, uses if self._counts else None)
