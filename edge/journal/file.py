"""The one file: opened, preallocated, checked, and set aside when it is damaged.

WAL with synchronous=FULL and one connection in exclusive mode: a commit is one fsync of the WAL.
The pages of `capacity` events are allocated when the file is made and the WAL's blocks whenever it
is opened, so that a disk which others fill does not stop the journal.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from edge.journal.faults import CORRUPT, lenient_text, named_faults
from edge.journal.limits import BYTES_AN_EVENT, PAGE_BYTES
from edge.journal.rows import crc_of
from edge.journal.wal_frames import is_damaged
from edge.light_start import without
from edge.ports import JournalError

with without("pandas", "numpy"):  # it takes them along where they are installed
    from sqlite_utils import Database

WAL_BYTES: Final = 4 * 1024 * 1024
_WAL_USUAL_BYTES: Final = 2 * 1024 * 1024
_CACHE_KIB: Final = 512
"""Rows are written once and read once, in order: a larger cache would only hold memory."""
_WAL_PAGES: Final = 1_500
"""Frames after which the WAL goes into the file and begins anew; more only within one commit."""

_FILLER: Final = 256 * 1024
_PIECE: Final = 4 * 1024
_BALLAST_SUFFIX: Final = ".ballast"

_SCHEMA: Final = """
CREATE TABLE events (row INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE epochs (first_row INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE marks (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  through_row INTEGER NOT NULL, offered_row INTEGER NOT NULL, inode INTEGER NOT NULL,
  crc INTEGER NOT NULL);
CREATE TABLE state (
  name TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
  kind TEXT NOT NULL, id TEXT NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE policy (
  id INTEGER PRIMARY KEY CHECK (id = 1), hub_epoch INTEGER NOT NULL, version INTEGER NOT NULL,
  crc INTEGER NOT NULL);
"""


class Found(StrEnum):
    """In what state the file was found."""

    GOOD = "good"
    CREATED = "created"
    CORRUPTED = "corrupted"


@dataclass(slots=True)
class JournalFile:
    """The file and its one connection; `db` changes when a damaged file is replaced."""

    path: Path
    capacity: int
    db: Database
    found: Found
    set_aside: Path | None = None
    damaged: bool = False
    """It was found damaged and could not be replaced yet."""

    def replace_damaged(self) -> None:
        """Put the damaged file aside and begin an empty one in its place. Where the disk does not
        let us it is `damaged`, and to be called again."""
        self.damaged = True
        with named_faults():
            self.db.close()
            if self.path.exists():
                self.set_aside = _set_aside(self.path)
            self.db = _create(self.path, self.capacity)
        self.damaged, self.found = False, Found.CORRUPTED

    def used_bytes(self) -> int:
        """How much of the file holds something; the rest is there for the rows to come."""
        with named_faults():
            pages, free, size = (
                int(self.db.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * size

    def let_go(self) -> None:
        """Close whatever can be closed; for a file that did not come to be used."""
        with suppress(sqlite3.Error):
            self.db.close()

    def close(self) -> None:
        """Checkpoint and close."""
        with named_faults():
            self.db.close()


def open_file(path: Path, capacity: int) -> JournalFile:
    """Open the journal's file, make it if there is none, replace it if it is damaged.

    Raises `JournalError` where neither is possible (read-only card, no such folder).
    """
    with named_faults():
        if not path.exists() and not _wal(path).exists():
            return JournalFile(path, capacity, _create(path, capacity), Found.CREATED)
        if not path.is_file() or path.stat().st_size == 0 or is_damaged(_wal(path)):
            return _replaced(path, capacity)
        try:
            db = _connect(path)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if _is_damage(error):
                return _replaced(path, capacity)
            raise
    return JournalFile(path, capacity, db, Found.GOOD)


def _replaced(path: Path, capacity: int) -> JournalFile:
    aside = _set_aside(path)
    return JournalFile(path, capacity, _create(path, capacity), Found.CORRUPTED, aside)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _is_damage(error: sqlite3.Error | UnicodeDecodeError) -> bool:
    if isinstance(error, UnicodeDecodeError):  # SQLite's message cites the damage
        return True
    code = getattr(error, "sqlite_errorcode", None)
    missing_table = code == sqlite3.SQLITE_ERROR
    return missing_table or (
        code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def _open_connection(path: Path) -> Database:
    connection = sqlite3.connect(path, timeout=0)
    connection.text_factory = lenient_text
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    return Database(connection, execute_plugins=False, recursive_triggers=False)


def _connect(path: Path) -> Database:
    db = _open_connection(path)
    try:
        _set_wal(db)
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise _damage(verdict)
        if definition_in(db.conn) != our_definition():  # a bit of a column's name may have flipped
            raise _damage("not our tables")
    except BaseException:
        db.close()
        raise
    _reserve_wal(path)
    return db


Definition: TypeAlias = list[tuple[int, str, str, str, int, str | None]]
"""SQLite's own table of tables: row, type, name, table, root page, SQL. Our files are made in one
way, so it is the same in all of them."""


def definition_in(connection: sqlite3.Connection) -> Definition:
    """Read a file's definition."""
    sql = "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY rowid"
    return connection.execute(sql).fetchall()


@cache
def our_definition() -> Definition:
    """The definition as it should be."""
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(_SCHEMA)
        return definition_in(model)


def _damage(verdict: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _set_wal(db: Database) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
    db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")


def _create(path: Path, capacity: int) -> Database:
    """Make a file in one go under another name: a crash half way leaves nothing behind."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        _lay_out(fresh, capacity)
        _sync(fresh)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)  # on a full disk its blocks are somebody's hope
        raise
    fresh.replace(path)
    _sync(path.parent)
    return _connect(path)


def _lay_out(fresh: Path, capacity: int) -> None:
    """Make tables, and room for so many events."""
    db = _open_connection(fresh)
    try:
        _fill_in(db, fresh, capacity)
    finally:
        db.close()


def _fill_in(db: Database, fresh: Path, capacity: int) -> None:
    db.execute(f"PRAGMA page_size={PAGE_BYTES}")
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript(_SCHEMA)
    _preallocate(db, capacity * BYTES_AN_EVENT)
    inode = fresh.stat().st_ino
    db.execute("INSERT INTO marks VALUES (1, 0, 0, ?, ?)", (inode, crc_of(0, 0, inode)))
    db.execute("INSERT INTO policy VALUES (1, 0, 0, ?)", (crc_of(0, 0),))


def _preallocate(db: Database, size: int) -> None:
    """Leave at least `size` bytes of free pages in the file."""
    db.execute("CREATE TABLE filler (data BLOB)")
    db.conn.executemany(
        "INSERT INTO filler VALUES (zeroblob(?))", [(_FILLER,)] * (-(-size // _FILLER))
    )
    db.conn.commit()
    db.execute("DROP TABLE filler")


def _reserve_wal(path: Path) -> None:
    """Give the WAL its blocks now. A ballast file of the same size stands in for them while the
    agent is down (SQLite removes the WAL at a clean close) and makes room on a full disk.

    What is used of it again and again is written, not merely reserved: the file system notes
    nothing more about a block that was written before, so that a commit is its own bytes and none
    of the file system's journal.
    """
    wal, ballast = _wal(path), path.with_name(path.name + _BALLAST_SUFFIX)
    try:
        _fill(wal)
    except OSError:
        ballast.unlink(missing_ok=True)
        try:
            _fill(wal)
        except OSError:
            return  # the disk is full beyond our share: commits go on while their blocks last
    if not ballast.exists():
        try:
            _allocate(ballast, WAL_BYTES)
        except OSError:
            ballast.unlink(missing_ok=True)


def _allocate(path: Path, size: int) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_blocks * 512 < size:
            os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def _fill(wal: Path) -> None:
    """Write zeros behind what is there: to SQLite a WAL ends where its check sums do. In small
    pieces: the kernel keeps what it is given in one as one, and may write all of it for a change.
    """
    with wal.open("r+b" if wal.exists() else "w+b", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        os.posix_fallocate(file.fileno(), 0, WAL_BYTES)
        if end < _WAL_USUAL_BYTES:
            file.seek(end)
            for _ in range(end, _WAL_USUAL_BYTES, _PIECE):
                file.write(bytes(_PIECE))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def untaken_aside(path: Path) -> Path | None:
    """Give the file that was set aside last if nothing was taken over from it yet: the agent
    stopped in between, so its rows are nowhere else."""
    if not _untaken(path).exists():
        return None
    asides = [
        (int(suffix), one)
        for one in path.parent.glob(f"{path.name}.corrupt-*")
        if (suffix := one.name.rpartition("-")[2]).isdigit()
    ]
    return max(asides)[1] if asides else None


def aside_taken(path: Path) -> None:
    """Note that everything was taken over from what was set aside."""
    with named_faults():
        _untaken(path).unlink(missing_ok=True)


def _untaken(path: Path) -> Path:
    return path.with_name(path.name + ".untaken")


def _set_aside(path: Path) -> Path:
    """Rename the file with its WAL to the first free `.corrupt-N` and give the new name."""
    _untaken(path).touch()
    number = 1
    while (target := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    if _wal(path).exists():
        _wal(path).replace(_wal(target))
    try:
        path.replace(target)
    except FileNotFoundError:
        target.touch()  # the log alone was left
    except OSError as error:
        raise JournalError(CORRUPT) from error
    _sync(path.parent)
    return target
