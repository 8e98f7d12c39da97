"""PINs are drawn uniformly over what is neither weak nor taken."""

from __future__ import annotations

import secrets
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pins.draw import (
    DigitsIncompatibleError,
    NoPinLeftError,
    digits_for,
    draw_pin,
)
from hub.pins.weak import PATTERNS, space_left, weakness


def nothing_taken(_digits: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("digits", "pattern"),
    [
        ("111111", "two_digits"),
        ("112121", "two_digits"),
        ("482482", "block"),
        ("123456", "run"),
        ("987654", "run"),
        ("890123", "run"),
        ("234570", "run"),
        ("741234", "run"),
        ("246802", "steps"),
        ("135789", "sorted"),
        ("986420", "sorted"),
        ("147741", "keypad"),
        ("258025", "keypad"),
        ("137913", "keypad"),
        ("900523", "date"),
        ("230590", "date"),
        ("1231", "date"),
        ("1987", "date"),
        ("19870523", "date"),
        ("000229", "date"),
    ],
)
def test_a_weak_pin_is_named_by_its_pattern(digits: str, pattern: str) -> None:
    assert weakness(digits) is not None
    assert pattern in {found.name for found in PATTERNS if found.matches(digits)}


@pytest.mark.parametrize(
    "digits", ["830472", "5093", "40718263", "9302748", "000230", "7340518269"]
)
def test_an_ordinary_pin_is_not_weak(digits: str) -> None:
    assert weakness(digits) is None


def test_the_space_left_is_never_overstated_and_hardly_understated() -> None:
    length = 4
    exact = sum(weakness(f"{number:0{length}d}") is None for number in range(10**length))
    assert space_left(length) <= exact <= 1.15 * space_left(length)


def test_no_pattern_matches_more_than_it_says() -> None:
    length = 4
    numbers = [f"{number:0{length}d}" for number in range(10**length)]
    for pattern in PATTERNS:
        assert sum(map(pattern.matches, numbers)) <= pattern.at_most(length), pattern.name


def test_the_space_left_of_six_digits_holds_on_a_sample() -> None:
    random = Random(6)
    sample = 8_000
    strong = sum(weakness(f"{random.randrange(10**6):06d}") is None for _ in range(sample))
    assert strong / sample >= space_left(6) / 10**6 - 0.015


@given(length=st.integers(4, 10), seed=st.integers(0, 2**32))
def test_a_drawn_pin_has_its_length_and_is_neither_weak_nor_taken(length: int, seed: int) -> None:
    random = Random(seed)
    taken = {draw_pin(length, random.randrange, nothing_taken) for _ in range(3)}
    digits = draw_pin(length, random.randrange, taken.__contains__)
    assert len(digits) == length
    assert digits.isdigit()
    assert weakness(digits) is None
    assert digits not in taken


def test_every_digit_is_equally_likely_in_the_middle() -> None:
    """Chi-square with 9 degrees of freedom stays below 33.7 with probability 0.9999."""
    draws = 5_000
    seen = Counter(draw_pin(8, secrets.randbelow, nothing_taken)[3] for _ in range(draws))
    expected = draws / 10
    assert sum((seen[str(digit)] - expected) ** 2 / expected for digit in range(10)) < 40


def test_a_door_whose_pins_are_all_taken_gives_none() -> None:
    with pytest.raises(NoPinLeftError):
        draw_pin(4, Random(1).randrange, lambda _digits: True)


def test_the_length_is_the_largest_minimum_of_the_doors() -> None:
    assert digits_for([(4, 10), (6, 8), (5, 10)]) == 6


def test_doors_that_share_no_length_are_refused() -> None:
    with pytest.raises(DigitsIncompatibleError) as refused:
        digits_for([(8, 10), (4, 6)])
    assert refused.value.ranges == ((8, 10), (4, 6))


@given(
    st.lists(st.integers(4, 10).flatmap(lambda low: st.tuples(st.just(low), st.integers(low, 10))))
)
def test_a_length_given_is_accepted_by_every_door(doors: list[tuple[int, int]]) -> None:
    try:
        length = digits_for(doors)
    except DigitsIncompatibleError:
        assert max(low for low, _ in doors) > min(high for _, high in doors)
    else:
        assert all(low <= length <= high for low, high in doors)
