"""Which rows are on their way: one at once, a hundred when there is a backlog, again after 5 s.

Positions are seqs of one epoch: `through` is the hub's word, `sent` is ours. Nothing is remembered
of single messages; what was lost is simply sent again from the watermark.
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

_ROOM: Final = MAX_PAYLOAD_BYTES - 256
"""Leaves room for the envelope and the frame of the message."""


@dataclass(slots=True)
class Outbox:
    """The positions in one epoch. `silent` counts resends since the last acknowledgement. Rows
    through `behind` are the backlog, which goes at the hub's pace."""

    reader: RowReader
    epoch: int = 0
    through: int = 0
    sent: int = 0
    waiting_since_ns: int | None = None
    silent: int = 0
    behind: int = 0
    pace: Pace = field(default_factory=Pace)

    def begin(self, through: int) -> None:
        """Start at the hub's watermark of the journal's epoch."""
        self.epoch, self.through, self.sent = self.reader.epoch, through, through
        self.behind = self.reader.last_seq
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
        if self.sent - self.through >= WINDOW or self.sent >= self.reader.last_seq:
            return None
        left = self.behind - self.sent
        if left > 0 and not self.pace.allows(left, now_ns):
            return None
        rows = self.reader.rows_from(self.sent + 1, MAX_EVENTS_A_MESSAGE)
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
        if left > 0:
            self.pace.spend(taken)
        self.sent = last
        if self.waiting_since_ns is None:
            self.waiting_since_ns = now_ns
        first, data = rows[0].first_seq, [row.data for row in rows[:taken]]
        return encode_events(self.epoch, first, data, self.reader.former_places(first))

    def acknowledged(self, through: int, now_ns: int) -> None:
        """Move the watermark up."""
        self.through, self.sent = through, max(self.sent, through)
        self.waiting_since_ns = now_ns if self.sent > through else None
        self.silent = 0

    def resend_if_due(self, now_ns: int) -> bool:
        """Go back to the watermark when nothing was acknowledged for 5 s; tell whether so."""
        if self.waiting_since_ns is None or now_ns - self.waiting_since_ns < RESEND_AFTER_NS:
            return False
        self.sent, self.waiting_since_ns = self.through, None
        self.behind = self.reader.last_seq
        self.silent += 1
        return True
