"""SQLite: one process, one writer thread that alone writes and checkpoints, readers query_only.

Several connections that checkpoint can lose a WAL reset (SQLite 3.7.0 to 3.51.2); with one that
does, and a lock that keeps other processes out, they cannot.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, QueuePool

from hub.database.engine import Database
from hub.database.errors import DatabaseBusyError, DatabaseError
from hub.database.scope import Scope
from hub.database.statistics import settle

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 5_000
MAX_READERS: Final = 48
"""More than the threads that serve requests, so that none waits for a connection."""

_COPIED_PAGES: Final = 256
"""Pages of a copy between any two writes of others: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy of the database, on the writer's list like any other work."""

    path: Path


_Job = tuple[Callable[[Scope], Any] | _Copy, Future[Any]]


class SqliteDatabase(Database):
    """One file, one writer thread, up to `MAX_READERS` reading connections."""

    def __init__(self, url: URL, town_id: str) -> None:
        super().__init__(url, town_id)
        self._lock_file = lock_file(url)
        self._writer_engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        _prepare(self._writer_engine, begin="BEGIN IMMEDIATE", pragmas=_WRITER)
        self._reader_engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=MAX_READERS - 8,
            hide_parameters=True,
        )
        _prepare(self._reader_engine, begin="BEGIN", pragmas=_READER)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._copying = threading.Lock()
        self._closed = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._write_loop, args=(opened,), name="hub-db-writer", daemon=True
        )
        self._thread.start()
        try:
            opened.result()
        except BaseException:
            self._lock_file.close()
            raise

    @property
    def dialect(self) -> str:
        """`sqlite`."""
        return "sqlite"

    @property
    def _readers(self) -> Engine:
        return self._reader_engine

    def _transact(self, work: Callable[[Scope], T]) -> tuple[T, list[Callable[[], None]]]:
        if threading.current_thread() is self._thread:
            raise DatabaseError("a write within a write: hand the scope on instead")
        done: Future[tuple[T, list[Callable[[], None]]]] = Future()
        with self._closing:
            if self._closed:
                raise DatabaseError("the database is closed")
            self._jobs.put((work, done))
        return done.result()

    def copy_to(self, path: Path) -> None:
        """Copy the whole database through the writer, which serves what waits between any two
        steps: its own writes are carried over, so the copy is as the database is at its end."""
        with self._copying:
            done: Future[tuple[None, list[Callable[[], None]]]] = Future()
            with self._closing:
                if self._closed:
                    raise DatabaseError("the database is closed")
                self._jobs.put((_Copy(path), done))
            done.result()

    def close(self) -> None:
        """Finish the writes that wait, checkpoint, and let go of the file."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        # Readers go first: whoever closes last checkpoints, and that is the writer's to do.
        self._reader_engine.dispose()
        self._thread.join()
        self._lock_file.close()

    def _write_loop(self, opened: Future[None]) -> None:
        try:
            connection = self._writer_engine.connect()
            settle(_driver(connection))
        except BaseException as error:  # noqa: BLE001, RUF100  # handed to the thread that opens
            opened.set_exception(error)
            return
        opened.set_result(None)
        with connection:
            while (job := self._jobs.get()) is not None:
                self._serve(connection, job)
                # Keep no reference while waiting: it would hold the caller's objects alive.
                del job

    def _serve(self, connection: Connection, job: _Job) -> None:
        work, done = job
        try:
            if isinstance(work, _Copy):
                self._copy(connection, work.path)
                done.set_result((None, []))
            else:
                done.set_result(self._in_transaction(connection, work))
        except BaseException as error:  # noqa: BLE001, RUF100  # handed to the caller
            done.set_exception(error)

    def _copy(self, connection: Connection, path: Path) -> None:
        def serve_waiting(*_: int) -> None:
            for _turn in range(self._jobs.qsize()):
                job = self._jobs.get()
                if job is None:  # to close is the loop's business, after the copy
                    self._jobs.put(None)
                    return
                self._serve(connection, job)

        source, target = _driver(connection), sqlite3.connect(path)
        try:
            source.backup(target, pages=_COPIED_PAGES, progress=serve_waiting, sleep=0)
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()

    def _in_transaction(
        self, connection: Connection, work: Callable[[Scope], T]
    ) -> tuple[T, list[Callable[[], None]]]:
        scope = Scope(connection, self.town_id)
        with connection.begin():
            result = work(scope)
        return result, scope.take_after_commit()


def _driver(connection: Connection) -> sqlite3.Connection:
    """Give the driver's own connection."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise DatabaseError("the writer has no connection of its own")
    return driver


_COMMON: Final = ("PRAGMA foreign_keys = ON", f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
_WRITER: Final = (
    *_COMMON,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA journal_size_limit = 67108864",
)
_READER: Final = (*_COMMON, "PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0")


def _prepare(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    """Set a connection up when it is opened, and begin transactions by our own word: the driver's
    habit of beginning late would lose the snapshot."""

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def lock_file(url: URL) -> IO[bytes]:
    """Take the file's lock for this process; raise `DatabaseBusyError` while another holds it."""
    path = Path(str(url.database) + ".lock")
    try:
        handle = path.open("ab")
    except OSError as error:
        raise DatabaseError(
            f"cannot open {path}: {error.strerror}; create the folder and give it to the hub's user"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise DatabaseBusyError(
            f"{url.database} is open in another process. SQLite serves one process: stop that one, "
            "use the running hub's API, or set database.url to PostgreSQL"
        ) from error
    return handle
