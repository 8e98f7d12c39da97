"""The driver of serial locks on the bench: two virtual locks, each on a pseudo-terminal of its own
with a driver of its own, since a line has one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tests.edge.drivers.benches.bench import DEVICES, Bench

from edge.core.model import Act, ActFinished, DeviceOnline, Feedback, Source
from edge.drivers.serial_lock import SerialLockDriver
from edge.ports import Emit
from firmware_bridge.keybox.codes import Input, Kind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort, SerialSettings
from wire.keybox_keys import MaintenanceSecret
from wire.policy_bodies import DeviceBody, DeviceDriver
from wire.samples import sample_id

IDS = {device: sample_id(number) for number, device in enumerate(DEVICES, start=50)}
NAMES = {number: device for device, number in IDS.items()}
INPUTS = (Input.LEAF, Input.BOLT, Input.REX, Input.MECHANICAL_KEY)


class TwoLines:
    """Two drivers as one. The bench's devices have plain names; a lock is known by its UUID. The
    bench waits for its devices in their order: the second is heard once the first is online."""

    def __init__(self, drivers: dict[str, SerialLockDriver]) -> None:
        self._drivers = drivers
        self._held: list[Any] | None = []
        self._lock = threading.Lock()

    def start(self, emit: Emit) -> None:
        self._emit = emit
        for driver in self._drivers.values():
            driver.start(self._hear)

    def _hear(self, item: Any) -> None:
        item = _named(item)
        with self._lock:
            of = (getattr(item, "device", None), _source_of(item))
            first = DEVICES[0] in of or isinstance(item, ActFinished)
            if self._held is not None and not first:
                self._held.append(item)
                return
            self._emit(item)
            if self._held is not None and isinstance(item, DeviceOnline):
                held, self._held = self._held, None
                for one in held:
                    self._emit(one)

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        for device, driver in self._drivers.items():
            number = IDS[device]
            driver.configure(
                {number: devices[device]} if device in devices else {},
                {number: secrets[device]} if device in secrets else {},
            )

    def act(self, act: Act) -> None:
        driver = self._drivers.get(act.target.device, next(iter(self._drivers.values())))
        target = replace(act.target, device=IDS.get(act.target.device, act.target.device))
        driver.act(replace(act, target=target))

    def show(self, source: Source, feedback: Feedback) -> None:
        for driver in self._drivers.values():
            driver.show(replace(source, device=IDS.get(source.device, source.device)), feedback)

    def stop(self) -> None:
        for driver in self._drivers.values():
            driver.stop()


def _source_of(item: Any) -> str | None:
    return getattr(getattr(item, "source", None), "device", None)


def _named(item: Any) -> Any:
    """What was heard, under the bench's name."""
    if getattr(item, "device", None) in NAMES:
        return replace(item, device=NAMES[item.device])
    source = getattr(item, "source", None)
    if source is not None and source.device in NAMES:
        return replace(item, source=replace(source, device=NAMES[source.device]))
    return item


def serial_lock() -> Iterator[Bench]:
    locks: dict[str, SimulatedBox] = {}
    drivers: dict[str, SerialLockDriver] = {}
    keys: dict[str, bytes] = {}
    with ExitStack() as stack:
        for number, device in enumerate(DEVICES, start=1):
            maintenance = bytes([number] * 32)
            pty = stack.enter_context(PtyPort())
            box = VirtualBox(IDS[device], Kind.SERIAL_LOCK, maintenance, bolt_fitted=False)
            locks[device] = stack.enter_context(SimulatedBox(pty, box))
            drivers[device] = SerialLockDriver(SerialSettings(pty.far_path, 115_200))
            stack.callback(drivers[device].stop)
            keys[device] = MaintenanceSecret(maintenance).link_key(IDS[device])

        def of(act: Callable[[SimulatedBox], None]) -> Callable[[str], None]:
            return lambda device: act(locks[device])

        yield Bench(
            TwoLines(drivers),
            {device: DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="p") for device in DEVICES},
            keys,
            press=lambda device, pressed: locks[device].press(pressed),
            tap=None,
            set_input=lambda device, number, on: locks[device].set_input(INPUTS[number], on),
            output=lambda device, _number: bool(locks[device].outputs),
            unplug=of(lambda lock: lock.set_mute(True)),
            plug=of(lambda lock: lock.set_mute(False)),
        )
