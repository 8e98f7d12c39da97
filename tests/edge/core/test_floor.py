"""The floor against windows: what is certainly over stays over, whatever the clock says now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge.core.clock_now import ClockNow
from edge.core.windows import judge_window
from wire.clock import ClockState
from wire.reasons import Reason

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("floor", "reason"),
    [
        (END, Reason.BELOW_FLOOR),
        (END + timedelta(days=1), Reason.BELOW_FLOOR),
        (END - timedelta(microseconds=1), None),
    ],
)
def test_a_trusted_clock_that_lies_before_the_floor_opens_nothing_that_is_over(floor, reason):
    """It can, within its error and a second: a leap second, or the hub's time after NTP's."""
    at = END - timedelta(seconds=1)
    now = ClockNow("boot", 1, at, ClockState.TRUSTED, 500, floor=floor)
    assert judge_window(START, END, now) is reason
