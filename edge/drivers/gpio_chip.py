"""The Pi's pins through gpiozero and lgpio, claimed so that no relay twitches.

gpiozero makes a pin an input first and an output at level 0 then, and only after that sets its
level: a relay that is active at 0 would be on in between. And it makes pins inputs again when it
closes them. `open_chip` gives pins that are claimed in one step at the level they are to have, and
that nobody closes: what becomes of a line whose process is gone is the kernel's affair
(docs/drivers.md, Pins).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol


class ChipError(Exception):
    """The pins cannot be had: `cause` is a short name, `remedy` says what to do."""

    def __init__(self, cause: str, detail: str, remedy: str) -> None:
        self.cause, self.detail, self.remedy = cause, detail, remedy
        super().__init__(f"{cause}: {detail}. {remedy}")


class Pin(Protocol):
    """What the driver uses of a `gpiozero.Pin`. Every use may raise whatever the library raises."""

    state: Any
    edges: str
    when_changed: Callable[[float, int], None] | None
    """Called from a thread of the library with its time in seconds, and the level. Held weakly."""

    def output_with_state(self, state: bool) -> None:
        """Make it an output at a level."""

    def input_with_pull(self, pull: str) -> None:
        """Make it an input; `pull` is up, down or floating."""


class Chip(Protocol):
    """What the driver uses of a `gpiozero.Factory`."""

    def pin(self, name: int) -> Pin:
        """The pin of a BCM number."""

    def close(self) -> None:
        """Give the chip back; lines are then the kernel's."""


OpenChip = Callable[[int | None], Chip]
"""Opens a chip by its number, the header's for None; raises `ChipError`."""


def open_chip(number: int | None) -> Chip:
    """Open the chip of the Pi's header, or another one; raise `ChipError`."""
    try:
        lgpio = import_module("lgpio")
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        remedy = "Install the agent with its extra: pip install 'kagimori[edge,gpio]'"
        raise ChipError("gpio_not_installed", str(error), remedy) from error
    except OSError as error:
        # Loading lgpio makes a pipe named .lgd-nfy0 in the working directory.
        remedy = "Start the agent in a folder it may write to (WorkingDirectory= of its unit)"
        raise ChipError("gpio_no_working_directory", str(error), remedy) from error
    try:
        chip = LGPIOFactory(chip=number)
    except Exception as error:  # lgpio.error, or gpiozero's that this is no Pi
        remedy = "Is this a Pi, and is the agent's user in the group gpio? Or correct ports.*.chip"
        raise ChipError("gpio_not_opened", str(error), remedy) from error
    chip.pins = {}  # gpiozero shares one dict among all factories: a second chip would get our pins
    chip.pin_class = kept_pin(lgpio)
    made: Chip = chip
    return made


def kept_pin(lgpio: Any) -> type:
    """The class of pins that are claimed once, as what they are to be, and never closed."""
    from gpiozero.pins.lgpio import LGPIOPin
    from gpiozero.pins.local import LocalPiPin

    class KeptPin(LGPIOPin):  # type: ignore[misc]  # gpiozero publishes no types
        """A pin of which gpiozero's constructor, close and claim of outputs are our own."""

        def __init__(self, factory: Any, info: Any) -> None:
            LocalPiPin.__init__(self, factory, info)
            self._pwm = self._bounce = self._callback = None
            self._edges = lgpio.BOTH_EDGES

        def close(self) -> None:
            """Leave the line as it is."""

        def _call_when_changed(self, _chip: int, _gpio: int, level: int, ticks: int) -> None:
            # gpiozero's own would claim the line anew for a watch that is gone, out of the thread
            # that all edges come from, and end that thread if the chip is closed.
            method = None if self._when_changed is None else self._when_changed()
            if method is not None and level in (0, 1):
                method(ticks / 1e9, level)

        def output_with_state(self, state: bool) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(state))  # noqa: SLF001

    return KeptPin
