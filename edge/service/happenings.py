"""Device events: doors that move, REX, fire, tamper, devices that come and go.

Egress is never refused: REX drives the strike whatever mode rules the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.model import (
    ActFinished,
    BatteryRead,
    DeviceEvent,
    DeviceFault,
    DeviceOffline,
    DeviceOnline,
    InputChanged,
    JamChanged,
    OutputChanged,
    PowerChanged,
    TamperChanged,
)
from edge.core.policy_index import DoorInput, InputRole
from edge.ports import NewEvent
from edge.service.acts import Acts
from edge.service.memory import FIRE, Memory
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes
from wire.events import (
    AccessBody,
    BatteryBody,
    DeviceEventBody,
    EventKind,
    Factor,
)
from wire.reasons import Reason

_SECOND: Final = 1_000_000_000
_FAULT_EVERY_NS: Final = 60 * _SECOND
_NOISE_A_MINUTE: Final = 30
"""A reply that comes a little late is one; a bad line makes hundreds."""


@dataclass(frozen=True, slots=True)
class FireAlarm:
    """The input the fire panel is wired to, from the agent's own settings: no hub can take it
    away (`edge.service.fire_device`). `doors` are released, all where it is None."""

    device: str
    channel: int
    inverted: bool = False
    doors: frozenset[str] | None = None


@dataclass(slots=True)
class _Faults:
    since_ns: int
    in_minute: int = 0
    told: bool = False
    untold: int = 0


class Happenings:
    """Handles what devices tell."""

    def __init__(
        self,
        memory: Memory,
        recorder: Recorder,
        acts: Acts,
        strikes: Strikes,
        fire_alarm: FireAlarm | None,
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts
        self._strikes = strikes
        self._fire_alarm = fire_alarm
        self._faults: dict[tuple[str, str], _Faults] = {}
        if fire_alarm is not None:
            memory.fire.doors, memory.fire.device = fire_alarm.doors, fire_alarm.device

    def remember(self, state: Mapping[str, bytes]) -> None:
        """A fire alarm of an earlier run goes on until its input says otherwise: a restart must not
        shut a door on those who flee."""
        self._memory.fire.burning = FIRE in state and self._fire_alarm is not None

    def handle(self, item: DeviceEvent, now: ClockNow) -> None:
        """Do and journal what follows from a device event."""
        match item:
            case ActFinished():
                if not self._acts.finished(item, now):
                    self._strikes.finished(item, now)
            case InputChanged():
                self._input(item, now)
            case OutputChanged():
                self._strikes.output_changed(item, now)
            case DeviceOnline():
                self._online(item, now)
            case DeviceOffline():
                self._offline(item, now)
            case DeviceFault():
                self._fault(item, now)
            case TamperChanged():
                kind = EventKind.TAMPER if item.active else EventKind.TAMPER_CLEARED
                self._tell(kind, item.device, now)
            case PowerChanged():
                kind = EventKind.POWER_FAILED if item.active else EventKind.POWER_RESTORED
                self._tell(kind, item.device, now)
            case JamChanged():
                kind = EventKind.LOCK_JAMMED if item.active else EventKind.LOCK_JAM_CLEARED
                self._memory.counters["fault.jammed"] += item.active
                self._tell(kind, item.device, now)
            case BatteryRead():
                body = BatteryBody(
                    device=item.device,
                    millivolts=item.millivolts,
                    temperature_dc=item.temperature_dc,
                    uses=item.uses,
                )
                self._recorder.record([NewEvent(EventKind.BATTERY, body)], now)

    # --- inputs ----------------------------------------------------------------------------------

    def _input(self, item: InputChanged, now: ClockNow) -> None:
        fire = self._fire_alarm
        source = item.source
        self._memory.inputs[source] = item.active
        if fire is not None and (source.device, source.channel) == (fire.device, fire.channel):
            self._fire(item.active != fire.inverted, fire, now)
        for wired in list(self._memory.index.inputs_at(source.device, source.channel)):
            self._door_input(wired, item, now)

    def _door_input(self, wired: DoorInput, item: InputChanged, now: ClockNow) -> None:
        door = self._memory.doors[wired.door]
        active = item.active != wired.inverted
        if item.initial:
            self._recorder.record(door.found(wired.role, active, item.at_ns), now)
        elif wired.role == InputRole.REX and active:
            self._egress(wired.door, item, now)
        else:
            self._recorder.record(door.input(wired.role, active, item.at_ns), now)
        self._acts.observe(wired.door, now)

    def _egress(self, door_id: str, item: InputChanged, now: ClockNow) -> None:
        door = self._memory.doors[door_id]
        pressed = door.input(InputRole.REX, True, item.at_ns)
        if door.body.strike is None or door.driven_open:
            self._recorder.record(pressed, now)
            return
        act_id = self._acts.new_id()
        body = AccessBody(reason=Reason.EGRESS, factor=Factor.REX, door=door_id, act=act_id)
        try:
            self._recorder.record([NewEvent(EventKind.ACCESS_GRANTED, body)], now)
        finally:  # whatever the journal does, who wants out gets out
            self._acts.release(act_id, door_id, door.body.unlock_ms, now)

    def _fire(self, active: bool, fire: FireAlarm, now: ClockNow) -> None:
        if active == self._memory.fire.burning:
            return
        self._memory.fire.burning = active
        self._strikes.fire(now)
        kind = EventKind.FIRE_ALARM if active else EventKind.FIRE_ALARM_CLEARED
        self._tell(kind, fire.device, now, channel=fire.channel)

    # --- devices ---------------------------------------------------------------------------------

    def _online(self, item: DeviceOnline, now: ClockNow) -> None:
        standing = self._memory.standing(item.device)
        if standing.online is not True:
            standing.online, standing.cause, standing.detail = True, "", item.detail
            self._tell(EventKind.DEVICE_ONLINE, item.device, now, item.detail)
        self._strikes.device_online(item.device, now)

    def _offline(self, item: DeviceOffline, now: ClockNow) -> None:
        standing = self._memory.standing(item.device)
        told = standing.online is False
        standing.online, standing.cause = False, item.cause
        if not told:
            self._tell(EventKind.DEVICE_OFFLINE, item.device, now, item.cause)

    def _fault(self, item: DeviceFault, now: ClockNow) -> None:
        """Counted always, journaled once a minute, and noise only where there is much of it: a
        late reply is no fault of a reader, and a bad line must not fill the journal."""
        self._memory.counters[f"fault.{item.cause}"] += item.count
        faults = self._faults.setdefault((item.device, item.cause), _Faults(now.mono_ns))
        if now.mono_ns - faults.since_ns >= _FAULT_EVERY_NS:
            faults.since_ns, faults.in_minute, faults.told = now.mono_ns, 0, False
        faults.in_minute += item.count
        faults.untold += item.count
        if faults.told or faults.in_minute < (_NOISE_A_MINUTE if item.noise else 1):
            return
        body = DeviceEventBody(device=item.device, cause=item.cause[:64], count=faults.untold)
        faults.told, faults.untold = True, 0
        self._recorder.record([NewEvent(EventKind.DEVICE_FAULT, body)], now)

    def _tell(
        self,
        kind: EventKind,
        device: str,
        now: ClockNow,
        cause: str = "",
        channel: int | None = None,
    ) -> None:
        body = DeviceEventBody(device=device, cause=cause[:64], channel=channel)
        self._recorder.record([NewEvent(kind, body)], now)
