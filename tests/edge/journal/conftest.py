"""A journal in a folder of its own, small, with the clock in the test's hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from edge.core.clock_now import ClockNow
from edge.journal.journal import SqliteJournal, open_journal
from edge.journal.policy_store import SqlitePolicyStore
from edge.ports import NewEvent
from wire.clock import ClockState
from wire.events import DoorEventBody, EventKind, TelemetryBody
from wire.samples import BOOT, DOOR

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def clock_at(seconds: float = 0, state: ClockState = ClockState.TRUSTED) -> ClockNow:
    at = BEGIN + timedelta(seconds=seconds)
    return ClockNow(
        boot=BOOT, mono_ns=int(seconds * 1e9), at=at, state=state, error_ms=10, floor=at
    )


class Opened:
    """Opens and reopens the journal of one folder."""

    def __init__(self, path):
        self.path = path
        self.journal: SqliteJournal
        self.store: SqlitePolicyStore

    def open(self, capacity: int = 200, reserve: int = 20) -> SqliteJournal:
        self.journal, self.store = open_journal(
            self.path, clock_at(), capacity=capacity, reserve=reserve
        )
        return self.journal

    def close(self) -> None:
        self.journal.close()

    def crash(self) -> None:
        """Stop as SIGKILL does: nothing is written any more, the WAL stays as it is."""
        stays = {}
        for name in (self.path, self.path.with_name(self.path.name + "-wal")):
            if name.exists():
                stays[name] = name.read_bytes()
        self.journal._file.db.conn.close()
        for name, data in stays.items():
            name.write_bytes(data)  # the same inode


@pytest.fixture
def box(tmp_path) -> Opened:
    return Opened(tmp_path / "journal.db")


@pytest.fixture
def clock() -> Callable[..., ClockNow]:
    return clock_at


@pytest.fixture
def opened() -> Callable[[int], NewEvent]:
    """An event that differs by its number."""
    return lambda number=0: NewEvent(
        EventKind.DOOR_OPENED, DoorEventBody(door=DOOR, open_ms=number)
    )


@pytest.fixture
def telemetry() -> NewEvent:
    return NewEvent(EventKind.TELEMETRY, TelemetryBody(counters={"frames": 1}))
