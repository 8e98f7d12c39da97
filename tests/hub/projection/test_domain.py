"""Reading raw rows and correcting clocks: pure, and never an exception for bytes from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.projection.clock import KnownTime
from hub.projection.domain import (
    ProjectedEvent,
    ProjectedGap,
    RawRow,
    Rejected,
    anchor_of,
    read_row,
)
from hub.projection.memory_journal import MemoryJournal
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind

NOW = datetime(2026, 4, 6, tzinfo=UTC)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected_by_name(data: bytes) -> None:
    """Nothing raises."""
    row = RawRow(1, "k7w2m9x4c1t8z5qa", 1, 1, data, NOW)
    assert isinstance(read_row(row), ProjectedEvent | ProjectedGap | Rejected)


def test_an_instant_beyond_the_calendar_is_rejected() -> None:
    """An offset can push the year 9999 over the edge."""
    journal = MemoryJournal()
    journal.add(EventKind.REX, ev.DoorEventBody(door="d"), shown=NOW.replace(year=9999))
    row = journal.rows[0]
    data = row.data.replace(b"9999-04-06T00:00:00Z", b"9999-12-31T23:59:59-05:00")
    assert data != row.data
    assert isinstance(read_row(RawRow(1, row.controller, 1, 1, data, NOW)), Rejected)


def test_only_untrusted_times_are_corrected() -> None:
    """A trusted or holdover time stands as it is."""
    journal = MemoryJournal()
    better = NOW + timedelta(days=1)
    for clock in ClockState:
        journal.add(EventKind.REX, ev.DoorEventBody(door="d"), clock=clock)
    read = [read_row(row, lambda *_: KnownTime(better, 7)) for row in journal.rows]
    assert [e.corrected_at == better for e in read if isinstance(e, ProjectedEvent)] == [
        clock is ClockState.UNTRUSTED for clock in ClockState
    ]


def test_an_anchor_is_what_a_clock_said_that_was_relied_on() -> None:
    """By the event's own clock and by its body; its error is that of the event."""
    journal = MemoryJournal()
    for clock in ClockState:
        for state in ClockState:
            body = ev.ClockBody(state=state)
            journal.add(EventKind.CLOCK_ANCHOR, body, clock=clock, error_ms=9)
    read = [read_row(row) for row in journal.rows]
    anchors = [anchor_of(event) for event in read if isinstance(event, ProjectedEvent)]
    assert [anchor and anchor.error_ms for anchor in anchors] == [9, 9, None] * 2 + [None] * 3
