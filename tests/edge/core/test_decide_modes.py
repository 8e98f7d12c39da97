"""Precedence: fire, then the later of emergency_open and lockdown, then a blocked credential, then
manual hold or lock, then the normal day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.clock_now import ClockNow
from edge.core.commands import decide_command
from edge.core.modes import in_force
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import EventKind
from wire.messages import Command
from wire.policy import EntryKind
from wire.policy_bodies import DoorMode, ModeBody
from wire.reasons import Reason

HOUR = timedelta(hours=1)


def test_a_locked_door_refuses_who_would_otherwise_get_in(booked):
    booked.add_mode(DoorMode.LOCKED, 1)
    decision = booked.pin("482915")
    assert (decision.reason, decision.release_ms) == (Reason.DOOR_LOCKED, None)


def test_a_guess_at_a_locked_door_costs_its_try(booked):
    booked.add_mode(DoorMode.LOCKED, 1)
    assert booked.pin("999999").spends_try


def test_a_blocked_card_is_told_before_a_manual_lock_and_after_a_lockdown(staffed):
    staffed.add_card("suica", person=staffed.id("person"), state=pb.EntryState.BLOCKED)
    staffed.add_mode(DoorMode.LOCKED, 1)
    assert staffed.card("suica").reason is Reason.CREDENTIAL_BLOCKED
    staffed.add_mode(DoorMode.LOCKDOWN, 2)
    assert staffed.card("suica").reason is Reason.LOCKDOWN


def test_a_held_door_moves_nothing_and_still_names_the_guest(booked):
    booked.add_mode(DoorMode.HOLD_OPEN, 1)
    decision = booked.pin("482915")
    assert (decision.reason, decision.release_ms) == (Reason.HELD_OPEN, None)
    assert decision.booking == booked.id("booking")


def test_a_held_door_teaches_nobody_which_codes_are_to_come(booked):
    booked.add_mode(DoorMode.HOLD_OPEN, 1)
    booked.at = booked.NOON - HOUR
    assert booked.pin("482915").reason is Reason.NOT_YET_VALID
    assert booked.pin("111111").reason is Reason.UNKNOWN_PIN


def test_a_held_door_uses_up_no_single_use(booked):
    booked.add_grant(credential=booked.id("pin"), max_uses=1)
    booked.add_mode(DoorMode.HOLD_OPEN, 1)
    assert booked.pin("482915").counts_use is None


def test_a_duress_pin_raises_its_alarm_at_a_held_door_too(booked):
    booked.add_pin("482915", duress=True)
    for order, mode in enumerate((DoorMode.HOLD_OPEN, DoorMode.EMERGENCY_OPEN), start=1):
        booked.add_mode(mode, order)
        decision = booked.pin("482915")
        assert (decision.kind, decision.release_ms) == (EventKind.ACCESS_DURESS, None)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(DoorMode.LOCKED, Reason.DOOR_LOCKED), (DoorMode.LOCKDOWN, Reason.LOCKDOWN)],
)
def test_a_duress_pin_at_a_shut_door_raises_its_alarm_and_is_denied_as_any_other(
    booked, mode, reason
):
    booked.add_mode(mode, 1)
    usual = booked.pin("482915")
    booked.add_pin("482915", duress=True, booking=booked.id("booking"))
    decision = booked.pin("482915")
    assert (decision.kind, decision.reason) == (EventKind.ACCESS_DURESS, reason)
    assert replace(decision, duress=False) == usual


def test_the_later_of_emergency_open_and_lockdown_rules(booked):
    booked.add_mode(DoorMode.EMERGENCY_OPEN, 5)
    booked.add_mode(DoorMode.LOCKDOWN, 6)
    assert booked.pin("482915").reason is Reason.LOCKDOWN
    booked.add_mode(DoorMode.EMERGENCY_OPEN, 7)
    assert booked.pin("482915").reason is Reason.EMERGENCY_OPEN


def test_a_later_manual_order_does_not_lift_a_lockdown(booked):
    booked.add_mode(DoorMode.LOCKDOWN, 1)
    booked.add_mode(DoorMode.HOLD_OPEN, 2)
    assert booked.pin("482915").reason is Reason.LOCKDOWN


def test_fire_rules_over_everything(booked):
    booked.add_mode(DoorMode.LOCKDOWN, 1)
    booked.fire = True
    assert booked.pin("482915").reason is Reason.FIRE_ALARM


def test_what_is_stale_opens_nothing_in_any_mode(booked):
    for order, mode in enumerate(DoorMode, start=1):
        booked.add_mode(mode, order)
        assert booked.pin("482915", stale=True).reason is Reason.STALE_PRESENTATION


def test_a_mode_ends_at_its_instant(booked):
    booked.add_mode(DoorMode.LOCKED, 1, expires_at=booked.NOON + HOUR)
    booked.at = booked.NOON + HOUR - timedelta(microseconds=1)
    assert booked.pin("482915").reason is Reason.DOOR_LOCKED
    booked.at = booked.NOON + HOUR
    assert booked.pin("482915").granted


@pytest.mark.parametrize(
    ("mode", "stays"),
    [("hold_open", False), ("locked", True), ("lockdown", True), ("emergency_open", True)],
)
def test_without_a_clock_only_a_hold_ends_at_once_and_the_floor_ends_the_others(world, mode, stays):
    world.add_mode(DoorMode(mode), 1, expires_at=world.NOON + HOUR)
    world.state = ClockState.UNTRUSTED
    assert (in_force(world.index.modes(world.door), world.now) is not None) == stays
    world.floor = world.NOON + HOUR
    assert in_force(world.index.modes(world.door), world.now) is None


_modes = st.builds(
    ModeBody,
    door=st.just("d"),
    mode=st.sampled_from(DoorMode),
    order=st.integers(1, 9),
)


@given(st.lists(_modes, unique_by=lambda mode: mode.order))
def test_an_emergency_order_always_outranks_and_then_the_later_one(modes):
    at = datetime(2026, 11, 24, tzinfo=UTC)
    now = ClockNow("b", 1, at, ClockState.TRUSTED, 1, at)
    ruling = in_force(modes, now)
    urgent = [m for m in modes if m.mode in (DoorMode.EMERGENCY_OPEN, DoorMode.LOCKDOWN)]
    expected = max(urgent or modes, key=lambda m: m.order, default=None)
    assert ruling == expected


# --- remote unlock -------------------------------------------------------------------------------


def _command(world, **changes) -> Command:
    body = {
        "command_id": world.id("command"),
        "session": "0" * 32,
        "sent_at": world.at,
        "door": world.door,
        "action": "unlock",
        "pulse_ms": 5_000,
        "life_ms": 10_000,
        "actor": world.id("admin"),
    }
    return Command(**{**body, **changes})


def test_a_command_runs_within_its_life_and_not_at_its_end(world):
    now_ns = world.now.mono_ns
    life_ns = 10_000 * 1_000_000
    reason = decide_command(_command(world), now_ns - life_ns + 1, world.about)
    assert reason is Reason.REMOTE_UNLOCK
    assert decide_command(_command(world), now_ns - life_ns, world.about) is Reason.COMMAND_EXPIRED


def test_a_command_for_a_door_that_is_not_here_is_refused(world):
    command = _command(world, door=world.id("elsewhere"))
    assert decide_command(command, world.now.mono_ns, world.about) is Reason.UNKNOWN_DOOR
    world.drop(EntryKind.DOOR, world.door)
    assert decide_command(_command(world), world.now.mono_ns, world.about) is Reason.UNKNOWN_DOOR


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (DoorMode.LOCKED, Reason.DOOR_LOCKED),
        (DoorMode.LOCKDOWN, Reason.LOCKDOWN),
        (DoorMode.HOLD_OPEN, Reason.HELD_OPEN),
        (DoorMode.EMERGENCY_OPEN, Reason.EMERGENCY_OPEN),
    ],
)
def test_a_mode_rules_over_a_command(world, mode, reason):
    world.add_mode(mode, 1)
    assert decide_command(_command(world), world.now.mono_ns, world.about) is reason
