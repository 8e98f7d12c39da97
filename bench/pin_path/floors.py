"""The same way with nothing in it: bare transactions of as many rows, and one message each way.

As many transactions as a change costs (two in the hub before the message leaves, two at the door,
one in the hub after the answer), synced as there; through the same broker, with as many clients.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg

from hub.link.inbound import Arrival
from hub.link.mqtt import BrokerAddress, MqttClient
from wire.topics import PREFIX

BOOKED, COMPILED, REPORTED = 12, 8, 5
"""Rows that a change writes in the hub: with the booking, with the version, with the report."""
STORED, JOURNALED = 3, 1
"""Rows at the door: two entries with the version's numbers, and the event."""
BYTES: Final = 1_200
"""What a delta of one PIN has on the wire."""
_ROW: Final = bytes(150)
_TABLE: Final = "CREATE TABLE bare (number {} PRIMARY KEY, body {})"
_WAIT_S: Final = 10.0


class BareDoor:
    """A door's two transactions."""

    def __init__(self, path: Path) -> None:
        self._store = _BareSqlite(path)

    def take(self, _payload: bytes) -> None:
        """Commit what a delta of one PIN commits."""
        self._store.commit(STORED)
        self._store.commit(JOURNALED)


class _BareSqlite:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_TABLE.format("INTEGER", "BLOB"))
        self._next = 0

    def commit(self, rows: int) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        values = [(self._next + each, _ROW) for each in range(rows)]
        self._db.executemany("INSERT INTO bare VALUES (?, ?)", values)
        self._db.execute("COMMIT")
        self._next += rows

    def close(self) -> None:
        self._db.close()


class _BarePostgresql:
    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute("DROP TABLE IF EXISTS bare")
        self._db.execute(_TABLE.format("BIGINT", "BYTEA").encode())
        self._next = 0

    def commit(self, rows: int) -> None:
        values = [(self._next + each, _ROW) for each in range(rows)]
        with self._db.transaction(), self._db.cursor() as cursor:
            cursor.executemany("INSERT INTO bare VALUES (%s, %s)", values)
        self._next += rows

    def close(self) -> None:
        self._db.execute("DROP TABLE bare")
        self._db.close()


class Floor:
    """Sends bare changes to the attached fleet, open loop."""

    def __init__(self, port: int, postgresql: str | None, folder: Path) -> None:
        self._store = (
            _BarePostgresql(postgresql) if postgresql else _BareSqlite(folder / "floor-hub.db")
        )
        self._lock = threading.Lock()
        self._due: dict[int, float] = {}
        self._taken_ms: list[float] = []
        address = BrokerAddress("127.0.0.1", port, None, client_id="floor")
        self._client = MqttClient(address, self._arrived)

    def _arrived(self, arrival: Arrival) -> None:
        arrival.acknowledge()
        if not arrival.topic.endswith("/up/floor"):
            return
        with self._lock:
            self._store.commit(REPORTED)
            due = self._due.pop(int.from_bytes(arrival.payload[:4], "big"))
        self._taken_ms.append(1000 * (time.monotonic() - due))

    def measure(self, controllers: Sequence[str], rate: float, count: int) -> list[float]:
        """Milliseconds of each change from its scheduled instant to its last commit."""
        self._client.start()
        deadline = time.monotonic() + _WAIT_S
        while not self._client.connected:
            if time.monotonic() > deadline:
                raise TimeoutError("the floor's client does not reach the broker")
            time.sleep(0.01)
        begun = time.monotonic() + 0.1
        for number in range(count):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.monotonic()))
            with self._lock:
                self._store.commit(BOOKED)
                self._store.commit(COMPILED)
                self._due[number] = due
            topic = f"{PREFIX}/{controllers[number % len(controllers)]}/down/floor"
            self._client.publish(topic, number.to_bytes(4, "big") + bytes(BYTES - 4))
        deadline = time.monotonic() + _WAIT_S
        while len(self._taken_ms) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{count - len(self._taken_ms)} bare changes never came back")
            time.sleep(0.01)
        self._client.stop()
        self._store.close()
        return self._taken_ms
