"""The shared metadata, and the constructor by which every topic makes its tables."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
)
from sqlalchemy.schema import ExecutableDDLElement, SchemaItem

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""One for all topics. Constraint names follow from table and columns."""


def ddl(statement: str, *, dialect: str) -> ExecutableDDLElement:
    """A statement for `sqlalchemy.event.listen(table, "after_create", ...)`, on one dialect only:
    triggers and what else a table needs. It becomes part of the migration as well."""
    element: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]  # unannotated
    return element.execute_if(dialect=dialect)


# Exclusion constraints over (equality, range) need it; it comes with PostgreSQL's own packages.
event.listen(
    metadata,
    "before_create",
    ddl("CREATE EXTENSION IF NOT EXISTS btree_gist", dialect="postgresql"),
)


def town_table(name: str, *items: SchemaItem, **options: Any) -> Table:
    """Make a table on the shared metadata with `town_id` first, in the table and in its key.

    Mark the other key columns `primary_key=True` (usually `id`). Use `belongs_to` and `unique`
    for references and uniqueness: they carry the town, so that no row can name another town's.
    """
    keys = [item.name for item in items if isinstance(item, Column) and item.primary_key]
    if not keys:
        raise ValueError(f"table {name} names no key column")
    # The town leads the key; a composite key never counts up by itself.
    for item in items:
        if isinstance(item, Column) and item.primary_key:
            item.autoincrement = False
    town = Column("town_id", String(36), primary_key=True, nullable=False)
    return Table(name, metadata, town, *items, **options)


def belongs_to(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference to `table.id` within the town; a NULL refers to nothing."""
    return ForeignKeyConstraint(
        ["town_id", column], [f"{table}.town_id", f"{table}.id"], ondelete=ondelete
    )


def unique(*columns: str) -> UniqueConstraint:
    """These columns together are unique within the town."""
    return UniqueConstraint("town_id", *columns)


def is_town_table(table: object) -> bool:
    """Tell whether a table carries `town_id`."""
    return isinstance(table, Table) and "town_id" in table.c


counters: Final = town_table(
    "counters",
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Gapless numbers that commit in their own order: see `Scope.take_numbers`."""
