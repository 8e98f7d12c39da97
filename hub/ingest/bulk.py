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

from hub.database.scope import Scope
from hub.ingest.tables import raw_events

COLUMNS: Final = tuple(column.name for column in raw_events.columns)
RawValues: TypeAlias = tuple[int, str, int, int, int, bytes, bytes, bool, bool]
"""id, controller, epoch, seq, last_seq, body, body_hash, repeated, late."""

_COPY_FROM: Final = 32
"""Rows from which PostgreSQL is faster by COPY into a temporary table."""


def insert_raw(scope: Scope, rows: Sequence[RawValues], received_at: datetime) -> int:
    """Insert rows that are not there yet; give how many were new."""
    if not rows:
        return 0
    at = _as_stored(scope, received_at)
    town = scope.town_id
    values = [(town, *row[:7], at, *row[7:]) for row in rows]
    if scope.dialect == "postgresql" and len(rows) >= _COPY_FROM:
        return _copy(scope, values)
    result = scope.connection.exec_driver_sql(
        _insert_statement(scope.dialect), values, execution_options={"preserve_rowcount": True}
    )
    return result.rowcount


def _as_stored(scope: Scope, instant: datetime) -> Any:
    """The instant as this database's driver takes it, worked out once a batch."""
    process = raw_events.c.received_at.type.dialect_impl(scope.connection.dialect).bind_processor(
        scope.connection.dialect
    )
    return process(instant) if process else instant


@cache
def _insert_statement(dialect: str) -> str:
    mark = "?" if dialect == "sqlite" else "%s"
    marks = ", ".join([mark] * len(COLUMNS))
    names = ", ".join(COLUMNS)
    return (
        f"INSERT INTO {raw_events.name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        " ON CONFLICT DO NOTHING"
    )


def _copy(scope: Scope, values: Sequence[tuple[Any, ...]]) -> int:
    connection = scope.connection
    names = ", ".join(COLUMNS)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS raw_incoming (LIKE {raw_events.name})"
        " ON COMMIT DELETE ROWS"
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY raw_incoming ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)
    result = connection.exec_driver_sql(
        f"INSERT INTO {raw_events.name} ({names}) SELECT {names} FROM raw_incoming"  # noqa: S608
        " ON CONFLICT DO NOTHING"
    )
    connection.exec_driver_sql("DELETE FROM raw_incoming")
    return result.rowcount
