"""A booking's short number, to be said on the telephone: six digits, the last one a check digit.

The check digit is Damm's (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004): it catches every
single wrong digit and every swap of two neighbours, which is what people do when they dictate. The
number is no secret and opens nothing. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias
from unicodedata import normalize

RandomBelow: TypeAlias = Callable[[int], int]
LENGTHS: Final = (6, 8)
"""Eight digits once the shorter ones get scarce."""
MAX_CHARS: Final = 16
_TRIES: Final = 24
_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


class NumberMistypedError(ValueError):
    """No booking can have that number: it was misheard or mistyped."""


def check_digit(digits: str) -> str:
    """Give the digit that completes a number."""
    interim = 0
    for each in digits:
        interim = _DAMM[interim][int(each)]
    return str(interim)


def is_number(text: str) -> bool:
    """Tell whether a text is a number whose check digit is right."""
    known = text.isascii() and text.isdigit() and len(text) in LENGTHS
    return known and check_digit(text) == "0"


def read_number(text: str) -> str:
    """Give the number somebody typed, full-width or in groups, with its letter or without; raise
    `NumberMistypedError`."""
    plain = re.sub(r"[\s\-‐−ー]", "", normalize("NFKC", text[:64])).upper().removeprefix("B")
    if not is_number(plain):
        raise NumberMistypedError("the check digit does not fit: ask for the number again")
    return plain


def draw_number(random_below: RandomBelow, taken: Callable[[str], bool]) -> str:
    """Draw a number nobody has now: random, so that it does not tell how many bookings there are.

    Raises `RuntimeError` if none was found, which takes millions of bookings that stand.
    """
    for length in LENGTHS:
        least = 10 ** (length - 2)
        for _ in range(_TRIES):
            digits = str(least + random_below(9 * least))
            number = digits + check_digit(digits)
            if not taken(number):
                return number
    raise RuntimeError("no booking number is left")


def grouped(number: str) -> str:
    """Give a number as it is shown and read out: `B-123-456`. A keypad has no letters: nobody takes
    it for a PIN."""
    half = len(number) // 2
    return f"B-{number[:half]}-{number[half:]}" if number else ""
