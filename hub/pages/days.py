"""Dates as addresses carry them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

_EDGE: Final = timedelta(days=400)


def day_or(text: str, otherwise: date) -> date:
    """Read a date; give the other for what is none or too near the calendar's edge."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if date.min + _EDGE < found < date.max - _EDGE else otherwise
