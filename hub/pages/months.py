"""The month that a page of payroll is about."""

from __future__ import annotations

from hub.pages.words import Words
from hub.worktime.domain import Month, month_of


def month_or(text: str, otherwise: Month) -> Month:
    """Read `2026-11`; give the other for what is none."""
    year, _, number = text.partition("-")
    if len(text) == 7 and text.isascii() and year.isdigit() and number.isdigit():
        found = Month(int(year), int(number))
        if 2000 <= found.year <= 2199 and 1 <= found.number <= 12:
            return found
    return otherwise


def last_month(words: Words) -> Month:
    """Last month: what is handed over in the first days of the next."""
    return month_of(words.today).plus(-1)
