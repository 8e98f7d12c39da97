"""Watches the history of placements from outside the hub: when was a state committed.

Another connection reads on in the history every few milliseconds; a row that it sees is committed,
so the instant noted is never too early, and at most that much too late. Rows come in their order.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import psycopg

LOOK_EVERY_S: Final = 0.004
_SQL: Final = (
    "SELECT seq, credential_id, door_id, at, event, cause FROM placement_history"
    " WHERE seq > {0} ORDER BY seq"
)
STALL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of the history: when it was seen committed, and when the hub says that it was; both in
    nanoseconds since 1970. `event` happened to the credential at the door."""

    seen_ns: int
    written_ns: int
    credential: str
    door: str
    event: str
    cause: str


class HistoryWatch:
    """Use it as a context; `seen` grows while it watches."""

    def __init__(self, database: Path, postgresql: str | None) -> None:
        self._database, self._postgresql = database, postgresql
        self.seen: list[Seen] = []
        self._found: dict[tuple[str, str], Seen] = {}
        self._grown = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def first(self, event: str, credential: str) -> Seen | None:
        """Give the first time that an event happened to a credential."""
        return self._found.get((event, credential))

    def wait_for(self, events: Sequence[str], credentials: Iterable[str]) -> list[Seen]:
        """Wait until one of the events happened to each of them; give the first that did, by the
        order of `events`. Raises `TimeoutError` when nothing moves."""
        found: list[Seen] = []
        with self._grown:
            for credential in credentials:
                while not (seen := next(filter(None, self._all(events, credential)), None)):
                    if not self._grown.wait(STALL_S):
                        raise TimeoutError(f"{events} did not happen to a credential")
                found.append(seen)
        return found

    def _all(self, events: Sequence[str], credential: str) -> list[Seen | None]:
        return [self.first(event, credential) for event in events]

    def _run(self) -> None:
        connection: sqlite3.Connection | psycopg.Connection
        if self._postgresql is not None:
            connection, mark = psycopg.connect(self._postgresql, autocommit=True), "%s"
        else:
            uri = f"file:{self._database}?mode=ro"
            connection, mark = sqlite3.connect(uri, uri=True, isolation_level=None), "?"
        sql, last = _SQL.format(mark), 0
        while not self._stopping.wait(LOOK_EVERY_S):
            rows = connection.execute(sql, (last,)).fetchall()
            if not rows:
                continue
            now, last = time.time_ns(), rows[-1][0]
            with self._grown:
                for _, credential, door, at, event, cause in rows:
                    seen = Seen(now, _ns(at), credential, door, event, cause)
                    self.seen.append(seen)
                    self._found.setdefault((event, credential), seen)
                self._grown.notify_all()
        connection.close()


def _ns(at: Any) -> int:
    instant = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
