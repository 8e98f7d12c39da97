"""Which digits a duress PIN must not have beside its holder's ordinary one: pure.

Somebody in a hurry mistypes, swaps, shifts or counts on; none of that may raise a silent alarm, nor
may a duress PIN follow from the ordinary one by a rule that others would try.
"""

from __future__ import annotations

from math import comb
from typing import Final

_MISTYPED_MOST: Final = 2
_COUNTED_ON_MOST: Final = 9


def confusable(one: str, other: str) -> bool:
    """Tell whether two PINs of the same length are so near that one may be typed, or guessed, for
    the other. Symmetric."""
    if len(one) != len(other):
        return False
    differing = sum(a != b for a, b in zip(one, other, strict=True))
    if differing <= _MISTYPED_MOST or other == one[::-1]:
        return True
    if one[1:] == other[:-1] or one[:-1] == other[1:]:
        return True  # a key was missed at one end, and another pressed at the other
    apart = (int(one) - int(other)) % 10 ** len(one)
    if min(apart, 10 ** len(one) - apart) <= _COUNTED_ON_MOST:
        return True
    steps = {(int(a) - int(b)) % 10 for a, b in zip(one, other, strict=True)}
    return len(steps) == 1  # each key one further, or two


def confusable_at_most(length: int) -> int:
    """Give a number that the PINs confusable with one of that length, itself among them, cannot
    exceed."""
    mistyped: int = sum(comb(length, count) * 9**count for count in range(_MISTYPED_MOST + 1))
    reversed_, shifted, stepped = 1, 2 * 10, 9
    return mistyped + reversed_ + shifted + 2 * _COUNTED_ON_MOST + stepped
