"""Keys that a device may still have after the policy brought it another one.

A device that is away when its key changes keeps the old one. Until it is known to have taken the
new one the old one is kept, sealed to this controller as the policy had it, over restarts too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wire.policy_bodies import DeviceBody

FORMER_KEY: Final = "former_key/"
_MAX: Final = 3


class FormerKeys:
    """Sealed secrets by device, newest first."""

    def __init__(self) -> None:
        self._sealed: dict[str, tuple[str, ...]] = {}

    def remember(self, state: Mapping[str, bytes]) -> None:
        """Take up what an earlier run kept; raises `ValueError` for bytes that are no text."""
        for name, data in state.items():
            self._sealed[name.removeprefix(FORMER_KEY)] = tuple(data.decode("ascii").split())

    def of(self, device: str) -> tuple[str, ...]:
        """The sealed secrets that a device may still have."""
        return self._sealed.get(device, ())

    def changed(
        self, before: Mapping[str, DeviceBody], after: Mapping[str, DeviceBody]
    ) -> dict[str, bytes | None]:
        """Follow a change of the policy; give the state to keep, by name."""
        state: dict[str, bytes | None] = {}
        for device, old in before.items():
            new = after.get(device)
            if new is None or new.sealed is None:
                state |= self.settled(device)
            elif old.sealed is not None and old.sealed != new.sealed:
                kept = dict.fromkeys((old.sealed, *self.of(device)))
                kept.pop(new.sealed, None)
                self._sealed[device] = tuple(kept)[:_MAX]
                state[FORMER_KEY + device] = " ".join(self._sealed[device]).encode("ascii")
        return state

    def settled(self, device: str) -> dict[str, bytes | None]:
        """The device is known to have the policy's key; give the state to forget."""
        if self._sealed.pop(device, None) is None:
            return {}
        return {FORMER_KEY + device: None}
