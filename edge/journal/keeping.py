"""How long acknowledged rows stay: at least so many days, unless they outgrow the journal's size.

Rows go in bulk, and at most `CHUNK` of them at once: nobody waits at a door meanwhile.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from edge.journal.faults import named_faults
from edge.journal.file import JournalFile
from edge.journal.limits import Limits
from edge.journal.position import Position
from edge.journal.retention import AckedMarks
from edge.journal.standing_tables import StandingTables

CHUNK: Final = 2_000
FLOOR: Final = "journal.floor"
MARKS: Final = "journal.acked_marks"
_MEASURE_EVERY: Final = 500
_DOWN_TO: Final = 0.9


class Keeping:
    """Decides which acknowledged rows go, and deletes them."""

    def __init__(self, file: JournalFile, tables: StandingTables, limits: Limits) -> None:
        self._file, self._tables, self.limits = file, tables, limits
        self._marks = AckedMarks(keep=limits.keep)
        self._may_go = 0
        self._measured_row = 0

    def load(self) -> None:
        """Take up the days' marks that were kept."""
        kept = self._tables.state(MARKS).get(MARKS)
        self._marks = AckedMarks.decode(kept, self.limits.keep)

    def begin(self) -> None:
        """Start afresh: the rows have new numbers."""
        self._marks = AckedMarks(keep=self.limits.keep)
        self._may_go = self._measured_row = 0

    def note(self, floor: datetime) -> None:
        """Take up the floor of now."""
        self._marks.note(floor)

    def due(self, at: Position) -> int | None:
        """Give the row through which rows go now, 0 where only the day's mark is to be written,
        None where nothing is to be done."""
        new_day = self._marks.due(at.through_row)
        if new_day:
            self._may_go = max(self._may_go, self._marks.take_aged(at.through_row))
        if at.next_row - self._measured_row >= _MEASURE_EVERY:
            self._measured_row = at.next_row
            self._may_go = max(self._may_go, self._beyond_size(at))
        # A hub that was restored wants rows again that it had: those stay, whatever went before.
        self._may_go = min(self._may_go, at.through_row)
        oldest = self.oldest_row() if self._may_go else None
        if oldest is None or oldest > self._may_go:
            self._may_go = 0
            return 0 if new_day else None
        return min(self._may_go, oldest + CHUNK - 1)

    def half_of_acknowledged(self, at: Position) -> int | None:
        """The disk is full: give the row through which the older half of what the hub has lies,
        None where it has nothing."""
        oldest = self.oldest_row()
        if oldest is None or oldest > at.through_row:
            return None
        return oldest + (at.through_row - oldest) // 2

    def delete(self, through_row: int, floor: datetime | None) -> None:
        """Delete rows and keep what they told of time; within the caller's transaction."""
        self._file.db.execute("DELETE FROM events WHERE row <= ?", (through_row,))
        own: dict[str, bytes | None] = {MARKS: self._marks.encode()}
        if floor is not None:
            own[FLOOR] = floor.isoformat().encode()
        self._tables.write_state(own)

    def oldest_row(self) -> int | None:
        """The number of the oldest row, None in an empty journal."""
        with named_faults():
            found: int | None = self._file.db.execute("SELECT min(row) FROM events").fetchone()[0]
        return found

    def _beyond_size(self, at: Position) -> int:
        """Give the row through which rows must go for the size, 0 while it is kept."""
        used, allowed = self._file.used_bytes(), self.limits.bytes_in_use
        oldest = self.oldest_row()
        if used <= allowed or oldest is None:
            return 0
        share = 1 - allowed * _DOWN_TO / used
        return min(oldest + int((at.next_row - oldest) * share), at.through_row)
