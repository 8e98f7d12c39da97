"""The key box at the hut: a virtual device on a pseudo-terminal, and the hands of who stands there.

It has no network. Whoever wants its log plugs a laptop into `port`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.keybox.codes import Input, Kind, RecordKind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort

_BATTERY_MV: Final = 5_870


@dataclass(frozen=True, slots=True)
class BoxView:
    """What can be seen at the box at one moment. `light` is what it made of the last entry:
    `accepted`, `refused`, `locked` or nothing yet."""

    released: bool
    lid_open: bool
    key_inside: bool
    light: str
    entries: int
    """How many entries it has answered."""


class KeyBoxMechanics:
    """The box as people meet it. Safe to use from any thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._pty = PtyPort()
        self._box = VirtualBox(None, Kind.KEY_BOX)
        self._changed = changed
        self._simulated = SimulatedBox(self._pty, self._box, changed=self._looked)
        self._light, self._entries, self._read_through = "", 0, 0
        self._simulated.start()

    @property
    def port(self) -> str:
        """The path of its maintenance port."""
        return self._pty.far_path

    @property
    def uses(self) -> int:
        """How often it has opened."""
        return self._box.uses

    def provision(self, device: str, maintenance: bytes) -> None:
        """Write into the blank box who it is, as at the bench; then put fresh cells in."""
        self._simulated.do(lambda box, _now_ns: box.provision(device, Kind.KEY_BOX, maintenance))
        self._simulated.do(lambda box, now_ns: box.measure(_BATTERY_MV, 180, now_ns))

    def view(self) -> BoxView:
        """What can be seen now."""
        box = self._box
        return BoxView(
            released=bool(box.outputs),
            lid_open=bool(box.inputs & Input.LEAF),
            key_inside=not box.inputs & Input.KEY_ABSENT,
            light=self._light,
            entries=self._entries,
        )

    def press(self, keys: str) -> None:
        """Press keys on the box."""
        self._simulated.press(keys)

    def open_lid(self) -> bool:
        """Pull the lid: it opens while the bolt is in; whether it is open now."""
        if self._box.outputs:
            self._simulated.set_input(Input.LEAF, active=True)
        return bool(self._box.outputs or self._box.inputs & Input.LEAF)

    def close_lid(self) -> None:
        """Close the lid."""
        self._simulated.set_input(Input.LEAF, active=False)

    def move_key(self, *, inside: bool) -> bool:
        """Take the key out of the open box, or hang it back; False while the lid is shut."""
        if not self._box.inputs & Input.LEAF:
            return False
        self._simulated.set_input(Input.KEY_ABSENT, active=not inside)
        return True

    def close(self) -> None:
        """Switch the box off."""
        self._simulated.stop()
        self._pty.close()

    def _looked(self) -> None:
        """In the device's thread: what did it make of what was typed?"""
        log = self._box.log
        while records := log.read(self._read_through, log.next - self._read_through):
            for record in records:
                light = _LIGHTS.get(record.kind, "")
                if light:
                    self._light, self._entries = light, self._entries + 1
            self._read_through = records[-1].index + 1
        self._changed()


_LIGHTS: Final[dict[int, str]] = {
    RecordKind.CODE_ACCEPTED: "accepted",
    RecordKind.CODE_REFUSED: "refused",
    RecordKind.LOCKOUT: "locked",
}
