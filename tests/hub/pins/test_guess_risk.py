"""Guess-risk bounds what a guesser can reach, however he paces himself."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pins.guess_risk import (
    DEFAULT_BOUND,
    TryBudget,
    digits_needed,
    guess_risk,
    hit_chance,
    most_tries,
)
from hub.pins.weak import space_left


@dataclass
class Keypad:
    """A reader's try budget, told plainly: wrong PINs of the last window are counted, a full
    budget locks out, and each lockout that follows while it stays exhausted lasts twice as long."""

    budget: TryBudget
    wrong: list[int] = field(default_factory=list)
    until_s: int = 0
    level: int = 0

    def accepts(self, now_s: int) -> bool:
        """Take a wrong PIN at that second, if it is not locked out."""
        if now_s < self.until_s:
            return False
        self.wrong = [at for at in self.wrong if now_s - at < self.budget.window_s]
        if not self.wrong and now_s - self.until_s >= self.budget.window_s:
            self.level = 0
        self.wrong.append(now_s)
        if len(self.wrong) >= self.budget.tries:
            lockout_s = min(self.budget.lockout_s << self.level, self.budget.lockout_max_s)
            self.until_s, self.level, self.wrong = now_s + lockout_s, self.level + 1, []
        return True


budgets = st.builds(
    TryBudget,
    tries=st.integers(1, 8),
    window_s=st.integers(60, 600),
    lockout_s=st.integers(60, 600),
    lockout_max_s=st.integers(600, 3_600),
)


@given(
    budget=budgets, seed=st.integers(0, 2**32), pace=st.floats(0.001, 1), hours=st.integers(0, 6)
)
def test_no_way_of_pacing_takes_more_tries_than_bounded(
    budget: TryBudget, seed: int, pace: float, hours: int
) -> None:
    """The guesser tries at random seconds, at his own pace, and again as soon as he may."""
    random, keypad, duration_s = Random(seed), Keypad(budget), hours * 3_600
    taken, now_s = 0, 0
    while now_s <= duration_s:
        taken += keypad.accepts(now_s)
        wait_s = keypad.until_s - now_s if random.random() < 0.5 else 0
        now_s += max(wait_s, 1 + int(random.expovariate(pace)))
    assert taken <= most_tries(budget, duration_s)


def test_whoever_stays_just_below_the_lockout_is_within_the_bound() -> None:
    budget, duration_s = TryBudget(), 4 * 3_600
    keypad = Keypad(budget)
    taken = 0
    for now_s in range(duration_s + 1):
        recent = [at for at in keypad.wrong if now_s - at < budget.window_s]
        if len(recent) < budget.tries - 1:
            taken += keypad.accepts(now_s)
    assert keypad.level == 0
    assert 190 <= taken <= most_tries(budget, duration_s) == 245


def test_the_chance_of_a_hit_is_the_share_of_choices_that_hit() -> None:
    """Counted out over every choice of live PINs in a small space."""
    space, live, tries = 12, 3, 4
    guesses = set(range(tries))
    choices = list(combinations(range(space), live))
    hits = sum(bool(guesses & set(choice)) for choice in choices)
    assert hit_chance(space, live, tries) == pytest.approx(hits / len(choices))


@given(space=st.integers(1, 500), live=st.integers(0, 50), tries=st.integers(0, 500))
def test_the_chance_of_a_hit_is_hypergeometric(space: int, live: int, tries: int) -> None:
    if live > space or tries > space:
        return
    exact = 1 - comb(space - live, tries) / comb(space, tries)
    assert hit_chance(space, live, tries) == pytest.approx(exact, abs=1e-9)


@given(
    window_s=st.integers(0, 14 * 86_400),
    live=st.dictionaries(st.integers(4, 10), st.integers(0, 60)),
    more=st.integers(4, 10),
)
def test_risk_grows_with_time_and_with_live_pins(
    window_s: int, live: dict[int, int], more: int
) -> None:
    budget = TryBudget()
    risk = guess_risk(budget, window_s, live)
    assert 0 <= risk <= 1
    assert guess_risk(budget, window_s + 3_600, live) >= risk
    assert guess_risk(budget, window_s, {**live, more: live.get(more, 0) + 1}) >= risk


def test_the_guesser_aims_at_the_length_that_pays_best() -> None:
    mixed = guess_risk(TryBudget(), 3_600, {4: 1, 8: 40})
    assert mixed == guess_risk(TryBudget(), 3_600, {4: 1})


def test_four_digits_for_an_afternoon_exceed_the_bound_and_six_do_not() -> None:
    afternoon_s = 4 * 3_600
    assert guess_risk(TryBudget(), afternoon_s, {4: 1}) > DEFAULT_BOUND
    assert digits_needed(TryBudget(), afternoon_s, {}, 4, DEFAULT_BOUND) == 5
    assert guess_risk(TryBudget(), afternoon_s, {6: 20}) < DEFAULT_BOUND


@given(window_s=st.integers(60, 30 * 86_400), others=st.integers(0, 200), least=st.integers(4, 10))
def test_the_length_proposed_is_the_shortest_within_the_bound(
    window_s: int, others: int, least: int
) -> None:
    budget = TryBudget()
    proposed = digits_needed(budget, window_s, {10: others}, least, DEFAULT_BOUND)
    if proposed is None:
        assert guess_risk(budget, window_s, {10: others + 1}) > DEFAULT_BOUND
        return
    added = {10: others, proposed: 1} if proposed != 10 else {10: others + 1}
    assert guess_risk(budget, window_s, added) <= DEFAULT_BOUND
    if proposed > least:
        shorter = {10: others, proposed - 1: 1}
        assert guess_risk(budget, window_s, shorter) > DEFAULT_BOUND


def test_pins_that_are_live_already_can_exceed_the_bound_whatever_is_added() -> None:
    assert digits_needed(TryBudget(), 86_400, {4: 10}, 6, DEFAULT_BOUND) is None
    assert space_left(4) > 6_000
