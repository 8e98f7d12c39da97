"""Keys become entries: exact, confirmed, forgotten after a pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.keys import Entered, KeyCollector

SECOND = 1_000_000_000


@pytest.fixture
def press():
    collector = KeyCollector()

    def press(keys: str, at_s: float = 100) -> list[Entered]:
        return collector.press(keys, int(at_s * SECOND), timeout_ms=10_000, max_keys=10)

    press.collector = collector
    return press


def test_confirmed_digits_are_an_entry(press):
    assert press("482915#") == [Entered("482915")]


def test_keys_may_come_one_by_one(press):
    entries = [press(key, 100 + n) for n, key in enumerate("4829#")]
    assert entries == [[], [], [], [], [Entered("4829")]]


def test_nothing_is_an_entry_without_the_confirm_key(press):
    assert press("4829154829") == []


def test_clear_forgets(press):
    assert press("48*2915#") == [Entered("2915")]


def test_confirm_alone_is_no_entry(press):
    assert press("#*#") == []


def test_two_entries_may_come_at_once(press):
    assert press("1234#5678#") == [Entered("1234"), Entered("5678")]


def test_a_pause_longer_than_ten_seconds_forgets_and_one_of_ten_does_not(press):
    press("48", 100)
    assert press("29#", 110) == [Entered("4829")]
    press("48", 200)
    assert press("29#", 210.001) == [Entered("29")]


def test_an_eleventh_digit_spoils_the_entry_until_it_is_confirmed(press):
    assert press("12345678901") == []
    assert press("5#") == [Entered("1234567890", overflow=True)]
    assert press("4829#") == [Entered("4829")]


def test_a_key_no_pin_has_forgets(press):
    assert press("48?2915#") == [Entered("2915")]


def test_standing_digits_are_given_once(press):
    press("12")
    assert press.collector.standing(101 * SECOND, 10_000) == "12"
    assert press.collector.standing(101 * SECOND, 10_000) == ""


def test_standing_digits_are_forgotten_after_the_pause(press):
    press("1", 100)
    assert press.collector.standing(111 * SECOND, 10_000) == ""


def de_bruijn(length: int) -> str:
    """Every digit string of that length, one after the other, as a stream."""
    seen, stream = set(), "0" * (length - 1)
    while True:
        for digit in "9876543210":
            window = stream[len(stream) - length + 1 :] + digit
            if window not in seen:
                seen.add(window)
                stream += digit
                break
        else:
            return stream


def test_a_de_bruijn_stream_holds_no_entry_but_its_spoilt_end():
    collector = KeyCollector()
    stream = de_bruijn(4)
    assert len(stream) >= 10_000
    entered = []
    for n, key in enumerate(stream + "#"):
        entered += collector.press(key, n * SECOND // 10, 10_000, 10)
    assert [one.overflow for one in entered] == [True]


@given(st.text(alphabet="0123456789*#?", max_size=60))
def test_every_entry_is_exactly_what_stands_between_two_confirms(keys):
    collector = KeyCollector()
    entered = collector.press(keys, 0, 10_000, 10)
    expected = []
    for part in keys.split("#")[:-1]:
        digits = part.replace("?", "*").split("*")[-1]
        if digits:
            expected.append(Entered(digits[:10], overflow=len(digits) > 10))
    assert entered == expected
