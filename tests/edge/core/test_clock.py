"""trusted, holdover, untrusted: what makes each, and a floor that never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
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
    assert (now.state, now.error_ms) == (ClockState.TRUSTED, 100)
    assert now.floor == AT - timedelta(milliseconds=100)


def test_a_daemon_that_states_no_error_is_not_believed_to_have_none(clock):
    clock.kernel(True, 0, SECOND, AT)
    assert clock.now(SECOND, AT).error_ms == BOUNDS.ntp_least_ms


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


def with_rtc(shown: datetime, at: datetime) -> Clock:
    """A clock just booted whose RTC showed `shown` when it was last compared, `at`."""
    before = Clock("before", at - DAY, BOUNDS)
    before.welcome(at, 0, 0)
    assert before.compare_rtc(0, shown)
    clock = Clock("boot", None, BOUNDS)
    clock.resume(before.save())
    return clock


@pytest.mark.parametrize("off", [timedelta(), timedelta(hours=3), timedelta(hours=-9)])
def test_a_battery_clock_that_was_compared_is_holdover_however_wrong_it_was_set(off):
    clock = with_rtc(AT - DAY + off, AT - DAY)
    clock.rtc(SECOND, AT + off)
    now = clock.now(SECOND, AT - DAY)
    assert (now.state, now.at) == (ClockState.HOLDOVER, AT)
    assert now.error_ms == 1 + 2 * BOUNDS.rtc_tick_ms + 86_400 // 10


def test_a_battery_clock_that_ran_alone_for_too_long_is_untrusted():
    clock = with_rtc(AT, AT)
    clock.rtc(SECOND, AT + 9 * DAY)
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED


def test_a_battery_clock_that_nobody_ever_compared_is_untrusted(clock):
    """It may have been hours off all the time."""
    assert [one.body.source for one in clock.rtc(SECOND, AT)] == ["rtc_unchecked"]
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED


@pytest.mark.parametrize(
    "shown", [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)]
)
def test_a_battery_clock_without_battery_is_untrusted(shown):
    clock = with_rtc(AT, AT)
    assert [one.body.source for one in clock.rtc(SECOND, shown)] == ["rtc_unset"]
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED


def test_a_battery_clock_that_was_set_back_is_untrusted():
    clock = with_rtc(AT, AT)
    assert [one.body.source for one in clock.rtc(SECOND, AT - DAY)] == ["rtc_unchecked"]


def test_a_battery_clock_is_compared_with_a_trusted_clock_only(clock):
    assert not clock.compare_rtc(SECOND, AT)
    clock.welcome(AT, 0, 10 * SECOND)
    assert clock.now(10 * SECOND, AT).state is ClockState.HOLDOVER
    assert not clock.compare_rtc(10 * SECOND, AT)


def test_a_battery_clock_that_somebody_set_is_kept_at_once():
    clock = Clock("boot", AT - DAY, BOUNDS)
    clock.welcome(AT, 0, 0)
    assert clock.compare_rtc(0, AT)
    assert not clock.compare_rtc(10 * SECOND, AT + timedelta(seconds=10))
    assert clock.compare_rtc(20 * SECOND, AT + timedelta(hours=9, seconds=20))


def test_ntp_is_believed_rather_than_a_battery_clock():
    clock = with_rtc(AT - DAY, AT - DAY)
    clock.rtc(SECOND, AT + timedelta(hours=1))
    clock.kernel(True, 5, 2 * SECOND, AT + timedelta(hours=3))
    assert clock.now(2 * SECOND, AT).state is ClockState.TRUSTED


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
    assert other.floor == AT


def test_a_delayed_welcome_is_as_unsure_as_it_was_late_and_raises_the_floor(clock):
    """A broker that holds it back for an hour gains nothing; that it was AT is certain all the
    same."""
    clock.welcome(AT, 0, 3_600 * SECOND)
    now = clock.now(3_600 * SECOND, AT)
    assert (now.state, now.floor) == (ClockState.UNTRUSTED, AT)


def test_a_delayed_welcome_takes_nothing_from_a_better_reckoning(clock):
    clock.welcome(AT, 0, 0)
    assert clock.welcome(AT + timedelta(seconds=60), 60 * SECOND, 90 * SECOND) == []
    assert clock.now(90 * SECOND, AT).at == AT + timedelta(seconds=90)


def test_the_hub_is_believed_against_ntp_that_states_less_error(clock):
    clock.kernel(True, 1, 0, AT - timedelta(hours=1))
    events = clock.welcome(AT, 0, SECOND)
    assert events[-1].body.step_ms == 3_599_500
    assert clock.now(SECOND, AT).at == AT + timedelta(milliseconds=500)
    clock.kernel(True, 1, 2 * SECOND, AT - timedelta(hours=1))
    assert clock.now(2 * SECOND, AT).at == AT + timedelta(milliseconds=1_500)


def test_ntp_that_jumps_is_refused_while_it_is_relied_on(clock):
    clock.kernel(True, 1, 0, AT)
    events = clock.kernel(True, 1, SECOND, AT + timedelta(hours=1))
    assert [one.body.source for one in events] == ["against_reckoning"]
    assert clock.now(SECOND, AT).at == AT + timedelta(seconds=1)


def test_ntp_is_held_to_an_earlier_runs_welcome(clock):
    clock.welcome(AT, 0, 0)
    again = Clock("boot", None, BOUNDS)
    again.resume(clock.save())
    events = again.kernel(True, 1, SECOND, AT + timedelta(hours=1))
    assert [one.body.source for one in events] == ["against_welcome"]


def test_what_ntp_lied_is_dropped_once_the_hub_says_so_and_true_time_catches_up(clock):
    clock.kernel(True, 1, 0, AT + timedelta(hours=1))
    clock.now(0, AT)
    events = clock.welcome(AT, 0, 0)
    assert [one.body.source for one in events] == ["below_floor", "against_welcome"]
    assert clock.now(0, AT).state is ClockState.UNTRUSTED
    assert clock.kernel(True, 1, SECOND, AT + timedelta(hours=1, seconds=1)) != []
    assert clock.now(SECOND, AT).state is ClockState.UNTRUSTED
    soon = 3_601 * SECOND
    clock.welcome(AT + timedelta(seconds=3_601), soon, soon)
    assert clock.now(soon, AT).state is ClockState.TRUSTED


@pytest.mark.parametrize("back", [timedelta(hours=1), 3_650 * DAY])
def test_a_hub_whose_clock_went_back_is_told_and_changes_nothing(clock, back):
    clock.welcome(AT, 0, 0)
    events = clock.welcome(AT - back, SECOND, SECOND)
    assert [one.body.source for one in events] == ["below_floor"]
    now = clock.now(2 * SECOND, AT)
    assert (now.state, now.at) == (ClockState.TRUSTED, AT + timedelta(seconds=2))


def test_a_hub_that_is_years_ahead_is_not_believed_by_a_clock_that_is_relied_on(clock):
    clock.welcome(AT, 0, 0)
    events = clock.welcome(AT + 3_650 * DAY, SECOND, SECOND)
    assert [one.body.source for one in events] == ["beyond_reach"]
    assert clock.now(SECOND, AT).at == AT + timedelta(seconds=1)
    assert clock.floor < AT + DAY


def test_a_hub_that_was_an_hour_ahead_is_caught_up_with(clock):
    """The floor stays where the hub put it; PINs wait until true time has passed it."""
    clock.welcome(AT + timedelta(hours=1), 0, 0)
    later = Clock("next", None, BOUNDS)
    later.resume(clock.save())
    assert later.welcome(AT, 0, 0)[0].body.source == "below_floor"
    assert later.now(1_800 * SECOND, AT).floor == AT + timedelta(hours=1)
    soon = 3_600 * SECOND
    later.welcome(AT + timedelta(hours=1), soon, soon)
    assert later.now(soon, AT).state is ClockState.TRUSTED


def test_a_leap_second_is_no_contradiction(clock):
    clock.welcome(AT, 0, 0)
    clock.kernel(True, 1, SECOND, AT)
    clock.welcome(AT + timedelta(seconds=1), 2 * SECOND, 2 * SECOND)
    assert clock.now(2 * SECOND, AT).at == AT + timedelta(seconds=1)


def test_without_any_clock_the_floor_rises_with_the_time_that_goes_by(clock):
    clock.now(0, AT)
    floor = clock.now(10 * 3_600 * SECOND, AT).floor
    assert floor == AT - DAY + timedelta(hours=10) - timedelta(seconds=3.6)
    again = Clock("next", None, BOUNDS)
    again.resume(clock.save())
    assert again.floor == floor


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
                clock.compare_rtc(mono, wall.replace(microsecond=0))
                clock.rtc(mono, wall.replace(microsecond=0))
            case "reboot":
                kept = clock.save()
                clock = Clock(f"boot {number}", None, BOUNDS)
                clock.resume(kept)
        now = clock.now(mono, wall)
        assert now.floor >= floor
        unsure_ms = 2 * (now.error_ms or 0) + BOUNDS.slack_ms + 2
        assert now.at >= floor - timedelta(milliseconds=unsure_ms)
        floor = now.floor
