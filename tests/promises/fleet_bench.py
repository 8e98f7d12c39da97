"""Edges and a hub without a network: real sessions over real journals, the hub's real desk and
ingest over its real database, and a carrier in the test's hand between them. Time moves by hand.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import (
    Acknowledged,
    AlarmRaised,
    EpochNeeded,
    LinkConnected,
    LinkLost,
    MessageArrived,
    NewEvent,
    PolicyChange,
    Publish,
    Standing,
)
from edge.uplink.session import DeliverySession
from hub.clock import HandMovedClock
from hub.database.engine import open_database
from hub.ingest.repository import standing
from hub.ingest.rows import RowsRead
from hub.ingest.worker import IngestWorker
from hub.link.alarms import AlarmBook, alarm_counts, write_alarms
from hub.link.desk import Desk
from hub.link.inbound import Arrival, Opened, open_arrival
from hub.link.pacing import BacklogPacing
from hub.link.service import SealedDownlink
from tests.system.delivery.runs import TOWN_ID, create_tables
from wire.clock import ClockState
from wire.epochs import prove_epoch
from wire.events import DoorEventBody, EventKind
from wire.keys import HubSigner, LinkKey, SignerRing
from wire.messages import EdgePolicy, HeldPolicy
from wire.policy import EMPTY_DIGEST
from wire.samples import DOOR
from wire.topics import Channel

BEGIN = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


class Time:
    """The one clock of a run."""

    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.s)

    def monotonic(self) -> float:
        return self.s


class SimHub:
    """Desk, ingest and database. What edges send waits in `waiting` until `serve`; what it says
    goes to `say`. Fulfils `PolicyDesk` and `LinkKeys`."""

    def __init__(self, folder: Path, time: Time) -> None:
        self.folder, self.time = folder, time
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
        self.ca = x509.CertificateBuilder(
            name, name, self.ca_key.public_key(), 1, BEGIN, BEGIN + timedelta(9)
        ).sign(self.ca_key, SHA256())
        self.signing = Ed25519PrivateKey.generate()
        self.hub_epoch = 1
        self.keys: dict[str, LinkKey] = {}
        self.say: Callable[[str, bytes], bool] = lambda _topic, _payload: False
        self.waiting: deque[Arrival] = deque()
        self.most_waiting = 0
        self._clock_s = self._commit_s = 0.0
        self.committed: Callable[[RowsRead], None] = lambda _read: None
        self.numbers = 0
        create_tables(folder / "hub.db")
        self.begin()

    def begin(self) -> None:
        """A process of the hub begins, on the database as it is."""
        self.clock = HandMovedClock(self.time.now())
        self.db = open_database(f"sqlite:///{self.folder / 'hub.db'}", TOWN_ID)
        self.alarms, self.pacing = AlarmBook(), BacklogPacing(self.time.monotonic)
        down = SealedDownlink(self, HubSigner(self.signing), lambda t, p: self.say(t, p))
        proof = prove_epoch(self.ca_key, self.hub_epoch, BEGIN)
        self.desk = Desk(
            self.db, self.clock, down, self.alarms, self, lambda: proof, standing, self.pacing
        )
        self.ingest = IngestWorker(
            self.db,
            self.clock,
            self,
            down,
            self.alarms,
            greeted=self.desk.greeted,
            pacing=self.pacing,
            monotonic=self._commit_clock,
        )

    def _commit_clock(self) -> float:
        """Read before and after each commit: it takes as long as the test says."""
        self._clock_s += self._commit_s
        return self._clock_s

    def end(self) -> None:
        """The process is gone, with everything that waited."""
        self.waiting.clear()
        self.db.close()

    def of(self, controller):
        key = self.keys.get(controller)
        return {key.kid: key} if key else {}

    def held(self, scope, controller):
        return HeldPolicy(version=0, digest=EMPTY_DIGEST)

    def wanted(self, scope, controller, want):
        return []

    def reported(self, scope, controller, reported):
        return []

    def receive(self, topic: str, payload: bytes) -> None:
        """The broker brings a message: small ones are answered at once, events wait."""
        self.numbers += 1
        arrival = Arrival(self.numbers, topic, payload, False, lambda: None)
        if topic.endswith(Channel.EVENTS.value):
            self.waiting.append(arrival)
            self.most_waiting = max(self.most_waiting, len(self.waiting))
            return
        self.clock.set(self.time.now())
        opened = open_arrival(arrival, self)
        if isinstance(opened, Opened):
            self.desk.serve([(opened, arrival.number)])

    def serve(self, rows: int, rows_per_s: float = 0.0) -> int:
        """Take in what waits, up to so many rows in one commit; give how many. A commit takes as
        long as `rows_per_s` says."""
        self.clock.set(self.time.now())
        batch, taken = [], 0
        while self.waiting and taken < rows:
            found = self.ingest._open(self.waiting.popleft())
            if found is not None:
                batch.append(found)
                taken += len(found.read.rows)
        self._commit_s = taken / (rows_per_s or 5_000)
        self.ingest.take_in(batch)
        for found in batch:
            self.committed(found.read)
        return taken

    def bodies(self, controller: str) -> list[tuple[int, int, bytes]]:
        """(epoch, seq, body) of what counts: rows that came before under another epoch do not."""
        with self.db.read() as scope:
            found = scope.connection.exec_driver_sql(
                "SELECT epoch, seq, body FROM raw_events WHERE controller_id = ? AND NOT repeated"
                " ORDER BY id",
                (controller,),
            ).all()
        return [(epoch, seq, bytes(body)) for epoch, seq, body in found]

    def conflicts(self, controller: str) -> list[tuple[int, bytes, bytes]]:
        """(seq, hash of what counts, hash of what contradicts it)."""
        with self.db.read() as scope:
            return [
                (seq, bytes(first), bytes(second))
                for seq, first, second in scope.connection.exec_driver_sql(
                    "SELECT c.seq, e.body_hash, c.body_hash FROM raw_conflicts c"
                    " JOIN raw_events e USING (town_id, controller_id, epoch, seq)"
                    " WHERE controller_id = ?",
                    (controller,),
                )
            ]

    def alarm_rows(self) -> dict[tuple[str, str], int]:
        """Written alarms by controller and kind."""
        taken = self.alarms.take()
        self.db.write(lambda scope: write_alarms(scope, taken, self.time.now()))
        with self.db.read() as scope:
            found = alarm_counts(scope, BEGIN - timedelta(days=1))
        return {(controller, alarm.value): count for (controller, alarm), count in found.items()}


class SimEdge:
    """An agent as far as the wire goes. `carry` takes what it publishes."""

    def __init__(
        self,
        hub: SimHub,
        name: str,
        path: Path,
        boot: str,
        *,
        capacity: int = 2_000,
        chance: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self.hub, self.name, self.boot, self.time = hub, name, boot, hub.time
        self.key = hub.keys.setdefault(name, LinkKey(name.encode() * 2))
        self.journal, self.store = open_journal(path, self.now, capacity=capacity)
        self.session = DeliverySession(
            name,
            self.key,
            SignerRing((hub.signing.public_key(),)),
            hub.ca,
            self.journal,
            self.store,
            chance,
        )
        self.carry: Callable[[str, bytes], None] = hub.receive
        self.connections = 0
        self.online = False
        self.alarms: list[AlarmRaised] = []

    @property
    def now(self) -> ClockNow:
        at = self.time.now()
        return ClockNow(self.boot, int(self.time.s * 1e9), at, ClockState.TRUSTED, 5, at)

    def connect(self) -> None:
        self.connections += 1
        drawn = base64.b16encode(f"{self.boot}/{self.connections}".encode()).decode().lower()
        policy = EdgePolicy(hub_epoch=0, version=0, digest=EMPTY_DIGEST)
        standing = Standing(f"{drawn:0>32}"[-32:], "test", self.now, policy, ())
        self.online = True
        at_ns = self.now.mono_ns
        self.do(self.session.connected(LinkConnected(self.connections, at_ns), standing))

    def lose(self) -> None:
        self.online = False
        lost = LinkLost(self.connections, "connection_lost", self.now.mono_ns)
        self.do(self.session.disconnected(lost))

    def hear(self, topic: str, payload: bytes) -> bool:
        if self.online:
            event = MessageArrived(topic, payload, False, self.now.mono_ns)
            self.do(self.session.message(event, self.now))
        return self.online

    def tick(self) -> None:
        self.do(self.session.tick(self.now))

    def happen(self, *numbers: int) -> None:
        """Events happen: journaled, and sent if somebody listens."""
        self.journal.append(
            [NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR, open_ms=n)) for n in numbers],
            self.now,
        )
        self.do(self.session.appended(self.now))

    def do(self, outputs) -> None:
        for output in outputs:
            match output:
                case Publish():
                    if self.online:
                        self.carry(output.topic, output.payload)
                case Acknowledged(epoch, through):
                    self.journal.acknowledge(epoch, through)
                case EpochNeeded(cause):
                    self.journal.open_epoch(cause, self.now)
                    self.do(self.session.appended(self.now))
                case AlarmRaised():
                    self.alarms.append(output)
                case PolicyChange():
                    self.store.apply(output)

    @property
    def caught_up(self) -> bool:
        return self.journal.through_seq == self.journal.last_seq

    def bodies(self) -> list[bytes]:
        """Every row of the journal file."""
        with self.journal._file.db.conn as connection:
            return [bytes(body) for (body,) in connection.execute("SELECT body FROM events")]


def numbers_in(bodies) -> list[int]:
    """The numbers of the door events among some bodies."""
    found = [msgspec.json.decode(body) for body in bodies]
    return [one["body"]["open_ms"] for one in found if one.get("kind") == "door_opened"]
