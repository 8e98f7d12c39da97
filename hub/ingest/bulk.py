"""Rows into `raw_events` as fast as the database takes them.

The one table that grows by every event gets statements of its own, made from the table's definition
and given the driver's own tuples: through expression language a row costs four times as much. The
town is the scope's, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

import psycopg
from sqlalchemy.exc import DataError, DBAPIError

from hub.database.scope import Scope
from hub.ingest.marks import Stream
from hub.ingest.tables import raw_events

COLUMNS: Final = tuple(column.name for column in raw_events.columns)
RawValues: TypeAlias = tuple[int, str, int, int, int, bytes, bytes, bool, bool]
"""id, controller, epoch, seq, last_seq, body, body_hash, repeated, late."""

_COPY_FROM: Final = 32
"""Rows from which PostgreSQL is faster by COPY into a temporary table."""
_TOGETHER: Final = 50
"""Rows one INSERT carries on SQLite. The interpreter's lock is let go and asked for again at each
statement, so beside busy threads a row by itself costs several times as much."""


def insert_raw(scope: Scope, rows: Sequence[RawValues], received_at: datetime) -> int:
    """Insert rows that are not there yet; give how many were new."""
    if not rows:
        return 0
    at = scope.as_stored(raw_events.c.received_at, received_at)
    town = scope.town_id
    if scope.dialect == "sqlite":
        return _insert_together(scope, [town, at], rows)
    values = [(town, *row[:7], at, *row[7:]) for row in rows]
    if len(rows) >= _COPY_FROM:
        return _copy(scope, values)
    result = scope.connection.exec_driver_sql(
        _INSERT_ONE, values, execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


def _insert_together(scope: Scope, shared: list[Any], rows: Sequence[RawValues]) -> int:
    """Many rows a statement; those that are left over one by one."""
    new, odd = 0, len(rows) % _TOGETHER
    for count, these in ((_TOGETHER, rows[odd:]), (1, rows[:odd])):
        if not these:
            continue
        groups = []
        for start in range(0, len(these), count):
            values = shared.copy()
            for row in these[start : start + count]:
                values += row
            groups.append(tuple(values))
        new += scope.connection.exec_driver_sql(
            _insert_statement(count), groups, execution_options={"preserve_rowcount": True}
        ).rowcount
    return new


_INCOMING: Final = "raw_incoming"
_COPY_TYPES: Final = tuple(
    {str: "text", int: "int8", bytes: "bytea", bool: "bool", datetime: "timestamptz"}[
        column.type.python_type
    ]
    for column in raw_events.columns
)
_HASHES: Final = (
    f"SELECT seq, body_hash FROM {raw_events.name} WHERE town_id = {{0}}"  # noqa: S608
    " AND controller_id = {0} AND epoch = {0} AND seq BETWEEN {0} AND {0}"
)
_INSERT: Final = f"INSERT INTO {raw_events.name} ({', '.join(COLUMNS)}) VALUES "  # noqa: S608
_INSERT_ONE: Final = f"{_INSERT}({', '.join(['%s'] * len(COLUMNS))}) ON CONFLICT DO NOTHING"


@cache
def _insert_statement(count: int) -> str:
    """An INSERT of `count` rows on SQLite: ?1 is the town, ?2 the instant, then the rows."""
    one = len(COLUMNS) - 2
    rows = []
    for first in range(3, 3 + count * one, one):
        own = [f"?{number}" for number in range(first, first + one)]
        rows.append(f"(?1, {', '.join(own[:-2])}, ?2, {', '.join(own[-2:])})")
    return f"{_INSERT}{', '.join(rows)} ON CONFLICT DO NOTHING"


def _copy(scope: Scope, values: Sequence[tuple[Any, ...]]) -> int:
    """By way of a temporary table of the connection's, in PostgreSQL's own binary form."""
    connection = scope.connection
    held = connection.info
    if _INCOMING not in held:
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {_INCOMING} (LIKE {raw_events.name})"
            " ON COMMIT DELETE ROWS"
        )
        # Only then is it there to stay.
        scope.after_commit(lambda: held.setdefault(_INCOMING, True))
    names = ", ".join(COLUMNS)
    driver: Any = connection.connection.driver_connection
    text = f"COPY {_INCOMING} ({names}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types(_COPY_TYPES)
            for row in values:
                copy.write_row(row)
    except psycopg.Error as error:  # as SQLAlchemy names what goes through its own hands
        kind = DataError if isinstance(error, psycopg.DataError) else DBAPIError
        raise kind(text, None, error) from error
    result = connection.exec_driver_sql(
        f"INSERT INTO {raw_events.name} ({names}) SELECT {names} FROM {_INCOMING}"  # noqa: S608
        " ON CONFLICT DO NOTHING"
    )
    return result.rowcount


def held_hashes(scope: Scope, stream: Stream, first: int, last: int) -> dict[int, bytes]:
    """Give the body hash of each row a stream has between two seqs, both included."""
    sign = "?" if scope.dialect == "sqlite" else "%s"
    values = (scope.town_id, *stream, first, last)
    rows = scope.connection.exec_driver_sql(_HASHES.format(sign), values)
    return {seq: bytes(digest) for seq, digest in rows}
