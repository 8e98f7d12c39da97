"""Which rows are on their way: one at once, a hundred when there is a backlog, again after 5 s.

Positions are seqs of one epoch: `through` is the hub's word, the others are ours. Nothing is
remembered of single messages; what was lost is simply sent again from the watermark.

    through        sent            behind         ahead       last_seq
       |  on its way  |  the backlog  |  on its way  |  to go at once  |

What happens now does not wait for the backlog: rows beyond `behind` go as they come. The hub keeps
them, and its watermark passes over them once the backlog has reached `behind`; so does `sent`, and
each row goes once unless 5 s pass without an acknowledgement or the connection is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.uplink.pace import Pace
from edge.uplink.reader import RowReader
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.messages import MAX_EVENTS_A_MESSAGE, encode_events

RESEND_AFTER_NS: Final = 5_000_000_000
WINDOW: Final = 2_000
"""Seqs on their way at most: what a hub that comes back has to swallow at once."""

LIVE_WINDOW: Final = 500
"""Seqs beyond those that may be on their way if they are of rows that happen now."""

_ROOM: Final = MAX_PAYLOAD_BYTES - 256
"""Leaves room for the envelope and the frame of the message."""


@dataclass(slots=True)
class Outbox:
    """The positions in one epoch. `silent` counts resends since the last acknowledgement."""

    reader: RowReader
    epoch: int = 0
    through: int = 0
    sent: int = 0
    waiting_since_ns: int | None = None
    silent: int = 0
    behind: int = 0
    ahead: int = 0
    heard: int = 0
    pace: Pace = field(default_factory=Pace)

    def begin(self, through: int) -> None:
        """Start at the hub's watermark of the journal's epoch: what is there is the backlog."""
        self.epoch, self.through, self.sent = self.reader.epoch, through, through
        self.behind = self.ahead = self.heard = max(self.reader.last_seq, through)
        self.waiting_since_ns, self.silent = None, 0

    def follow_epoch(self) -> bool:
        """Take up a new epoch of the journal, if there is one; tell whether there was."""
        if self.reader.epoch == self.epoch:
            return False
        self.begin(0)
        return True

    def next_batch(self, now_ns: int) -> bytes | None:
        """Give the next message's JSON, or None: nothing to send, or the window is full.

        Raises `JournalError` where rows cannot be read or the offer cannot be noted.
        """
        self._join(now_ns)
        room = WINDOW - (self.sent - self.through)
        if self.ahead < self.reader.last_seq and self.on_their_way < WINDOW + LIVE_WINDOW:
            return self._next_live(now_ns)
        if self.sent == self.ahead < self.reader.last_seq:  # a burst that the window does not hold
            self.behind = self.ahead = self.reader.last_seq
        if room <= 0 or self.sent >= self.behind:
            return None
        return self._next_of_backlog(now_ns)

    @property
    def on_their_way(self) -> int:
        """Seqs that were sent and that the hub did not answer: what went ahead is not in the
        watermark, but any answer after it tells that the hub takes things in."""
        return self.sent - self.through + max(self.ahead - max(self.behind, self.heard), 0)

    def _join(self, now_ns: int) -> None:
        """The backlog reached what went ahead of it."""
        if self.sent < self.behind:
            return
        self.sent = self.behind = self.ahead = max(self.sent, self.ahead)
        if self.waiting_since_ns is None and self.sent > self.through:
            self.waiting_since_ns = now_ns

    def _next_live(self, now_ns: int) -> bytes | None:
        taken = self._take(self.ahead, MAX_EVENTS_A_MESSAGE)
        if taken is None:
            return None
        last, data = taken
        self.ahead = last
        self._join(now_ns)
        return data

    def _next_of_backlog(self, now_ns: int) -> bytes | None:
        limit = min(self.behind - self.sent, MAX_EVENTS_A_MESSAGE)
        if not self.pace.allows(limit, now_ns):
            return None
        taken = self._take(self.sent, limit)
        if taken is None:
            return None
        self.pace.spend(limit)
        self.sent, data = taken
        self.behind = max(self.behind, self.sent)
        self.ahead = max(self.ahead, self.behind)
        if self.waiting_since_ns is None:
            self.waiting_since_ns = now_ns
        return data

    def _take(self, after: int, limit: int) -> tuple[int, bytes] | None:
        """Give the last seq and the message of the rows after a seq."""
        rows = self.reader.rows_from(after + 1, limit)
        if not rows:
            return None
        taken, size = 0, 0
        for row in rows:
            size += len(row.data) + 1
            if size > _ROOM:
                break
            taken += 1
        last = rows[taken - 1].last_seq
        self.reader.offer(last)
        first, data = rows[0].first_seq, [row.data for row in rows[:taken]]
        was = self.reader.former_places(first)
        return last, encode_events(self.epoch, first, data, was)

    def acknowledged(self, through: int, now_ns: int) -> None:
        """Move the watermark up."""
        self.through, self.sent = through, max(self.sent, through)
        self.ahead = max(self.ahead, through)
        self.waiting_since_ns = now_ns if self.sent > through else None
        self.silent = 0

    def answered(self) -> None:
        """The hub committed something of ours, wherever its watermark stands."""
        self.heard = max(self.heard, self.ahead)

    def resend_if_due(self, now_ns: int) -> bool:
        """Go back to the watermark when nothing was acknowledged for 5 s; tell whether so."""
        if self.waiting_since_ns is None or now_ns - self.waiting_since_ns < RESEND_AFTER_NS:
            return False
        self.sent, self.waiting_since_ns = self.through, None
        self.behind = self.ahead = self.heard = max(self.reader.last_seq, self.through)
        self.silent += 1
        return True
