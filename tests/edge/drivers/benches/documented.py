"""The driver of docs/drivers.md on the bench: taken out of the page, against two simulated boards
at the other end of a pseudo-terminal."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from firmware_bridge.serial_link import PtyPort, SerialSettings, Waker, wait
from tests.edge.drivers.benches.bench import DEVICES, Bench
from wire.policy_bodies import DeviceBody, DeviceDriver

PAGE = Path(__file__).parents[4] / "docs" / "drivers.md"
NAME = "driver_of_the_documentation"


def load() -> ModuleType:
    """The page's one Python block, as a module."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType(NAME)
    sys.modules[NAME] = module  # dataclasses look their annotations up there
    exec(compile(source, str(PAGE), "exec"), module.__dict__)
    return module


class Boards:
    """Relay boards as the page describes them, answering in a thread of their own."""

    def __init__(self, port: PtyPort, numbers: tuple[int, ...]) -> None:
        self._port, self._waker = port, Waker()
        self.inputs = dict.fromkeys(numbers, 0)
        self.end_s = dict.fromkeys(numbers, 0.0)
        self.mute: set[int] = set()
        self._rest = b""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def on(self, number: int) -> bool:
        return time.monotonic() < self.end_s[number]

    def close(self) -> None:
        self._stopping = True
        self._waker.wake()
        self._thread.join()
        self._waker.close()

    def _run(self) -> None:
        while not self._stopping:
            if wait(self._port, self._waker, 1.0):
                self._rest += self._port.read()
            while len(self._rest) >= 2:
                self._take(*self._rest[:2])
                self._rest = self._rest[2:]

    def _take(self, first: int, value: int) -> None:
        kind, number = first & 0xF0, first & 0x0F
        if number not in self.inputs or number in self.mute:
            return
        if kind == 0x10:
            life_s = float("inf") if value == 255 else value / 10
            self.end_s[number] = time.monotonic() + life_s
        state = self.inputs[number] | (0x80 if self.on(number) else 0)
        self._port.write(bytes((0x80 | number, state)))


def documented() -> Iterator[Bench]:
    module = load()
    numbers = {device: number for number, device in enumerate(DEVICES, start=3)}
    with ExitStack() as stack:
        pty = stack.enter_context(PtyPort())
        boards = Boards(pty, tuple(numbers.values()))
        stack.callback(boards.close)
        driver = module.RelayDriver(SerialSettings(pty.far_path, 115_200))
        stack.callback(driver.stop)

        def set_input(device: str, channel: int, active: bool) -> None:
            bit, number = 1 << channel, numbers[device]
            boards.inputs[number] = boards.inputs[number] & ~bit | (bit if active else 0)

        yield Bench(
            driver,
            {
                device: DeviceBody(driver=DeviceDriver.VIRTUAL, port="p", address=number)
                for device, number in numbers.items()
            },
            {},
            press=_has_none,
            tap=None,
            set_input=set_input,
            output=lambda device, _number: boards.on(numbers[device]),
            unplug=lambda device: boards.mute.add(numbers[device]),
            plug=lambda device: boards.mute.discard(numbers[device]),
        )


def _has_none(*_: object) -> None:
    raise AssertionError("a relay board has no keys")
