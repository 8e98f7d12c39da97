"""The virtual site on the bench."""

from __future__ import annotations

from collections.abc import Iterator

from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from tests.edge.drivers.benches.bench import DEVICES, Bench
from wire.policy_bodies import DeviceBody, DeviceDriver


def virtual() -> Iterator[Bench]:
    driver = VirtualDriver()
    bodies = {
        device: DeviceBody(driver=DeviceDriver.VIRTUAL, port="p", address=number)
        for number, device in enumerate(DEVICES)
    }
    yield Bench(
        driver,
        bodies,
        {},
        press=driver.press,
        tap=lambda device: driver.tap(device, "uid", b"\x01\x02\x03\x04"),
        set_input=driver.set_input,
        output=lambda device, number: driver.outputs().get(Source(device, number), False),
        unplug=driver.unplug,
        plug=driver.plug,
    )
    driver.stop()
