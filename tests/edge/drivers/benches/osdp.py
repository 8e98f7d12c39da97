"""The OSDP driver on the bench: two simulated boards on a pseudo-terminal."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

from edge.drivers.osdp import OsdpDriver
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort, SerialSettings
from tests.edge.drivers.benches.bench import DEVICES, Bench
from wire.policy_bodies import DeviceBody, DeviceDriver


def osdp() -> Iterator[Bench]:
    keys = {device: secrets.token_bytes(16) for device in DEVICES}
    addresses = {device: number for number, device in enumerate(DEVICES, start=1)}
    bodies = {
        device: DeviceBody(driver=DeviceDriver.OSDP, port="p", address=address)
        for device, address in addresses.items()
    }
    with ExitStack() as stack:
        pty = stack.enter_context(PtyPort())
        boards = [
            SimulatedDoor(PeripheralConfig(addresses[device], keys[device])) for device in DEVICES
        ]
        line = stack.enter_context(SimulatedLine(pty, boards))
        driver = OsdpDriver(SerialSettings(pty.far_path, 115_200))
        stack.callback(driver.stop)
        yield Bench(
            driver,
            bodies,
            keys,
            press=lambda device, pressed: line.press(addresses[device], pressed),
            tap=lambda device: line.present_card(addresses[device], 32, b"\x01\x02\x03\x04"),
            set_input=lambda device, number, on: line.set_input(addresses[device], number, on),
            output=lambda device, number: line.outputs(addresses[device])[number],
            unplug=lambda device: line.set_mute(addresses[device], True),
            plug=lambda device: line.set_mute(addresses[device], False),
            tells_inputs=True,
        )
