"""Guess-risk bounds what a guesser can reach, however he paces himself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import comb
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.budget import SECOND, Budget, ladder
from hub.pins.draw import draw_pin
from hub.pins.guess_risk import (
    DEFAULT_BOUND,
    LivePin,
    TryBudget,
    digits_needed,
    guess_risk,
    hit_chance,
    most_tries,
    risk_with,
    spread_risk,
    window_risk,
)
from hub.pins.weak import space_left, weakness
from wire.pins import EARLY_GRACE_S
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


def test_every_keypad_of_a_door_gives_its_own_tries() -> None:
    """Whoever goes from one keypad to the next while the first is locked out has both budgets."""
    sides = [ReaderBody(device="d"), ReaderBody(device="d", tries=3, lockout_s=60)]
    keypads, duration_s, taken = [Keypad(each) for each in sides], 4 * 3_600, 0
    for now_s in range(duration_s + 1):
        taken += sum(keypad.accepts(now_s) for keypad in keypads)
    both = replace(told(sides[0]), beside=(told(sides[1]),))
    assert taken > max(most_tries(told(each), duration_s) for each in sides)
    assert (
        taken
        <= most_tries(both, duration_s)
        == sum(most_tries(told(each), duration_s) for each in sides)
    )
    window = START, START + timedelta(hours=72)
    assert guess_risk(both, LivePin(6, *window), []) > guess_risk(
        told(sides[0]), LivePin(6, *window), []
    )


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


START = datetime(2026, 4, 6, tzinfo=UTC)
GRACE_S = EARLY_GRACE_S


def pin(digits: int, start_h: float, hours: float) -> LivePin:
    start = START + timedelta(hours=start_h)
    return LivePin(digits, start, start + timedelta(hours=hours))


def chance(digits: int, live: int, span_s: int) -> float:
    return hit_chance(space_left(digits), live, most_tries(TryBudget(), span_s))


pins = st.builds(pin, st.integers(4, 10), st.integers(-400, 400), st.integers(1, 24 * 14))


@given(
    span_s=st.integers(0, 14 * 86_400),
    live=st.dictionaries(st.integers(4, 10), st.integers(0, 60)),
    more=st.integers(4, 10),
)
def test_risk_grows_with_time_and_with_live_pins(
    span_s: int, live: dict[int, int], more: int
) -> None:
    budget = TryBudget()
    risk = risk_with(budget, span_s, live)
    assert 0 <= risk <= 1
    assert risk_with(budget, span_s + 3_600, live) >= risk
    assert risk_with(budget, span_s, {**live, more: live.get(more, 0) + 1}) >= risk


def test_a_pin_can_be_found_out_from_an_hour_before_its_window() -> None:
    """A right PIN typed early spends no try, and thereby betrays itself."""
    assert guess_risk(TryBudget(), pin(6, 1, 2), []) == chance(6, 1, 2 * 3_600 + GRACE_S)
    assert chance(6, 1, 2 * 3_600 + GRACE_S) > chance(6, 1, 2 * 3_600)


def test_pins_meet_where_one_can_be_found_out_before_the_other_is_over() -> None:
    first, next_one, later = pin(6, 0, 2), pin(6, 2, 2), pin(6, 3, 1)
    assert first.exposed_with(next_one) == GRACE_S
    assert first.exposed_with(later) == 0
    alone = guess_risk(TryBudget(), first, [])
    assert guess_risk(TryBudget(), first, [later]) == alone
    assert guess_risk(TryBudget(), first, [next_one]) > alone


@given(own=pins, others=st.lists(pins, max_size=12), more=pins)
def test_one_more_pin_never_lessens_the_risk(
    own: LivePin, others: list[LivePin], more: LivePin
) -> None:
    before = guess_risk(TryBudget(), own, others)
    after = guess_risk(TryBudget(), own, [*others, more])
    assert 0 <= before <= after <= 1


def test_a_guesser_who_plays_is_within_the_risk() -> None:
    """Played out: one long PIN, five short ones after another, the whole budget used at once."""
    random, games, hits = Random(11), 500, 0
    short = [pin(4, 4 * at, 1) for at in range(5)]
    known = [pin(4, 0, 20), *short]
    space = 300  # so that hits are not rare
    times: list[int] = []
    keypad, now_s = Keypad(ReaderBody(device="d")), -GRACE_S
    while now_s < 20 * 3_600:
        if keypad.accepts(now_s + GRACE_S):
            times.append(now_s)
        else:
            now_s = keypad.free_at_s - GRACE_S
    for _ in range(games):
        codes = random.sample(range(space), len(known))
        exposed = [
            (code, (each.starts_at - START).total_seconds() - GRACE_S, each.ends_at)
            for code, each in zip(codes, known, strict=True)
        ]
        hits += any(
            guess % space == code and begin <= at < (end - START).total_seconds()
            for guess, at in enumerate(times)
            for code, begin, end in exposed
        )
    added = sum(most_tries(TryBudget(), known[0].exposed_with(each)) / space for each in known)
    assert hits / games <= added


def test_the_guesser_aims_at_the_length_that_pays_best() -> None:
    crowd = [pin(8, 0, 1)] * 40
    assert guess_risk(TryBudget(), pin(4, 0, 1), crowd) == chance(4, 1, 3_600 + GRACE_S)


def test_four_digits_for_three_days_exceed_the_bound_and_six_do_not() -> None:
    three_days = pin(4, 0, 72)
    window = three_days.starts_at, three_days.ends_at
    assert guess_risk(TryBudget(), three_days, []) > DEFAULT_BOUND
    assert digits_needed(TryBudget(), window, [], 4, DEFAULT_BOUND) == 5
    assert guess_risk(TryBudget(), pin(6, 0, 72), [pin(6, 0, 72)] * 19) < DEFAULT_BOUND


@given(hours=st.integers(1, 24 * 30), others=st.integers(0, 60), least=st.integers(4, 10))
def test_the_length_proposed_is_the_shortest_within_the_bound(
    hours: int, others: int, least: int
) -> None:
    budget, live = TryBudget(), [pin(10, 0, hours)] * others
    window = START, START + timedelta(hours=hours)
    proposed = digits_needed(budget, window, live, least, DEFAULT_BOUND)
    assert proposed is not None
    assert guess_risk(budget, LivePin(proposed, *window), live) <= DEFAULT_BOUND
    if proposed > least:
        assert guess_risk(budget, LivePin(proposed - 1, *window), live) > DEFAULT_BOUND


def test_pins_that_are_live_already_can_exceed_the_bound_whatever_is_added() -> None:
    window = START, START + timedelta(days=1)
    assert digits_needed(TryBudget(), window, [pin(4, 0, 24)] * 10, 6, DEFAULT_BOUND) is None
    assert space_left(4) > 6_000


def test_a_short_pin_is_made_longer_where_a_long_one_would_come_too_near_the_bound() -> None:
    """Within its own hour the new PIN is safe; the month-long one it meets would not be."""
    budget = TryBudget()
    month = pin(6, 0, 24 * 50)
    crowd = [pin(6, 12 * at, 2) for at in range(80)]
    window = START + timedelta(hours=24 * 45), START + timedelta(hours=24 * 45 + 1)
    assert guess_risk(budget, LivePin(6, *window), [month, *crowd]) < DEFAULT_BOUND / 4
    within = [each for at, each in enumerate(crowd) if fits(budget, month, crowd[: at + 1])]
    assert 0 < len(within) < len(crowd)
    assert digits_needed(budget, window, [month], 6, DEFAULT_BOUND) == 6
    assert digits_needed(budget, window, [month, *within], 6, DEFAULT_BOUND) == 7


def fits(budget: TryBudget, over: LivePin, others: list[LivePin]) -> bool:
    return guess_risk(budget, over, others) <= DEFAULT_BOUND


# --- the numbers of the requirement ------------------------------------------------------------


def collision(space: int, codes: int) -> float:
    """The chance that two of so many codes drawn blindly are the same."""
    apart = 1.0
    for taken in range(codes):
        apart *= 1 - taken / space
    return 1 - apart


def test_fifty_codes_drawn_blindly_would_collide_as_often_as_is_known() -> None:
    """Why digits are reserved: 11.6 % with four, 0.12 % with six."""
    assert collision(10**4, 50) == pytest.approx(0.116, abs=0.001)
    assert collision(10**6, 50) == pytest.approx(0.0012, abs=0.0001)


def test_five_tries_in_five_minutes_and_the_ladder_come_to_what_is_known() -> None:
    """Of 9,400 codes one is live: 2.6 % in 4 hours and 15 % in 24 at a flat five minutes, 0.4 % in
    4 hours with doubling to an hour. Here the weak ones left out are more, so it is more."""
    flat, ladder_ = TryBudget(lockout_max_s=300), TryBudget()
    known = 9_400
    assert hit_chance(known, 1, most_tries(flat, 4 * 3_600)) == pytest.approx(0.026, abs=0.0005)
    assert hit_chance(known, 1, most_tries(flat, 24 * 3_600)) == pytest.approx(0.15, abs=0.005)
    assert hit_chance(known, 1, most_tries(ladder_, 4 * 3_600)) == pytest.approx(0.004, abs=0.0005)
    ours = hit_chance(space_left(4), 1, most_tries(ladder_, 4 * 3_600))
    assert 0.004 < ours < 0.0065


# --- an independent guesser --------------------------------------------------------------------


def tries_of(keypads: list[Keypad], span_s: int) -> int:
    """One guesser at every keypad of every door, each as soon as it takes another try, against the
    agent's own budgets."""
    taken = 0
    for keypad in keypads:
        now_s = 0
        while now_s <= span_s:
            if keypad.accepts(now_s):
                taken += 1
            else:
                now_s = max(now_s + 1, keypad.free_at_s)
    return taken


def guesses(random: Random, tries: int) -> frozenset[str]:
    """So many different codes that are not weak."""
    found: set[str] = set()
    while len(found) < tries:
        code = f"{random.randrange(10_000):04d}"
        if weakness(code) is None:
            found.add(code)
    return frozenset(found)


@pytest.mark.parametrize(
    ("hours", "count", "sides"), [(2, 3, 1), (6, 8, 1), (3, 4, 2)], ids=["short", "long", "two"]
)
def test_an_independent_guesser_hits_no_more_often_than_computed_and_not_far_less(
    hours: int, count: int, sides: int
) -> None:
    """Played against the agent's budgets, with PINs drawn as the hub draws them."""
    random, games, hits = Random(3), 1_500, 0
    there = [ReaderBody(device="d") for _ in range(sides)]
    span_s = hours * 3_600
    tried = guesses(random, tries_of([Keypad(each) for each in there], span_s))
    for _ in range(games):
        live: list[str] = []
        for _ in range(count):
            live.append(draw_pin(4, random.randrange, lambda digits, has=live: digits in has))
        hits += not tried.isdisjoint(live)
    budget = replace(told(there[0]), beside=tuple(told(each) for each in there[1:]))
    start = START + timedelta(seconds=GRACE_S)
    pins_ = [LivePin(4, start, START + timedelta(seconds=span_s))] * count
    computed = guess_risk(budget, pins_[0], pins_[1:])
    slack = 3 * (computed * (1 - computed) / games) ** 0.5
    assert hits / games <= computed + slack
    assert computed <= 1.35 * hits / games + slack  # the rest: `space_left` is a lower bound


def test_a_guesser_who_goes_from_door_to_door_is_within_the_bookings_risk() -> None:
    """One PIN at three doors, two keypads at one of them: no code has to be tried twice."""
    random, games, hits = Random(8), 6_000, 0
    doors = [[ReaderBody(device="d")], [ReaderBody(device="d")], [ReaderBody(device="d")] * 2]
    span_s = 3 * 3_600
    keypads = [Keypad(reader) for there in doors for reader in there]
    tried = guesses(random, tries_of(keypads, span_s))
    for _ in range(games):
        hits += draw_pin(4, random.randrange, lambda _digits: False) in tried
    budgets = [
        replace(told(there[0]), beside=tuple(told(each) for each in there[1:])) for there in doors
    ]
    start = START + timedelta(seconds=GRACE_S)
    own = [LivePin(4, start, START + timedelta(seconds=span_s))]
    computed = spread_risk(budgets, own)
    assert computed > 3.9 * guess_risk(budgets[0], own[0], [])
    slack = 3 * (computed * (1 - computed) / games) ** 0.5
    assert hits / games <= computed + slack
    assert computed <= 1.35 * hits / games + slack


@settings(deadline=None)
@given(window_h=st.integers(1, 48), live=st.lists(pins, max_size=12), more=st.integers(1, 48))
def test_the_risk_of_a_window_grows_with_it_and_is_none_where_nothing_is_live(
    window_h: int, live: list[LivePin], more: int
) -> None:
    window = START, START + timedelta(hours=window_h)
    risk = window_risk(TryBudget(), window, live)
    longer = window_risk(TryBudget(), (window[0], window[1] + timedelta(hours=more)), live)
    assert 0 <= risk <= longer <= 1
    assert window_risk(TryBudget(), window, []) == 0
