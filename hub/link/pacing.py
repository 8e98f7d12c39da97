"""How fast each controller's backlog may come: what ingest manages, shared among those behind.

After an outage a whole fleet has days of events to tell. Half of the measured rate goes to
backlogs, in equal parts; the other half is for what happens now, which no edge holds back. Who is
behind is known from its hello, and from messages that are packed: so several ingest processes need
not tell one another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

FIRST_GUESS_PER_S: Final = 2_000
"""Rows a second before anything was measured: what a small machine manages."""
BACKLOG_SHARE: Final = 0.5
PACKED: Final = 20
"""Rows in one message from which it is a backlog's: what happens now comes one by one."""
FORGOTTEN_S: Final = 60.0
"""After so long without a packed message a controller has caught up, or is gone."""
_TELLING: Final = 100
"""Rows a commit must have to tell anything: a small one measures the disk's patience."""
_SMOOTH_ROWS: Final = 5_000
_FASTEST_PER_S: Final = 1_000_000


class BacklogPacing:
    """The one place that knows who is behind and how fast ingest is. Safe from any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._behind: dict[str, float] = {}
        self.rows_per_s = float(FIRST_GUESS_PER_S)
        """The measured rate of ingest."""

    def committed(self, rows: int, took_s: float) -> None:
        """A commit of that many rows took so long, with all its waiting."""
        if rows < _TELLING:
            return
        found = min(rows / max(took_s, 1e-6), _FASTEST_PER_S)
        with self._lock:
            self.rows_per_s += (found - self.rows_per_s) * min(rows / _SMOOTH_ROWS, 1.0)

    def behind(self, controller: str) -> None:
        """A controller has a backlog to tell."""
        with self._lock:
            self._behind[controller] = self._monotonic()

    @property
    def draining(self) -> int:
        """How many controllers are behind: told so within the last minute."""
        oldest = self._monotonic() - FORGOTTEN_S
        with self._lock:
            gone = [name for name, at in self._behind.items() if at < oldest]
            for name in gone:
                del self._behind[name]
            return len(self._behind)

    def per_s(self) -> int:
        """Rows a second that each backlog may come with."""
        share = self.rows_per_s * BACKLOG_SHARE / max(self.draining, 1)
        return max(int(share), 1)
