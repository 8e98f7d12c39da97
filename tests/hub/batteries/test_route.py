"""Routes: every stop once, no longer than the nearest neighbour's way, and as short as can be
where that can be tried out."""

from __future__ import annotations

from itertools import pairwise, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.batteries.route import Stop, distance_km, tour


def town(seed: int, count: int) -> list[Stop]:
    random = Random(seed)
    return [
        Stop(f"s{n}", f"{n}", 32.8 + random.random() * 0.3, 130.9 + random.random() * 0.4)
        for n in range(count)
    ]


def length(stops: list[Stop], ids: tuple[str, ...]) -> float:
    at = {each.id: each for each in stops}
    return sum(distance_km(at[a], at[b]) for a, b in pairwise(ids))


def test_a_known_distance() -> None:
    """Tokyo Station to Osaka Station: about 403 km."""
    tokyo, osaka = Stop("t", "", 35.6812, 139.7671), Stop("o", "", 34.7025, 135.4959)
    assert distance_km(tokyo, osaka) == pytest.approx(403, rel=0.005)
    with pytest.raises(ValueError, match="no distance"):
        distance_km(tokyo, Stop("x", ""))


def test_few_stops_are_within_a_tenth_of_the_shortest_way() -> None:
    """On average within 2 %; the shortest is found by trying all."""
    ratios = []
    for seed in range(15):
        stops = town(seed, 7)
        best = min(
            length(stops, (stops[0].id, *(each.id for each in rest)))
            for rest in permutations(stops[1:])
        )
        found = tour(stops, stops[0])
        assert found.ids[0] == "s0"
        assert found.length_km == pytest.approx(length(stops, found.ids))
        ratios.append(found.length_km / best)
    assert max(ratios) <= 1.1
    assert sum(ratios) / len(ratios) <= 1.02


def test_a_start_that_is_no_stop_is_left_but_not_listed() -> None:
    stops = town(3, 6)
    found = tour(stops[1:], stops[0])
    assert sorted(found.ids) == [each.id for each in stops[1:]]
    assert found.length_km > length(stops, found.ids)


_DEGREE = st.integers(-80, 80).map(float)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.none() | _DEGREE, _DEGREE), max_size=9), st.booleans())
def test_every_stop_is_visited_once(
    places: list[tuple[float | None, float]], from_the_first: bool
) -> None:
    """Those without a place last, by address; the same order whatever order they are given in."""
    stops = [
        Stop(f"s{n}", f"a{n}", latitude, None if latitude is None else longitude)
        for n, (latitude, longitude) in enumerate(places)
    ]
    start = stops[0] if stops and from_the_first else None
    found = tour(stops, start)
    assert found == tour(list(reversed(stops)), start)
    assert sorted(found.ids) == sorted(each.id for each in stops)
    unplaced = [each.id for each in stops if not each.is_placed]
    assert list(found.ids[len(stops) - len(unplaced) :]) == unplaced
