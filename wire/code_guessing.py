"""How many digits a patient guesser can have compared at a lock without a network, and the chance
that one of them opens it: `python -m wire.code_guessing` prints the table of docs/offline-pin.md.

The lock's rule (there, "Tries"): `TRIES` wrong entries, then a lockout of `LOCKOUT_S` that doubles
with every one up to `LOCKOUT_MAX_S`; `CALM_S` without a wrong entry take one doubling back and fill
the budget again.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from functools import cache
from typing import Final

from wire.offline_profiles import PROFILES, Profile

TRIES: Final = 5
LOCKOUT_S: Final = 300
LOCKOUT_MAX_S: Final = 86_400
LEVEL_MAX: Final = 9
CALM_S: Final = 86_400

DAY_S: Final = 86_400
SPANS: Final = (("day", DAY_S), ("30 days", 30 * DAY_S), ("year", 365 * DAY_S))

_STEP_S: Final = LOCKOUT_S
"""Every span of the rule is a multiple of it."""


def lockout_s(level: int) -> int:
    """Give the lockout that follows when the budget is spent at a level, in seconds."""
    return int(min(LOCKOUT_S * 2**level, LOCKOUT_MAX_S))


def most_tries(span_s: int) -> int:
    """Give the most wrong entries that a lock compares within a span, whatever the guesser's plan.

    He starts at level 0 and either spends the whole budget and sits the lockout out, or stops one
    short of it and waits until the calm fills the budget and lowers the level. Nothing between pays
    (fewer tries for the same wait), so the best of all such plans is the most there is.
    """
    return _plans(span_s // _STEP_S)[span_s // _STEP_S]


@cache
def _plans(steps: int) -> tuple[int, ...]:
    """The most tries within so many steps and a last budget spent at their end, from level 0."""
    waits = [lockout_s(level) // _STEP_S for level in range(LEVEL_MAX + 1)]
    calm = CALM_S // _STEP_S
    best = [[TRIES] * (steps + 1) for _ in waits]
    for left in range(steps + 1):
        for level, wait in enumerate(waits):
            if left >= wait:
                higher = min(level + 1, LEVEL_MAX)
                best[level][left] = TRIES + best[higher][left - wait]
            if left >= calm:
                calmer = TRIES - 1 + best[max(level - 1, 0)][left - calm]
                best[level][left] = max(best[level][left], calmer)
    return tuple(best[0])


def guess_chance(profile: Profile, span_s: int, locks: int = 1) -> Fraction:
    """Give a bound on the chance that a guesser opens one of `locks` within a span: tries times the
    bound of one. It holds for any plan, as the chance of a union is at most the sum."""
    return min(most_tries(span_s) * locks * profile.bound, Fraction(1))


def table() -> str:
    """Give the profiles with their bounds, and a patient guesser's chances, as Markdown."""
    head = ["profile", "digits", "codes", "acceptable at once", "a blind try"]
    rows = [head, ["---"] * len(head)]
    rows += [
        [
            profile.name,
            str(profile.digits),
            f"{profile.capacity:,}",
            f"{profile.acceptable:,}",
            one_in(profile.bound),
        ]
        for profile in PROFILES.values()
    ]
    spans = [f"{name} ({most_tries(span_s):,} tries)" for name, span_s in SPANS]
    rows += [[], ["a patient guesser, in a", *spans], ["---"] * (len(spans) + 1)]
    rows += [
        [
            profile.name,
            *(one_in(guess_chance(profile, span_s)) for _, span_s in SPANS),
        ]
        for profile in PROFILES.values()
    ]
    return "\n".join("| " + " | ".join(row) + " |" if row else "" for row in rows) + "\n"


def one_in(chance: Fraction) -> str:
    """Give a chance in words, never smaller than it is: `1 in 161,917`."""
    return f"1 in {chance.denominator // chance.numerator:,}"


if __name__ == "__main__":
    sys.stdout.write(table())
