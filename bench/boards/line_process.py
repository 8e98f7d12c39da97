"""The boards of `bench.osdp` in a process of their own, on a wire that keeps its time.

The clock is CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from bench.boards.noisy_port import NoisyPort
from firmware_bridge.osdp.device import DeviceChange, OutputChanged
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort


@dataclass(frozen=True, slots=True)
class Sickness:
    """What is wrong with a line: the address of a dead board, and of one whose answers arrive
    spoilt, a share of `noise_rate` of them."""

    dead: int | None = None
    noisy: int | None = None
    noise_rate: float = 0.0


def play(requests: Connection, keys: Sequence[bytes], baud: int) -> None:
    """Serves requests until None: boards at addresses 1..n, one per base key."""
    switched: list[int] = []

    def on_change(_address: int, change: DeviceChange, now_ns: int) -> None:
        if isinstance(change, OutputChanged):
            switched.append(now_ns)

    doors = [SimulatedDoor(PeripheralConfig(no, key)) for no, key in enumerate(keys, start=1)]
    pty = PtyPort()
    port = NoisyPort(pty)
    with pty, SimulatedLine(port, doors, on_change, baud=baud) as line:
        requests.send(pty.far_path)
        while (request := requests.recv()) is not None:
            if request == "switched":
                requests.send(switched.copy())
                switched.clear()
            elif isinstance(request, Sickness):
                port.address, port.rate = request.noisy, request.noise_rate
                for door in doors:
                    line.set_mute(door.address, door.address == request.dead)
                requests.send(None)
            else:
                addresses, gaps_s = request
                requests.send(
                    [_press(line, no, gap) for no, gap in zip(addresses, gaps_s, strict=True)]
                )


def _press(line: SimulatedLine, address: int, gap_s: float) -> int:
    time.sleep(gap_s)
    pressed_ns = time.monotonic_ns()
    line.press(address, "5")
    return pressed_ns


class LineProcess:
    """The near side of that process; use it as a context manager."""

    def __init__(self, keys: Sequence[bytes], baud: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._requests, far = context.Pipe()
        self._process = context.Process(target=play, args=(far, keys, baud), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.path = self._answer()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._requests.send(None)
        self._process.join(10)
        self._process.terminate()

    def _answer(self, timeout_s: float = 120.0) -> Any:
        if not self._requests.poll(timeout_s):
            raise TimeoutError("the process with the boards does not answer")
        return self._requests.recv()

    def press(self, addresses: Sequence[int], gaps_s: Sequence[float]) -> list[int]:
        """Presses one key per address after its gap; when each was pressed, in nanoseconds."""
        self._requests.send((addresses, gaps_s))
        return list(self._answer(60.0 + sum(gaps_s)))

    def fall_sick(self, sickness: Sickness) -> None:
        """Makes boards dead or noisy from now on."""
        self._requests.send(sickness)
        self._answer()

    def switched(self) -> list[int]:
        """When outputs switched since the last call, in nanoseconds."""
        self._requests.send("switched")
        return list(self._answer())


def jittered(count: int, gap_s: float, seed: int) -> list[float]:
    """Gaps around `gap_s`, so that presses fall anywhere between two polls."""
    rng = random.Random(seed)
    return [gap_s * rng.uniform(0.75, 1.25) for _ in range(count)]
