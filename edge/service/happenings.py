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
    BusAttack,
    DeviceEvent,
    DeviceFault,
    DeviceKeyChanged,
    DeviceOffline,
    DeviceOnline,
    InputChanged,
    InputFault,
    InstallBegan,
    InstallEnded,
    JamChanged,
    OutputChanged,
    PowerChanged,
    Source,
    TamperChanged,
)
from edge.core.policy_index import DoorInput, InputRole
from edge.ports import NewEvent
from edge.service import passages
from edge.service.acts import Acts
from edge.service.contact_tests import ContactTests
from edge.service.fire_watch import FireAlarm as FireAlarm
from edge.service.fire_watch import FireWatch
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from edge.service.shelter import Shelter, ShelterInput
from edge.service.strikes import Strikes
from wire.events import (
    AccessBody,
    Alarm,
    AlarmBody,
    BatteryBody,
    DeviceEventBody,
    EventKind,
    Factor,
)
from wire.reasons import Reason

_SECOND: Final = 1_000_000_000
_MS: Final = 1_000_000
EGRESS_MS: Final = 3_000
"""A release by REX lasts so long at least: a door's `unlock_ms` may be too short to walk out."""
_FAULT_EVERY_NS: Final = 60 * _SECOND
_NOISE_A_MINUTE: Final = 30
"""A reply that comes a little late is one; a bad line makes hundreds."""


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
        shelter_input: ShelterInput | None = None,
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._acts = acts
        self._strikes = strikes
        self.tests = ContactTests(memory, recorder)
        self._fire = FireWatch(memory, recorder, strikes, fire_alarm)
        self.shelter = Shelter(memory, recorder, strikes, shelter_input)
        self._faults: dict[tuple[str, str], _Faults] = {}
        self._lines: dict[Source, str] = {}
        self._standing: dict[tuple[type, str], bool] = {}

    def remember(self, state: Mapping[str, bytes]) -> None:
        """Take up a fire alarm of an earlier run, and a shelter that was opened."""
        self._fire.remember(state)
        self.shelter.remember(state)

    def tick(self, now: ClockNow) -> None:
        """Let time do its work on the fire alarm's line and on tests of contacts."""
        self._fire.tick(now)
        self.tests.look(now)

    def handle(self, item: DeviceEvent, now: ClockNow) -> None:
        """Do and journal what follows from a device event."""
        match item:
            case ActFinished():
                if not self._acts.finished(item, now):
                    self._strikes.finished(item, now)
            case InputChanged():
                self._input(item, now)
            case InputFault():
                if not self._fire.reported(item, now):
                    self._line_fault(item, now)
            case OutputChanged():
                self._strikes.output_changed(item, now)
            case DeviceOnline():
                self._online(item, now)
            case DeviceOffline():
                self._offline(item, now)
            case DeviceFault():
                self._fault(item, now)
            case BusAttack():
                self._attack(item, now)
            case InstallBegan():
                began = DeviceEventBody(device=item.device, count=item.seconds)
                self._recorder.record([NewEvent(EventKind.INSTALL_BEGAN, began)], now)
            case InstallEnded():
                cause = "installed" if item.installed else "time_over"
                self._tell(EventKind.INSTALL_ENDED, item.device, now, cause)
            case DeviceKeyChanged():
                self._key_changed(item, now)
            case TamperChanged():
                kind = EventKind.TAMPER if item.active else EventKind.TAMPER_CLEARED
                self._tell_change(kind, item, now)
            case PowerChanged():
                kind = EventKind.POWER_FAILED if item.active else EventKind.POWER_RESTORED
                self._tell_change(kind, item, now)
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

    def _tell_change(
        self, kind: EventKind, item: TamperChanged | PowerChanged, now: ClockNow
    ) -> None:
        """A device that comes back tells its state again: what was told is not told twice."""
        key = type(item), item.device
        if self._standing.get(key) is not item.active:
            self._standing[key] = item.active
            self._tell(kind, item.device, now)

    # --- inputs ----------------------------------------------------------------------------------

    def _input(self, item: InputChanged, now: ClockNow) -> None:
        source = item.source
        self._memory.inputs[source] = item.active
        self._fire.input(item, now)
        self.shelter.input(item, now)
        for wired in list(self._memory.index.inputs_at(source.device, source.channel)):
            self._door_input(wired, item, now)

    def _door_input(self, wired: DoorInput, item: InputChanged, now: ClockNow) -> None:
        door = self._memory.doors[wired.door]
        active = item.active != wired.inverted
        if item.initial:
            events = door.found(wired.role, active, item.at_ns)
            self._moved(wired, item, events, now)
        elif wired.role == InputRole.REX and active:
            self._egress(wired.door, item, now)
        else:
            events = door.input(wired.role, active, item.at_ns)
            self._moved(wired, item, events, now)
        self.tests.look(now)
        self._acts.observe(wired.door, now)

    def _moved(
        self, wired: DoorInput, item: InputChanged, events: list[NewEvent], now: ClockNow
    ) -> None:
        """A leaf that opened tells that whoever was let go there has gone."""
        active = item.active != wired.inverted
        if wired.role == InputRole.CONTACT and active and events:
            moves = passages.opened(self._memory, wired.door, item.at_ns, now)
            self._recorder.record(events, now, moves.state)
            moves.apply(self._memory)
        else:
            self._recorder.record(events, now)

    def _egress(self, door_id: str, item: InputChanged, now: ClockNow) -> None:
        door = self._memory.doors[door_id]
        pressed = door.input(InputRole.REX, True, item.at_ns)
        release_ms = max(door.body.unlock_ms, EGRESS_MS)
        if door.driven_open:  # and stays so for long enough, whatever ends meanwhile
            door.egress_until_ns = now.mono_ns + release_ms * _MS
        if door.body.strike is None or door.driven_open:
            self._recorder.record(pressed, now)
            return
        act_id = self._acts.new_id()
        body = AccessBody(reason=Reason.EGRESS, factor=Factor.REX, door=door_id, act=act_id)
        try:
            self._recorder.record([NewEvent(EventKind.ACCESS_GRANTED, body)], now)
        finally:  # whatever the journal does, who wants out gets out
            door.egress_until_ns = now.mono_ns + release_ms * _MS
            self._acts.release(act_id, door_id, release_ms, now)

    def _line_fault(self, item: InputFault, now: ClockNow) -> None:
        """Told once, and once when it is over. What the input says meanwhile goes on to count."""
        before = self._lines.get(item.source, "")
        if item.cause == before:
            return
        self._lines[item.source] = item.cause
        kind = EventKind.INPUT_FAULT if item.cause else EventKind.INPUT_FAULT_CLEARED
        source, cause = item.source, item.cause or before
        self._tell(kind, source.device, now, cause, source.channel)

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

    def _attack(self, item: BusAttack, now: ClockNow) -> None:
        """Drivers tell the same attack at most every few seconds, so each is journaled."""
        self._memory.counters[f"attack.{item.cause}"] += item.count
        body = AlarmBody(
            alarm=Alarm.BUS_ATTACK,
            device=item.device,
            cause=item.cause[:64],
            count=item.count,
        )
        self._recorder.record([NewEvent(EventKind.SECURITY_ALARM, body)], now)

    def _key_changed(self, item: DeviceKeyChanged, now: ClockNow) -> None:
        body = DeviceEventBody(device=item.device)
        state = self._memory.former_keys.settled(item.device)
        self._recorder.record([NewEvent(EventKind.DEVICE_KEY_CHANGED, body)], now, state)

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
