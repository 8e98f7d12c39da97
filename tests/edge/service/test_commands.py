"""Remote unlock: a row before it acts, once, within its life, answered by what the door did."""

from __future__ import annotations

import pytest

from edge.ports import CommandRefused
from wire.events import ActOutcome, EventKind, Observed
from wire.policy_bodies import DoorMode
from wire.reasons import Reason


def _result(rig):
    return rig.last(EventKind.COMMAND_RESULT)


def test_a_command_opens_and_is_done_when_the_bolt_says_so(rig):
    mark = len(rig.kinds())
    command = rig.command()
    assert rig.unlocked
    assert rig.since(mark) == ["command_received", "bolt_retracted", "command_result"]
    result = _result(rig)
    assert (result.command_id, result.outcome) == (command.command_id, ActOutcome.DONE)
    assert (result.reason, result.observed) == (Reason.REMOTE_UNLOCK, Observed.BOLT_RETRACTED)


def test_its_row_is_committed_before_anything_moves(rig):
    rig.journal.cause = "read_only"
    rig.command()
    assert not rig.unlocked
    rig.journal.cause = None
    rig.loop.tick()
    result = _result(rig)
    assert (result.outcome, result.reason) == (ActOutcome.REFUSED, Reason.JOURNAL_FAILED)


def test_a_contact_alone_proves_it_by_the_leaf(rig):
    rig.policy(rig.town.door(bolt=None))
    rig.command()
    assert rig.events(EventKind.COMMAND_RESULT) == []
    rig.set_input(0, True)
    assert (_result(rig).outcome, _result(rig).observed) == (
        ActOutcome.DONE,
        Observed.DOOR_OPENED,
    )


def test_a_bolt_that_stays_is_a_failure(rig):
    rig.site._bolts.clear()
    rig.command()
    rig.go(8)
    assert _result(rig).outcome is ActOutcome.FAILED


def test_without_bolt_and_contact_the_devices_confirmation_is_enough(rig):
    rig.policy(rig.town.door(bolt=None, contact=None))
    rig.command()
    assert (_result(rig).outcome, _result(rig).observed) == (ActOutcome.DONE, Observed.OUTPUT_ON)


def test_a_command_that_is_too_old_moves_nothing(rig):
    rig.command(life_ms=1_000, at_ns=rig.time.mono - 1_000_000_000)
    assert not rig.unlocked
    assert (_result(rig).outcome, _result(rig).reason) == (
        ActOutcome.EXPIRED,
        Reason.COMMAND_EXPIRED,
    )


def test_the_wall_clock_has_no_say_in_a_commands_life(rig):
    at_ns = rig.time.mono
    rig.time.wall_now = rig.time.wall_now.replace(year=2040)
    rig.command(at_ns=at_ns)
    assert rig.unlocked


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(DoorMode.LOCKED, Reason.DOOR_LOCKED), (DoorMode.LOCKDOWN, Reason.LOCKDOWN)],
)
def test_a_locked_door_refuses(rig, mode, reason):
    rig.policy(rig.town.mode(mode, 1))
    rig.command()
    assert (_result(rig).outcome, _result(rig).reason) == (ActOutcome.REFUSED, reason)
    assert not rig.unlocked


def test_a_door_that_is_held_open_answers_as_it_stands(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    acts = len(rig.site.acts())
    rig.command()
    assert (_result(rig).outcome, _result(rig).reason) == (ActOutcome.DONE, Reason.HELD_OPEN)
    assert len(rig.site.acts()) == acts


def test_a_door_that_is_not_here_is_refused(rig):
    rig.command(door=rig.town_id(777))
    assert _result(rig).reason is Reason.UNKNOWN_DOOR


def test_a_command_of_another_session_is_refused_and_a_repeated_one_changes_no_result(rig):
    command = rig.command()
    first = rig.bodies(EventKind.COMMAND_RESULT)
    rig.commands.refused(CommandRefused(command, "repeated"), rig.loop.now())
    assert rig.bodies(EventKind.COMMAND_RESULT) == first
    rig.commands.refused(CommandRefused(command, "session"), rig.loop.now())
    assert _result(rig).reason is Reason.COMMAND_SESSION
    assert len(rig.site.acts()) == 1


def test_an_act_without_a_result_is_unknown_after_a_crash_and_never_repeated(rig):
    rig.site._bolts.clear()
    command = rig.command()
    rig.press("482915#")
    rig.restart(crash=True, reboot=True)
    rig.go(10)
    outcomes = {
        "command": [
            (one.command_id, one.outcome.value) for one in rig.bodies(EventKind.COMMAND_RESULT)
        ],
        "act": [one.outcome.value for one in rig.bodies(EventKind.ACT_RESULT)],
    }
    assert outcomes == {
        "command": [(command.command_id, "outcome_unknown")],
        "act": ["outcome_unknown"],
    }
    assert len(rig.site.acts()) == 2
    rig.restart(crash=True)
    assert len(rig.events(EventKind.ACT_RESULT)) == 1
