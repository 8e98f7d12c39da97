"""What a database takes with nothing around it: the floors that ingest is measured against.

The rows are the events that the hub stores, in the plainest table that stores each once: key
(controller, epoch, seq) and the bytes. The hub keeps town, id, hash and instant beside them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psycopg

from bench.event_path.load import event_bytes

BATCH: Final = 500
_TABLE: Final = (
    "CREATE TABLE {} (controller TEXT, epoch BIGINT, seq BIGINT, body {},"
    " PRIMARY KEY (controller, epoch, seq))"
)
_CONTROLLER: Final = "k7w2m9x4c1t8z5qa"


def rows(count: int) -> list[tuple[str, int, int, bytes]]:
    """The rows of `count` events."""
    return [(_CONTROLLER, 1, number + 1, event_bytes(number)) for number in range(count)]


def sqlite_rate(path: Path, events: Sequence[tuple[str, int, int, bytes]]) -> float:
    """Events a second into a new file: WAL, FULL, 500 a transaction."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(_TABLE.format("events", "BLOB"))
    begun = time.perf_counter()
    for start in range(0, len(events), BATCH):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            events[start : start + BATCH],
        )
        database.execute("COMMIT")
    taken_s = time.perf_counter() - begun
    database.close()
    path.unlink()
    return len(events) / taken_s


def postgresql_rate(url: str, events: Sequence[tuple[str, int, int, bytes]]) -> float:
    """Events a second by COPY into a temporary table and INSERT from it, 500 a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS raw_floor")
        connection.execute(_TABLE.format("raw_floor", "BYTEA"))
        connection.execute("CREATE TEMPORARY TABLE incoming (LIKE raw_floor) ON COMMIT DELETE ROWS")
        begun = time.perf_counter()
        for start in range(0, len(events), BATCH):
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY incoming FROM STDIN") as copy:
                    for row in events[start : start + BATCH]:
                        copy.write_row(row)
                cursor.execute(
                    "INSERT INTO raw_floor SELECT * FROM incoming ON CONFLICT DO NOTHING"
                )
        taken_s = time.perf_counter() - begun
        connection.execute("DROP TABLE raw_floor")
    return len(events) / taken_s
