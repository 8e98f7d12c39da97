"""Profiles of sealed codes: which windows a code can carry, and how likely a blind try hits one.

A lock without a network holds no list: the window is sealed in the code itself (docs/offline-pin.md
is the specification). The price is that many codes are acceptable at any moment, so every profile
states its bound and one above 1 in 100,000 a try does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

EPOCH: Final = datetime(2024, 12, 31, 15, tzinfo=UTC)
"""2025-01-01 00:00 in Japan, which has no daylight saving: a lock counts its seconds from here."""
LIFETIME_S: Final = 9_131 * 86_400
"""Windows begin before 2050-01-01 in Japan."""
EARLY_S: Final = 3_600
"""A code shown at most this long before its window spends no try: people come early. It is counted
in the bound, since a guess that meets one would betray it."""
MAX_BOUND: Final = Fraction(1, 100_000)
MIN_DIGITS: Final = 6
MAX_DIGITS: Final = 10

_MIN_S: Final = 60
_HOUR_S: Final = 3_600
_HALF_DAY_S: Final = 43_200
_DAY_S: Final = 86_400


class ProfileError(ValueError):
    """A profile that cannot be: the text says why, and what would do."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A sort of window: it starts at a multiple of `grid_s` after the epoch and lasts
    `duration_s`. `once`: the code opens a single time."""

    grid_s: int
    duration_s: int
    once: bool = False

    @property
    def slots(self) -> int:
        """How many starts there are."""
        return LIFETIME_S // self.grid_s


@dataclass(frozen=True, slots=True)
class Profile:
    """The windows of one sort of lock. Raises `ProfileError` for one that misses the bound.

    A lock takes codes of `ahead` generations of `generations` (the newest it has seen and those
    after it); `variants` tell apart codes of one window; its clock is known within `drift_s` to
    either side.
    """

    number: int
    name: str
    digits: int
    shapes: tuple[Shape, ...]
    generations: int
    ahead: int
    variants: int
    drift_s: int

    def __post_init__(self) -> None:
        if not MIN_DIGITS <= self.digits <= MAX_DIGITS:
            raise ProfileError(f"a sealed code has {MIN_DIGITS} to {MAX_DIGITS} digits")
        if not 1 <= self.ahead < self.generations <= 64 or not 1 <= self.variants <= 64:
            raise ProfileError("ahead is at least 1 and below generations; neither passes 64")
        for shape in self.shapes:
            if not shape.duration_s >= shape.grid_s >= _MIN_S or _DAY_S % shape.grid_s:
                raise ProfileError("a grid divides the day and is no longer than the window")
        if not 0 <= self.drift_s <= _DAY_S // 2:
            raise ProfileError("a clock is known within half a day")
        if self.capacity > 10**self.digits:
            raise ProfileError(
                f"{self.digits} digits hold fewer codes than {self.capacity}: {self._remedy()}"
            )
        if self.bound > MAX_BOUND:
            raise ProfileError(
                f"a blind try would hit {self.acceptable} of 10^{self.digits} codes, more than "
                f"1 in 100,000: {self._remedy()}"
            )

    @property
    def capacity(self) -> int:
        """How many codes there are: those of every window, generation and variant."""
        return sum(shape.slots for shape in self.shapes) * self.generations * self.variants

    @property
    def acceptable(self) -> int:
        """The most codes that a lock can take at one moment, early ones counted as well.

        Starts that lie within the half-open span of one window, the clock's doubt and the early
        hour: ceil(span / grid) of each shape, for every generation ahead and every variant.
        """
        starts = sum(
            -(-(shape.duration_s + 2 * self.drift_s + EARLY_S) // shape.grid_s)
            for shape in self.shapes
        )
        return starts * self.ahead * self.variants

    @property
    def longest_s(self) -> int:
        """The longest window that opens more than once."""
        return max((each.duration_s for each in self.shapes if not each.once), default=0)

    @property
    def always_s(self) -> int:
        """The longest time that some window covers from any instant on: a start between two of the
        grid costs up to one step of it."""
        return max((one.duration_s - one.grid_s for one in self.shapes if not one.once), default=0)

    @property
    def bound(self) -> Fraction:
        """The chance that a blind try hits a code, at any moment."""
        return Fraction(self.acceptable, 10**self.digits)

    def first_payload(self, shape: int) -> int:
        """The payload of the first code of a shape; that of the last shape plus one ends all."""
        below = sum(each.slots for each in self.shapes[:shape])
        return below * self.generations * self.variants

    def _remedy(self) -> str:
        for digits in range(self.digits + 1, MAX_DIGITS + 1):
            enough = self.capacity <= 10**digits
            if enough and Fraction(self.acceptable, 10**digits) <= MAX_BOUND:
                return f"{digits} digits would do, or fewer and coarser windows"
        return "fewer or shorter windows, a coarser grid, fewer generations ahead or variants"


def _shapes(grid_s: int, unit_s: int, durations: tuple[float, ...]) -> tuple[Shape, ...]:
    return tuple(Shape(grid_s, int(duration * unit_s)) for duration in durations)


def _once(grid_s: int, hours: tuple[int, ...]) -> tuple[Shape, ...]:
    return tuple(Shape(grid_s, each * _HOUR_S, once=True) for each in hours)


_QUARTER: Final = Profile(
    number=1,
    name="quarter",
    digits=9,
    shapes=(
        *_shapes(15 * _MIN_S, _HOUR_S, (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12)),
        *_once(15 * _MIN_S, (1, 3, 12)),
        *_shapes(_DAY_S, _DAY_S, (1, 2, 3, 7, 14, 31)),
    ),
    generations=16,
    ahead=4,
    variants=4,
    drift_s=600,
)
"""Halls and gyms: a start at every quarter of an hour."""

_HOUR: Final = Profile(
    number=2,
    name="hour",
    digits=9,
    shapes=(
        *_shapes(_HOUR_S, _HOUR_S, (1, 2, 3, 4, 5, 6, 8, 10, 12, 24, 48)),
        *_once(_HOUR_S, (1, 4, 12, 24)),
        *_shapes(_DAY_S, _DAY_S, (1, 2, 3, 7, 14, 31, 92)),
    ),
    generations=16,
    ahead=4,
    variants=4,
    drift_s=600,
)
"""Grounds and huts: a start at every hour, and codes for a season."""

_HOUR_SHORT: Final = Profile(
    number=3,
    name="hour_8",
    digits=8,
    shapes=(
        *_shapes(_HOUR_S, _HOUR_S, (1, 2, 3, 4, 6, 8, 12, 24)),
        *_once(_HOUR_S, (2, 12)),
        *_shapes(_DAY_S, _DAY_S, (1, 2, 3, 7, 14, 31)),
    ),
    generations=8,
    ahead=2,
    variants=2,
    drift_s=600,
)
"""One digit less to type, for fewer sorts of windows."""

_STAY: Final = Profile(
    number=4,
    name="stay",
    digits=10,
    shapes=(
        *_shapes(
            *(_HOUR_S, _HOUR_S),
            (*range(1, 25), 26, 30, 36, 42, 50, 60, 74, 98, 122, 146, 170),
        ),
        *_once(_HOUR_S, (1, 4, 12, 24)),
        *_shapes(3 * _HOUR_S, _HOUR_S, tuple(range(198, 343, 24))),
        *_shapes(_HALF_DAY_S, _DAY_S, tuple(range(15, 30))),
        *_shapes(
            *(_DAY_S, _DAY_S),
            (
                *range(1, 32),
                *(34, 37, 40, 43, 47, 51, 55, 59, 64, 69, 74, 80, 86, 93, 100, 108, 116),
                *(125, 134, 144, 155, 166, 178, 191, 205, 220, 236, 253, 271, 291, 312, 334),
                *(358, 369),
            ),
        ),
    ),
    generations=32,
    ahead=3,
    variants=4,
    drift_s=600,
)
"""Huts and rooms for days, weeks or a year: one digit more. Hours from a full hour are exact up to
24, days from a midnight up to 31; above, a window is at most 7 % longer than those days. 369 days
hold 367 from any instant, with margins of half a day at either end."""

PROFILES: Final = {profile.name: profile for profile in (_QUARTER, _HOUR, _HOUR_SHORT, _STAY)}
"""The closed list, by name. A number, once published, keeps its meaning for ever."""

DEFAULT_PROFILE: Final = _QUARTER.name


def profile_numbered(number: int) -> Profile:
    """Give a profile by the number a device reports; raise `ProfileError`."""
    for profile in PROFILES.values():
        if profile.number == number:
            return profile
    raise ProfileError(f"no profile has number {number}")
