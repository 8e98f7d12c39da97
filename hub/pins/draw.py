"""Drawing a PIN: uniformly over what is neither weak nor taken. Randomness is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from hub.pins.weak import weakness
from wire.pins import MAX_DIGITS, MIN_DIGITS

RandomBelow: TypeAlias = Callable[[int], int]
"""`secrets.randbelow` in production: a number from 0 to the argument, that excluded."""

MAX_ATTEMPTS: Final = 10_000
"""With half the space taken, 10,000 draws all fail once in 2^10,000 times."""


class PinError(Exception):
    """No PIN can be given as asked."""


class NoPinLeftError(PinError):
    """So many PINs of that length are weak or taken at a door that none was found."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__(f"no PIN of {length} digits is left")


class DigitsIncompatibleError(PinError):
    """The doors of one facility share no PIN length: each accepts `min..max` digits."""

    def __init__(self, ranges: tuple[tuple[int, int], ...]) -> None:
        self.ranges = ranges
        super().__init__(f"no PIN length suits all of {ranges}")


def digits_for(doors: Iterable[tuple[int, int]]) -> int:
    """Give the PIN length for doors that each accept `(min, max)` digits: the largest minimum.

    Raises `DigitsIncompatibleError` where that is more than some door's keypad takes.
    """
    ranges = tuple(doors)
    length = max((least for least, _ in ranges), default=MIN_DIGITS)
    most = min((most for _, most in ranges), default=MAX_DIGITS)
    if not MIN_DIGITS <= length <= min(most, MAX_DIGITS):
        raise DigitsIncompatibleError(ranges)
    return length


def draw_pin(length: int, random_below: RandomBelow, taken: Callable[[str], bool]) -> str:
    """Draw a PIN of `length` digits that is not weak and for which `taken` is false.

    Every such PIN is equally likely. Raises `NoPinLeftError` after `MAX_ATTEMPTS`.
    """
    for _ in range(MAX_ATTEMPTS):
        digits = f"{random_below(10**length):0{length}d}"
        if weakness(digits) is None and not taken(digits):
            return digits
    raise NoPinLeftError(length)
