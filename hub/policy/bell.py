"""Wakes the compiler of this process as soon as a change is committed.

Only a hint: a compiler in another process finds the marks at its next poll.
"""

from __future__ import annotations

import threading
import weakref

_bells: weakref.WeakSet[Bell] = weakref.WeakSet()
_lock = threading.Lock()


class Bell:
    """One listener. Rings whenever a change that concerns a policy was committed."""

    __slots__ = ("__weakref__", "_event")

    def __init__(self) -> None:
        self._event = threading.Event()
        with _lock:
            _bells.add(self)

    def ring(self) -> None:
        """Wake the listener."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it rings or time is up; tell whether it rang. Rings do not add up."""
        rang = self._event.wait(timeout_s)
        self._event.clear()
        return rang


def ring_all() -> None:
    """Wake every listener of this process."""
    with _lock:
        bells = list(_bells)
    for bell in bells:
        bell.ring()
