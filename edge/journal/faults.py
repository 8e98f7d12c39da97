"""SQLite's errors under our names, so that the loop can tell a full disk from a broken one."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edge.ports import JournalError

CORRUPT: Final = "corrupt"
DISK_FULL: Final = "disk_full"
READ_ONLY: Final = "read_only"
DISK_IO: Final = "disk_io"
CANNOT_OPEN: Final = "cannot_open"
BUSY: Final = "busy"
FULL: Final = "full"
"""Not SQLite's: the journal holds as many unacknowledged events as it was made for."""
OTHER: Final = "sqlite"

_BY_CODE: Final = {
    sqlite3.SQLITE_CORRUPT: CORRUPT,
    sqlite3.SQLITE_NOTADB: CORRUPT,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: DISK_IO,
    sqlite3.SQLITE_CANTOPEN: CANNOT_OPEN,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
}


_BY_ERRNO: Final = {
    errno.ENOSPC: DISK_FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.ENOENT: CANNOT_OPEN,
}


def cause_of(error: sqlite3.Error) -> str:
    """Give our name for an SQLite error; its primary result code decides (sqlite.org/rescode)."""
    code = getattr(error, "sqlite_errorcode", None)
    return OTHER if code is None else _BY_CODE.get(code & 0xFF, OTHER)


def lenient_text(data: bytes) -> str:
    """Text as it lies in the file, damaged or not: its check sum tells."""
    return data.decode("utf-8", "replace")


@contextmanager
def named_faults() -> Iterator[None]:
    """Turn every error of SQLite or of the file system inside into a `JournalError` with its named
    cause."""
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(cause_of(error)) from error
    except UnicodeDecodeError as error:  # SQLite's message cites the damage
        raise JournalError(CORRUPT) from error
    except OSError as error:
        raise JournalError(_BY_ERRNO.get(error.errno or 0, DISK_IO)) from error
