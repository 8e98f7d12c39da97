"""gpiozero's mock pins in the hands of a test: edges at a time of its choosing, pins that fail, and
the memory of every level that a pin drove."""

from __future__ import annotations

import time
from collections.abc import Iterable

from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin

BIT_S, KEY_S = 0.001, 0.040


class HandPin(MockPin):
    """A mock pin. Outputs are claimed in one step, as the real ones are."""

    def __init__(self, factory, info) -> None:
        self.broken = False
        self.ticks: float | None = None
        self.driven: list[bool] = []
        """Every level that this pin put on its line while it was an output."""
        super().__init__(factory, info)

    def close(self) -> None:
        """As the real ones: leave the line as it is."""

    def output_with_state(self, state: bool) -> None:
        self._check()
        self._function = "output"
        self._change_state(bool(state))
        self.driven.append(bool(state))

    def input_with_pull(self, pull: str) -> None:
        self._check()
        super().input_with_pull(pull)
        if self.wire is not None:
            self._change_state(self.wire)

    def _set_state(self, value) -> None:
        self._check()
        super()._set_state(value)
        self.driven.append(bool(value))

    def _get_state(self):
        self._check()
        return super()._get_state()

    def _call_when_changed(self) -> None:
        PiPin._call_when_changed(
            self, self._last_change if self.ticks is None else self.ticks, self._state
        )

    def _check(self) -> None:
        if self.broken:
            raise OSError("the pin is gone")

    # --- the world outside -----------------------------------------------------------------------

    wire: bool | None = None
    """The level that a contact outside puts on the line; None where only the pull does."""

    def put(self, level: bool, ticks: float | None = None) -> None:
        """Put a level on the line, at a time that is told to the driver."""
        self.wire, self.ticks = level, ticks
        if level:
            self.drive_high()
        else:
            self.drive_low()
        self.ticks = None


class HandChip(MockFactory):
    """A chip of such pins, and the wires that lead to it."""

    def __init__(self) -> None:
        super().__init__(pin_class=HandPin)
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def send_bits(self, lines: tuple[int, int], bursts: Iterable[Iterable[int]]) -> None:
        """Send bursts of bits on a reader's two lines, 1 ms from bit to bit, 40 ms between bursts,
        all of it just past."""
        bursts = [list(bits) for bits in bursts]
        length_s = sum(len(bits) * BIT_S + KEY_S for bits in bursts)
        at_s = time.monotonic() - length_s
        for bits in bursts:
            for bit in bits:
                pin = self.pin(lines[bit])
                pin.put(False, at_s)
                pin.put(True, at_s + BIT_S / 20)
                at_s += BIT_S
            at_s += KEY_S


def bits_of(value: int, count: int) -> list[int]:
    """The bits of a number, the highest first."""
    return [value >> (count - 1 - number) & 1 for number in range(count)]
