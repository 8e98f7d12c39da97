"""trusted, holdover, untrusted: what makes each, and a floor that never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.clock import Clock, ClockBounds
from wire.clock import ClockState
from wire.events import EventKind

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECOND = 1_000_000_000
DAY = timedelta(days=1)
BOUNDS = ClockBounds()


@pytest.fixture
def clock() -> Clock:
    """A clock of a machine that was here yesterday, just booted."""
    return Clock("boot", AT - DAY, BOUNDS)


def kinds(events) -> list[EventKind]:
    return [event.kind for event in events]


def test_without_a_source_a_plausible_clock_is_untrusted(clock):
    now = clock.now(SECOND, AT)
    assert (now.state, now.error_ms, now.at) == (ClockState.UNTRUSTED, None, AT)
    assert now.floor == AT - DAY


def test_an_untrusted_guess_never_lies_below_the_floor(clock):
    assert clock.now(SECOND, datetime(1970, 1, 1, tzinfo=UTC)).at == AT - DAY


def test_ntp_makes_it_trusted_and_tells_state_and_anchor(clock):
    events = clock.kernel(True, 30, SECOND, AT)
    assert kinds(events) == [EventKind.CLOCK_STATE, EventKind.CLOCK_ANCHOR]
    now = clock.now(SECOND, AT)
    assert (now.state, now.error_ms) == (ClockState.TRUSTED, 30)
    assert now.floor == AT - timedelta(milliseconds=30)


def test_an_undisciplined_kernel_says_nothing(clock):
    assert clock.kernel(False, 0, SECOND, AT) == []
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED


def test_a_welcome_is_right_within_half_the_round_trip(clock):
    clock.welcome(AT, sent_ns=0, got_ns=SECOND)
    now = clock.now(SECOND, datetime(2000, 1, 1, tzinfo=UTC))
    assert now.state is ClockState.TRUSTED
    assert now.at == AT + timedelta(milliseconds=500)
    assert now.error_ms == 501


def test_a_welcome_that_took_too_long_is_only_holdover(clock):
    clock.welcome(AT, sent_ns=0, got_ns=10 * SECOND)
    assert clock.now(10 * SECOND, AT).state is ClockState.HOLDOVER


def test_trust_decays_with_the_drift_bound_to_holdover_and_then_to_nothing(clock):
    clock.welcome(AT, 0, 0)
    states = []
    for hours in (0, 5, 6, 160, 170):
        mono = hours * 3_600 * SECOND
        states.append(clock.now(mono, AT).state)
    expected = ["trusted", "trusted", "holdover", "holdover", "untrusted"]
    assert [state.value for state in states] == expected


def test_a_change_that_time_alone_brings_is_told_once(clock):
    clock.welcome(AT, 0, 0)
    late = 6 * 3_600 * SECOND
    assert kinds(clock.watch(late, AT)) == [EventKind.CLOCK_STATE]
    assert clock.watch(late + SECOND, AT) == []


def test_the_wall_clock_of_the_system_is_not_asked_once_an_anchor_stands(clock):
    clock.welcome(AT, 0, 0)
    assert clock.now(60 * SECOND, AT + 400 * DAY).at == AT + timedelta(seconds=60)


def test_ntp_that_contradicts_a_welcome_is_refused_and_told_once(clock):
    clock.welcome(AT, 0, 0)
    events = clock.kernel(True, 10, 10 * SECOND, AT + 365 * DAY)
    assert [event.body.source for event in events] == ["against_welcome"]
    assert clock.kernel(True, 10, 20 * SECOND, AT + 365 * DAY) == []
    assert clock.now(20 * SECOND, AT).at == AT + timedelta(seconds=20)


def test_a_source_below_the_floor_is_refused(clock):
    events = clock.kernel(True, 10, SECOND, AT - 2 * DAY)
    assert [event.body.source for event in events] == ["below_floor"]
    assert clock.now(SECOND, AT - 2 * DAY).state is ClockState.UNTRUSTED
    assert clock.welcome(AT - 2 * DAY, 0, SECOND) == []  # told already
    assert clock.now(SECOND, AT - 2 * DAY).state is ClockState.UNTRUSTED


def test_a_year_ahead_is_believed_of_the_hubs_signature_alone(clock):
    events = clock.kernel(True, 10, SECOND, AT + 365 * DAY)
    assert [event.body.source for event in events] == ["beyond_reach"]
    assert clock.floor == AT - DAY
    clock.rtc(SECOND, AT + 365 * DAY)
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED
    clock.welcome(AT + 365 * DAY, 0, SECOND)
    assert clock.now(SECOND, AT).state is ClockState.TRUSTED


def test_a_better_reckoning_is_not_given_up_for_a_worse_source(clock):
    clock.welcome(AT, 0, 0)
    assert clock.kernel(True, 1_500, 10 * SECOND, AT + timedelta(seconds=11)) == []
    assert clock.now(10 * SECOND, AT).at == AT + timedelta(seconds=10)


def test_an_anchor_is_told_at_least_every_hour(clock):
    clock.kernel(True, 5, 0, AT)
    told = 0
    for minutes in range(1, 181):
        wall = AT + timedelta(minutes=minutes)
        told += len(clock.kernel(True, 5, minutes * 60 * SECOND, wall))
    assert told == 3


def test_a_battery_clock_is_holdover_with_what_it_may_have_drifted(clock):
    clock.rtc(SECOND, AT)
    now = clock.now(SECOND, AT)
    assert now.state is ClockState.HOLDOVER
    assert now.error_ms == BOUNDS.trusted_ms + 86_400 // 10


def test_a_battery_clock_that_ran_alone_for_too_long_is_untrusted(clock):
    clock.rtc(SECOND, AT + 9 * DAY)
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED


def test_a_restart_in_the_same_boot_goes_on_reckoning_and_another_boot_only_keeps_the_floor(clock):
    clock.welcome(AT, 0, 0)
    kept = clock.save()
    again = Clock("boot", None, BOUNDS)
    again.resume(kept)
    now = again.now(100 * SECOND, AT)
    assert (now.state, now.at) == (ClockState.HOLDOVER, AT + timedelta(seconds=100))
    other = Clock("next boot", None, BOUNDS)
    other.resume(kept)
    assert other.now(SECOND, AT).state is ClockState.UNTRUSTED
    assert other.floor == AT - timedelta(milliseconds=1)


_readings = st.lists(
    st.tuples(
        st.sampled_from(["ntp", "welcome", "rtc", "now", "reboot"]),
        st.integers(-400 * 86_400, 400 * 86_400),
        st.integers(0, 3_000),
    ),
    max_size=30,
)


@given(_readings)
def test_the_floor_never_goes_back_and_no_trusted_time_lies_below_it(steps):
    clock = Clock("boot 0", AT, BOUNDS)
    mono, floor = 10**12, AT
    for number, (source, off_s, error_ms) in enumerate(steps):
        mono += SECOND
        wall = AT + timedelta(seconds=off_s)
        match source:
            case "ntp":
                clock.kernel(True, error_ms, mono, wall)
            case "welcome":
                clock.welcome(wall, mono - error_ms * 1_000_000, mono)
            case "rtc":
                clock.rtc(mono, wall)
            case "reboot":
                kept = clock.save()
                clock = Clock(f"boot {number}", clock.floor, BOUNDS)
                if kept is not None:
                    clock.resume(kept)
        now = clock.now(mono, wall)
        assert now.floor >= floor
        assert now.at >= floor - timedelta(milliseconds=2 * (now.error_ms or 0) + 2)
        floor = now.floor
