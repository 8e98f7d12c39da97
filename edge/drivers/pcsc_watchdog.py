"""Says when a card takes too long: one thread for all taps of a reader, asleep between them.

A timer thread for each tap would cost more than reading the card.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edge.drivers.pcsc_watch import Tap


class Watchdog:
    """Calls `expired` with a tap that has not ended `timeout_s` after it began."""

    def __init__(self, timeout_s: float, expired: Callable[[Tap], None], name: str) -> None:
        self._timeout_s = timeout_s
        self._expired = expired
        self._changed = threading.Condition()
        self._tap: Tap | None = None
        self._deadline = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def begin(self, tap: Tap) -> None:
        """A tap is being read from now on."""
        with self._changed:
            self._tap = tap
            self._deadline = time.monotonic() + self._timeout_s
            self._changed.notify()

    def end(self) -> None:
        """The tap has been read. The thread finds out when it wakes."""
        with self._changed:
            self._tap = None

    def stop(self) -> None:
        """End the thread; nothing expires any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the thread, and say whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (tap := self._next_expired()) is not None:
            self._expired(tap)

    def _next_expired(self) -> Tap | None:
        """Wait for a tap that takes too long; None once stopped."""
        with self._changed:
            while not self._stopped:
                if self._tap is None:
                    self._changed.wait()
                    continue
                left_s = self._deadline - time.monotonic()
                if left_s <= 0:
                    tap, self._tap = self._tap, None
                    return tap
                self._changed.wait(left_s)
        return None
