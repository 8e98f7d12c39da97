"""Booking numbers: what people get wrong on the telephone is noticed."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.numbers import (
    NumberMistypedError,
    check_digit,
    draw_number,
    grouped,
    is_number,
    read_number,
)

numbers = st.integers(10_000, 99_999).map(str).map(lambda digits: digits + check_digit(digits))


@given(number=numbers, place=st.integers(0, 5), digit=st.sampled_from("0123456789"))
def test_a_single_wrong_digit_is_noticed(number: str, place: int, digit: str) -> None:
    heard = number[:place] + digit + number[place + 1 :]
    assert is_number(heard) == (heard == number)


@given(number=numbers, place=st.integers(0, 4))
def test_two_neighbours_swapped_are_noticed(number: str, place: int) -> None:
    heard = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_number(heard) == (heard == number)


@given(number=numbers)
def test_a_number_is_read_in_groups_and_in_full_width(number: str) -> None:
    wide = number.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    assert read_number(grouped(number)) == read_number(wide) == number
    assert read_number(f"{number[:3]}-{number[3:]}") == number


@given(text=st.text(max_size=80))
def test_any_other_text_is_refused(text: str) -> None:
    with suppress(NumberMistypedError):
        assert is_number(read_number(text))


def test_none_is_drawn_that_somebody_has_and_scarce_ones_get_longer() -> None:
    random = Random(1)
    first = draw_number(random.randrange, lambda _: False)
    assert len(first) == 6
    assert first[0] != "0"
    assert len(draw_number(random.randrange, lambda number: len(number) == 6)) == 8
    with pytest.raises(RuntimeError):
        draw_number(random.randrange, lambda _: True)


def test_the_check_digit_is_that_of_the_publication() -> None:
    """H. M. Damm's own example: 572 takes 4."""
    assert check_digit("572") == "4"
