"""One poll, or one decision of staff, of a feed at a time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from hub.database.engine import Database
from hub.web.problems import CONFLICT, Problem


class FeedLocks:
    """Among the threads of this process by itself, among processes by the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def held(self, feed_id: str) -> Iterator[None]:
        """Hold a feed; raise the problem `conflict` while somebody else does."""
        with self._guard:
            lock = self._locks[feed_id]
        if not lock.acquire(blocking=False):
            raise _busy()
        try:
            with self._db.held(f"feed:{feed_id}") as ours:
                if not ours:
                    raise _busy()
                yield
        finally:
            lock.release()


def _busy() -> Problem:
    return Problem(CONFLICT, "the feed is being polled; try again in a moment")
