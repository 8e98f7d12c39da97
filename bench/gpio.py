"""Pins: how exact a pulse is, how soon a contact is told, what a Wiegand bit costs.

On gpiozero's mock pins, so that nothing but our own time and gpiozero's is measured. The peers do
the same by gpiozero's own means: `DigitalOutputDevice.blink`, `Button.when_pressed`, and a callback
that does nothing. Readers may send a bit every 200 us (SIA AC-01): a bit must cost less than half.
"""

from __future__ import annotations

import queue
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

from gpiozero import Button, DigitalOutputDevice
from gpiozero.pins.mock import MockFactory, MockPin

from bench.report import Report, percentile
from edge.agent_log import configure_log
from edge.core.model import Act, CardPresented, DeviceOnline, InputChanged, OutputMode, Source
from edge.drivers.gpio import GpioDriver
from edge.running_clock import running_ns
from edge.settings_gpio import GpioBoard, GpioPort, InputPin, OutputPin, WiegandReader
from firmware_bridge.wiegand import encode
from wire.policy_bodies import DeviceBody, DeviceDriver

RELAY, CONTACT, D0, D1 = 17, 22, 5, 6
PULSES: Final = 60
PULSE_MS: Final = 50
EDGES: Final = 300
FRAMES: Final = 100
BITS: Final = 26


class Stamped(MockPin):
    """A mock pin that remembers when its level last changed."""

    def _change_state(self, value: bool) -> bool:
        changed: bool = super()._change_state(value)
        if changed:
            changes = self.__dict__.setdefault("changes", [])
            changes.append(time.monotonic())
        return changed


class Site:
    """Our driver on mock pins."""

    def __init__(self) -> None:
        self.chip = MockFactory(pin_class=Stamped)
        board = GpioBoard(
            outputs=(OutputPin(pin=RELAY),),
            inputs=(InputPin(pin=CONTACT, debounce_ms=0),),
            readers=(WiegandReader(d0=D0, d1=D1, gap_ms=3),),
        )
        self.driver = GpioDriver(GpioPort(boards=(board,)), {}, open_chip=lambda _number: self.chip)
        self.heard: queue.Queue[object] = queue.Queue()
        body = DeviceBody(driver=DeviceDriver.GPIO, port="pins")
        self.driver.configure({"door": body}, {})
        self.driver.start(self.heard.put)
        self.wait(DeviceOnline)

    def wait(self, kind: type) -> object:
        """The next item of a kind."""
        while True:
            item = self.heard.get(timeout=5)
            if isinstance(item, kind) and not getattr(item, "initial", False):
                return item


def _off_by_ms(pin: MockPin, pulse: Callable[[], None]) -> list[float]:
    """How far each pulse missed its length, in ms."""
    missed = []
    for _ in range(PULSES):
        pin.__dict__["changes"] = changes = []
        pulse()
        while len(changes) < 2:
            time.sleep(0.002)
        missed.append(abs((changes[1] - changes[0]) * 1_000 - PULSE_MS))
    return missed


def _pulses(site: Site, report: Report) -> None:
    def ours() -> None:
        deadline_ns = running_ns() + 10**9
        site.driver.act(Act("a", Source("door", 0), OutputMode.PULSE, deadline_ns, PULSE_MS))

    mine = _off_by_ms(site.chip.pin(RELAY), ours)
    factory = MockFactory(pin_class=Stamped)
    device = DigitalOutputDevice(RELAY, pin_factory=factory)
    seconds = PULSE_MS / 1_000
    theirs = _off_by_ms(factory.pin(RELAY), lambda: device.blink(on_time=seconds, off_time=0, n=1))
    case = f"a pulse of {PULSE_MS} ms misses its length, p95"
    report.line(case, percentile(mine, 95), "ms", "value <= 20", "gpiozero", percentile(theirs, 95))


def _edges(site: Site, report: Report) -> None:
    pin, mine = site.chip.pin(CONTACT), []
    for number in range(EDGES):
        begun = time.perf_counter()
        (pin.drive_high if number % 2 else pin.drive_low)()
        site.wait(InputChanged)
        mine.append((time.perf_counter() - begun) * 1_000)
    factory = MockFactory(pin_class=Stamped)
    button, told = Button(CONTACT, pin_factory=factory), queue.Queue()  # type: ignore[var-annotated]
    button.when_pressed = button.when_released = lambda: told.put(1)
    theirs = []
    for number in range(EDGES):
        begun = time.perf_counter()
        (factory.pin(CONTACT).drive_high if number % 2 else factory.pin(CONTACT).drive_low)()
        told.get(timeout=5)
        theirs.append((time.perf_counter() - begun) * 1_000)
    case = "from a contact's edge to the loop's queue, p95"
    report.line(case, percentile(mine, 95), "ms", "value <= 20", "gpiozero", percentile(theirs, 95))


def _bits(site: Site, report: Report) -> None:
    lines = [site.chip.pin(D0), site.chip.pin(D1)]
    value = encode(BITS, 12, 34_567)
    mine = []
    for _ in range(FRAMES):
        with site.driver._changed:
            begun = time.perf_counter()
            for number in range(BITS):
                pin = lines[value >> (BITS - 1 - number) & 1]
                pin.drive_low()
                pin.drive_high()
            mine.append((time.perf_counter() - begun) * 1e6 / BITS)
        site.wait(CardPresented)
    bare = MockFactory(pin_class=Stamped).pin(D0)
    bare.function = "input"
    bare.pull = "up"

    def nothing(_ticks: float, _state: int) -> None:
        return

    bare.edges, bare.when_changed = "falling", nothing
    theirs = []
    for _ in range(FRAMES):
        begun = time.perf_counter()
        for _ in range(BITS):
            bare.drive_low()
            bare.drive_high()
        theirs.append((time.perf_counter() - begun) * 1e6 / BITS)
    report.line(
        "a Wiegand bit, median",
        statistics.median(mine),
        "us",
        "value <= 100",
        "a callback that does nothing",
        statistics.median(theirs),
    )


def main() -> int:
    """Run every case."""
    configure_log()
    report = Report("gpio")
    site = Site()
    try:
        _pulses(site, report)
        _edges(site, report)
        _bits(site, report)
    finally:
        site.driver.stop()
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
