"""PINs that people guess first, and how many remain when they are left out.

Each pattern is a test and a size that its matches cannot exceed, so that the space left over is
never overstated: `space_left` is a lower bound, and guess-risk computed from it an upper one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

_DAYS_A_YEAR: Final = 366
_LEAP_YEAR: Final = 2000
_KEYPAD_LINES: Final = ("147", "2580", "369", "123", "456", "789", "1379")
_RUN_SLACK: Final = 2


@dataclass(frozen=True, slots=True)
class WeakPattern:
    """A family of weak PINs: `matches` tells one, `at_most` bounds how many have that length."""

    name: str
    matches: Callable[[str], bool]
    at_most: Callable[[int], int]


def _run_length(length: int) -> int:
    return max(4, length - _RUN_SLACK)


def _steps(digits: str) -> list[int]:
    numbers = [int(digit) for digit in digits]
    return [(after - before) % 10 for before, after in pairwise(numbers)]


def _has_run(digits: str) -> bool:
    """A run up or down (9 goes on to 0) over all digits but two at most: 123456, 987650."""
    longest, current, previous = 1, 1, -1
    for step in _steps(digits):
        current = current + 1 if step == previous and step in (1, 9) else 2 if step in (1, 9) else 1
        previous = step
        longest = max(longest, current)
    return longest >= _run_length(len(digits))


def _is_even_stepped(digits: str) -> bool:
    """The same step throughout, as 2468 or 9630; a single repeated digit steps by nothing."""
    return len(set(_steps(digits))) == 1


def _is_sorted(digits: str) -> bool:
    ascending = "".join(sorted(set(digits)))
    return digits in (ascending, ascending[::-1])


def _repeats_block(digits: str) -> bool:
    """One block over and over, as 121212 or 482482."""
    length = len(digits)
    return any(
        digits == digits[:block] * (length // block)
        for block in range(1, length // 2 + 1)
        if length % block == 0
    )


def _blocks(length: int) -> int:
    return sum(10**block for block in range(1, length // 2 + 1) if length % block == 0)


def _is_day(month: str, day: str) -> bool:
    try:
        date(_LEAP_YEAR, int(month), int(day))
    except ValueError:
        return False
    return True


def _is_year(text: str) -> bool:
    return text[:2] in ("19", "20")


def _is_date(digits: str) -> bool:
    """A birthday in any usual order (4, 6 or 8 digits), or a year."""
    if len(digits) == 4:
        first, second = digits[:2], digits[2:]
        return _is_year(digits) or _is_day(first, second) or _is_day(second, first)
    if len(digits) == 6:
        one, two, three = digits[:2], digits[2:4], digits[4:]
        return _is_day(two, three) or _is_day(one, two) or _is_day(two, one)
    if len(digits) == 8:
        leads = _is_year(digits[:4]) and _is_day(digits[4:6], digits[6:])
        day_first = _is_day(digits[2:4], digits[:2]) or _is_day(digits[:2], digits[2:4])
        return leads or (_is_year(digits[4:]) and day_first)
    return False


def _dates(length: int) -> int:
    return {
        4: 2 * _DAYS_A_YEAR + 200,
        6: 3 * 100 * _DAYS_A_YEAR,
        8: 3 * 200 * _DAYS_A_YEAR,
    }.get(length, 0)


def _choose(count: int, of: int) -> int:
    result = 1
    for index in range(count):
        result = result * (of - index) // (index + 1)
    return result


PATTERNS: Final = (
    WeakPattern(
        "two_digits",
        lambda digits: len(set(digits)) <= 2,
        lambda length: 10 + 45 * (2**length - 2),
    ),
    WeakPattern("block", _repeats_block, _blocks),
    WeakPattern(
        "run",
        _has_run,
        lambda length: (
            (length - _run_length(length) + 1) * 20 * 10 ** (length - _run_length(length))
        ),
    ),
    WeakPattern("steps", _is_even_stepped, lambda _length: 100),
    WeakPattern("sorted", _is_sorted, lambda length: 2 * _choose(length, 10)),
    WeakPattern(
        "keypad",
        lambda digits: any(set(digits) <= set(line) for line in _KEYPAD_LINES),
        lambda length: sum(len(line) ** length for line in _KEYPAD_LINES),
    ),
    WeakPattern("date", _is_date, _dates),
)
"""Keypad lines are the columns and rows of a keypad and its four corners."""


def weakness(digits: str) -> str | None:
    """Name the first weak pattern a PIN falls into; None for one that may be issued."""
    return next((pattern.name for pattern in PATTERNS if pattern.matches(digits)), None)


def space_left(length: int) -> int:
    """Give a number of PINs of a length that remain at least, weak ones left out."""
    weak: int = sum(pattern.at_most(length) for pattern in PATTERNS)
    return int(10**length) - weak
