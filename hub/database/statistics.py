"""What SQLite's planner is told about the hub's tables, so that it never reads a whole town.

Every index begins with `town_id`, and of a database that was never analysed the planner believes
that an equal first column leaves ten rows: it then takes an index for the order of its rows, and
reads all of the town's. Figures of an ANALYZE would be those of the day it ran on. These are fixed,
as for a large town: `town_id` tells nothing, ids tell much. So each query is planned the same way
in an empty database, in a test and after ten years. Source: sqlite.org, "The Query Planner
Stability Guarantee" and the format of `sqlite_stat1`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

ROWS: Final = 1_000_000
"""Rows of any table."""

ALIKE: Final = 10
"""Rows that are alike in a column which is not named here."""

_ALIKE: Final = {
    "town_id": ROWS,
    "state": 1_000,  # who asks by it asks for what is on its way somewhere, which is rare
    "kind": 100_000,
    "target_kind": 100_000,
    "topic": 100_000,
    "site_id": 50_000,
    "zone_id": 50_000,
    "facility_id": 5_000,
    "group_id": 5_000,
    "schedule_id": 5_000,
    "hold_schedule": 5_000,
    "controller_id": 5_000,
    "door_id": 5_000,
}
"""Rows that are alike in a column which many share."""

_INDEXES: Final = """
SELECT t.name, i.name, i."unique", group_concat(c.name)
FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' GROUP BY t.name, i.name
"""


def figures(columns: Sequence[str], *, unique: bool) -> str:
    """Give an index's row of `sqlite_stat1`: how many rows there are, then how many are alike in
    the first column, in the first two, and so on."""
    left, told = float(ROWS), [ROWS]
    for column in columns:
        left = max(1.0, left * _ALIKE.get(column, ALIKE) / ROWS)
        told.append(round(left))
    if unique:
        told[-1] = 1
    return " ".join(map(str, told))


def settle(connection: sqlite3.Connection) -> None:
    """Write the figures of every index there is, unless they stand already. Connections opened
    later plan by them, and so does this one."""
    wanted = {
        (table, index, figures(columns.split(","), unique=bool(unique)))
        for table, index, unique, columns in connection.execute(_INDEXES)
    }
    connection.execute("ANALYZE sqlite_schema")  # makes the table of figures where there is none
    found = set(connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1"))
    if found == wanted:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM sqlite_stat1")
    connection.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", sorted(wanted))
    connection.execute("COMMIT")
    connection.execute("ANALYZE sqlite_schema")  # takes them up
