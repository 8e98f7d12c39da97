"""The clock over restarts: an expired PIN stays dead, whatever happens to the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.ports import KernelClock
from edge.service.status import status_of
from wire.clock import ClockState
from wire.events import EventKind
from wire.policy_bodies import Assurance, OnUntrustedClock
from wire.reasons import Reason

NO_NTP = KernelClock(synchronised=False, error_ms=16_000)
DAY = timedelta(days=1)


@pytest.fixture
def expired(rig):
    """The booking is over, and the agent knows it."""
    rig.policy(rig.town.door(on_untrusted_clock=OnUntrustedClock.FLOOR_IN_WINDOW))
    rig.time.go(7_201)
    rig.press("482915#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.EXPIRED
    return rig


@pytest.mark.parametrize("step", [-DAY, timedelta(hours=-1), 365 * DAY])
@pytest.mark.parametrize("ntp", [NO_NTP, KernelClock(synchronised=True, error_ms=5)])
@pytest.mark.parametrize("crash", [False, True])
def test_an_expired_pin_stays_dead_over_a_reboot_with_any_clock(expired, step, ntp, crash):
    expired.time.wall_now += step
    expired.time.ntp = ntp
    expired.restart(crash=crash, reboot=True)
    expired.press("482915#")
    assert expired.site.acts() == []
    assert expired.last(EventKind.ACCESS_DENIED).reason in {
        Reason.BELOW_FLOOR,
        Reason.EXPIRED,
        Reason.CLOCK_UNTRUSTED,
    }


def test_a_reboot_without_rtc_or_network_denies_pins_and_takes_cards(rig):
    rig.time.ntp = NO_NTP
    rig.restart(crash=True, reboot=True)
    rig.press("482915#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.CLOCK_UNTRUSTED
    assert rig.events()[-1].clock is ClockState.UNTRUSTED
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert rig.unlocked


def test_a_reboot_with_an_rtc_opens(make_rig):
    rig = make_rig(has_rtc=True).usual()
    rig.time.ntp = NO_NTP
    rig.restart(crash=True, reboot=True)
    rig.press("482915#")
    assert rig.unlocked
    assert rig.events(EventKind.ACCESS_GRANTED)[-1].clock is ClockState.HOLDOVER


@pytest.mark.parametrize("off", [None, -60 * 365 * DAY])
def test_a_plausible_system_clock_stands_in_for_no_rtc(make_rig, off):
    """fake-hwclock and systemd put the system's clock to when the machine was last alive."""
    rig = make_rig(has_rtc=True).usual()
    rig.time.ntp = NO_NTP
    rig.time.rtc_off = off
    rig.restart(crash=True, reboot=True)
    rig.press("482915#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.CLOCK_UNTRUSTED


def test_an_anchor_of_ntp_is_journaled_under_the_time_it_brings(rig):
    """The hub corrects other events by it."""
    rig.time.ntp = NO_NTP
    rig.time.wall_now -= 400 * DAY
    rig.restart(crash=True, reboot=True)
    rig.time.wall_now += 400 * DAY
    rig.time.ntp = KernelClock(synchronised=True, error_ms=5)
    rig.go(0.5)
    anchor = rig.events(EventKind.CLOCK_ANCHOR)[-1]
    assert anchor.clock is ClockState.TRUSTED
    assert abs(anchor.at - rig.time.wall_now) < timedelta(seconds=2)


def test_a_restart_of_the_agent_alone_keeps_the_time(rig):
    rig.time.ntp = NO_NTP
    rig.time.wall_now -= DAY
    rig.restart(crash=True)
    rig.press("482915#")
    assert rig.unlocked


def test_trust_that_returns_is_an_anchor(rig):
    rig.time.ntp = NO_NTP
    rig.restart(crash=True, reboot=True)
    mark = len(rig.kinds())
    rig.hub_time()
    assert rig.since(mark) == ["clock_state", "clock_anchor"]
    anchor = rig.events(EventKind.CLOCK_ANCHOR)[-1]
    assert anchor.clock is ClockState.TRUSTED
    rig.press("482915#")
    assert rig.unlocked


def test_ntp_that_comes_later_is_taken_up_within_ten_seconds(rig):
    rig.time.ntp = NO_NTP
    rig.restart(crash=True, reboot=True)
    rig.time.ntp = KernelClock(synchronised=True, error_ms=5)
    rig.go(11)
    rig.press("482915#")
    assert rig.unlocked


def test_a_try_budget_survives_a_power_cut(rig):
    for _ in range(5):
        rig.press("777777#")
    rig.restart(crash=True, reboot=True)
    rig.hub_time()
    rig.press("482915#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.THROTTLED


def test_a_start_says_whether_the_run_before_ended_in_order(rig):
    rig.restart()
    assert rig.last(EventKind.AGENT_STARTED).clean
    rig.restart(crash=True)
    assert not rig.last(EventKind.AGENT_STARTED).clean


def test_state_that_cannot_be_read_is_named_and_stops_nothing(rig):
    rig.journal.append(
        [], rig.loop.now(), {"budget/x": b"{", "uses/y": b"many", "clock": b"?", "modes": b"!"}
    )
    rig.restart(crash=True)
    assert rig.parts.memory.counters["state_unreadable"] == 3
    rig.hub_time()
    rig.press("482915#")
    assert rig.unlocked


def test_a_reader_lost_to_damage_keeps_its_lockout(rig):
    for _ in range(5):
        rig.press("000001#")
    rig.journal.journal._file.db.execute(
        "UPDATE entries SET body = CAST('{}' AS BLOB) WHERE kind = 'reader'"
    )
    rig.restart()
    assert rig.parts.memory.index.readers == {}
    rig.usual()
    rig.press("482915#")
    assert not rig.unlocked


def test_status_tells_which_doors_take_pins(rig):
    """The doctor asks a battery clock of those alone."""
    (door,) = status_of("test", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now()).doors
    assert door.takes_pins
    rig.policy(rig.town.reader(keypad=False))
    (door,) = status_of("test", "c", rig.parts.memory, rig.parts.recorder, rig.loop.now()).doors
    assert not door.takes_pins


def test_the_clock_is_kept_hourly_though_nothing_happens(rig):
    """So that the floor that rose without any clock is not lost with the power."""
    rig.time.ntp = NO_NTP
    rig.restart(crash=True, reboot=True)
    floor = rig.loop.now().floor
    rig.go(2 * 3_600 + 20, step_s=10)
    rig.restart(crash=True, reboot=True)
    assert rig.loop.now().floor >= floor + timedelta(seconds=3_600)
