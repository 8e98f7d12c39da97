"""The day of hire: nothing was known of the person, nor heard of a reader, before it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from wire.events import PunchDirection

NEW = "p-new"
HIRED = date(2026, 4, 1)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """A first day does not depend on the kind of database."""
    return sqlite_at


@pytest.mark.parametrize("start", [300, 500, 509, 510])
def test_the_very_first_punches_on_the_day_of_hire_count_in_full(
    office: Any, personnel: Any, start: int
) -> None:
    """Also well before the regular hours, and with no reader heard of before."""
    office.employ(NEW, since=HIRED)
    office.worked(NEW, HIRED, start, 1035)
    sheet = office.service.day(personnel, NEW, HIRED)
    assert sheet.result.regular_min == 465
    assert sheet.result.missing_min == 0
    assert sheet.file.presence.spans[0].start == start


def test_a_punch_before_the_day_of_hire_is_not_of_it(office: Any, personnel: Any) -> None:
    """Somebody who taps on the evening before is not employed yet: their first day is whole."""
    office.employ(NEW, since=HIRED)
    office.punch(NEW, date(2026, 3, 31), 1200, PunchDirection.IN)
    office.punch(NEW, date(2026, 3, 31), 1210, PunchDirection.OUT)
    office.worked(NEW, HIRED)
    assert office.service.day(personnel, NEW, HIRED).result.regular_min == 465
