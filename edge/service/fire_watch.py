"""The fire alarm: a dry contact of the fire panel that releases doors, whatever else goes on.

It is part of the agent's own settings. No hub, no clock and no journal is asked: doors first,
journal later. What it released stays so until its line is back to normal, a restart included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.core.clock_now import ClockNow
from edge.core.fire_line import OFFLINE, FireLine, Supervision
from edge.core.model import InputChanged, InputFault, NewEvent
from edge.service.memory import FIRE, Memory
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes
from wire.events import DeviceEventBody, EventKind


@dataclass(frozen=True, slots=True)
class FireAlarm:
    """The input the fire panel is wired to, from the agent's own settings: no hub can take it
    away (`edge.service.fire_keep`). `doors` are released, all where it is None. `second_channel`
    is the contact that supervises it; `releasing` are the faults that release doors."""

    device: str
    channel: int
    inverted: bool = False
    doors: frozenset[str] | None = None
    supervision: Supervision = Supervision.NONE
    second_channel: int | None = None
    second_inverted: bool = False
    releasing: frozenset[str] = field(default_factory=frozenset)


class FireWatch:
    """Follows the line of the fire panel, if one is wired."""

    def __init__(
        self, memory: Memory, recorder: Recorder, strikes: Strikes, alarm: FireAlarm | None
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._strikes = strikes
        self._alarm = alarm
        self._line: FireLine | None = None
        if alarm is not None:
            self._line = FireLine(alarm.supervision, alarm.releasing)
            memory.fire.doors, memory.fire.device = alarm.doors, alarm.device

    def remember(self, state: Mapping[str, bytes]) -> None:
        """A fire alarm of an earlier run goes on until its line says otherwise: a restart must not
        shut a door on those who flee."""
        if self._line is not None:
            self._line.burning = self._memory.fire.burning = FIRE in state

    def input(self, item: InputChanged, now: ClockNow) -> None:
        """Take a contact, if it is one of the line's."""
        alarm, line = self._alarm, self._line
        if alarm is None or line is None or item.source.device != alarm.device:
            return
        if item.source.channel == alarm.channel:
            line.alarm_contact(item.active != alarm.inverted, self._online(alarm), now.mono_ns)
        elif item.source.channel == alarm.second_channel:
            active = item.active != alarm.second_inverted
            line.second_contact(active, self._online(alarm), now.mono_ns)
        else:
            return
        self._follow(alarm, line, now)

    def reported(self, item: InputFault, now: ClockNow) -> bool:
        """Take a fault that the device itself tells of the line; tell whether it is ours."""
        alarm, line = self._alarm, self._line
        if alarm is None or line is None or item.source.device != alarm.device:
            return False
        if item.source.channel not in (alarm.channel, alarm.second_channel):
            return False
        line.reported(item.cause, self._online(alarm), now.mono_ns)
        self._follow(alarm, line, now)
        return True

    def tick(self, now: ClockNow) -> None:
        """A fault that has stood long enough counts; so does a device that no longer answers."""
        alarm, line = self._alarm, self._line
        if alarm is not None and line is not None:
            line.look(self._online(alarm), now.mono_ns)
            self._follow(alarm, line, now)

    def _online(self, alarm: FireAlarm) -> bool:
        return self._memory.standing(alarm.device).online is True

    def _follow(self, alarm: FireAlarm, line: FireLine, now: ClockNow) -> None:
        fire = self._memory.fire
        began, fault_before = fire.burning, fire.fault
        fire.burning, fire.fault, fire.line = line.burning, line.fault, line.state.value
        events: list[NewEvent] = []
        if line.fault != fault_before:
            kind = EventKind.INPUT_FAULT if line.fault else EventKind.INPUT_FAULT_CLEARED
            events.append(_event(kind, alarm, line.fault or fault_before))
        if line.burning != began:
            kind = EventKind.FIRE_ALARM if line.burning else EventKind.FIRE_ALARM_CLEARED
            events.append(_event(kind, alarm, line.fault if line.burning else ""))
            self._strikes.fire(now)
        self._recorder.record(events, now)


def _event(kind: EventKind, alarm: FireAlarm, cause: str) -> NewEvent:
    body = DeviceEventBody(device=alarm.device, cause=cause[:64], channel=alarm.channel)
    return NewEvent(kind, body)


def releasing_faults(*, on_fault: bool, on_offline: bool) -> frozenset[str]:
    """The faults that release doors, of the two ways a site decides on."""
    faults = {"cut", "shorted", "panel_fault"} if on_fault else set()
    return frozenset(faults | ({OFFLINE} if on_offline else set()))
