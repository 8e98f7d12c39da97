"""What a patient guesser comes to at a lock without a network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.code_guessing import (
    CALM_S,
    DAY_S,
    LEVEL_MAX,
    LOCKOUT_MAX_S,
    SPANS,
    TRIES,
    guess_chance,
    lockout_s,
    most_tries,
    one_in,
    table,
)
from wire.offline_profiles import PROFILES


@dataclass
class Lock:
    """The try budget of docs/offline-pin.md, second by second as far as it matters."""

    now_s: int = 0
    level: int = 0
    tries: int = TRIES
    until_s: int = 0
    calm_from_s: int = 0

    def guess(self) -> bool:
        """Try once; tell whether it was compared."""
        if self.now_s < self.until_s:
            return False
        while self.now_s - self.calm_from_s >= CALM_S:
            self.calm_from_s += CALM_S
            self.level, self.tries = max(self.level - 1, 0), TRIES
        self.tries -= 1
        self.calm_from_s = self.now_s
        if self.tries == 0:
            self.until_s = self.calm_from_s = self.now_s + lockout_s(self.level)
            self.level, self.tries = min(self.level + 1, LEVEL_MAX), TRIES
        return True


def test_lockouts_double_from_five_minutes_to_a_day() -> None:
    lockouts = [lockout_s(level) for level in range(LEVEL_MAX + 1)]
    assert lockouts[:4] == [300, 600, 1_200, 2_400]
    assert lockouts[-2:] == [76_800, LOCKOUT_MAX_S]


@pytest.mark.parametrize("pause_s", [1, 300, 3_600, 17_280, 21_600, CALM_S // 2, CALM_S])
def test_no_pace_gets_more_tries_than_the_most(pause_s: int) -> None:
    for span_s in (3_600, DAY_S, 30 * DAY_S):
        lock, compared = Lock(), 0
        while lock.now_s <= span_s:
            compared += lock.guess()
            lock.now_s = max(lock.now_s + pause_s, lock.until_s)
        assert compared <= most_tries(span_s)


@given(st.integers(0, 2**32))
def test_no_random_plan_gets_more_tries_than_the_most(seed: int) -> None:
    """Bursts, pauses of a calm and waits at random."""
    random, lock, compared = Random(seed), Lock(), 0
    while lock.now_s <= 30 * DAY_S:
        for _ in range(random.choice([1, TRIES - 1, TRIES - 1, TRIES, 2 * TRIES])):
            compared += lock.guess()
            lock.now_s = max(lock.now_s, lock.until_s)
            if lock.now_s > 30 * DAY_S:
                break
        lock.now_s += random.choice([0, 0, 1, CALM_S, CALM_S, 3 * CALM_S])
    assert compared <= most_tries(30 * DAY_S)


def test_the_most_tries_are_reached_by_a_plan() -> None:
    """One short of the budget, a day's calm, and so on: nine a day in the long run."""
    lock, compared = Lock(), 0
    while lock.now_s + CALM_S + lockout_s(0) <= 30 * DAY_S:
        for _ in range(2 * TRIES - 1):
            compared += lock.guess()
            lock.now_s = max(lock.now_s, lock.until_s)
        lock.now_s += CALM_S
    assert compared >= 9 * 29
    assert 9 * 365 <= most_tries(365 * DAY_S) <= 9 * 365 + TRIES * (LEVEL_MAX + 1)


def test_a_chance_is_tries_times_locks_times_the_bound_and_never_passes_one() -> None:
    profile = PROFILES["quarter"]
    assert guess_chance(profile, DAY_S) == most_tries(DAY_S) * profile.bound
    assert guess_chance(profile, DAY_S, locks=100) == 100 * guess_chance(profile, DAY_S)
    assert guess_chance(profile, DAY_S, locks=10**9) == 1


def test_a_chance_in_words_is_never_smaller_than_it_is() -> None:
    assert one_in(Fraction(2, 7)) == "1 in 3"
    assert one_in(Fraction(1, 161_918)) == "1 in 161,918"


def test_the_table_names_every_profile_and_span() -> None:
    text = table()
    for profile in PROFILES.values():
        assert text.count(f"| {profile.name} |") == 2
        assert one_in(profile.bound) in text
    for name, span_s in SPANS:
        assert f"{name} ({most_tries(span_s):,} tries)" in text
