"""Keys of one keypad become confirmed entries: exact, with no sliding window.

`#` confirms, `*` clears, a pause longer than the reader's `key_timeout_ms` forgets what stood, and
an entry with more digits than its `max_keys` is spoilt until it is confirmed or cleared: a stream
of digits never contains a PIN by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_MS: Final = 1_000_000
_DIGITS: Final = frozenset("0123456789")
CONFIRM: Final = "#"
CLEAR: Final = "*"


@dataclass(frozen=True, slots=True)
class Entered:
    """Digits that were confirmed. `overflow`: there were more than the reader takes."""

    digits: str = field(repr=False)
    overflow: bool = False


class KeyCollector:
    """What stands on one keypad."""

    __slots__ = ("_digits", "_last_ns", "_spoilt")

    def __init__(self) -> None:
        self._digits = ""
        self._spoilt = False
        self._last_ns = 0

    def press(self, keys: str, at_ns: int, timeout_ms: int, max_keys: int) -> list[Entered]:
        """Take keys pressed at one moment; give the entries they confirmed."""
        self._forget_after(at_ns, timeout_ms)
        self._last_ns = at_ns
        entered: list[Entered] = []
        for key in keys:
            if key == CONFIRM:
                if self._digits or self._spoilt:
                    entered.append(Entered(self._digits, self._spoilt))
                self.clear()
            elif key in _DIGITS and len(self._digits) < max_keys:
                self._digits += key
            elif key in _DIGITS:
                self._spoilt = True
            else:  # clear, or a key no PIN has
                self.clear()
        return entered

    def standing(self, at_ns: int, timeout_ms: int) -> str:
        """Give the digits that stand unconfirmed at a moment and forget them."""
        self._forget_after(at_ns, timeout_ms)
        digits = "" if self._spoilt else self._digits
        self.clear()
        return digits

    def clear(self) -> None:
        """Forget what stands."""
        self._digits = ""
        self._spoilt = False

    def _forget_after(self, at_ns: int, timeout_ms: int) -> None:
        if at_ns - self._last_ns > timeout_ms * _MS:
            self.clear()
