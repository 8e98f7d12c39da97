"""Dates of the Japanese eras (和暦), as forms, sheets and prints carry them. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple


class EraYear(NamedTuple):
    """A year of an era: its name, its number in public systems (令和 is 5), and which it is."""

    name: str
    number: int
    year: int

    @property
    def text(self) -> str:
        """`令和8年`; the first one is 元年."""
        return f"{self.name}{'元' if self.year == 1 else self.year}年"


_ERAS: Final = (
    (date(2019, 5, 1), "令和", 5),
    (date(1989, 1, 8), "平成", 4),
    (date(1926, 12, 25), "昭和", 3),
)
"""First day, name and number of each, the newest first."""


def era_of(day: date) -> EraYear | None:
    """Give the year of an era in which a date lies; None before 昭和."""
    for first, name, number in _ERAS:
        if day >= first:
            return EraYear(name, number, day.year - first.year + 1)
    return None


def era_day(day: date) -> str:
    """`令和8年4月6日`. Before 昭和 the year as it is."""
    return f"{_year(day)}{day.month}月{day.day}日"


def era_month(first: date) -> str:
    """`令和8年4月（2026年4月）`: a month is of the era of its first day."""
    own = f"{first.year}年{first.month}月"
    return f"{_year(first)}{first.month}月（{own}）" if era_of(first) else own


def era_day_and_year(day: date) -> str:
    """`令和8年4月6日（2026年）`, where no heading tells the year."""
    return f"{era_day(day)}（{day.year}年）" if era_of(day) else era_day(day)


def _year(day: date) -> str:
    era = era_of(day)
    return era.text if era else f"{day.year}年"
