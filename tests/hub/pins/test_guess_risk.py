"""Guess-risk bounds what a guesser can reach, however he paces himself."""

from __future__ import annotations

from itertools import combinations
from math import comb
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.budget import SECOND, Budget, ladder
from hub.pins.guess_risk import (
    DEFAULT_BOUND,
    TryBudget,
    digits_needed,
    guess_risk,
    hit_chance,
    most_tries,
)
from hub.pins.weak import space_left
from wire.policy_bodies import ReaderBody


class Keypad:
    """A reader's try budget as the agent at the door keeps it."""

    def __init__(self, reader: ReaderBody) -> None:
        self.rungs, self.budget = ladder(reader), Budget()

    def accepts(self, now_s: int) -> bool:
        """Take a wrong PIN at that second, if it is not locked out."""
        if self.budget.throttled(now_s * SECOND):
            return False
        self.budget, _lockout_s = self.budget.spend(self.rungs, now_s * SECOND)
        return True

    @property
    def free_at_s(self) -> int:
        return self.budget.until_ns // SECOND


def told(reader: ReaderBody) -> TryBudget:
    return TryBudget(reader.tries, reader.lockout_s, reader.lockout_max_s)


readers = st.builds(
    ReaderBody,
    device=st.just("d"),
    tries=st.integers(1, 8),
    budget_window_s=st.integers(60, 600),
    lockout_s=st.integers(60, 900),
    lockout_max_s=st.integers(900, 7_200),
)


@settings(deadline=None)  # a shared machine may halt for longer than one example takes
@given(
    reader=readers,
    seed=st.integers(0, 2**32),
    pace=st.floats(0.001, 0.5),
    hours=st.integers(0, 60),
    patience=st.floats(0, 1),
)
def test_no_way_of_pacing_takes_more_tries_than_bounded(
    reader: ReaderBody, seed: int, pace: float, hours: int, patience: float
) -> None:
    """The guesser tries at random seconds, at his own pace, or again as soon as he may."""
    random, keypad, duration_s = Random(seed), Keypad(reader), hours * 3_600
    taken, now_s = 0, 0
    while now_s <= duration_s:
        taken += keypad.accepts(now_s)
        wait_s = max(0, keypad.free_at_s - now_s)
        pause_s = 1 + int(random.expovariate(pace)) if random.random() < patience else 0
        now_s += max(wait_s, pause_s) or 1
    assert taken <= most_tries(told(reader), duration_s)


def test_whoever_stays_just_below_the_lockout_is_within_the_bound() -> None:
    reader = ReaderBody(device="d")
    keypad, duration_s, taken = Keypad(reader), 4 * 3_600, 0
    for now_s in range(0, duration_s + 1, 76):  # four in five minutes
        taken += keypad.accepts(now_s)
    assert taken <= most_tries(told(reader), duration_s) == 35


def test_the_bound_is_reached_by_using_the_budget_up_at_once() -> None:
    reader = ReaderBody(device="d")
    keypad, duration_s, taken, now_s = Keypad(reader), 4 * 3_600, 0, 0
    while now_s <= duration_s:
        if keypad.accepts(now_s):
            taken += 1
        else:
            now_s = keypad.free_at_s
    assert taken == most_tries(told(reader), duration_s)


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


def test_four_digits_for_three_days_exceed_the_bound_and_six_do_not() -> None:
    three_days_s = 3 * 86_400
    assert guess_risk(TryBudget(), three_days_s, {4: 1}) > DEFAULT_BOUND
    assert digits_needed(TryBudget(), three_days_s, {}, 4, DEFAULT_BOUND) == 5
    assert guess_risk(TryBudget(), three_days_s, {6: 20}) < DEFAULT_BOUND


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
