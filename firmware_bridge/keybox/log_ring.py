"""The log ring of a virtual device: records with growing indexes, the oldest overwritten."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from firmware_bridge.keybox.codes import MAX_RECORDS
from firmware_bridge.keybox.records import LogRecord

CAPACITY: Final = 512


class LogRing:
    """At most `capacity` records of one log epoch. `stamp` gives time and error, in seconds, None
    where the clock is not known."""

    def __init__(
        self,
        epoch: int,
        stamp: Callable[[], tuple[int | None, int | None]],
        capacity: int = CAPACITY,
    ) -> None:
        self.epoch = epoch
        self.receipted = 0
        self._stamp = stamp
        self._records: deque[LogRecord] = deque(maxlen=capacity)
        self._next = 0

    @property
    def oldest(self) -> int:
        """The first index that is left; `next` where none is."""
        return self._records[0].index if self._records else self._next

    @property
    def next(self) -> int:
        """The index to be written next."""
        return self._next

    def append(self, boot: int, kind: int, reason: int = 0, data: bytes = b"") -> LogRecord:
        """Write a record."""
        time_s, error_s = self._stamp()
        record = LogRecord(
            self._next, time_s, error_s, boot & 0xFFFF, kind, reason, data.ljust(8, b"\0")
        )
        self._records.append(record)
        self._next += 1
        return record

    def read(self, start: int, most: int) -> tuple[LogRecord, ...]:
        """The first records from an index on, as many as one answer holds."""
        room = min(most, MAX_RECORDS)
        found = [record for record in self._records if record.index >= start]
        return tuple(found[:room])

    def clear(self, through: int) -> None:
        """Forget everything through an index for good."""
        while self._records and self._records[0].index <= through:
            self._records.popleft()
        self.receipted = max(self.receipted, through + 1)
