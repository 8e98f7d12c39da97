"""Holidays as the law has them, substitutes and sandwiched days included."""

from __future__ import annotations

from datetime import date

import pytest

from hub.worktime.calendar import is_holiday
from hub.worktime.domain import DayKind


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 5, 6), DayKind.HOLIDAY),  # for 3 May, a Sunday
        (date(2026, 9, 22), DayKind.HOLIDAY),  # between two holidays
        (date(2021, 7, 22), DayKind.HOLIDAY),
        (date(2021, 7, 23), DayKind.HOLIDAY),  # moved for the Olympic Games
        (date(2021, 7, 19), None),
        (date(2021, 8, 9), DayKind.HOLIDAY),
        (date(2019, 5, 2), DayKind.HOLIDAY),
        (date(2019, 10, 22), DayKind.HOLIDAY),
        (date(2023, 1, 1), DayKind.HOLIDAY),
        (date(2023, 1, 2), DayKind.HOLIDAY),  # for 1 January, a Sunday
        (date(2026, 1, 2), DayKind.YEAR_END),
        (date(2026, 1, 3), DayKind.YEAR_END),
        (date(2026, 1, 4), None),
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), DayKind.YEAR_END),
        (date(2026, 12, 31), DayKind.YEAR_END),
        (date(2199, 12, 29), DayKind.YEAR_END),
    ],
)
def test_a_date_is_what_the_law_says(day: date, kind: DayKind | None) -> None:
    """1 January is a holiday first; years far ahead are answered too."""
    assert is_holiday(day) is kind


def test_a_town_adds_and_removes_days() -> None:
    """What it removes is none, even where it adds it too."""
    day, new_year = date(2026, 11, 4), date(2027, 1, 1)
    assert is_holiday(day, extra={day}) is DayKind.HOLIDAY
    assert is_holiday(new_year, removed={new_year}) is None
    assert is_holiday(day, extra={day}, removed={day}) is None
