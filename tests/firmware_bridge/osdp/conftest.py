"""Lines to test on: a recorder of events, libosdp's channel, and a wire without a machine."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import osdp
import pytest

from firmware_bridge.osdp import Bus, CommandFinished, PDConfig, SerialBus, Timing
from firmware_bridge.osdp.bus import Step
from firmware_bridge.osdp.config import MS, wire_ns
from firmware_bridge.osdp.device import VirtualDevice
from firmware_bridge.osdp.events import BusEvent
from firmware_bridge.osdp.peripheral import PeripheralConfig, PeripheralSession
from firmware_bridge.serial_link import PtyPort, SerialSettings

BAUD = 115200
_channel_ids = itertools.count(1)


class Recorder:
    """Collects events from any thread; waits with a deadline, never with a fixed sleep."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait_for(self, kind: type, count: int = 1, timeout_s: float = 8.0) -> list[Any]:
        self.wait_until(lambda: len(self.of(kind)) >= count, timeout_s, kind.__name__)
        return self.of(kind)

    def wait_until(
        self, holds: Callable[[], bool], timeout_s: float = 8.0, what: str = "condition"
    ) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < deadline, f"no {what} within {timeout_s} s: {self.events}"
            time.sleep(0.002)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def key() -> bytes:
    return secrets.token_bytes(16)


@pytest.fixture
def pty_port() -> Iterator[PtyPort]:
    with PtyPort() as port:
        yield port


@pytest.fixture
def start_bus(pty_port: PtyPort) -> Iterator[Callable[..., SerialBus]]:
    """Starts our panel on the far end of the pseudo-terminal."""
    started: list[SerialBus] = []

    def start(on_event: Callable[[Any], None], *configs: PDConfig, baud: int = BAUD) -> SerialBus:
        bus = Bus(configs, baud=baud, nonce=lambda: secrets.token_bytes(8))
        line = SerialBus(SerialSettings(pty_port.far_path, baud), bus, on_event)
        line.start()
        started.append(line)
        return line

    yield start
    for line in started:
        line.stop()


class FdChannel(osdp.Channel):  # type: ignore[misc]
    """libosdp's channel over a descriptor; an unplugged line reads as silence."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.id = next(_channel_ids)
        self.fd = fd
        self.is_plugged = True

    def read(self, max_bytes: int) -> bytes:
        try:
            data = os.read(self.fd, max_bytes)
        except OSError:
            return b""
        return data if self.is_plugged else b""

    def write(self, buf: bytes) -> int:
        if self.is_plugged:
            os.write(self.fd, buf)
        return len(buf)

    def flush(self) -> None:
        return


@pytest.fixture
def channel(pty_port: PtyPort) -> FdChannel:
    return FdChannel(pty_port.fileno())


@pytest.fixture
def open_far_channel(pty_port: PtyPort) -> Iterator[Callable[[], FdChannel]]:
    """libosdp's channel on the far end, where a panel sits."""
    opened: list[int] = []

    def open_far() -> FdChannel:
        fd = os.open(pty_port.far_path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        opened.append(fd)
        return FdChannel(fd)

    yield open_far
    for fd in opened:
        os.close(fd)


@dataclass
class Wire:
    """A panel and boards on a wire of 115200 baud, with a clock that is moved by hand.

    `spoil(data, to_panel)` may change, lose or keep what passes.
    """

    bus: Bus
    boards: dict[int, PeripheralSession]
    devices: dict[int, VirtualDevice]
    spoil: Callable[[bytes, bool], bytes] = lambda data, _to_panel: data
    now_ns: int = 0
    arriving: bytes = b""
    events: list[BusEvent] = field(default_factory=list)
    mute: set[int] = field(default_factory=set)
    sent: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def run(self, duration_ms: int) -> list[BusEvent]:
        """Lets time pass; the events of that time."""
        first = len(self.events)
        end_ns = self.now_ns + duration_ms * MS
        while self.now_ns < end_ns:
            step = self.bus.step(self.now_ns, self.arriving)
            self.events += step.events
            self.arriving = self._carry(step, end_ns)
        return self.events[first:]

    def _carry(self, step: Step, end_ns: int) -> bytes:
        if not step.send:
            self.now_ns = min(max(self.now_ns + 1, step.wake_ns), end_ns)
            return b""
        self.sent.append(step.send)
        self.now_ns += wire_ns(len(step.send), BAUD)
        heard = self.spoil(step.send, False)
        answer = b""
        for address, board in self.boards.items():
            reply = board.step(self.now_ns, heard).send
            if address not in self.mute:
                answer += reply
        if answer:
            self.answers.append(answer)
        self.now_ns += wire_ns(len(answer), BAUD)
        return self.spoil(answer, True)

    def until(self, holds: Callable[[], bool], limit_ms: int = 10_000) -> None:
        """Lets time pass until something holds; fails at the limit."""
        end_ns = self.now_ns + limit_ms * MS
        while not holds():
            assert self.now_ns < end_ns, f"not within {limit_ms} ms: {self.events[-5:]}"
            self.run(1)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def results(self) -> dict[int, CommandFinished]:
        return {event.command_id: event for event in self.of(CommandFinished)}


@pytest.fixture
def make_wire() -> Callable[..., Wire]:
    """A wire with boards 1..n, each with its own key; all randomness from one seed."""

    def make(count: int = 1, seed: int = 1, timing: Timing | None = None) -> Wire:
        rng = random.Random(seed)
        keys = {address: rng.randbytes(16) for address in range(1, count + 1)}
        devices = {address: VirtualDevice(serial=address) for address in keys}
        boards = {
            address: PeripheralSession(
                PeripheralConfig(address, key),
                devices[address],
                lambda: rng.randbytes(8),
                devices[address].files,
            )
            for address, key in keys.items()
        }
        configs = [PDConfig(address, key) for address, key in keys.items()]
        bus = Bus(configs, baud=BAUD, nonce=lambda: rng.randbytes(8), timing=timing)
        return Wire(bus, boards, devices)

    return make
