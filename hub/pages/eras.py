"""Dates of the Japanese eras (和暦), as forms and prints carry them."""

from __future__ import annotations

from datetime import date
from typing import Final

_ERAS: Final = (
    (date(2019, 5, 1), "令和", "R"),
    (date(1989, 1, 8), "平成", "H"),
    (date(1926, 12, 25), "昭和", "S"),
)
"""The first day of each, the newest first."""


def era_day(day: date) -> str:
    """`令和8年4月6日`; the first year of an era is 元年. Before 昭和 the year as it is."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def era_year(day: date) -> str:
    """`令和8年`."""
    for first, name, _ in _ERAS:
        if day >= first:
            year = day.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年"
    return f"{day.year}年"


def era_short(day: date) -> str:
    """`R8.4.6`, for narrow columns."""
    for first, _, letter in _ERAS:
        if day >= first:
            return f"{letter}{day.year - first.year + 1}.{day.month}.{day.day}"
    return day.isoformat()
