"""Guess-risk: the chance that somebody at one keypad hits a PIN that opens, before a window ends.

The guesser spends one reader's whole try budget, knows how PINs are drawn, never tries one twice,
and aims at whichever PIN length pays best. Duress PINs count as live: they open too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.pins.weak import space_left
from wire.pins import MAX_DIGITS, MIN_DIGITS

DEFAULT_BOUND: Final = 0.01


_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class TryBudget:
    """What a reader allows: `tries` wrong PINs, then none for `lockout_s`, which doubles up to
    `lockout_max_s` while the budget stays exhausted (`wire.policy_bodies.ReaderBody`)."""

    tries: int = 5
    lockout_s: int = 300
    lockout_max_s: int = 3_600


def most_tries(budget: TryBudget, duration_s: int) -> int:
    """Give the number of wrong PINs that nobody can exceed within `duration_s`, both ends included.

    Readers see to it that no pace, however patient, beats using the budget up at once; they
    remember a day. So a longer span takes at most what its days take one by one.
    """
    days, rest_s = divmod(max(0, duration_s), _DAY_S)
    return days * _tries_within(budget, _DAY_S) + _tries_within(budget, rest_s)


def _tries_within(budget: TryBudget, span_s: int) -> int:
    tries = budget.tries
    lockout_s = min(budget.lockout_s, budget.lockout_max_s)
    waited_s = lockout_s
    while waited_s <= span_s:
        tries += budget.tries
        lockout_s = min(lockout_s * 2, budget.lockout_max_s)
        waited_s += lockout_s
    return tries


def hit_chance(space: int, live: int, tries: int) -> float:
    """Give the chance that `tries` different guesses out of `space` hit one of `live` PINs."""
    if live <= 0 or tries <= 0:
        return 0.0
    if tries + live > space:
        return 1.0
    missed = 1.0
    for index in range(min(live, tries)):
        # hypergeometric, in whichever of the two factors is shorter
        missed *= 1 - max(live, tries) / (space - index)
    return 1 - missed


def guess_risk(budget: TryBudget, window_s: int, live: Mapping[int, int]) -> float:
    """Give the guess-risk through a window of `window_s`; `live` counts PINs by their length."""
    tries = most_tries(budget, window_s)
    return max(
        (hit_chance(space_left(length), count, tries) for length, count in live.items()),
        default=0.0,
    )


def digits_needed(
    budget: TryBudget, window_s: int, live: Mapping[int, int], least: int, bound: float
) -> int | None:
    """Give the shortest length, from `least` on, at which one more PIN keeps within `bound`.

    None where even the longest does not, because PINs that are live already exceed it.
    """
    for length in range(max(least, MIN_DIGITS), MAX_DIGITS + 1):
        added = {**live, length: live.get(length, 0) + 1}
        if guess_risk(budget, window_s, added) <= bound:
            return length
    return None
