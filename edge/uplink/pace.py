"""How fast a backlog may go: as the hub says, so that a fleet that comes back does not flood it.

Rows collect at the pace that the hub told with its welcome and its acknowledgements, up to two
seconds' worth. A hub that says nothing sets no bound; what happens now is never held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wire.messages import MAX_EVENTS_A_MESSAGE

_HELD_S: Final = 2
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class Pace:
    """A bucket of rows that fills at `per_s`; None: no bound. One message's rows always fit."""

    per_s: int | None = None
    _saved: float = 0.0
    _at_ns: int = 0

    def begin(self, per_s: int | None, now_ns: int) -> None:
        """The hub welcomed us. Nothing is saved yet: a message at once from each of a fleet would
        be a flood already."""
        self.per_s, self._saved, self._at_ns = per_s, 0.0, now_ns

    def change(self, per_s: int | None, now_ns: int) -> None:
        """The hub said another pace; None leaves the one it said before."""
        if per_s is not None:
            self._collect(now_ns)
            self.per_s = per_s

    def allows(self, rows: int, now_ns: int) -> bool:
        """Tell whether that many rows (a message's at most) may go now."""
        if self.per_s is None:
            return True
        self._collect(now_ns)
        return self._saved >= min(rows, MAX_EVENTS_A_MESSAGE)

    def spend(self, rows: int) -> None:
        """Rows of the backlog went."""
        self._saved = max(self._saved - rows, 0.0)

    def _collect(self, now_ns: int) -> None:
        gone_ns, self._at_ns = max(now_ns - self._at_ns, 0), now_ns
        most = max(MAX_EVENTS_A_MESSAGE, (self.per_s or 0) * _HELD_S)
        self._saved = min(self._saved + (self.per_s or 0) * gone_ns / _NS, most)
