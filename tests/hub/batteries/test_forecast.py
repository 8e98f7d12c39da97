"""The forecast: its ranges hold what they promise on cells that it knows nothing of, and it never
breaks, whatever it is given."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.batteries.chemistries import chemistries
from hub.batteries.domain import ChemistryKind, Forecast, Profile, Reading, WhyNot
from hub.batteries.forecast import forecast

NEW = datetime(2025, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PACK = Profile("d", ChemistryKind.ALKALINE, 4, 4300, 86400)
KINDS = (ChemistryKind.ALKALINE, ChemistryKind.LITHIUM_CR)


def falling(days: int, life_days: float = 400, *, since: datetime = NEW) -> list[Reading]:
    """A pack that falls along a plain line, one reading a day."""
    return [
        Reading(since + DAY * n, round(6100 - 1800 * n / life_days), 200, n * 8)
        for n in range(days)
    ]


def left_days(made: Forecast) -> float:
    """Days from the last reading to the median."""
    assert made.median is not None
    assert made.as_of is not None
    return (made.median - made.as_of) / DAY


def width_days(made: Forecast) -> float:
    """Days that the range is wide."""
    assert made.earliest is not None
    assert made.latest is not None
    return (made.latest - made.earliest) / DAY


# --- proof -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(cells: Any) -> list[tuple[Any, Forecast]]:
    """200 lives, each with its forecast at a random point after a fifth of it."""
    when = Random(90210)
    found = []
    for number in range(200):
        life = cells.live(70_000 + number, KINDS[number % 2])
        seen = life.seen_at(when.uniform(0.2, 0.97))
        found.append((life, forecast(seen, life.profile, life.new_at)))
    return found


def test_the_range_holds_the_day_of_death_as_often_as_it_says(
    judged: list[tuple[Any, Forecast]],
) -> None:
    """Of 80 % ranges 70 to 90 % do, and for four cells in five there is one."""
    said = [(life, made) for life, made in judged if made.median is not None]
    held = [made.earliest <= life.dead_at <= made.latest + DAY for life, made in said]
    assert len(said) >= 0.8 * len(judged)
    assert 0.70 <= sum(held) / len(held) <= 0.90
    assert {made.why_not for _, made in judged if made.median is None} <= {WhyNot.TOO_FLAT}


def test_the_range_is_narrow_enough_to_plan_by(judged: list[tuple[Any, Forecast]]) -> None:
    """Its median width is at most 1.4 of the life that is left, and the median day is off by at
    most 30 % of it: less than half of what guessing the usual life is off by."""
    widths, off, guess_off = [], [], []
    for life, made in judged:
        if made.median is None:
            continue
        left = max((life.dead_at - made.as_of) / DAY, 7)
        widths.append((made.latest - made.earliest) / DAY / left)
        off.append(abs(made.median - life.dead_at) / DAY / left)
        usual = life.new_at + DAY * chemistries()[life.profile.chemistry].life_days
        guess_off.append(abs(usual - life.dead_at) / DAY / left)
    print(f"width {median(widths):.2f} off {median(off):.2f} guess {median(guess_off):.2f}")
    assert median(widths) <= 1.4
    assert median(off) <= 0.3
    assert median(off) <= 0.5 * median(guess_off)


# --- why not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([], WhyNot.TOO_FEW),
        (falling(400)[:5], WhyNot.TOO_FEW),
        (falling(15), WhyNot.TOO_SHORT),
        (
            [Reading(NEW + DAY * n, 6280 + 10 * (n % 2), 200) for n in range(60)],
            WhyNot.TOO_FLAT,
        ),
    ],
)
def test_what_cannot_be_said_is_not_said(readings: list[Reading], why: WhyNot) -> None:
    made = forecast(readings, PACK, NEW)
    assert (made.why_not, made.median, made.earliest, made.latest) == (why, None, None, None)


# --- properties --------------------------------------------------------------------------------


def test_the_order_of_readings_and_repeated_ones_change_nothing() -> None:
    found = falling(200)
    shuffled = [*found, *found[:50]]
    Random(1).shuffle(shuffled)
    assert forecast(shuffled, PACK, NEW) == forecast(found, PACK, NEW)


@pytest.mark.parametrize("wild_mv", [900, 3000, 7500, 9900])
@pytest.mark.parametrize("where", [1, 60, 118, 119])
def test_one_wild_reading_moves_the_median_by_little(wild_mv: int, where: int) -> None:
    """By at most a fiftieth of the days left, wherever it stands: the last one too."""
    plain = falling(120)
    wild = [*plain[:where], replace(plain[where], millivolts=wild_mv), *plain[where + 1 :]]
    expected, made = forecast(plain, PACK, NEW), forecast(wild, PACK, NEW)
    assert left_days(made) == pytest.approx(left_days(expected), rel=0.02)


def test_new_cells_start_anew() -> None:
    """Nothing from before the change counts."""
    old = falling(380)
    changed = NEW + DAY * 380
    new = falling(120, since=changed)
    assert forecast([*old, *new], PACK, changed) == forecast(new, PACK, changed)
    early = forecast([*old, *new[:3]], PACK, changed)
    assert early.why_not is WhyNot.TOO_FEW


def test_how_long_earlier_cells_lasted_narrows_the_range() -> None:
    found = falling(60)
    plain, told = forecast(found, PACK, NEW), forecast(found, PACK, NEW, (390.0, 410.0))
    assert width_days(told) < width_days(plain)


def test_more_openings_of_late_bring_the_day_nearer() -> None:
    """A burst in the last weeks counts for half of its excess."""
    calm = falling(200)
    busy = [
        replace(each, uses=(each.uses or 0) + max(0, n - 150) * 40) for n, each in enumerate(calm)
    ]
    usual, hurried = forecast(calm, PACK, NEW), forecast(busy, PACK, NEW)
    assert left_days(hurried) < left_days(usual)


def test_winter_ends_what_would_last_until_spring() -> None:
    """Two packs used alike in the same climate, each with 90 days left at 20 degrees: the one that
    goes into the winter ends sooner than the one that goes into the summer."""

    def days_left(month: int) -> float:
        since = datetime(2025, month, 1, tzinfo=UTC)
        found = []
        for each in falling(240, life_days=330, since=since):
            day = each.at.timetuple().tm_yday
            celsius = 12.0 - 11.0 * math.cos(2 * math.pi * (day - 26) / 365)
            sag = round(4 * 3.0 * (20 - celsius))
            found.append(
                replace(each, millivolts=each.millivolts - sag, temperature_dc=round(celsius * 10))
            )
        made = forecast(found, PACK, since)
        assert made.median is not None
        return (made.median - found[-1].at) / DAY

    into_winter, into_summer = days_left(4), days_left(10)
    assert into_winter < 0.75 * into_summer
    assert into_summer > 60


def test_cells_of_unknown_age_are_judged_by_their_first_level() -> None:
    """The second half of a life seen alone gives nearly the same end."""
    found = falling(300)
    whole, half = forecast(found, PACK, NEW), forecast(found[150:], PACK, None)
    assert abs(left_days(half) - left_days(whole)) < width_days(half) / 2


_READING = st.builds(
    Reading,
    at=st.integers(0, 3650 * 86400).map(lambda second: NEW + timedelta(seconds=second - 10**8)),
    millivolts=st.integers(-5, 70_000),
    temperature_dc=st.none() | st.integers(-3000, 3000),
    uses=st.none() | st.integers(0, 2**40),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_READING, max_size=40),
    st.sampled_from(ChemistryKind),
    st.integers(1, 12),
    st.integers(500, 40_000),
    st.none() | st.just(datetime(2022, 1, 1, tzinfo=UTC)),
)
def test_whatever_it_is_given_it_answers(
    readings: list[Reading], kind: ChemistryKind, cells: int, cutoff: int, new: datetime | None
) -> None:
    """With a day in its range that is not before the last reading, or with why not; always the
    same."""
    profile = Profile("d", kind, cells, cutoff, 3600)
    made = forecast(readings, profile, new)
    assert made == forecast(list(reversed(readings)), profile, new)
    if made.why_not is not None:
        assert made.median is None
        return
    days = [made.as_of, made.earliest, made.median, made.latest]
    assert days == sorted(days)  # a None among them would be no order
    assert 0 <= (made.left or 0) <= 1
