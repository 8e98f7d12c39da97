"""What stands at a site: boards on an OSDP line, and the door that each of them drives.

The boards are `firmware_bridge`'s peripherals on a pseudo-terminal; the agent at the other end is
the production one. A door here has mechanics only: a bolt that follows the strike, and a leaf that
cannot be pulled open while the bolt is out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.osdp.commands import Buzz, SetLed, ShowText
from firmware_bridge.osdp.device import DeviceChange, OutputChanged, SignalShown
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort

STRIKE: Final = 0
CONTACT: Final = 0
BOLT: Final = 1
REX: Final = 2
BAUD: Final = 115_200


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """A reader with its door: OSDP address and key, and whether a switch watches the bolt."""

    name: str
    address: int
    key: bytes = field(repr=False)
    bolt_switch: bool


@dataclass(frozen=True, slots=True)
class DoorView:
    """What can be seen at a door at one moment."""

    secure: bool
    bolt_retracted: bool
    leaf_open: bool
    text: str
    light: str
    signals: int
    """How often the reader was told to show something."""


class DoorMechanics:
    """One door as people meet it. Safe to use from any thread."""

    def __init__(self, line: SimulatedLine, plan: BoardPlan, changed: Callable[[], None]) -> None:
        self._line = line
        self._plan = plan
        self._changed = changed
        self._lock = threading.Lock()
        self._bolt_retracted = False
        self._leaf_open = False
        self._text = ""
        self._light = ""
        self._signals = 0
        self.released = 0
        """How often the strike released the bolt."""
        self.secured = 0
        """How often it let the bolt out again."""

    def view(self) -> DoorView:
        """What can be seen now."""
        with self._lock:
            return DoorView(
                self._line.is_secure(self._plan.address),
                self._bolt_retracted,
                self._leaf_open,
                self._text,
                self._light,
                self._signals,
            )

    def press(self, keys: str) -> None:
        """Press keys on the reader's keypad."""
        self._line.press(self._plan.address, keys)

    def hold_card(self, bits: int, number: bytes) -> None:
        """Hold a card to the reader, which has verified it and sends its number."""
        self._line.present_card(self._plan.address, bits, number)

    def press_exit(self) -> None:
        """Press and let go of the inside button."""
        self._line.set_input(self._plan.address, REX, True)
        self._line.set_input(self._plan.address, REX, False)

    def pull(self) -> bool:
        """Pull the leaf: it opens if the bolt is in; whether it is open now."""
        with self._lock:
            self._leaf_open = self._leaf_open or self._bolt_retracted
            opened = self._leaf_open
        self._line.set_input(self._plan.address, CONTACT, opened)
        self._changed()
        return opened

    def force(self) -> None:
        """Break the leaf open, bolt or not."""
        with self._lock:
            self._leaf_open = True
        self._line.set_input(self._plan.address, CONTACT, True)
        self._changed()

    def shut(self) -> None:
        """Close the leaf."""
        with self._lock:
            self._leaf_open = False
        self._line.set_input(self._plan.address, CONTACT, False)
        self._changed()

    def board_changed(self, change: DeviceChange) -> None:
        """Take what the board did on the agent's command; runs in the line's thread."""
        match change:
            case OutputChanged(output_no=number, is_on=on) if number == STRIKE:
                with self._lock:
                    self._bolt_retracted = on
                    self.released += on
                    self.secured += not on
                if self._plan.bolt_switch:
                    self._line.set_input(self._plan.address, BOLT, on)
            case SignalShown(command=ShowText() as shown):
                with self._lock:
                    self._text = shown.text
                    self._signals += 1
            case SignalShown(command=SetLed() as led):
                with self._lock:
                    self._light = _colour(led)
                    self._signals += 1
            case SignalShown(command=Buzz()):
                return
        self._changed()


class Site:
    """A site's OSDP line with its doors. `port` is what the agent opens."""

    def __init__(self, name: str, boards: list[BoardPlan], changed: Callable[[], None]) -> None:
        self.name = name
        self._pty = PtyPort()
        doors = [SimulatedDoor(PeripheralConfig(plan.address, plan.key)) for plan in boards]
        self._line = SimulatedLine(self._pty, doors, self._board_changed, baud=BAUD)
        self.doors = {plan.name: DoorMechanics(self._line, plan, changed) for plan in boards}
        self._by_address = {plan.address: self.doors[plan.name] for plan in boards}
        self._line.start()

    @property
    def port(self) -> str:
        """The path of the serial port."""
        return self._pty.far_path

    def close(self) -> None:
        """Switch the boards off."""
        self._line.stop()
        self._pty.close()

    def _board_changed(self, address: int, change: DeviceChange, _now_ns: int) -> None:
        self._by_address[address].board_changed(change)


_COLOURS: Final = {1: "red", 2: "green", 3: "amber", 4: "blue"}


def _colour(led: SetLed) -> str:
    """Name the colour a LED command shows first, empty for off."""
    brief = led.temporary.on_color if led.temporary.control == 2 else 0
    return _COLOURS.get(brief or led.permanent.on_color, "")
