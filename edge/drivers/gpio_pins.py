"""A board's pins, each with what is known of it: outputs, inputs, lights, Wiegand readers.

They do as they are told and wait for nothing; `gpio_board` puts them together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from edge.drivers.gpio_chip import Chip, Pin
from edge.drivers.gpio_feedback import Rhythm
from edge.drivers.gpio_input import Debounce
from edge.settings_gpio import InputPin, OutputPin, WiegandReader
from firmware_bridge.wiegand import BitCollector, Burst

_MS: Final = 1_000_000
_PULL: Final = {"up": "up", "down": "down", "none": "floating"}

TakeEdge = Callable[[bool, int, int], None]
"""Takes a level, when it began and when that was heard; called with the driver's lock held."""


class Watching(Protocol):
    """Edges that are taken, until they are to be no more."""

    def end(self) -> None:
        """Take none any more; raises nothing."""


Watch = Callable[[Pin, TakeEdge, str], Watching]
"""Has the edges of a pin (`both` or `falling`) taken, for as long as what it gives is kept."""


@dataclass(slots=True)
class Driven:
    """An output pin, and the level it was set to last."""

    pin: Pin
    wired: OutputPin
    on: bool
    differs: bool = False

    def level(self, on: bool) -> bool:
        return on == (self.wired.active == "high")

    def set(self, on: bool) -> bool:
        """Set it; tell whether it follows."""
        self.pin.state = self.level(on)
        self.on = on
        return bool(self.pin.state) == self.level(on)


@dataclass(slots=True)
class Watched:
    """An input pin and its debouncing."""

    pin: Pin
    wired: InputPin
    debounce: Debounce

    def active(self, level: bool) -> bool:
        return level == (self.wired.active == "high")

    def edge(self, level: bool, at_ns: int, _heard_ns: int) -> None:
        self.debounce.level(self.active(level), at_ns)


@dataclass(slots=True)
class Light:
    """A light or a buzzer and the rest of its rhythm."""

    driven: Driven
    rest: deque[int] = field(default_factory=deque)
    due_ns: int | None = None

    def play(self, rhythm: Rhythm, now_ns: int) -> None:
        self.rest, self.due_ns = deque(rhythm), now_ns
        if self.driven.on:
            self.driven.set(on=False)

    def step(self, now_ns: int) -> None:
        while self.due_ns is not None and now_ns >= self.due_ns:
            self.due_ns = self.due_ns + self.rest[0] * _MS if self.rest else None
            self.driven.set(on=bool(self.rest) and not self.driven.on)
            if self.rest:
                self.rest.popleft()


@dataclass(slots=True)
class Reader:
    """A Wiegand reader's lines."""

    number: int
    wired: WiegandReader
    lines: tuple[Pin, Pin]
    collector: BitCollector
    light: Light | None
    tone: Light | None
    low: bool = False
    over: deque[Burst] = field(default_factory=deque)

    def bit(self, value: int, at_ns: int, heard_ns: int) -> None:
        burst = self.collector.bit(value, at_ns, heard_ns)
        if burst is not None:
            self.over.append(burst)

    def lights(self) -> list[Light]:
        return [one for one in (self.light, self.tone) if one is not None]


def claim_output(chip: Chip, wired: OutputPin, *, on: bool) -> Driven:
    driven = Driven(chip.pin(wired.pin), wired, on)
    driven.pin.output_with_state(driven.level(on))
    return driven


def _takes_bit(reader: Reader, value: int) -> TakeEdge:
    return lambda _level, at_ns, heard_ns: reader.bit(value, at_ns, heard_ns)


def claim_input(chip: Chip, watch: Watch, wired: InputPin) -> tuple[Watched, Watching]:
    """Claim an input and have its edges taken, for as long as the second of the two is kept."""
    pin = chip.pin(wired.pin)
    pin.input_with_pull(_PULL[wired.pull])
    active = bool(pin.state) == (wired.active == "high")
    one = Watched(pin, wired, Debounce(active, wired.debounce_ms * _MS))
    return one, watch(pin, one.edge, "both")


def claim_reader(
    chip: Chip, watch: Watch, number: int, wired: WiegandReader
) -> tuple[Reader, list[Watching]]:
    """Claim a reader's lines, its light and its buzzer; the edges as for `claim_input`."""
    lights = [
        None if one is None else Light(claim_output(chip, one, on=False))
        for one in (wired.led, wired.buzzer)
    ]
    lines = (chip.pin(wired.d0), chip.pin(wired.d1))
    reader = Reader(number, wired, lines, BitCollector(wired.gap_ms * _MS), lights[0], lights[1])
    watches = []
    for value, pin in enumerate(lines):
        pin.input_with_pull("up")
        watches.append(watch(pin, _takes_bit(reader, value), "falling"))
    return reader, watches
