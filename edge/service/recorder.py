"""Writes to the journal, and what happens when it cannot be written (WIRE.md, last section).

What could not be committed is held in memory with its own time and written once the journal takes
rows again, between `journal_failed` and `journal_restored`, so that the hub sees that it was late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from edge.core.clock_now import ClockNow
from edge.ports import NO_STATE, Journal, JournalError, NewEvent
from wire.events import EventKind, JournalBody

_HELD_MAX: Final = 10_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Batch:
    events: tuple[NewEvent, ...]
    now: ClockNow
    state: Mapping[str, bytes | None]


class Recorder:
    """Commits events; remembers whether there are new ones and whether the journal fails."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.fresh = False
        self.failure: str | None = None
        self._failed_at: ClockNow | None = None
        self._held: deque[_Batch] = deque()
        self._unjournaled = 0

    def commit(
        self,
        events: Sequence[NewEvent],
        now: ClockNow,
        state: Mapping[str, bytes | None] = NO_STATE,
    ) -> bool:
        """Commit at once or not at all; tell which. What was held before goes first."""
        if self.failure is not None and not self.recover(now):
            return False
        try:
            self.journal.append(events, now, state)
        except JournalError as error:
            self.failed(error, now)
            return False
        self.fresh = self.fresh or bool(events)
        return True

    def record(
        self,
        events: Sequence[NewEvent],
        now: ClockNow,
        state: Mapping[str, bytes | None] = NO_STATE,
    ) -> None:
        """Commit now, or hold until it can be done."""
        if (events or state) and not self.commit(events, now, state):
            self.hold(events, now, state)

    def hold(
        self,
        events: Sequence[NewEvent],
        now: ClockNow,
        state: Mapping[str, bytes | None] = NO_STATE,
    ) -> None:
        """Keep in memory what could not be committed; the oldest is given up beyond 10,000."""
        self._unjournaled += len(events)
        self._held.append(_Batch(tuple(events), now, state))
        if len(self._held) > _HELD_MAX:
            self._held.popleft()

    def failed(self, error: JournalError, now: ClockNow) -> None:
        """Note that the journal failed: loud once, then counted."""
        if self.failure is None:
            self._failed_at = now
            _log.critical("journal_failed", cause=error.cause)
        self.failure = error.cause

    def recover(self, now: ClockNow) -> bool:
        """Try to write what is held; tell whether the journal takes rows again."""
        if self.failure is None:
            return True
        try:
            self._write_held(now)
        except JournalError as error:
            self.failure = error.cause
            return False
        _log.warning("journal_restored", cause=self.failure, unjournaled=self._unjournaled)
        self.failure, self._failed_at, self._unjournaled = None, None, 0
        self.fresh = True
        return True

    def _write_held(self, now: ClockNow) -> None:
        cause = self.failure or ""
        if self._failed_at is not None:
            begun = NewEvent(EventKind.JOURNAL_FAILED, JournalBody(cause=cause))
            self.journal.append([begun], self._failed_at)
            self._failed_at = None
        while self._held:
            batch = self._held[0]
            self.journal.append(batch.events, batch.now, batch.state)
            self._held.popleft()
        body = JournalBody(cause=cause, unjournaled=self._unjournaled)
        self.journal.append([NewEvent(EventKind.JOURNAL_RESTORED, body)], now)
