"""Sealed events messages, and an ingest worker without a network."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from hub.ingest.rows import RowsRead, read_rows
from hub.ingest.worker import IngestWorker
from hub.link.alarms import AlarmBook
from hub.link.inbound import Arrival
from wire import events as ev
from wire.clock import ClockState
from wire.envelope import seal
from wire.keys import LinkKey
from wire.messages import Events, decode, encode_events
from wire.samples import BOOT, CONTROLLER, DOOR, NOW
from wire.topics import Channel, topic_of

OTHER = "a" * 16


def event(number: int, origin: ev.Origin | None = None) -> bytes:
    kind = ev.EventKind.DOOR_OPENED
    return ev.encode_event(
        ev.Event(
            kind=kind.value,
            boot=BOOT,
            mono_ns=number,
            at=NOW,
            clock=ClockState.TRUSTED,
            body=ev.encode_body(kind, ev.DoorEventBody(door=DOOR, open_ms=number)),
            origin=origin,
        )
    )


def gap(first: int, last: int) -> bytes:
    return msgspec.json.encode(ev.Gap(gap=(first, last), reason="unreadable"))


@dataclass
class Keys:
    """Two controllers."""

    held: dict[str, LinkKey] = field(
        default_factory=lambda: {
            CONTROLLER: LinkKey(bytes(range(32))),
            OTHER: LinkKey(bytes(range(1, 33))),
        }
    )

    def of(self, controller: str):
        key = self.held.get(controller)
        return {key.kid: key} if key else {}


@dataclass
class Sent:
    """A downlink that keeps what it is given."""

    messages: list[tuple[str, Channel, bytes]] = field(default_factory=list)

    def publish(self, controller, channel, body):
        self.messages.append((controller, channel, body))
        return True


class Bench:
    """An ingest worker fed by hand; `acknowledged` are the numbers of arrivals, in order."""

    def __init__(self, db, clock):
        self.keys, self.sent, self.alarms = Keys(), Sent(), AlarmBook()
        self.told = {}
        self.db = db
        self.rings = []
        self.worker = IngestWorker(
            db,
            clock,
            self.keys,
            self.sent,
            self.alarms,
            greeted=self.told.get,
            on_committed=lambda: self.rings.append(1),
        )
        self.acknowledged: list[int] = []
        self.numbers = 0

    def arrival(self, first, rows, epoch=7, controller=CONTROLLER, payload=None, retained=False):
        self.numbers += 1
        number = self.numbers
        topic = topic_of(controller, Channel.EVENTS)
        if payload is None:
            payload = seal(topic, encode_events(epoch, first, rows), self.keys.held[controller])
        return Arrival(number, topic, payload, retained, lambda: self.acknowledged.append(number))

    def feed(self, *arrivals):
        """As the worker's thread does: everything that waits in one batch."""
        for arrival in arrivals:
            self.worker.offer(arrival)
        first = self.worker._queue.get()
        self.worker.take_in(self.worker._gather(first))

    def acks(self):
        taken = [msgspec.json.decode(body) for _, _, body in self.sent.messages]
        self.sent.messages.clear()
        return [ack["through_seq"] for ack in taken]


@pytest.fixture
def bench(db, clock) -> Bench:
    return Bench(db, clock)


@pytest.fixture
def make_event():
    return event


@pytest.fixture
def make_gap():
    return gap


@pytest.fixture
def other() -> str:
    return OTHER


@pytest.fixture
def rows_of():
    """Rows of a message that begins at a seq."""

    def read(first: int, *bodies: bytes, epoch: int = 7, controller: str = CONTROLLER) -> RowsRead:
        return read_rows(controller, decode(Events, encode_events(epoch, first, list(bodies))))

    return read
