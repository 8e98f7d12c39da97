"""The small tables beside the events: epochs, the watermark's marks, and named values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from edge.journal.faults import named_faults
from edge.journal.file import JournalFile
from edge.journal.rows import crc_of

_SET_STATE: Final = "INSERT OR REPLACE INTO state (name, value, crc) VALUES (?, ?, ?)"


class Epoch(NamedTuple):
    """An epoch and the row it begins at."""

    first_row: int
    epoch: int


class Marks(NamedTuple):
    """The hub's watermark, the highest row that may have been sent, and the file they are of."""

    through_row: int
    offered_row: int
    inode: int


class StandingTables:
    """Reads and writes them; the writing methods belong into the caller's transaction."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    @property
    def inode(self) -> int:
        """The file's number: a journal put back from a copy has another."""
        return self._file.path.stat().st_ino

    def epoch(self) -> Epoch | None:
        """The newest epoch; None where none is there. Raises `ValueError` for a flipped bit."""
        with named_faults():
            found = self._file.db.execute(
                "SELECT crc, first_row, epoch FROM epochs ORDER BY first_row DESC LIMIT 1"
            ).fetchone()
        return None if found is None else Epoch(*_whole(found))

    def marks(self) -> Marks:
        """The marks as they were written last. Raises `ValueError` for a flipped bit."""
        with named_faults():
            found = self._file.db.execute(
                "SELECT crc, through_row, offered_row, inode FROM marks"
            ).fetchone()
        if found is None:
            raise ValueError("no marks")
        return Marks(*_whole(found))

    def write_epoch(self, epoch: Epoch) -> None:
        """Add an epoch."""
        self._file.db.execute(
            "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?)", (*epoch, crc_of(*epoch))
        )

    def write_marks(self, through_row: int, offered_row: int) -> None:
        """Write the marks for the file as it lies there."""
        values = through_row, offered_row, self.inode
        self._file.db.execute(
            "UPDATE marks SET through_row = ?, offered_row = ?, inode = ?, crc = ?",
            (*values, crc_of(*values)),
        )

    def state(self, prefix: str) -> dict[str, bytes]:
        """The named values whose names begin with `prefix`, but for those with a flipped bit."""
        with named_faults():
            rows = self._file.db.execute(
                "SELECT name, value, crc FROM state WHERE substr(name, 1, ?) = ?",
                (len(prefix), prefix),
            ).fetchall()
        return {name: value for name, value, crc in rows if crc_of(name, value) == crc}

    def write_state(self, state: Mapping[str, bytes | None]) -> None:
        """Set named values; None forgets one."""
        db = self._file.db
        for name, value in state.items():
            if value is None:
                db.execute("DELETE FROM state WHERE name = ?", (name,))
            else:
                db.execute(_SET_STATE, (name, value, crc_of(name, value)))


def _whole(found: tuple[int, ...]) -> tuple[int, ...]:
    crc, *values = found
    if crc_of(*values) != crc:
        raise ValueError("a flipped bit")
    return tuple(values)
