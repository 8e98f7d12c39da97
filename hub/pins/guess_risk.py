"""Guess-risk: the chance that somebody at one door hits any live PIN while one PIN is exposed.

A PIN is exposed from `wire.pins.EARLY_GRACE_S` before its window, when the right digits spend no
try and so betray themselves, to the window's end. The guesser spends the whole try budget of every
keypad of the door, for each counts by itself; he knows how PINs are drawn and when they are live,
never tries one twice, and aims at whichever PIN length pays best. Duress PINs count as live: they
open too; where there is one, what is confusable with its holder's other PIN is taken from the
space (`shut_out`, by length), since a duress PIN is never drawn from it. Standing codes count too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from hub.pins.apart import confusable_at_most
from hub.pins.weak import space_left
from wire.pins import EARLY_GRACE_S, MAX_DIGITS, MIN_DIGITS

DEFAULT_BOUND: Final = 0.01
EARLY_GRACE: Final = timedelta(seconds=EARLY_GRACE_S)

_DAY_S: Final = 86_400
_A_SECOND: Final = timedelta(seconds=1)
_NONE: Final[Mapping[int, int]] = {}


@dataclass(frozen=True, slots=True)
class TryBudget:
    """What a reader allows: `tries` wrong PINs, then none for `lockout_s`, which doubles up to
    `lockout_max_s` while the budget stays exhausted (`wire.policy_bodies.ReaderBody`). `beside` are
    those of the same door's other keypads."""

    tries: int = 5
    lockout_s: int = 300
    lockout_max_s: int = 3_600
    beside: tuple[TryBudget, ...] = ()


@dataclass(frozen=True, slots=True)
class LivePin:
    """What a guesser may hit: so many digits, with an effective window `[starts_at, ends_at)`."""

    digits: int
    starts_at: datetime
    ends_at: datetime
    duress: bool = False

    def exposed_with(self, other: LivePin) -> int:
        """Give for how many seconds both are exposed; 0 where they never are. With itself: how
        long it is."""
        begin = max(self.starts_at, other.starts_at) - EARLY_GRACE
        return max(0, int((min(self.ends_at, other.ends_at) - begin).total_seconds()))


@lru_cache(maxsize=4_096)
def most_tries(budget: TryBudget, duration_s: int) -> int:
    """Give the number of wrong PINs that nobody can exceed within `duration_s`, both ends included.

    Readers see to it that no pace, however patient, beats using the budget up at once; they
    remember a day. So a longer span takes at most what its days take one by one.
    """
    days, rest_s = divmod(max(0, duration_s), _DAY_S)
    own = days * _tries_within(budget, _DAY_S) + _tries_within(budget, rest_s)
    return own + sum(most_tries(other, duration_s) for other in budget.beside)


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


def space_of(length: int, pins: Sequence[LivePin]) -> int:
    """Give out of how many PINs of a length each of these was drawn at least."""
    shut_out = confusable_at_most(length) if any(each.duress for each in pins) else 0
    return space_left(length) - shut_out


def risk_with(
    budget: TryBudget, span_s: int, live: Mapping[int, int], shut_out: Mapping[int, int] = _NONE
) -> float:
    """Give the chance of a hit within `span_s` if so many PINs, by their length, were exposed
    throughout it. `shut_out`: so many of a length were not drawn from."""
    tries = most_tries(budget, span_s)
    return max(
        (
            hit_chance(space_left(length) - shut_out.get(length, 0), count, tries)
            for length, count in live.items()
        ),
        default=0.0,
    )


def spread_risk(budgets: Sequence[TryBudget], pins: Sequence[LivePin]) -> float:
    """Give the chance that somebody who goes from door to door hits one of a booking's own PINs,
    which are live at all of them: `budgets` are those of every keypad of every door.

    No code needs trying twice, at whichever door; so all the doors' tries are one guesser's. That
    several guessers do not speak to one another only helps the booking. An upper bound.
    """
    if not pins or not budgets:
        return 0.0
    everywhere = replace(budgets[0], beside=(*budgets[0].beside, *budgets[1:]))
    span_s = max(pin.exposed_with(pin) for pin in pins)
    counted = Counter(pin.digits for pin in pins)
    shut_out = {length: space_left(length) - space_of(length, pins) for length in counted}
    return risk_with(everywhere, span_s, counted, shut_out)


def guess_risk(
    budget: TryBudget, pin: LivePin, others: Sequence[LivePin], a_try: float = 0.0
) -> float:
    """Give the guess-risk while `pin` is exposed: an upper bound, the lower of two.

    Either everybody exposed at some time counts as exposed throughout; or the chances of the single
    PINs are added up, each with what tries the time takes for which it is exposed. `a_try` is the
    chance that one try hits a sealed code of the door (`wire.offline_profiles.Profile.bound`): what
    it comes to in all the tries of that time is added.
    """
    met = [each for each in (pin, *others) if pin.exposed_with(each)]
    sealed = most_tries(budget, pin.exposed_with(pin)) * a_try
    if not met:
        return sealed
    lengths = Counter(each.digits for each in met)
    shut_out = {length: space_left(length) - space_of(length, met) for length in lengths}
    counted = risk_with(budget, pin.exposed_with(pin), lengths, shut_out)
    added = sum(
        most_tries(budget, pin.exposed_with(each))
        / (space_left(each.digits) - shut_out[each.digits])
        for each in met
    )
    return min(1.0, min(counted, added) + sealed)


def window_risk(
    budget: TryBudget,
    window: tuple[datetime, datetime],
    live: Sequence[LivePin],
    a_try: float = 0.0,
) -> float:
    """Give the chance that somebody who guesses throughout a window hits any PIN that is exposed in
    it: an upper bound, the lower of the same two as `guess_risk`'s."""
    start, end = window
    spans = [
        (each, int((min(end, each.ends_at) - max(start, each.starts_at - EARLY_GRACE)) / _A_SECOND))
        for each in live
    ]
    met = [(each, span_s) for each, span_s in spans if span_s > 0]
    whole_s = max(0, int((end - start) / _A_SECOND))
    sealed = most_tries(budget, whole_s) * a_try if whole_s else 0.0
    if not met:
        return min(1.0, sealed)
    pins = [each for each, _ in met]
    lengths = Counter(each.digits for each in pins)
    shut_out = {length: space_left(length) - space_of(length, pins) for length in lengths}
    counted = risk_with(budget, whole_s, lengths, shut_out)
    added = sum(most_tries(budget, span_s) / space_of(each.digits, pins) for each, span_s in met)
    return min(1.0, min(counted, added) + sealed)


def digits_needed(
    budget: TryBudget,
    window: tuple[datetime, datetime],
    live: Sequence[LivePin],
    least: int,
    bound: float,
    a_try: float = 0.0,
    *,
    new: Sequence[bool] = (False,),
) -> int | None:
    """Give the shortest length, from `least` on, at which the new PINs (one that is no duress PIN,
    unless `new` says otherwise of each) keep within `bound`: while they are exposed themselves, and
    while any live PIN that they meet is.

    None where even the longest does not: because PINs that are live already exceed it, or because
    the door's sealed codes, of which one try hits one with the chance `a_try`, alone do in so long
    a time. They count while the new PIN is exposed; to others it adds nothing of them.
    """
    for length in range(max(least, MIN_DIGITS), MAX_DIGITS + 1):
        pins = [*(LivePin(length, *window, duress=each) for each in new), *live]
        met = [at for at, each in enumerate(pins) if pins[0].exposed_with(each) or not at]
        risks = (
            guess_risk(
                budget, pins[at], pins[:at] + pins[at + 1 :], a_try if at < len(new) else 0.0
            )
            for at in met
        )
        if all(risk <= bound for risk in risks):
            return length
    return None
