"""OSDP: keypress to event and command to output, beside libosdp's control panel.

Both panels work on the same pseudo-terminals, one after the other, against the same boards
in another process, on a wire that keeps the time of its baud rate. libosdp's panel runs as it
ships, with a loop of 20 ms; `--peer-loop-ms 1` makes the most of its engine, and then a command
at 115200 baud is bound by the wire for both (30 bytes take 2.6 ms).

A quiet minute is stood in for by `--quiet-s` (0.7 s): the panel under test is told to call a
board quiet after 0.2 s without use instead of 5 s, and from there its polling does not change
any more. With `--quiet-s 60` the real thing runs, with the panel's own settings.
At 9600 baud one round over 4 or 8 boards takes 117 or 233 ms of wire time, so 150 ms cannot
be promised there by anybody; those lines are judged beside libosdp instead.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import osdp
import structlog

from bench.boards.line_process import LineProcess, Sickness, jittered
from bench.report import Report, percentile
from firmware_bridge.osdp import (
    Bus,
    KeysPressed,
    LocalStatus,
    PDConfig,
    SerialBus,
    SetOutput,
    Timing,
)
from firmware_bridge.osdp.codes import OutputControl
from firmware_bridge.osdp.config import MS
from firmware_bridge.serial_link import SerialSettings

PEER: Final = "libosdp"
ADDRESS: Final = 1
KEY_GAP_S: Final = 0.2
COMMAND_GAP_S: Final = 0.25
WAIT_S: Final = 30.0
PEER_STARTS: Final = 4
STOCK_LOOP_S: Final = 0.02
CASES: Final = ("active", "quiet", "idle", "sick")
DEAD, NOISY = 4, 6
SICK_GAP_S: Final = 0.1
SICK_SAMPLES: Final = 200


class Panel(Protocol):
    """A control panel under measurement."""

    def switch(self, on: bool) -> None:
        """Switches output 0 of board 1."""

    def key_times(self) -> list[int]:
        """When key events arrived, in nanoseconds."""


@dataclass(frozen=True)
class Line:
    """One case: speed, number of boards, and their keys."""

    baud: int
    keys: tuple[bytes, ...]

    @property
    def name(self) -> str:
        return f"{self.baud}_baud_{len(self.keys)}_pd"


class OurPanel:
    """Kagimori's panel."""

    def __init__(self, path: str, line: Line, timing: Timing) -> None:
        self._keys_ns: list[int] = []
        self._ready: set[int] = set()
        configs = [PDConfig(no, key) for no, key in enumerate(line.keys, start=1)]
        bus = Bus(configs, baud=line.baud, nonce=lambda: secrets.token_bytes(8), timing=timing)
        self._bus = SerialBus(SerialSettings(path, line.baud), bus, self._on_event)
        self._bus.start()
        wait_until(lambda: len(self._ready) == len(line.keys))

    def _on_event(self, event: Any) -> None:
        if isinstance(event, KeysPressed):
            self._keys_ns.append(time.monotonic_ns())
        elif isinstance(event, LocalStatus):
            self._ready.add(event.address)

    def switch(self, on: bool) -> None:
        control = OutputControl.ON_NOW if on else OutputControl.OFF_NOW
        self._bus.submit(ADDRESS, SetOutput(0, control))

    def key_times(self) -> list[int]:
        return self._keys_ns

    def close(self) -> None:
        self._bus.stop()


class _Channel(osdp.Channel):  # type: ignore[misc]
    """libosdp's way to a descriptor."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.id = fd
        self._fd = fd

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self._fd, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, buf: bytes) -> int:
        return os.write(self._fd, buf)

    def flush(self) -> None:
        return


class _QuickPanel(osdp.ControlPanel):  # type: ignore[misc]
    """libosdp's panel with a loop of our choice."""

    loop_s: float = STOCK_LOOP_S

    @classmethod
    def refresh(cls, event: threading.Event, lock: threading.Lock, ctx: Any) -> None:
        while not event.is_set():
            with lock:
                ctx.refresh()
            time.sleep(cls.loop_s)


class PeerPanel:
    """libosdp's panel."""

    def __init__(self, path: str, line: Line) -> None:
        self._keys_ns: list[int] = []
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        channel = _Channel(self._fd)
        infos = [
            osdp.PDInfo(no, channel, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
            for no, key in enumerate(line.keys, start=1)
        ]
        panel = osdp.ControlPanel if _QuickPanel.loop_s == STOCK_LOOP_S else _QuickPanel
        self._panel = panel(infos, log_level=osdp.LogLevel.Emergency, event_handler=self._on_event)
        self._panel.start()
        try:
            wait_until(lambda: self._panel.get_num_sc_active() == len(line.keys))
        except TimeoutError:
            self.close()
            raise

    def _on_event(self, _pd: int, event: dict[str, Any]) -> int:
        if event["event"] == osdp.Event.KeyPress:
            self._keys_ns.append(time.monotonic_ns())
        return 0

    def switch(self, on: bool) -> None:
        control = OutputControl.ON_NOW if on else OutputControl.OFF_NOW
        self._panel.submit_command(
            ADDRESS,
            {
                "command": osdp.Command.Output,
                "output_no": 0,
                "control_code": int(control),
                "timer_count": 0,
            },
        )

    def key_times(self) -> list[int]:
        return self._keys_ns

    def close(self) -> None:
        self._panel.teardown()
        os.close(self._fd)


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for something that must come; TimeoutError when it does not."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("the panel did not get there")
        time.sleep(0.01)


def _peer_on(path: str, line: Line) -> PeerPanel:
    """libosdp's panel with all boards online. It leaves a board alone for five minutes after one
    missed handshake, which a busy machine causes: then it is begun again, up to three times."""
    for _ in range(PEER_STARTS - 1):
        try:
            return PeerPanel(path, line)
        except TimeoutError:
            print("libosdp did not get all boards online: once more", file=sys.stderr)
    return PeerPanel(path, line)


@contextmanager
def panel_on(line: Line, who: str, timing: Timing) -> Iterator[tuple[Panel, LineProcess]]:
    """A panel with its boards online, and the process of the boards."""
    with LineProcess(line.keys, line.baud) as boards:
        if who == PEER:
            panel: OurPanel | PeerPanel = _peer_on(boards.path, line)
        else:
            panel = OurPanel(boards.path, line, timing)
        try:
            yield panel, boards
        finally:
            panel.close()


def press_latencies(
    panel: Panel, boards: LineProcess, addresses: Sequence[int], gaps_s: Sequence[float]
) -> list[float]:
    """Milliseconds from each press to its event."""
    before = len(panel.key_times())
    pressed = boards.press(addresses, gaps_s)
    wait_until(lambda: len(panel.key_times()) >= before + len(pressed))
    arrived = panel.key_times()[before:]
    return [(end - start) / MS for start, end in zip(pressed, arrived, strict=True)]


def switch_latencies(panel: Panel, boards: LineProcess, samples: int) -> list[float]:
    """Milliseconds from each command to the output's change."""
    boards.switched()
    asked: list[int] = []
    for no, gap_s in enumerate(jittered(samples, COMMAND_GAP_S, seed=3)):
        time.sleep(gap_s)
        asked.append(time.monotonic_ns())
        panel.switch(no % 2 == 0)
    done: list[int] = []

    def all_done() -> bool:
        done.extend(boards.switched())
        return len(done) >= samples

    wait_until(all_done)
    return [(end - start) / MS for start, end in zip(asked, done, strict=True)]


def idle_cpu_percent(seconds: float) -> float:
    """Processor time of this process, in percent of one core."""
    started, used = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return 100 * (time.process_time() - used) / (time.monotonic() - started)


def measure_active(report: Report, line: Line, samples: int) -> None:
    """Keys at 5 a second and commands in a row, medians."""
    medians: dict[str, list[float]] = {}
    for who in ("ours", PEER):
        with panel_on(line, who, Timing()) as (panel, boards):
            gaps_s = jittered(samples, KEY_GAP_S, seed=2)
            keys = press_latencies(panel, boards, [ADDRESS] * samples, gaps_s)
            switches = switch_latencies(panel, boards, samples)
        # The first ones wake the board up; the goal is about one in use.
        medians[who] = [percentile(keys[2:], 50), percentile(switches[2:], 50)]
    goal = "ratio <= 0.5" if line.baud == 115200 else "ratio <= 1.0"
    for no, what in enumerate(("key_to_event_p50", "command_to_output_p50")):
        value, peer_value = medians["ours"][no], medians[PEER][no]
        report.line(f"{what}_{line.name}", value, "ms", goal, PEER, peer_value)


def measure_quiet(report: Report, line: Line, samples: int, quiet_s: float) -> None:
    """The first key after a quiet time, 95th percentile."""
    timing = Timing() if quiet_s >= 10 else Timing(active_ns=200 * MS)
    p95: dict[str, float] = {}
    for who in ("ours", PEER):
        with panel_on(line, who, timing) as (panel, boards):
            time.sleep(quiet_s)
            addresses = [1 + no % len(line.keys) for no in range(samples)]
            gaps_s = jittered(samples, quiet_s, seed=5)
            p95[who] = percentile(press_latencies(panel, boards, addresses, gaps_s), 95)
    slow_wire = line.baud == 9600 and len(line.keys) > 1
    goal = "ratio <= 1.0" if slow_wire else "value <= 150"
    case = f"first_key_after_quiet_p95_{line.name}"
    report.line(case, p95["ours"], "ms", goal, PEER, p95[PEER])


def measure_idle(report: Report, line: Line, seconds: float) -> None:
    """What a quiet bus costs."""
    cpu: dict[str, float] = {}
    for who in ("ours", PEER):
        with panel_on(line, who, Timing(active_ns=200 * MS)):
            time.sleep(1.0)
            cpu[who] = idle_cpu_percent(seconds)
    case = f"idle_cpu_{line.name}"
    report.line(case, cpu["ours"], "% of a core", "value <= 10", PEER, cpu[PEER])


def measure_sick(report: Report, baud: int, samples: int) -> None:
    """Eight boards, one dead and one noisy: what the other six notice of it.

    The same line is measured well first, then from the moment the two fall sick, so that the
    time in which the panel finds out is in the figures. A key comes every 0.1 s.
    """
    line = Line(baud, tuple(secrets.token_bytes(16) for _ in range(8)))
    well = [no for no in range(1, 9) if no not in (DEAD, NOISY)]
    addresses = [well[no % len(well)] for no in range(samples)]
    with panel_on(line, "ours", Timing()) as (panel, boards):
        gaps_s = jittered(samples, SICK_GAP_S, seed=7)
        # The first ones wake the boards up.
        press_latencies(panel, boards, well, gaps_s[: len(well)])
        healthy = press_latencies(panel, boards, addresses, gaps_s)
        boards.fall_sick(Sickness(dead=DEAD, noisy=NOISY, noise_rate=0.5))
        sick = press_latencies(panel, boards, addresses, gaps_s)
    case = f"key_to_event_p95_{line.name}_one_dead_one_noisy"
    report.line(
        case, percentile(sick, 95), "ms", "ratio <= 1.5", "healthy bus", percentile(healthy, 95)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the cases; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20, help="presses and commands a case")
    parser.add_argument("--quiet-s", type=float, default=0.7, help="quiet time before a press")
    parser.add_argument("--baud", type=int, choices=(9600, 115200), help="only this speed")
    parser.add_argument("--case", choices=CASES, help="only this case")
    parser.add_argument("--peer-loop-ms", type=float, default=1000 * STOCK_LOOP_S)
    options = parser.parse_args(arguments)
    _QuickPanel.loop_s = options.peer_loop_ms / 1000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    report = Report("osdp")

    def wanted(case: str) -> bool:
        return options.case in (None, case)

    for baud in (options.baud,) if options.baud else (115200, 9600):
        for count in (1, 4, 8):
            line = Line(baud, tuple(secrets.token_bytes(16) for _ in range(count)))
            if wanted("active"):
                measure_active(report, line, options.samples)
            if wanted("quiet"):
                measure_quiet(report, line, options.samples, options.quiet_s)
            if wanted("idle") and count == 8:
                measure_idle(report, line, seconds=4.0)
        if wanted("sick"):
            measure_sick(report, baud, max(options.samples, SICK_SAMPLES))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
