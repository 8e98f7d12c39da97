"""How old acknowledged rows are: by the floor, which never runs ahead.

Once a day the watermark is remembered with the floor of that moment; rows below a mark that is old
enough may go.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge.journal.limits import KEPT

_BETWEEN_MARKS: Final = timedelta(days=1)
_Stored = list[tuple[datetime, int]]


class AckedMarks:
    """Watermarks with the floor at which they held."""

    __slots__ = ("_floor", "_keep", "_marks")

    def __init__(self, marks: _Stored | None = None, keep: timedelta = KEPT) -> None:
        self._keep = keep
        self._floor: datetime | None = None
        self._marks = deque(marks or ())

    @classmethod
    def decode(cls, data: bytes | None, keep: timedelta = KEPT) -> AckedMarks:
        """Take up what was kept; what cannot be read starts afresh (rows stay longer)."""
        try:
            return cls(msgspec.json.decode(data or b"[]", type=_Stored), keep)
        except msgspec.DecodeError:
            return cls(keep=keep)

    def encode(self) -> bytes:
        """The bytes to keep."""
        return msgspec.json.encode(list(self._marks))

    def note(self, floor: datetime) -> None:
        """Take up the floor of now."""
        if self._floor is None or floor > self._floor:
            self._floor = floor

    def due(self, through_row: int) -> bool:
        """Remember the watermark if a day went by since the last mark; tell whether it did."""
        if self._floor is None or (
            self._marks and self._floor - self._marks[-1][0] < _BETWEEN_MARKS
        ):
            return False
        self._marks.append((self._floor, through_row))
        return True

    def take_aged(self, through_row: int) -> int:
        """Give the row through which rows may go now, 0 for none."""
        row = 0
        while self._floor and self._marks and self._floor - self._marks[0][0] >= self._keep:
            row = self._marks.popleft()[1]
        return min(row, through_row)
