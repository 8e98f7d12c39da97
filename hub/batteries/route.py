"""The order in which to drive to sites: nearest neighbour, then 2-opt. Pure.

Great-circle distances, not roads: the order is a proposal that a driver who knows the valley may
change. Sites without a place on the map come last, by their address.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

EARTH_KM: Final = 6371.0
TRIED_MAX: Final = 12
"""So many sites are tried as the first, where no start is named, and as the second."""
_GAIN_KM: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Stop:
    """A site to drive to; degrees of WGS 84, or None."""

    id: str
    address: str
    latitude: float | None = None
    longitude: float | None = None

    @property
    def is_placed(self) -> bool:
        """Tell whether it is on the map."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, slots=True)
class Tour:
    """Ids of stops in order; `length_km` as the crow flies through those on the map."""

    ids: tuple[str, ...]
    length_km: float


def tour(stops: Sequence[Stop], start: Stop | None = None) -> Tour:
    """Order stops along an open way, from `start` where it is on the map; `start` itself is in the
    answer only if it is one of the stops."""
    by_address = sorted(stops, key=lambda each: (each.address, each.id))
    placed = [each for each in by_address if each.is_placed]
    others = tuple(each.id for each in by_address if not each.is_placed)
    if not placed:
        return Tour(others, 0.0)
    if start is not None and start.is_placed:
        rest = [each for each in placed if each.id != start.id]
        found = _shortest(start, rest)
        length = _length(found)
        shown = found if len(rest) < len(placed) else found[1:]
    else:
        tried = [
            _shortest(each, [other for other in placed if other is not each], 2)
            for each in placed[:TRIED_MAX]
        ]
        shown = min(tried, key=_length)
        length = _length(shown)
    return Tour((*(each.id for each in shown), *others), length)


def distance_km(one: Stop, other: Stop) -> float:
    """Give the great-circle distance of two stops on the map (haversine)."""
    if (
        one.latitude is None
        or one.longitude is None
        or other.latitude is None
        or other.longitude is None
    ):
        raise ValueError("a stop without a place has no distance")
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def _shortest(start: Stop, rest: Sequence[Stop], seconds: int = TRIED_MAX) -> list[Stop]:
    """Give the shortest of the ways that begin with one of the sites nearest to the start."""
    if not rest:
        return [start]
    near = sorted(rest, key=lambda each: (distance_km(start, each), each.id))[:seconds]
    tried = [
        _improved([start, *_nearest(each, [other for other in rest if other is not each])])
        for each in near
    ]
    return min(tried, key=_length)


def _nearest(start: Stop, rest: Sequence[Stop]) -> list[Stop]:
    order, left = [start], list(rest)
    while left:
        here = order[-1]
        nearest = min(left, key=lambda each: (distance_km(here, each), each.id))
        order.append(nearest)
        left.remove(nearest)
    return order


def _improved(order: list[Stop]) -> list[Stop]:
    """Turn stretches round while that shortens the way (2-opt); the first stop stays first."""
    better = True
    while better:
        better = False
        for i in range(len(order) - 2):
            for j in range(i + 2, len(order)):
                if _gain(order, i, j) > _GAIN_KM:
                    order[i + 1 : j + 1] = reversed(order[i + 1 : j + 1])
                    better = True
    return order


def _gain(order: Sequence[Stop], i: int, j: int) -> float:
    """What it saves to turn round the stretch from `i + 1` through `j`."""
    gain = distance_km(order[i], order[i + 1]) - distance_km(order[i], order[j])
    if j + 1 < len(order):
        gain += distance_km(order[j], order[j + 1]) - distance_km(order[i + 1], order[j + 1])
    return gain


def _length(order: Sequence[Stop]) -> float:
    return sum(distance_km(a, b) for a, b in pairwise(order))
