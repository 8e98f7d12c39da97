"""A hostile broker: all between edge and hub goes through somebody who may do anything to it.

Edges talk to one Mosquitto and the hub to another, both under TLS with the real rules; between them
stands a relay that holds the certificates of both sides' brokers' clients, but none of their keys
for messages. By default it forwards; a test lets it forge, repeat, move, hold back and retain.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

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
from edge.uplink.mqtt import BrokerAddress as EdgeAddress
from edge.uplink.mqtt import MqttLink
from edge.uplink.presence import status_message
from edge.uplink.session import DeliverySession
from hub.clock import SystemClock
from hub.database.engine import open_database
from hub.ingest.assembly import HubLink
from hub.ingest.repository import raw_events_after
from hub.link.alarms import alarm_counts
from hub.link.keyring import FileLinkKeys
from hub.link.mqtt import BrokerAddress as HubAddress
from provisioning.controller_keys import load_identity
from provisioning.hub_keys import load_hub_epoch
from provisioning.keys import load_signing_key
from wire.certificates import load_certificates, signers_from
from wire.clock import ClockState
from wire.events import AlarmBody, DoorEventBody, EventKind
from wire.keys import HubSigner
from wire.messages import EdgePolicy, HeldPolicy, PolicyChunk, encode
from wire.policy import PolicyDigest, entry_hash
from wire.samples import BOOT, DOOR, ENTRIES
from wire.topics import Channel, parse_topic, topic_of

SPEED = 20
TOWN_ID = "0190a000-0000-7000-8000-000000000001"
DIGEST = PolicyDigest(map(entry_hash, ENTRIES)).hex


def until(condition: Callable[[], object], timeout_s: float = 8.0, what: str = "") -> None:
    """Poll until it holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what or "it did not happen in time"
        time.sleep(0.005)


class Client:
    """A paho client of the relay."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext, topics: str, take) -> None:
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.paho.tls_set_context(context)
        self.paho.on_message = lambda _c, _d, m: take(m.topic, bytes(m.payload), bool(m.retain))
        ready = threading.Event()
        self.paho.on_connect = lambda c, *_: c.subscribe(topics, qos=1)
        self.paho.on_subscribe = lambda *_: ready.set()
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        assert ready.wait(5)

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


class Relay:
    """The hostile broker. `seen` is all it ever saw: (topic, payload), in order."""

    def __init__(self, town, edge_port: int, hub_port: int, controllers: list[str]) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.hold: Callable[[str], bool] = lambda _topic: False
        self.held: list[tuple[str, bytes]] = []
        self.chance: random.Random | None = None
        self.late: list = []
        self.fates: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._down = Client(
            "hub", edge_port, town.hub_context(), "kagimori/v1/+/up/+", self._from_below
        )
        self._up = {
            name: Client(
                name,
                hub_port,
                town.controller_context(name),
                f"kagimori/v1/{name}/down/+",
                self._from_above,
            )
            for name in controllers
        }

    def _from_below(self, topic: str, payload: bytes, retained: bool) -> None:
        self._pass(topic, payload, self.up)

    def _from_above(self, topic: str, payload: bytes, retained: bool) -> None:
        self._pass(topic, payload, self.down)

    def _pass(self, topic: str, payload: bytes, on: Callable[[str, bytes], None]) -> None:
        self.seen.append((topic, payload))
        if self.hold(topic):
            self.held.append((topic, payload))
        elif self.chance is None:
            on(topic, payload)
        else:
            self._maltreat(topic, payload, on)

    def _maltreat(self, topic: str, payload: bytes, on: Callable[[str, bytes], None]) -> None:
        """Drop, repeat, keep for later, or pass, by chance; what was kept comes in any order."""
        with self._lock:
            fate = self.chance.random()
            self.fates["dropped" if fate < 0.15 else "repeated" if fate < 0.3 else "passed"] += 1
            if fate >= 0.6:
                self.late.append((topic, payload, on))
                self.fates["late"] += 1
            due = []
            while self.late and self.chance.random() < 0.4:
                due.append(self.late.pop(self.chance.randrange(len(self.late))))
        for _ in range(0 if fate < 0.15 or fate >= 0.6 else 2 if fate < 0.3 else 1):
            on(topic, payload)
        for late_topic, late_payload, late_on in due:
            late_on(late_topic, late_payload)

    def behave(self) -> None:
        """From now on pass everything, and what was kept first."""
        self.chance = None
        while self.late:
            topic, payload, on = self.late.pop()
            on(topic, payload)

    def up(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Give something to the hub."""
        self._up[parse_topic(topic).controller].paho.publish(topic, payload, 1, retain)

    def down(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Give something to an edge."""
        self._down.paho.publish(topic, payload, 1, retain)

    def last(self, controller: str, channel: Channel) -> tuple[str, bytes]:
        """The newest message it saw on a topic."""
        topic = topic_of(controller, channel)
        return next(one for one in reversed(self.seen) if one[0] == topic)

    def count(self, controller: str, channel: Channel) -> int:
        topic = topic_of(controller, channel)
        return sum(one[0] == topic for one in self.seen)

    def close(self) -> None:
        for client in (self._down, *self._up.values()):
            client.close()


class Agent:
    """An edge agent, as far as the wire goes: link, session, journal and policy in its own thread.

    Alarms are journaled, as the real loop does, and so reach the hub.
    """

    def __init__(self, town, controller: str, port: int, folder: Path) -> None:
        at = town.controllers[controller]
        self.identity = load_identity(at / "identity.json")
        self.ca = load_certificates(town.ca.read_bytes())[0]
        self.signers = signers_from(
            self.ca,
            load_certificates((town.hub / "signing.pem").read_bytes()),
            datetime.now(UTC),
        )
        self.controller, self.folder = controller, folder
        self.link = MqttLink(
            controller,
            EdgeAddress("127.0.0.1", port, town.controller_context(controller)),
            status_message(controller, self.identity.link, "test", online=False),
            monotonic_ns=lambda: time.monotonic_ns() * SPEED,
            first_pause_s=0.05,
        )
        self.queue: SimpleQueue = SimpleQueue()
        self.happened: list = []
        self.generation = 0
        self.policy = EdgePolicy(hub_epoch=0, version=0, digest=f"{0:064x}")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def of(self, kind) -> list:
        return [one for one in tuple(self.happened) if isinstance(one, kind)]

    def alarms(self) -> set[tuple[str, str]]:
        return {(one.alarm.value, one.channel) for one in self.of(AlarmRaised)}

    def open_doors(self, *numbers: int) -> None:
        self.queue.put(numbers)

    def reconnect(self) -> None:
        """Lose the connection and make another, with another session."""
        before = self.generation
        self.link._connection._gone.set()
        until(lambda: self.generation > before)

    def stop(self) -> None:
        self.link.stop()
        self.queue.put(None)
        self._thread.join(5)

    def now(self) -> ClockNow:
        at = datetime.now(UTC)
        return ClockNow(BOOT, time.monotonic_ns() * SPEED, at, ClockState.TRUSTED, 5, at)

    def _run(self) -> None:
        path = self.folder / f"{self.controller}.db"
        self.journal, self.store = open_journal(path, self.now(), capacity=2_000)
        self.session = DeliverySession(
            self.controller,
            self.identity.link,
            self.signers,
            self.ca,
            self.journal,
            self.store,
        )
        self.link.start(self.queue.put)
        while True:
            try:
                item = self.queue.get(timeout=0.01)
            except Empty:
                self._do(self.session.tick(self.now()))
                continue
            if item is None:
                self.journal.close()
                return
            self._take(item)

    def _take(self, item) -> None:
        match item:
            case LinkConnected():
                self.generation = item.generation
                name = f"{self.controller[0].encode().hex()}{item.generation:030x}"
                standing = Standing(name, "test", self.now(), self.policy, ())
                self._do(self.session.connected(item, standing))
            case LinkLost():
                self._do(self.session.disconnected(item))
            case MessageArrived():
                self._do(self.session.message(item, self.now()))
            case tuple():
                for number in item:
                    body = DoorEventBody(door=DOOR, open_ms=number)
                    self._journal(NewEvent(EventKind.DOOR_OPENED, body))

    def _journal(self, event: NewEvent) -> None:
        self.journal.append([event], self.now())
        self._do(self.session.appended(self.now()))

    def _do(self, outputs) -> None:
        for output in outputs:
            self.happened.append(output)
            match output:
                case Publish():
                    self.link.publish(output)
                case Acknowledged(epoch, through):
                    self.journal.acknowledge(epoch, through)
                case EpochNeeded(cause):
                    self.journal.open_epoch(cause, self.now())
                case AlarmRaised(alarm, channel, cause, count):
                    body = AlarmBody(alarm=alarm, channel=channel, cause=cause, count=count)
                    self._journal(NewEvent(EventKind.SECURITY_ALARM, body))
                case PolicyChange():
                    self.store.apply(output)
                    self.policy = EdgePolicy(
                        hub_epoch=output.hub_epoch, version=output.version, digest=output.digest
                    )
                    self._do(self.session.policy_applied(self.policy, ()))


class Hub:
    """The hub's link and ingest, with a policy of one version."""

    def __init__(self, town, port: int, folder: Path, make_tables) -> None:
        path = folder / "hub.db"
        make_tables(path)
        self.db = open_database(f"sqlite:///{path}", TOWN_ID)
        self.reports: list = []
        self.version = 5
        self.link = HubLink(
            HubAddress("127.0.0.1", port, town.hub_context()),
            self.db,
            SystemClock(),
            FileLinkKeys(town.hub / "link-keys.json"),
            HubSigner(load_signing_key(town.hub / "signing.key")),
            lambda: load_hub_epoch(town.hub / "hub-epoch.json"),
        )
        self.link.start(self)
        until(lambda: self.link.connected)

    def held(self, scope, controller):
        return HeldPolicy(version=self.version, digest=DIGEST)

    def wanted(self, scope, controller, want):
        return [encode(self.policy_chunk(want.session))] if want.from_version is None else []

    def send_policy(self, controller, session):
        chunk = self.policy_chunk(session)
        self.link.downlink.publish(controller, Channel.POLICY, encode(chunk))

    def policy_chunk(self, session):
        return PolicyChunk(
            hub_epoch=1,
            version=self.version,
            session=session,
            index=0,
            count=1,
            digest=DIGEST,
            entries=tuple(msgspec.Raw(entry) for entry in ENTRIES),
        )

    def reported(self, scope, controller, reported):
        self.reports.append(reported)
        return []

    def rows(self):
        with self.db.read() as scope:
            return raw_events_after(scope, 0, 10_000)

    def doors(self, controller: str) -> list[int]:
        """As they came in; what came ahead of others is told again later, and counts once."""
        found = [
            msgspec.json.decode(row.data)
            for row in self.rows()
            if row.controller == controller and row.again is None
        ]
        return [one["body"]["open_ms"] for one in found if one.get("kind") == "door_opened"]

    def edge_alarms(self, controller: str) -> set[tuple[str, str]]:
        """The alarms that edges journaled and that came here."""
        found = [
            msgspec.json.decode(row.data) for row in self.rows() if row.controller == controller
        ]
        bodies = [one["body"] for one in found if one.get("kind") == "security_alarm"]
        return {(body["alarm"], body["channel"]) for body in bodies}

    def alarms(self) -> dict[tuple[str, str], int]:
        with self.db.read() as scope:
            found = alarm_counts(scope, datetime(2020, 1, 1, tzinfo=UTC))
        return {(controller, alarm.value): count for (controller, alarm), count in found.items()}

    def stop(self) -> None:
        self.link.stop()
        self.db.close()


class Stage:
    """Two agents, a hub, and the hostile broker between them."""

    def __init__(self, town, mosquitto, folder: Path, make_tables) -> None:
        self.names = [town.add_controller(), town.add_controller()]
        edge_broker, hub_broker = mosquitto(), mosquitto()
        self.hub = Hub(town, hub_broker.port, folder, make_tables)
        self.relay = Relay(town, edge_broker.port, hub_broker.port, self.names)
        self.agents = [Agent(town, name, edge_broker.port, folder) for name in self.names]
        for name in self.names:
            until(lambda name=name: self.hub.link.current(name), what="no session became current")
        until(lambda: len(self.hub.reports) == 2, what="no policy was reported")
        self.settle()

    until = staticmethod(until)

    def settle(self) -> None:
        """Wait until everything that was journaled is acknowledged."""
        for agent in self.agents:
            until(lambda agent=agent: agent.journal.through_seq == agent.journal.last_seq)

    def stop(self) -> None:
        for agent in self.agents:
            agent.stop()
        self.relay.close()
        self.hub.stop()


@pytest.fixture
def stage(town, mosquitto, memory_folder, make_tables) -> Iterator[Stage]:
    made = Stage(town, mosquitto, memory_folder, make_tables)
    yield made
    made.stop()
