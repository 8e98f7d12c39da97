"""`Database`: what services hold. It reads in snapshots and writes in one place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from hub.database.errors import DatabaseError
from hub.database.scope import Scope

T = TypeVar("T")


class Database(ABC):
    """The hub's database, seen from one town."""

    def __init__(self, url: URL, town_id: str) -> None:
        self.url = url
        self.town_id = town_id

    @property
    @abstractmethod
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""

    @property
    @abstractmethod
    def _readers(self) -> Engine: ...

    @abstractmethod
    def _transact(self, work: Callable[[Scope], T]) -> tuple[T, list[Callable[[], None]]]:
        """Run the work in one transaction, and give what waits for its commit."""

    def copy_to(self, path: Path) -> None:
        """Copy the whole database into an empty file while others go on writing; raise
        `DatabaseError` where this kind of database cannot."""
        raise DatabaseError(f"{self.dialect} cannot copy itself to {path}")

    @abstractmethod
    def close(self) -> None:
        """Finish what was begun and let go of every connection."""

    @contextmanager
    def read(self) -> Iterator[Scope]:
        """Read from one snapshot: what is committed meanwhile is not seen. Writing raises."""
        with self._readers.connect() as connection, connection.begin():
            yield Scope(connection, self.town_id)

    def write(self, work: Callable[[Scope], T]) -> T:
        """Run `work(scope)` in one transaction and give what it returns, committed.

        Whatever it raises rolls everything back and is raised here. PostgreSQL may ask for a
        transaction again after a deadlock: the work is then called anew, so it must do nothing
        that a rollback does not undo (see `Scope.after_commit`). Not to be called from within
        another write.
        """
        result, actions = self._transact(work)
        for action in actions:
            action()
        return result

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:  # noqa: ARG002  # PostgreSQL's needs it
        """Hold the town's named lock over several transactions, and give whether it is ours: False
        at once where another process holds it. On SQLite there is no other process. It is let go
        at the end, and by itself should the process or its connection die."""
        yield True

    def reachable(self) -> bool:
        """Tell whether the database answers a question now."""
        try:
            with self._readers.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def revision(self) -> str | None:
        """Give the migration level of the schema, or None where none was applied."""
        with self._readers.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def database_url(text_url: str) -> URL:
    """Read a database URL: `sqlite:///path` or `postgresql://user@host/name`.

    Raises `DatabaseError` naming what is wrong; a password is never repeated.
    """
    try:
        url = make_url(text_url)
    except ArgumentError as error:
        raise DatabaseError(
            "not a database URL: write sqlite:////path/to/hub.db or postgresql://user@host/name"
        ) from error
    kind = url.get_backend_name()
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise DatabaseError(f"{kind} is not supported: use sqlite or postgresql")
    if url.database in (None, "", ":memory:"):
        raise DatabaseError("SQLite needs a file: write sqlite:////path/to/hub.db")
    return url.set(drivername="sqlite+pysqlite")


def open_database(text_url: str, town_id: str) -> Database:
    """Open a database for one town.

    SQLite: one process may; raises `DatabaseBusyError` while another has it open. PostgreSQL:
    connects at the first use, so that a server that is down does not stop the hub from starting.
    """
    from hub.database.postgresql import PostgresqlDatabase  # each engine imports this module
    from hub.database.sqlite import SqliteDatabase

    url = database_url(text_url)
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url, town_id)
    return PostgresqlDatabase(url, town_id)
