"""How a battery stands: what is unknown is never good, low needs more than one reading, and an old
forecast is a wider one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from hub.batteries.domain import ChemistryKind, Forecast, Profile, Reading
from hub.batteries.standing import BatteryState, WhyUnknown, aged, is_low, standing

NOW = datetime(2026, 4, 6, tzinfo=UTC)
DAY = timedelta(days=1)
PACK = Profile("d", ChemistryKind.ALKALINE, 4, 4300, 86400)


def made(as_of: datetime, *days: float) -> Forecast:
    early, middle, late = (as_of + DAY * each for each in days)
    return Forecast(as_of, None, 100, middle, early, late, 0.5)


def test_nothing_unknown_is_ever_good() -> None:
    """Whatever else is known: silent, never heard of, or without a profile."""
    for profile, heard, forecast in product(
        (None, PACK),
        (None, NOW - DAY * 3, NOW - DAY * 300),
        (None, made(NOW - DAY * 300, 900, 1000, 1100)),
    ):
        found = standing(profile, heard, None, forecast, NOW)
        assert found.state is BatteryState.UNKNOWN
        assert found.why_unknown is not None
        assert found.unknown_since == heard


@pytest.mark.parametrize(
    ("days", "state"), [((32, 90, 140), BatteryState.GOOD), ((30, 60, 90), BatteryState.SOON)]
)
def test_the_near_end_of_the_range_decides(
    days: tuple[float, float, float], state: BatteryState
) -> None:
    found = standing(PACK, NOW, None, made(NOW, *days), NOW)
    assert found.state is state
    assert found.due_before(NOW + DAY * 31) is (state is BatteryState.SOON)


def test_low_is_low_even_when_silent() -> None:
    found = standing(PACK, NOW - DAY * 90, NOW - DAY * 95, None, NOW)
    assert (found.state, found.why_unknown) == (BatteryState.LOW, WhyUnknown.SILENT)
    assert found.due_before(NOW)


def test_a_range_widens_with_its_age_and_never_begins_before_its_reading() -> None:
    """Not within the usual time between readings."""
    plain = made(NOW, 10, 100, 200)
    assert aged(plain, NOW + DAY * 2, DAY * 2.5) == plain
    found = aged(plain, NOW + DAY * 80, DAY * 2.5)
    assert found is not None
    assert (found.earliest, found.latest) == (NOW, NOW + DAY * 220)
    assert found.median == plain.median


def readings(*millivolts: int, celsius: float = 20) -> list[Reading]:
    return [Reading(NOW + DAY * n, each, round(celsius * 10)) for n, each in enumerate(millivolts)]


@pytest.mark.parametrize(
    ("shown", "celsius", "was_low", "low"),
    [
        ((5600, 5600, 5600), 20, False, False),
        ((5600, 5600, 2000), 20, False, False),
        ((5600, 4350, 4350), 20, False, True),
        ((4350,), 20, False, True),
        ((4350, 4350, 6200), 20, True, True),
        ((4350, 6200, 6200), 20, True, False),
        ((4700, 4700, 4700), 20, False, False),
        ((4700, 4700, 4700), 20, True, True),
        ((4650, 4650, 4650), -5, False, False),  # cold, not empty
        ((4380, 4380, 4380), -10, False, True),  # too cold to open, however full
        ((), 20, False, False),
    ],
)
def test_low_needs_most_of_three_readings_and_a_clear_rise_to_end(
    shown: tuple[int, ...], celsius: float, was_low: bool, low: bool
) -> None:
    assert is_low(readings(*shown, celsius=celsius), PACK, was_low=was_low) is low
