"""A driver on the bench: two devices, and the hands of whoever stands before them."""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.model import Act, CardPresented, DeviceOnline, InputChanged, OutputMode, Source
from edge.ports import Driver
from edge.running_clock import running_ns
from wire.policy_bodies import DeviceBody

DEVICES = ("device-a", "device-b")
PATIENCE_S = 5.0


@dataclass
class Bench:
    """A driver with two devices, and the hands of who stands before them."""

    driver: Driver
    bodies: dict[str, DeviceBody]
    secrets: dict[str, bytes]
    press: Callable[[str, str], None]
    tap: Callable[[str], None] | None
    """None where devices read no cards."""
    set_input: Callable[[str, int, bool], None]
    output: Callable[[str, int], bool]
    unplug: Callable[[str], None]
    plug: Callable[[str], None]
    tells_inputs: bool = False
    """Whether each device tells its inputs' states once what it reports is fresh."""

    def __post_init__(self) -> None:
        self.heard: queue.Queue = queue.Queue()
        self.seen: list = []

    def begin(self) -> None:
        self.driver.configure(self.bodies, self.secrets)
        self.driver.start(self.heard.put)
        for device in DEVICES:
            self.wait(DeviceOnline, device)
        fresh = set(DEVICES) if self.tells_inputs else set()
        while fresh:
            fresh.discard(self.wait(InputChanged, initial=True).source.device)

    def lives(self, device: str) -> None:
        """A card that is shown there reaches the loop, or an input that moves."""
        if self.tap is not None:
            self.tap(device)
            self.wait(CardPresented, device, stale=False)
            return
        for active in (True, False):
            self.set_input(device, 0, active)
            self.wait(InputChanged, device, active=active, initial=False)

    def wait(self, kind: type, device: str | None = None, **values):
        """The next item of that kind; what else comes is kept in `seen`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            item = self.heard.get(timeout=max(deadline - time.monotonic(), 0.001))
            self.seen.append(item)
            of = getattr(item, "device", None) or getattr(
                getattr(item, "source", None), "device", None
            )
            if (
                isinstance(item, kind)
                and device in (None, of)
                and all(getattr(item, name) == value for name, value in values.items())
            ):
                return item

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "did not come to hold"
            time.sleep(0.01)

    def act(self, device: str, mode: OutputMode, pulse_ms: int = 0, life_s: float = 2) -> Act:
        deadline_ns = running_ns() + round(life_s * 1e9)
        act = Act(secrets.token_hex(4), Source(device, 0), mode, deadline_ns, pulse_ms)
        self.driver.act(act)
        return act
