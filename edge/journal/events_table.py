"""The events as they lie in the file: reading what is whole, declaring what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from edge.journal.faults import CORRUPT, named_faults
from edge.journal.file import JournalFile
from edge.journal.rows import StoredRow, gap_body, gap_in, is_whole, span_of
from edge.ports import JournalError
from wire.events import GapReason

INSERT_EVENT: Final = "INSERT INTO events (row, crc, body) VALUES (?, ?, ?)"
_SELECT: Final = "SELECT row, crc, body FROM events"
_CHUNK: Final = 256


class EventsTable:
    """Reads rows by number and repairs the numbering where rows are gone."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def read(self, row: int, limit: int) -> list[StoredRow]:
        """Give the whole rows numbered `[row, row + limit)`; damaged ones are left out."""
        try:
            with named_faults():
                found = self._file.db.execute(
                    f"{_SELECT} WHERE row >= ? AND row < ? ORDER BY row", (row, row + limit)
                ).fetchall()
        except JournalError:
            found = [one for number in range(row, row + limit) if (one := self._single(number))]
        return [
            StoredRow(number, span_of(body), body)
            for number, crc, body in found
            if is_whole(number, crc, body)
        ]

    def newest(self) -> tuple[int, int] | None:
        """Give number and span of the newest row, None if there is none; raise
        `JournalError(corrupt)` where it is not whole, since the next one is counted from it."""
        with named_faults():
            found = self._file.db.execute(f"{_SELECT} ORDER BY row DESC LIMIT 1").fetchone()
        if found is None:
            return None
        row, crc, body = found
        if not is_whole(row, crc, body):
            raise JournalError(CORRUPT)
        return row, span_of(body)

    def count_after(self, row: int) -> int:
        """Count the rows numbered above `row`."""
        with named_faults():
            found = self._file.db.execute(
                "SELECT count(*) FROM events WHERE row > ?", (row,)
            ).fetchone()
        return int(found[0])

    def _single(self, row: int) -> tuple[int, int, bytes] | None:
        try:
            with named_faults():
                found: tuple[int, int, bytes] | None = self._file.db.execute(
                    f"{_SELECT} WHERE row = ?", (row,)
                ).fetchone()
        except JournalError:
            return None
        return found

    def gap_over(self, row: int) -> int | None:
        """Give the row at which a gap begins that reaches over `row`; None where there is none."""
        with named_faults():
            found = self._file.db.execute(
                f"{_SELECT} WHERE row < ? ORDER BY row DESC LIMIT 1", (row,)
            ).fetchone()
        if found is None or not is_whole(*found):
            return None
        begun, _, body = found
        return int(begun) if begun + span_of(body) > row else None

    def declare_gap(self, row: int, next_row: int) -> None:
        """Write a gap over everything unreadable from `row` to the next whole row, so that it is
        told alike however often it is sent."""
        end = row
        while end < next_row:
            following = self.read(end, _CHUNK)
            if following:
                end = following[0].row
                break
            end = min(end + _CHUNK, next_row)
        gap = StoredRow(row, end - row, gap_body(end - row, GapReason.UNREADABLE))
        with named_faults(), self._file.db.atomic() as db:
            db.execute("DELETE FROM events WHERE row >= ? AND row < ?", (row, end))
            db.conn.execute(INSERT_EVENT, gap.values)

    def tail(self, count: int) -> list[tuple[int, bytes]]:
        """Give the newest whole rows, oldest first: number and stored bytes."""
        with named_faults():
            rows = self._file.db.execute(
                f"{_SELECT} ORDER BY row DESC LIMIT ?", (count,)
            ).fetchall()
        return [(row, body) for row, _, body in self._whole(reversed(rows))]

    @staticmethod
    def _whole(rows: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
        return (row for row in rows if is_whole(*row))

    def newest_first(self, before: int) -> Iterator[bytes]:
        """Give the whole events' bytes from the newest back, gaps left out."""
        while True:
            with named_faults():
                rows = self._file.db.execute(
                    f"{_SELECT} WHERE row < ? ORDER BY row DESC LIMIT ?", (before, _CHUNK)
                ).fetchall()
            if not rows:
                return
            yield from (body for *_, body in self._whole(rows) if gap_in(body) is None)
            before = rows[-1][0]
