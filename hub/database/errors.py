"""What a database says no to, by name: services catch these, never the driver's errors."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, MetaData
from sqlalchemy.exc import IntegrityError


class DatabaseError(Exception):
    """The database cannot be used as asked; the message names the remedy where there is one."""


class DatabaseBusyError(DatabaseError):
    """Another process holds the SQLite file."""


class SchemaOutdatedError(DatabaseError):
    """The schema is not the one this version of the hub was built for."""


class TownLeakError(DatabaseError):
    """A statement could reach another town's rows and was refused before it ran."""


class ConstraintError(DatabaseError):
    """A rule of the schema refused a row.

    `table` and `columns` (without town_id) say which rule, the same on SQLite and PostgreSQL;
    `constraint` is its name where the database tells it. No value of the row is repeated.
    """

    def __init__(self, table: str, columns: tuple[str, ...], constraint: str = "") -> None:
        self.table = table
        self.columns = columns
        self.constraint = constraint
        super().__init__(f"{type(self).__name__}: {table}({', '.join(columns)}) {constraint}")


class DuplicateError(ConstraintError):
    """Such a row exists already."""


class OverlapError(ConstraintError):
    """An exclusion constraint (PostgreSQL) or a trigger that stands for one (SQLite: it raises
    `OVERLAP constraint failed: table.column`) found an overlapping row."""


class MissingReferenceError(ConstraintError):
    """A row names another that does not exist, or is still named by one."""


class CheckError(ConstraintError):
    """A value lies outside what the column admits."""


_BY_SQLSTATE: dict[str, type[ConstraintError]] = {
    "23505": DuplicateError,
    "23P01": OverlapError,
    "23503": MissingReferenceError,
    "23514": CheckError,
    "23502": CheckError,
}
_SQLITE_COLUMNS = re.compile(
    r"^(UNIQUE|NOT NULL|OVERLAP) constraint failed: ([\w.]+(?:, [\w.]+)*)$"
)
_BY_RULE: dict[str, type[ConstraintError]] = {
    "UNIQUE": DuplicateError,
    "NOT NULL": CheckError,
    "OVERLAP": OverlapError,
}
_SQLITE_NAMED = re.compile(r"^(UNIQUE|CHECK) constraint failed: (?:index ')?(\w+)'?$")


def translate(error: IntegrityError, metadata: MetaData) -> ConstraintError:
    """Give the named error for a driver's integrity error."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        diagnosis = getattr(error.orig, "diag", None)
        name = getattr(diagnosis, "constraint_name", None) or ""
        table = getattr(diagnosis, "table_name", None) or ""
        column = getattr(diagnosis, "column_name", None)
        columns = (column,) if column else _columns_of(metadata, table, name)
        return _BY_SQLSTATE.get(sqlstate, ConstraintError)(table, columns, name)
    return _from_sqlite(str(error.orig), metadata)


def _from_sqlite(message: str, metadata: MetaData) -> ConstraintError:
    if message.startswith("FOREIGN KEY"):
        return MissingReferenceError("", ())  # SQLite does not tell which
    if (named := _SQLITE_NAMED.match(message)) and "." not in named[2]:
        kind = DuplicateError if named[1] == "UNIQUE" else CheckError
        table = _table_with(metadata, named[2])
        return kind(table, _columns_of(metadata, table, named[2]), named[2])
    if listed := _SQLITE_COLUMNS.match(message):
        parts = [part.split(".") for part in listed[2].split(", ")]
        columns = tuple(part[-1] for part in parts if part[-1] != "town_id")
        return _BY_RULE[listed[1]](parts[0][0], columns)
    return ConstraintError("", (), "")


def _table_with(metadata: MetaData, name: str) -> str:
    for table in metadata.tables.values():
        rules: list[Any] = [*table.constraints, *table.indexes]
        if any(rule.name == name for rule in rules):
            return table.name
    return ""


def _columns_of(metadata: MetaData, table_name: str, name: str) -> tuple[str, ...]:
    table = metadata.tables.get(table_name)
    if table is None:
        return ()
    rules: list[Any] = [*table.constraints, *table.indexes]
    for rule in rules:
        if rule.name == name:
            found = getattr(rule, "columns", ())
            return tuple(c.name for c in found if isinstance(c, Column) and c.name != "town_id")
    return ()
