"""The virtual device's clock: its doubt grows, is capped, and never leaves the envelope that has
grown since it was set, whatever codes are typed."""

from __future__ import annotations

import pytest

from firmware_bridge.keybox.box_clock import PPM, BoxClock

NS = 1_000_000_000
SET_S, ERROR_S, DRIFT_S, GRID_S = 86_400 * 600, 5, 600, 900


@pytest.fixture
def clock() -> BoxClock:
    """Set at running time 0, right within 5 s."""
    made = BoxClock(DRIFT_S)
    made.set(SET_S, ERROR_S, 0)
    return made


@pytest.mark.parametrize("days", [0, 1, 100, 346, 347, 1_000])
def test_the_interval_is_never_wider_than_twice_the_drift(clock: BoxClock, days: int) -> None:
    for off_s in (0, 1, 12_345):
        interval = clock.interval((days * 86_400 + off_s) * NS + 1)
        assert interval is not None
        assert 0 <= interval.latest_s - interval.earliest_s <= 2 * DRIFT_S


def test_codes_typed_as_early_as_may_be_push_it_no_further_than_the_envelope(
    clock: BoxClock,
) -> None:
    """Every quarter of an hour for a fortnight: each code is typed at the first second at which the
    device takes it."""
    now_s = 0
    for _ in range(96 * 14):
        before = clock.interval(now_s * NS)
        assert before is not None
        start_s = (before.latest_s // GRID_S + 1) * GRID_S
        now_s += max(start_s - before.latest_s - 3, 1)
        while (at := clock.interval(now_s * NS)) is not None and at.latest_s < start_s:
            now_s += 1
        clock.narrow(start_s, start_s + 3_600, now_s * NS)
        after = clock.interval(now_s * NS)
        assert after is not None
        envelope_s = ERROR_S + now_s * PPM / 1e6 + 1
        assert after.earliest_s <= SET_S + now_s + envelope_s


def test_codes_typed_as_late_as_may_be_push_it_no_further_than_the_envelope(
    clock: BoxClock,
) -> None:
    now_s = 0
    for _ in range(96 * 14):
        now_s += GRID_S
        before = clock.interval(now_s * NS)
        assert before is not None
        end_s = (before.earliest_s // GRID_S + 1) * GRID_S
        clock.narrow(end_s - 3_600, end_s, now_s * NS)
        after = clock.interval(now_s * NS)
        assert after is not None
        assert after.latest_s >= SET_S + now_s - (ERROR_S + now_s * PPM / 1e6 + 1)
