"""Which base key the next handshake uses.

Normally there is one. While a peripheral is to get another key, and after a KEYSET whose answer
was lost, there are several, tried in turn until one proves right. During an installation the
default key stands last. There is never 'no key'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from firmware_bridge.osdp.codes import SCBK_D

_MAX_OTHERS: Final = 4


class KeyRing:
    """The keys to try with one peripheral, in order. `wanted` is the one that it shall have."""

    __slots__ = ("_others", "_position", "install_until_ns", "own", "wanted")

    def __init__(self, own: bytes, formers: Iterable[bytes] = ()) -> None:
        self.own = own
        self.wanted: bytes | None = None
        self.install_until_ns: int | None = None
        self._others: list[bytes] = []
        self._position = 0
        if others := tuple(formers):
            self.want(own, others)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys())} keys)"

    def _keys(self) -> list[bytes]:
        default = [] if self.install_until_ns is None else [SCBK_D]
        return [self.own, *self._others, *default]

    def _try_too(self, keys: Iterable[bytes]) -> None:
        others = dict.fromkeys([*keys, *self._others])
        others.pop(self.own, None)
        self._others = list(others)[:_MAX_OTHERS]
        self._position = 0

    @property
    def target(self) -> bytes:
        """The key that the peripheral shall have in the end."""
        return self.wanted or self.own

    @property
    def needs_change(self) -> bool:
        """Whether the key that was proved last is not the one that is wanted."""
        return self.wanted is not None and self.own != self.wanted

    def want(self, key: bytes, formers: Iterable[bytes] = ()) -> None:
        """Makes `key` the wanted one; what the peripheral may still have is tried as well. Where it
        can have no other, there is nothing to change and nothing to tell."""
        self._try_too([key, *formers])
        self.wanted = key if key != self.own or self._others else None

    def current(self) -> bytes:
        """The key for the next handshake."""
        keys = self._keys()
        return keys[self._position % len(keys)]

    def refused(self) -> bool:
        """Moves on; True when a key is left that was not tried in this round."""
        self._position = (self._position + 1) % len(self._keys())
        return self._position > 0

    def installed(self) -> None:
        """The peripheral took the target in place of the default key."""
        self.own = self.target
        self._others = []
        self._position = 0

    def proved(self, key: bytes) -> bool:
        """Notes that `key` works; True when that settles which key the peripheral has: the wanted
        one, or the one of a KEYSET whose answer was lost."""
        settled = key == self.wanted if self.wanted is not None else key in self._others
        others, self.own, self._position = self._others, key, 0
        if settled or self.wanted is None:
            self.wanted, self._others = None, []
        else:
            self._others = []
            self._try_too([self.wanted, *others])
        return settled

    def doubt(self, key: bytes) -> None:
        """Notes that the peripheral may or may not have taken `key`."""
        self._try_too([key])
