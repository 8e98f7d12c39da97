"""Which events of an append are kept, and where: the rule of the full journal."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.clock_now import ClockNow
from edge.core.model import Stamp
from edge.journal.faults import FULL
from edge.journal.rows import REFUSED_WHEN_FULL, StoredRow, gap_body
from edge.ports import JournalError, NewEvent
from wire.clock import utc
from wire.events import MAX_EVENT_BYTES, Event, GapReason, encode_body, encode_event


@dataclass(slots=True)
class Plan:
    """What one append will write. `room` is how many unacknowledged events still fit; within the
    last `reserve` of it what `REFUSED_WHEN_FULL` names is only counted, in a gap that grows."""

    next_row: int
    room: int
    reserve: int
    gap: StoredRow | None = None
    rows: list[StoredRow] = field(default_factory=list)
    rewritten: StoredRow | None = None
    refused: int = 0

    def take(self, new: NewEvent, data: bytes) -> None:
        """Place one event; raise `JournalError(full)` where not even the reserve is left."""
        own = new.stamp is None  # what was collected is forgotten there once it is journaled here
        if own and new.kind in REFUSED_WHEN_FULL and self.room <= self.reserve:
            self._refuse()
            return
        if self.room <= 0:
            raise JournalError(FULL)
        if len(data) > MAX_EVENT_BYTES:  # the hub would refuse it: the seq is declared instead
            data = gap_body(1, GapReason.MALFORMED)
        self.rows.append(StoredRow(self.next_row, 1, data))
        self.next_row += 1
        self.room -= 1
        self.gap = None

    def _refuse(self) -> None:
        self.refused += 1
        if self.gap is None:
            self.gap = StoredRow(self.next_row, 1, gap_body(1, GapReason.REFUSED_FULL))
            self.rows.append(self.gap)
        else:
            grown = self.gap.span + 1
            old, body = self.gap, gap_body(grown, GapReason.REFUSED_FULL)
            self.gap = StoredRow(old.row, grown, body)
            if self.rows and self.rows[-1] is old:
                self.rows[-1] = self.gap
            else:
                self.rewritten = self.gap
        self.next_row += 1


def event_bytes(new: NewEvent, now: ClockNow) -> bytes:
    """Make an event's bytes, once."""
    if new.stamp is not None:
        return _collected(new, new.stamp)
    return encode_event(
        Event(
            kind=new.kind.value,
            boot=now.boot,
            mono_ns=now.mono_ns,
            at=utc(now.at),
            clock=now.state,
            error_ms=now.error_ms,
            body=encode_body(new.kind, new.body),
        )
    )


def _collected(new: NewEvent, stamp: Stamp) -> bytes:
    """A record of a device's own log: everything about its time is the device's."""
    return encode_event(
        Event(
            kind=new.kind.value,
            boot=stamp.boot,
            mono_ns=stamp.mono_ns,
            at=utc(stamp.at),
            clock=stamp.clock,
            error_ms=stamp.error_ms,
            origin=stamp.origin,
            body=encode_body(new.kind, new.body),
        )
    )
