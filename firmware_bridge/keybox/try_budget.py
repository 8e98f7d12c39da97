"""The try budget and the keys of a virtual lock, by the rules of docs/offline-pin.md.

Five tries; when the fifth is spent a lockout of 5 minutes, doubled at each level to at most a day.
Pulling the battery never shortens it: what remained at the last save runs again in full.
"""

from __future__ import annotations

from typing import Final

_NS: Final = 1_000_000_000
TRIES: Final = 5
FIRST_LOCKOUT_S: Final = 300
LONGEST_LOCKOUT_S: Final = 86_400
MAX_LEVEL: Final = 9
_CALM_NS: Final = 86_400 * _NS
_SAVE_S: Final = 60
_KEY_PATIENCE_NS: Final = 10 * _NS
_MAX_KEYS: Final = 10


class TryBudget:
    """How many wrong entries are left, and how long a lockout lasts."""

    def __init__(self) -> None:
        self.level = 0
        self.left = TRIES
        self._end_ns: int | None = None
        self._calm_since_ns = 0
        self._saved_s = 0

    def lockout_s(self, now_ns: int) -> int:
        """How long nothing is compared any more, rounded up; 0 where there is no lockout."""
        if self._end_ns is None:
            return 0
        return max(0, -(-(self._end_ns - now_ns) // _NS))

    def spend(self, now_ns: int) -> int | None:
        """Count a wrong entry; give the lockout in seconds where one begins."""
        self._calm_since_ns = now_ns
        self.left -= 1
        if self.left > 0:
            return None
        seconds = min(FIRST_LOCKOUT_S << self.level, LONGEST_LOCKOUT_S)
        self.level = min(self.level + 1, MAX_LEVEL)
        self._begin(seconds, now_ns)
        return seconds

    def advance(self, now_ns: int) -> None:
        """Let time end a lockout, keep what remains of one, and calm down after a day."""
        remaining_s = self.lockout_s(now_ns)
        if self._end_ns is not None:
            if remaining_s == 0:
                self._calm_since_ns, self._end_ns, self._saved_s = self._end_ns, None, 0
                self.left = TRIES
            else:
                self._saved_s -= (self._saved_s - remaining_s) // _SAVE_S * _SAVE_S
        if self._end_ns is None and now_ns - self._calm_since_ns >= _CALM_NS:
            self._calm_since_ns = now_ns
            self.level, self.left = max(self.level - 1, 0), TRIES

    def power_cycle(self, now_ns: int) -> None:
        """The power went and came back."""
        self._calm_since_ns = now_ns
        if self._end_ns is not None:
            self._begin(self._saved_s, now_ns)

    def _begin(self, seconds: int, now_ns: int) -> None:
        self._end_ns, self._saved_s = now_ns + seconds * _NS, seconds


class KeyEntry:
    """Collects keys: `*` clears, `#` confirms, 10 s without a key forget what stood there."""

    def __init__(self) -> None:
        self._keys = ""
        self._last_ns = 0

    def press(self, key: str, now_ns: int) -> str | None:
        """Take a key; give the entry that it confirms. More than 10 digits stay more than 10: the
        entry is spoilt until it is confirmed or cleared."""
        if now_ns - self._last_ns > _KEY_PATIENCE_NS:
            self._keys = ""
        self._last_ns = now_ns
        if key == "#":
            entry, self._keys = self._keys, ""
            return entry or None
        if key == "*":
            self._keys = ""
        elif len(self._keys) <= _MAX_KEYS:
            self._keys += key
        return None
