"""PostgreSQL 15 or newer, by psycopg 3: any number of processes.

Reads are REPEATABLE READ and READ ONLY: one snapshot, as on SQLite. Writes are READ COMMITTED; what
must not run side by side takes `Scope.lock`, or a row lock by `with_for_update()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from hub.database.engine import Database
from hub.database.scope import Scope, lock_number

T = TypeVar("T")

ATTEMPTS: Final = 5
_AGAIN: Final = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_LOCK_OPTIONS: Final = (
    "-c timezone=UTC -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10"
    " -c tcp_keepalives_count=3"
)
"""The server notices within two minutes that a machine is gone, and lets its locks go; by itself it
would take hours."""


class PostgresqlDatabase(Database):
    """A pool of connections; connects at the first use."""

    def __init__(self, url: URL, town_id: str, *, pool_size: int = 10) -> None:
        super().__init__(url, town_id)
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # an error must not repeat names, numbers or tokens
            connect_args={"options": "-c timezone=UTC", "connect_timeout": 5},
        )
        # Whoever holds a lock may wait for the network meanwhile: it takes no connection from those
        # who read and write, and whoever asks for one more lock never waits for a connection.
        self._lock_engine = create_engine(
            url,
            pool_size=4,
            max_overflow=-1,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"options": _LOCK_OPTIONS, "connect_timeout": 5},
        )
        self._reader_engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @property
    def dialect(self) -> str:
        """`postgresql`."""
        return "postgresql"

    @property
    def _readers(self) -> Engine:
        return self._reader_engine

    def _transact(self, work: Callable[[Scope], T]) -> tuple[T, list[Callable[[], None]]]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._engine.begin() as connection:
                    scope = Scope(connection, self.town_id)
                    result = work(scope)
            except DBAPIError as error:
                if attempt == ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    raise
            else:
                return result, scope.take_after_commit()
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Hold an advisory lock of a connection of its own."""
        number = lock_number(self.town_id, f"held:{name}")
        with self._lock_engine.connect() as connection:
            ours = bool(connection.scalar(select(func.pg_try_advisory_lock(number))))
            try:
                yield ours
            finally:
                if ours:
                    connection.execute(select(func.pg_advisory_unlock(number)))

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()
        self._lock_engine.dispose()
