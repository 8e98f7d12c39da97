"""Which base key the next handshake uses.

Normally there is one. After a KEYSET whose answer was lost there are two, and during an
installation the default key stands last. There is never 'no key'.
"""

from __future__ import annotations

from firmware_bridge.osdp.codes import SCBK_D


class KeyRing:
    """The keys to try with one peripheral, in order."""

    __slots__ = ("_candidate", "_position", "install_until_ns", "own")

    def __init__(self, own: bytes) -> None:
        self.own = own
        self.install_until_ns: int | None = None
        self._candidate: bytes | None = None
        self._position = 0

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys())} keys)"

    def _keys(self) -> list[bytes]:
        keys = [self.own]
        if self._candidate is not None:
            keys.append(self._candidate)
        if self.install_until_ns is not None:
            keys.append(SCBK_D)
        return keys

    def current(self) -> bytes:
        """The key for the next handshake."""
        keys = self._keys()
        return keys[self._position % len(keys)]

    def refused(self) -> bool:
        """Moves on; True when a key is left that was not tried in this round."""
        self._position = (self._position + 1) % len(self._keys())
        return self._position > 0

    def start_over(self) -> None:
        """Begins the next round with the peripheral's own key."""
        self._position = 0

    def proved(self, key: bytes) -> bool:
        """Notes that `key` works; True when that settles a KEYSET whose answer was lost."""
        settled = self._candidate is not None and key == self._candidate
        self.own = key
        self._candidate = None
        self._position = 0
        return settled

    def doubt(self, key: bytes) -> None:
        """Notes that the peripheral may or may not have taken `key`."""
        self._candidate = key
        self._position = 0
