"""The try budget: 5 in 5 minutes, doubling to 60, and no pace of guessing that beats it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.budget import Budget, ladder, most_tries
from wire.events import TryKind
from wire.policy_bodies import ReaderBody

SECOND = 1_000_000_000
READER = ReaderBody(device="d", keypad=True)
RUNGS = ladder(READER)


class Guesser:
    """Guesses whenever the reader lets it, or when it likes to."""

    def __init__(self) -> None:
        self.budget = Budget()
        self.now_ns = 10**12
        self.guesses: list[int] = []

    def guess(self) -> int | None:
        assert not self.budget.throttled(self.now_ns)
        self.budget, lockout_s = self.budget.spend(RUNGS, self.now_ns)
        self.guesses.append(self.now_ns)
        return lockout_s

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND)

    def most_within(self, span_s: int) -> int:
        return max(
            sum(first <= at < first + span_s * SECOND for at in self.guesses)
            for first in self.guesses
        )


def test_four_wrong_pins_are_forgiven_and_the_fifth_is_answered():
    one = Guesser()
    assert [one.guess() for _ in range(5)] == [None, None, None, None, 300]
    assert one.budget.throttled(one.now_ns + 300 * SECOND - 1)
    assert not one.budget.throttled(one.now_ns + 300 * SECOND)


def test_five_wrong_pins_spread_over_more_than_the_window_are_forgiven():
    one = Guesser()
    for _ in range(5):
        assert one.guess() is None
        one.wait(76)


def test_the_lockout_doubles_to_an_hour_while_somebody_goes_on():
    one = Guesser()
    lockouts = []
    while len(lockouts) < 7:
        lockout_s = one.guess()
        if lockout_s is not None:
            lockouts.append(lockout_s)
            one.wait(lockout_s)
    assert lockouts == [300, 600, 1_200, 2_400, 3_600, 3_600, 3_600]


def test_a_quiet_day_restores_the_budget():
    one = Guesser()
    for _ in range(5):
        one.guess()
    one.wait(2 * 86_400)
    assert [one.guess() for _ in range(5)] == [None, None, None, None, 300]


def test_a_guesser_who_always_stays_one_below_the_first_limit_meets_the_doubling_all_the_same():
    one = Guesser()
    lockouts = []
    while one.now_ns < 10**12 + 14_400 * SECOND:
        for _ in range(4):
            if one.budget.throttled(one.now_ns):
                break
            lockout_s = one.guess()
            if lockout_s is not None:
                lockouts.append(lockout_s)
        one.wait(301)
    assert max(lockouts) >= 2_400
    assert one.most_within(14_400) <= most_tries(READER, 14_400)


def test_the_bound_is_what_the_fastest_guesser_reaches():
    """0, 5, 15, 35, 75, 135, 195 minutes: seven times five in four hours."""
    assert most_tries(READER, 14_400) == 35
    assert most_tries(READER, 299) == 5
    assert most_tries(READER, 300) == 10


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), span_s=st.sampled_from([300, 900, 3_600, 14_400, 43_200]))
def test_no_pace_of_guessing_gets_more_out_of_a_span_than_the_bound(seed, span_s):
    chance = random.Random(seed)
    one = Guesser()
    pause = chance.choice([0.5, 30, 75, 150, 300, 600])
    burst = chance.randint(1, 9)
    while one.now_ns < 10**12 + 2 * span_s * SECOND:
        for _ in range(burst):
            if one.budget.throttled(one.now_ns):
                break
            one.guess()
        one.wait(pause * chance.uniform(0.5, 1.5))
        if chance.random() < 0.3 and one.budget.throttled(one.now_ns):
            one.now_ns = one.budget.until_ns
    assert one.most_within(span_s) <= most_tries(READER, span_s)


CARDS = ladder(READER, TryKind.CARD)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), span_s=st.sampled_from([60, 300, 1_200, 3_600, 9_000]))
def test_no_pace_of_emulating_cards_gets_more_out_of_a_span_than_the_bound(seed, span_s):
    chance = random.Random(seed)
    budget, now_s, compared = Budget(), 0, []
    pause, burst = chance.choice([1, 2, 10, 30, 60]), chance.choice([1, 5, 29, 30, 45])
    while now_s < 2 * span_s:
        for _ in range(burst):
            if budget.throttled(now_s * SECOND):
                break
            budget, _lockout_s = budget.spend(CARDS, now_s * SECOND)
            compared.append(now_s)
            now_s += chance.random() < 0.5
        now_s += 1 + round(pause * chance.random())
        if chance.random() < 0.5:
            now_s = max(now_s, budget.until_ns // SECOND)
    most = max(sum(first <= at < first + span_s for at in compared) for first in compared)
    assert most <= most_tries(READER, span_s, TryKind.CARD)


def test_an_emulator_meets_lockouts_of_one_to_ten_minutes():
    budget, now_ns, lockouts = Budget(), 0, []
    while len(lockouts) < 6:
        budget, lockout_s = budget.spend(CARDS, now_ns)
        if lockout_s is not None:
            lockouts.append(lockout_s)
            now_ns += lockout_s * SECOND
    assert lockouts == [60, 120, 240, 480, 600, 600]
    assert len(budget.save("boot", now_ns)) < 8_192


def test_a_reader_that_counts_no_cards_has_no_rungs_and_no_bound():
    free = ReaderBody(device="d", card_tries=0)
    assert ladder(free, TryKind.CARD) == ()
    with pytest.raises(ValueError, match="not counted"):
        most_tries(free, 60, TryKind.CARD)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_switching_the_power_off_wins_no_guess(seed):
    """The guesser restarts the agent or cuts the power at any time, most of all when locked out. In
    the same boot the clock runs on, so the time between counts; after a cut it says anything, and
    no time counts as passed."""
    chance = random.Random(seed)
    one = Guesser()
    powered_s = 0
    boot = 0
    for _ in range(400):
        if one.budget.throttled(one.now_ns) or chance.random() < 0.1:
            kept = one.budget.save(f"boot {boot}", one.now_ns)
            if chance.random() < 0.5:
                boot += 1
                one.now_ns = chance.randint(0, 10**14)
            one.budget = Budget.load(kept, f"boot {boot}", one.now_ns)
        if not one.budget.throttled(one.now_ns):
            one.guess()
        step_s = chance.choice([1, 30, 120])
        one.wait(step_s)
        powered_s += step_s
    assert len(one.guesses) <= most_tries(READER, powered_s)


def test_a_million_guesses_with_power_cuts_stay_within_the_bound():
    """Somebody types for eleven days and a half, a PIN a second, and cuts the power every hour."""
    one = Guesser()
    for second in range(1_000_000):
        if second % 3_600 == 3_599:
            kept = one.budget.save(f"boot {second}", one.now_ns)
            one.budget = Budget.load(kept, "next", one.now_ns)
        if not one.budget.throttled(one.now_ns):
            one.guess()
        one.now_ns += SECOND
    assert one.most_within(86_400) <= most_tries(READER, 86_400)
    assert len(one.guesses) <= 12 * most_tries(READER, 86_400)


def test_a_restart_in_the_same_boot_counts_the_time_between():
    one = Guesser()
    for _ in range(5):
        one.guess()
    kept = one.budget.save("boot", one.now_ns)
    one.wait(299)
    assert Budget.load(kept, "boot", one.now_ns).throttled(one.now_ns)
    one.wait(1)
    assert not Budget.load(kept, "boot", one.now_ns).throttled(one.now_ns)


def test_after_a_power_cut_the_lockout_begins_anew():
    one = Guesser()
    for _ in range(5):
        one.guess()
    kept = one.budget.save("boot", one.now_ns)
    budget = Budget.load(kept, "next boot", 7 * SECOND)
    assert budget.throttled(7 * SECOND + 300 * SECOND - 1)
    assert not budget.throttled(7 * SECOND + 300 * SECOND)


def test_what_is_kept_stays_small():
    one = Guesser()
    for _ in range(2_000):
        if one.budget.throttled(one.now_ns):
            one.now_ns = one.budget.until_ns
        one.guess()
    assert len(one.budget.save("boot", one.now_ns)) < 4_096


def test_damaged_bytes_are_an_error_and_no_empty_budget():
    with pytest.raises(ValueError):
        Budget.load(b"{", "boot", 0)
