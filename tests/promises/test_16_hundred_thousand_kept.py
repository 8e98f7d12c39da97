"""A hundred thousand events that the hub does not have yet are kept without power, five days and
more, and drain afterwards without keeping a live event waiting.

The real journal as large as it comes, the real session, and the hub's real ingest on its database.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from edge.journal.limits import Limits
from edge.ports import NewEvent
from edge.uplink.outbox import WINDOW
from hub.database.all_tables import all_tables
from hub.database.engine import Database, open_database
from hub.database.tables import metadata
from hub.ingest.repository import raw_events_after, store, watermark
from hub.ingest.rows import read_rows
from tests.edge.uplink.conftest import Wire
from wire.events import AccessBody, EventKind, Factor
from wire.messages import MAX_EVENTS_A_MESSAGE
from wire.reasons import Reason
from wire.samples import CONTROLLER, DOOR
from wire.topics import Channel

EVENTS = Limits().events
DAYS_WITHOUT_POWER = 5
OPENS_WITHIN_S = 5.0
SHORT_DRAIN, LIVE_EVERY = 15_000, 2
A_STEP = 5
"""Messages that the hub takes in one transaction."""
AHEAD_OF_LIVE = WINDOW // MAX_EVENTS_A_MESSAGE
"""Messages of the backlog that are on their way already when something happens."""
TOWN = "0190a000-0000-7000-8000-000000000001"


@pytest.fixture
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kgm-kept-", dir=where))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    url = f"sqlite:///{place / 'hub.db'}"
    engine = create_engine(url, poolclass=NullPool)
    metadata.create_all(engine, tables=list(all_tables().sorted_tables))
    engine.dispose()
    opened = open_database(url, TOWN)
    yield opened
    opened.close()


class Drain:
    """The edge after days without a hub, and the hub that takes its events in."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.database = database
        self.wire = Wire(folder, EVENTS)
        self.on_the_way: deque[object] = deque()
        self.sent_events = 0
        self.waited: list[int] = []

    def fill(self) -> None:
        """As many events as there is room for, none of them acknowledged."""
        journal, wire = self.wire.journal, self.wire
        while (room := EVENTS - journal._unacknowledged) > 0:
            wire.now_s += 4
            journal.append([_denied()] * min(room, 500), wire.now, {"budget/x": b"3"})

    def days_without_power(self) -> float:
        """Stop, let days go, start; give how long the start took."""
        folder = self.wire.journal._file.path.parent
        epoch, last = self.wire.journal.epoch, self.wire.journal.last_seq
        self.wire.journal.close()
        now_s = self.wire.now_s + DAYS_WITHOUT_POWER * 86_400
        began = time.monotonic()
        self.wire = Wire(folder, EVENTS)
        took = time.monotonic() - began
        self.wire.now_s = now_s
        assert (self.wire.journal.epoch, self.wire.journal.last_seq) == (epoch, last)
        assert self.wire.journal.state("budget/") == {"budget/x": b"3"}
        return took

    def collect(self) -> int:
        """Put on the way what the edge published; give how many messages."""
        messages = self.wire.sent(Channel.EVENTS)
        self.sent_events += sum(len(one.events) for one in messages)
        self.on_the_way += messages
        return len(messages)

    def step(self) -> None:
        """The hub takes some messages in one transaction and acknowledges."""
        taken = [self.on_the_way.popleft() for _ in range(min(A_STEP, len(self.on_the_way)))]
        reads = [read_rows(CONTROLLER, message) for message in taken]
        now = datetime(2026, 12, 1, tzinfo=UTC)
        stored = self.database.write(lambda scope: store(scope, reads, now))
        assert stored.conflicts == []
        for through in stored.through.values():
            self.wire.ack(through)
        self.collect()

    def live(self) -> None:
        """Somebody is at a door: note how many messages are before that event on its way."""
        self.wire.append(len(self.waited))
        waiting = len(self.on_the_way)
        assert self.collect() == 1, "a live event did not go at once"
        seq = self.wire.journal.last_seq
        (newest,) = list(self.on_the_way)[waiting:]
        assert newest.first_seq <= seq < newest.first_seq + len(newest.events)
        before = [one for one in self.on_the_way if one.first_seq <= EVENTS]
        self.waited.append(len(before))

    def run(self, events: int) -> int:
        """Drain so many events, with live ones all along; give how many there are left."""
        self.wire.greeted()
        self.collect()
        steps = 0
        while self.on_the_way and self.through < events:
            self.step()
            steps += 1
            if steps % LIVE_EVERY == 0 and self.wire.journal.through_seq < EVENTS:
                self.live()
        return self.wire.journal.last_seq - self.through

    @property
    def through(self) -> int:
        with self.database.read() as scope:
            return watermark(scope, CONTROLLER, self.wire.journal.epoch)


def _denied() -> NewEvent:
    body = AccessBody(reason=Reason.UNKNOWN_PIN, factor=Factor.PIN, door=DOOR)
    return NewEvent(EventKind.ACCESS_DENIED, body)


@pytest.fixture
def drain(place: Path, database: Database) -> Iterator[Drain]:
    made = Drain(place, database)
    yield made
    made.wire.journal.close()


def kept_and_drained(drain: Drain, events: int) -> dict[str, float]:
    drain.fill()
    assert drain.wire.journal.kept().unsent == EVENTS >= 100_000
    took = drain.days_without_power()
    assert took < OPENS_WITHIN_S
    assert drain.wire.journal.kept().unsent == EVENTS
    assert drain.wire.journal.rows_from(EVENTS, 1)
    # While it waits for the hub something happens: there is room, since what is refused when the
    # journal is full is that it grows, not that it drains.
    left = drain.run(events)
    assert max(drain.waited) <= AHEAD_OF_LIVE
    with drain.database.read() as scope:
        early = [row for row in raw_events_after(scope, 0, 2_000_000) if row.seq > EVENTS]
    assert len({row.seq for row in early}) >= len(drain.waited) - AHEAD_OF_LIVE
    return {
        "left": left,
        "open_ms": round(took * 1_000),
        "live_events": len(drain.waited),
        "most_backlog_messages_before_a_live_event": max(drain.waited),
        "events_sent": drain.sent_events,
    }


def test_a_hundred_thousand_events_outlast_five_days_and_keep_no_live_event_waiting(drain):
    counts = kept_and_drained(drain, SHORT_DRAIN)
    assert counts["live_events"] >= 10
    assert counts["left"] > 0


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_all_of_a_hundred_thousand_events_arrive_once_each(drain, capsys):
    counts = kept_and_drained(drain, 10 * EVENTS)
    assert counts["left"] == 0
    last = drain.wire.journal.last_seq
    with drain.database.read() as scope:
        rows = raw_events_after(scope, 0, 2_000_000)
    assert sorted(row.seq for row in rows if row.again is None) == list(range(1, last + 1))
    assert counts["events_sent"] == last  # each was sent once
    with capsys.disabled():
        print(json.dumps({"soak": "hundred_thousand_kept", "events": last, **counts}))
