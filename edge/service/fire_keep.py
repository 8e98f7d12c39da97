"""What the fire alarm needs, kept out of the hub's reach: strikes, and the devices they hang on.

Which output releases a door, and where its device is, stands in the policy. Once a door's strike
was seen on a device that answers, the fire alarm releases that output as well for ever after,
whatever a policy says of the door since; and its device, like the one the panel is wired to, is
served as `FireDevice` says. So a policy that drops or rewires a door, by mistake or by malice,
before or during a fire, shuts nobody in. What is truly gone is forgotten at the Pi
(`kagimori-edge fire forget`), and the doors that the settings do not name are never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import structlog

from edge.core.clock_now import ClockNow
from edge.ports import NewEvent
from edge.service.fire_device import FireDevice
from edge.service.memory import FIRE_DEVICE, FIRE_STRIKES, Memory
from edge.service.recorder import Recorder
from wire.events import DeviceEventBody, EventKind
from wire.policy_bodies import DeviceBody, DeviceDriver, Point

_MOST: Final = 32
"""Strikes that are kept of one door: a policy that rewires it without end fills no memory."""
_BY_ADDRESS: Final = frozenset({DeviceDriver.OSDP, DeviceDriver.GPIO, DeviceDriver.SERIAL_LOCK})
_log = structlog.get_logger(__name__)


class FireKeep:
    """Says which devices are served, and remembers strikes. `can_serve` tells of a device's body
    whether its port and secret are ours."""

    def __init__(
        self,
        memory: Memory,
        recorder: Recorder,
        can_serve: Callable[[str, DeviceBody], bool],
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._can_serve = can_serve
        self._devices: dict[str, FireDevice] = {}

    def remember(self, state: Mapping[str, bytes]) -> None:
        """Take up what an earlier run kept. Bytes that cannot be read are named and left out."""
        fire = self._memory.fire
        if fire.device is None:
            return
        try:
            if FIRE_STRIKES in state:
                kept = msgspec.json.decode(state[FIRE_STRIKES], type=dict[str, tuple[Point, ...]])
                fire.kept = {door: points for door, points in kept.items() if fire.concerns(door)}
        except ValueError:
            self._unreadable(FIRE_STRIKES)
        for device_id in self._wanted():
            device = self._device(device_id)
            try:
                for name in (FIRE_DEVICE, _name(device_id)):
                    if name in state:
                        device.remember(state[name])
            except ValueError:
                self._unreadable(_name(device_id))

    def to_serve(
        self, devices: Mapping[str, DeviceBody], now: ClockNow
    ) -> Mapping[str, DeviceBody]:
        """The policy's devices, but those kept as they are to be; tell of a policy that wants one
        otherwise, once."""
        served = dict(devices)
        for device_id in self._wanted():
            device = self._device(device_id)
            online = self._prove(device, now)
            device.offer(devices.get(device_id), online, now.mono_ns)
            self._tell(device, now)
            if device.serving is not None:
                served = _without_rivals(served, device_id, device.serving)
                served[device_id] = device.serving
        return served

    def tick(self, now: ClockNow) -> bool:
        """Note which devices answer, and whose strikes; tell whether one is to be tried as it was
        before or is offered now."""
        if self._memory.fire.device is None:
            return False
        self._learn(now)
        tried = [
            device.try_other(self._prove(device, now), now.mono_ns)
            for device in self._devices.values()
        ]
        return any(tried)

    def rekeyed(self, device_id: str, now: ClockNow) -> bool:
        """A device has taken the policy's key; tell whether it is served otherwise by that."""
        device = self._devices.get(device_id)
        if device is None or not device.rekeyed():
            return False
        self._recorder.record([], now, {_name(device_id): device.save()})
        return True

    def forget(self, now: ClockNow) -> int:
        """Keep no strike but those of the policy's doors; give how many were forgotten."""
        fire, doors = self._memory.fire, self._memory.doors
        before = sum(len(points) for points in fire.kept.values())
        fire.kept = {
            door_id: (door.body.strike,)
            for door_id, door in doors.items()
            if door.body.strike is not None and door.body.strike in fire.kept.get(door_id, ())
        }
        state: dict[str, bytes | None] = {FIRE_STRIKES: msgspec.json.encode(fire.kept)}
        for device_id in self._devices.keys() - set(self._wanted()):
            del self._devices[device_id]
            fire.kept_causes.pop(device_id, None)
            state[_name(device_id)] = None
        self._recorder.record([], now, state)
        return before - sum(len(points) for points in fire.kept.values())

    # --- inside ----------------------------------------------------------------------------------

    def _learn(self, now: ClockNow) -> None:
        fire, fresh = self._memory.fire, False
        for door_id, door in self._memory.doors.items():
            strike = door.body.strike
            if strike is None or not fire.concerns(door_id):
                continue
            kept = fire.kept.get(door_id, ())
            served = strike.device in self._memory.served
            online = self._memory.standing(strike.device).online is True
            if strike not in kept and served and online and len(kept) < _MOST:
                fire.kept[door_id] = (*kept, strike)
                fresh = True
        if not fresh:
            return
        self._recorder.record([], now, {FIRE_STRIKES: msgspec.json.encode(fire.kept)})
        for device_id in self._wanted():
            if device_id not in self._devices:
                body = self._memory.served.get(device_id)
                self._device(device_id).offer(body, online=True, now_ns=now.mono_ns)

    def _wanted(self) -> list[str]:
        fire = self._memory.fire
        if fire.device is None:
            return []
        strikes = {point.device for points in fire.kept.values() for point in points}
        return sorted({fire.device} | strikes)

    def _device(self, device_id: str) -> FireDevice:
        if device_id not in self._devices:
            self._devices[device_id] = FireDevice(
                device_id, lambda body: self._can_serve(device_id, body)
            )
        return self._devices[device_id]

    def _tell(self, device: FireDevice, now: ClockNow) -> None:
        fire = self._memory.fire
        told = fire.kept_causes.get(device.device, "")
        fire.kept_causes[device.device] = device.cause
        if device.device == fire.device:
            fire.cause = device.cause
        if device.serving is not None and device.cause not in ("", told):
            _log.critical("fire_device_kept", device=device.device, cause=device.cause)
            body = DeviceEventBody(device=device.device, cause=device.cause)
            self._recorder.record([NewEvent(EventKind.DEVICE_FAULT, body)], now)

    def _prove(self, device: FireDevice, now: ClockNow) -> bool | None:
        """Keep as what the device answers, if it does; give whether it answers."""
        online = self._memory.standing(device.device).online
        if device.heard(online):
            self._recorder.record([], now, {_name(device.device): device.save()})
        return online

    def _unreadable(self, name: str) -> None:
        self._memory.counters["state_unreadable"] += 1
        _log.exception("state_unreadable", name=name)


def _without_rivals(
    served: Mapping[str, DeviceBody], device_id: str, body: DeviceBody
) -> dict[str, DeviceBody]:
    """Leave out devices that a policy puts in the place of a kept one: of two at one address, or
    of two locks on one line, a driver serves the first, and that might be the other."""
    if body.driver not in _BY_ADDRESS:
        return dict(served)
    place = _place(body, body.driver)
    return {
        one: other
        for one, other in served.items()
        if one == device_id or _place(other, body.driver) != place
    }


def _place(body: DeviceBody, driver: DeviceDriver) -> tuple[str, int]:
    """A line of a lock has room for one, whatever address it is given."""
    return body.port, 0 if driver is DeviceDriver.SERIAL_LOCK else body.address


def _name(device_id: str) -> str:
    return f"{FIRE_DEVICE}/{device_id}"
