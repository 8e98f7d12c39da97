"""What a database takes with nothing around it: the floors that ingest is measured against.

Rows are made before anything is timed. On SQLite there are two floors: the hub's own table with the
rows it writes there (town, id, hash, instant, two indexes), and the plainest table that stores each
event once, its key (controller, epoch, seq) and its bytes. The first tells what ingest costs, the
second what the hub's rows cost as well. On PostgreSQL the same, by COPY as psycopg does it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateTable

from bench.event_path.load import event_bytes
from hub.ingest.tables import raw_events
from hub.ingest.worker import BATCH_ROWS
from hub.settings import FIRST_TOWN

BATCH: Final = 500
_TABLE: Final = (
    "CREATE TABLE {} (controller TEXT, epoch BIGINT, seq BIGINT, body {},"
    " PRIMARY KEY (controller, epoch, seq))"
)
_PLAIN: Final = ("controller", "epoch", "seq", "body")
_CONTROLLER: Final = "k7w2m9x4c1t8z5qa"
_AT: Final = "2026-11-22 09:30:00.123456"


def rows(count: int) -> list[tuple[str, int, int, bytes]]:
    """The rows of `count` events."""
    return [(_CONTROLLER, 1, number + 1, event_bytes(number)) for number in range(count)]


def hub_rows(events: Sequence[tuple[str, int, int, bytes]]) -> list[tuple[Any, ...]]:
    """The same events as rows of `raw_events`."""
    return [
        (
            FIRST_TOWN,
            seq,
            controller,
            epoch,
            seq,
            seq,
            body,
            sha256(body).digest(),
            _AT,
            False,
            False,
        )
        for controller, epoch, seq, body in events
    ]


def sqlite_rate(path: Path, events: Sequence[tuple[Any, ...]]) -> float:
    """Events a second into a new file: WAL, FULL, 500 a transaction. The table is the one that the
    rows fit."""
    plain = len(events[0]) == len(_PLAIN)
    table = str(CreateTable(raw_events).compile(dialect=sqlite_dialect()))
    marks = ", ".join("?" * len(events[0]))
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(_TABLE.format(raw_events.name, "BLOB") if plain else table)
    begun = time.perf_counter()
    for start in range(0, len(events), BATCH):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            f"INSERT INTO {raw_events.name} VALUES ({marks}) ON CONFLICT DO NOTHING",
            events[start : start + BATCH],
        )
        database.execute("COMMIT")
    taken_s = time.perf_counter() - begun
    database.close()
    path.unlink()
    return len(events) / taken_s


def postgresql_rate(url: str, events: Sequence[tuple[Any, ...]]) -> float:
    """Events a second by COPY into a temporary table and INSERT from it, as many a transaction as
    the hub takes, in a database that has the hub's tables."""
    plain = len(events[0]) == len(_PLAIN)
    own = f"CREATE TABLE raw_floor (LIKE {raw_events.name} INCLUDING ALL)"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS raw_floor")
        connection.execute((_TABLE.format("raw_floor", "BYTEA") if plain else own).encode())
        connection.execute("CREATE TEMPORARY TABLE incoming (LIKE raw_floor) ON COMMIT DELETE ROWS")
        begun = time.perf_counter()
        for start in range(0, len(events), BATCH_ROWS):
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY incoming FROM STDIN") as copy:
                    for row in events[start : start + BATCH_ROWS]:
                        copy.write_row(row)
                cursor.execute(
                    "INSERT INTO raw_floor SELECT * FROM incoming ON CONFLICT DO NOTHING"
                )
        taken_s = time.perf_counter() - begun
        connection.execute("DROP TABLE raw_floor")
    return len(events) / taken_s
