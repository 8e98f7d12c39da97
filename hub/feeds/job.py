"""The job that polls whatever feed is due. One that is slow holds up no more than three others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from hub.clock import Clock
from hub.database.engine import Database
from hub.feeds import repository
from hub.feeds.polling import Poller
from hub.web.problems import Problem

JOB: Final = "feeds"
_AT_ONCE: Final = 4


class FeedsJob:
    """A job of `hub.jobs`."""

    name = JOB
    every_s = 5.0

    def __init__(self, db: Database, clock: Clock, poller: Poller) -> None:
        self._db = db
        self._clock = clock
        self._poller = poller

    def run(self) -> None:
        """Poll every feed whose time has come."""
        with self._db.read() as scope:
            due = repository.due_feeds(scope, self._clock.now())
        if not due:
            return
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="hub-feed") as threads:
            for done in [threads.submit(self._poll, feed_id) for feed_id in due]:
                done.result()

    def _poll(self, feed_id: str) -> None:
        with suppress(Problem):  # removed meanwhile, or somebody polls it by hand
            self._poller.poll(feed_id, "schedule")
