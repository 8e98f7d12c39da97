"""Whether a remote unlock may run now. It was authenticated and bound to its session before."""

from __future__ import annotations

from typing import Final

from edge.core.circumstances import Circumstances
from wire.messages import Command
from wire.policy_bodies import DoorMode
from wire.reasons import Reason

_MS: Final = 1_000_000

_BY_MODE: Final = {
    DoorMode.LOCKDOWN: Reason.LOCKDOWN,
    DoorMode.LOCKED: Reason.DOOR_LOCKED,
    DoorMode.EMERGENCY_OPEN: Reason.EMERGENCY_OPEN,
    DoorMode.HOLD_OPEN: Reason.HELD_OPEN,
}


def decide_command(command: Command, taken_ns: int, about: Circumstances) -> Reason:
    """Say what becomes of an unlock whose life began at `taken_ns`. `held_open`, `emergency_open`
    and `fire_alarm` say that the door is driven open already: nothing has to move."""
    if about.now.mono_ns - taken_ns >= command.life_ms * _MS:
        return Reason.COMMAND_EXPIRED
    door = about.index.doors.get(command.door)
    if door is None or door.strike is None:
        return Reason.UNKNOWN_DOOR
    if about.fire(command.door):
        return Reason.FIRE_ALARM
    mode = about.mode(command.door)
    if mode is not None:
        return _BY_MODE[mode.mode]
    if about.held_by_schedule(command.door):
        return Reason.HELD_OPEN
    return Reason.INTERLOCKED if about.interlocked(command.door) else Reason.REMOTE_UNLOCK
