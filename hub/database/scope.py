"""A transaction confined to one town: the one place where `town_id` is filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Column, ColumnElement, Connection, CursorResult, Select, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.base import Executable

from hub.database.errors import TownLeakError, translate
from hub.database.tables import counters, is_town_table, metadata
from hub.database.town import within_town

Values = Mapping[str, Any]

_TAKE_NUMBERS: Final = (
    f"INSERT INTO {counters.name} (town_id, name, value) VALUES ({{0}}, {{0}}, {{0}})"  # noqa: S608
    " ON CONFLICT (town_id, name) DO UPDATE"
    f" SET value = {counters.name}.value + excluded.value RETURNING value"
)


STORY: Final = "story"
"""The lock of whoever tells what happened: audit, happenings, the history of placements. Each has
its own counter, and not everybody needs them in the same order; so this one is taken before any of
them, and before a placement is written, or two transactions could wait for one another."""


def lock_number(town_id: str, name: str) -> int:
    """Give the number by which PostgreSQL knows a town's named lock: signed, 64 bits."""
    digest = hashlib.sha256(f"{town_id}\x00{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@lru_cache
def _update_of(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Update:
    """Give the UPDATE of rows by their key within the town, each value a parameter: `_` and the
    column's name."""
    where = [table.c[name] == sa.bindparam(f"_{name}") for name in ("town_id", *key)]
    return sa.update(table).where(*where).values({n: sa.bindparam(f"_{n}") for n in names})


class Scope:
    """A connection in a transaction, and the town it may see.

    Integrity errors come out as `hub.database.errors.ConstraintError`. On PostgreSQL a refused
    statement spoils its transaction: one that may be refused and then tried otherwise goes into
    `with scope.savepoint():`.
    """

    __slots__ = ("_after_commit", "_held", "connection", "town_id")

    def __init__(self, connection: Connection, town_id: str) -> None:
        self.connection = connection
        self.town_id = town_id
        self._held: frozenset[str] = frozenset()
        self._after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    # --- reading ---------------------------------------------------------------------------

    def select(self, *what: Any) -> Select[Any]:
        """Begin a SELECT of tables or columns; the town is filled in when it is executed."""
        return sa.select(*what)

    def execute(self, statement: Executable) -> CursorResult[Any]:
        """Run a SELECT, UPDATE or DELETE confined to the town, at any depth of joins, aliases,
        subqueries and unions; raise `TownLeakError` for what cannot be confined."""
        return self._run(within_town(statement, self.town_id))

    def one(self, statement: Executable) -> sa.Row[Any] | None:
        """Give the first row of a SELECT, or None."""
        return self.execute(statement).first()

    def all(self, statement: Executable) -> Sequence[sa.Row[Any]]:
        """Give every row of a SELECT."""
        return self.execute(statement).all()

    def scalar(self, statement: Executable) -> Any:
        """Give the first column of the first row of a SELECT, or None."""
        return self.execute(statement).scalar()

    # --- writing ---------------------------------------------------------------------------

    def insert(self, table: Table, values: Values | Sequence[Values]) -> int:
        """Insert one row or several (all with the same columns); give how many."""
        rows = self._rows(table, values)
        if rows:
            self._run(sa.insert(table), rows)
        return len(rows)

    def upsert_ignore(self, table: Table, values: Values | Sequence[Values]) -> int:
        """Insert what does not exist yet (ON CONFLICT DO NOTHING on any unique rule); give how
        many rows were new."""
        rows = self._rows(table, values)
        if not rows:
            return 0
        statement = self._dialect_insert(table).on_conflict_do_nothing()
        return self._run(statement.execution_options(preserve_rowcount=True), rows).rowcount

    def upsert(self, table: Table, values: Values | Sequence[Values], *, key: Sequence[str]) -> int:
        """Insert rows, or where the unique `key` columns (without town_id) exist, set the other
        given columns; give how many rows were written."""
        rows = self._rows(table, values)
        if not rows:
            return 0
        statement = self._dialect_insert(table)
        index = ["town_id", *key]
        new = {name: statement.excluded[name] for name in rows[0] if name not in index}
        self._run(statement.on_conflict_do_update(index_elements=index, set_=new), rows)
        return len(rows)

    def update(self, table: Table, values: Values, *where: ColumnElement[bool]) -> int:
        """Set columns of the town's rows that satisfy all conditions (at least one); give how
        many. `sa.true()` as the condition means every row of the town."""
        if not where:
            raise ValueError("an UPDATE names its rows")
        self._check_town(table, values)
        return self.execute(sa.update(table).where(*where).values(**values)).rowcount

    def update_rows(self, table: Table, rows: Sequence[Values], *, key: Sequence[str]) -> None:
        """Set columns of many rows at once: each of `rows` holds the `key` columns (without
        town_id) that name its row, and the columns to set, the same in all."""
        if not rows:
            return
        self._check_town(table, rows[0])
        statement = _update_of(table, tuple(key), tuple(sorted(rows[0].keys() - set(key))))
        # A column that is set may not lend its name to a parameter of the WHERE clause.
        named = [{f"_{name}": value for name, value in row.items()} for row in rows]
        self._run(statement, [{"_town_id": self.town_id, **row} for row in named])

    def delete(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Delete the town's rows that satisfy all conditions (at least one); give how many."""
        if not where:
            raise ValueError("a DELETE names its rows")
        return self.execute(sa.delete(table).where(*where)).rowcount

    def take_numbers(self, name: str, count: int = 1) -> range:
        """Take the next numbers of a named counter, from 1, without gaps.

        The counter's row stays locked until the transaction ends, so that numbers become visible
        in their own order: a worker that reads 'greater than my watermark' misses none.
        """
        # By the driver's own text: worked out anew each time, it would cost more than it does.
        mark = "?" if self.dialect == "sqlite" else "%s"
        row = (self.town_id, name, count)
        taken = self.connection.exec_driver_sql(_TAKE_NUMBERS.format(mark), row)
        last = int(taken.scalar_one())
        return range(last - count + 1, last + 1)

    def as_stored(self, column: Column[Any], value: Any) -> Any:
        """Give a value as this database's driver takes it for a column: for statements in the
        driver's own text."""
        dialect = self.connection.dialect
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        return process(value) if process else value

    # --- the transaction -------------------------------------------------------------------

    def lock(self, name: str) -> bool:
        """Hold the town's named lock until the transaction ends; tell whether somebody else may
        have written since it began. On SQLite the one writer is the lock already."""
        if self.dialect != "postgresql" or name in self._held:
            return False
        number = lock_number(self.town_id, name)
        self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
        self._held |= {name}
        return True

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside if it raises, and let the transaction go on."""
        held = self._held
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self._held = held  # what was locked inside is let go with it
            raise

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call this once the transaction is committed, in the thread that asked for the write;
        never if it is rolled back."""
        self._after_commit.append(action)

    def take_after_commit(self) -> list[Callable[[], None]]:
        """Hand over what waits for the commit: for `Database` alone."""
        actions, self._after_commit = self._after_commit, []
        return actions

    # --- inside ----------------------------------------------------------------------------

    def _run(self, statement: Any, rows: Sequence[Values] | None = None) -> CursorResult[Any]:
        try:
            return self.connection.execute(statement, rows)
        except IntegrityError as error:
            raise translate(error, metadata) from error

    def _dialect_insert(self, table: Table) -> Any:
        make = postgresql_insert if self.dialect == "postgresql" else sqlite_insert
        return make(table)

    def _check_town(self, table: Table, values: Values) -> None:
        if not is_town_table(table):
            raise TownLeakError(f"{table} carries no town")
        if values.get("town_id", self.town_id) != self.town_id:
            raise TownLeakError(f"a row of {table} names another town")

    def _rows(self, table: Table, values: Values | Sequence[Values]) -> list[dict[str, Any]]:
        given = [values] if isinstance(values, Mapping) else values
        for row in given:
            self._check_town(table, row)
        return [{**row, "town_id": self.town_id} for row in given]
