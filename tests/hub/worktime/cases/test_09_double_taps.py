"""9. Double taps after 1 and 59 seconds; in and out in the same second."""

from __future__ import annotations

import pytest

from hub.attendance.domain import Ignored
from tests.hub.worktime.cases.punches import IN, OUT, TAP, days, month_of, presences, punch
from tests.hub.worktime.cases.staff_month import spans


@pytest.mark.parametrize("again", ["08:30:01", "08:30:59", "08:31:00"])
def test_a_second_tap_within_a_minute_is_kept_and_does_not_count(again) -> None:
    taps = (punch(1, IN, "08:30"), punch(2, IN, again), punch(3, OUT, "17:15"))
    (day,) = days(*taps)
    assert [read.ignored for read in day.punches] == [None, Ignored.DUPLICATE, None]
    (presence,) = presences(*taps)
    assert presence.spans == spans("08:30-17:15")
    assert not presence.missing


@pytest.mark.parametrize("again", ["17:15:01", "17:15:59"])
def test_a_second_out_within_a_minute_does_not_make_the_day_longer(reckon, again) -> None:
    month = month_of(punch(1, IN, "08:30"), punch(2, OUT, "17:15"), punch(3, OUT, again))
    line = reckon(month).line(9)
    assert (line.regular, line.extra, line.missing) == (465, 0, 0)


def test_in_and_out_in_the_same_second_is_no_minute(reckon) -> None:
    """Nothing was present, and so everything is missing."""
    month = month_of(punch(1, IN, "08:30:00"), punch(2, OUT, "08:30:00"))
    line = reckon(month).line(9)
    assert (line.regular, line.missing, line.extra) == (0, 465, 0)


def test_in_and_out_in_the_same_minute_is_none_either() -> None:
    (presence,) = presences(punch(1, IN, "08:30:01"), punch(2, OUT, "08:30:59"))
    assert presence.spans == ()


def test_a_double_tap_at_a_door_is_one() -> None:
    (presence,) = presences(
        punch(1, TAP, "08:25"), punch(2, TAP, "08:25:10"), punch(3, TAP, "17:20")
    )
    assert presence.spans == spans("08:25-17:20")


def test_seconds_are_cut_off_at_both_ends(reckon) -> None:
    """In at 08:30:59 is 08:30, out at 17:15:59 is 17:15."""
    line = reckon(month_of(punch(1, IN, "08:30:59"), punch(2, OUT, "17:15:59"))).line(9)
    assert (line.regular, line.missing, line.extra) == (465, 0, 0)
