"""Makes journal writers and ingest processes that die by SIGKILL at a named step.

A process of its own, started once: it imports everything, then forks a child for each order it
reads (one JSON line), so that a restart costs milliseconds. Children run the product's own parts:
journal, session, link, ingest. Only the step at which to die is put around them from outside.
It answers each order with a line: `{"born": pid}`, `{"dead": pid, "role": ..., "signal": ...}`.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sqlite3
import ssl
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy import event

from edge.core.clock_now import ClockNow
from edge.journal import file as journal_file
from edge.journal.journal import open_journal
from edge.ports import (
    Acknowledged,
    EpochNeeded,
    LinkConnected,
    LinkLost,
    MessageArrived,
    NewEvent,
    Publish,
    Standing,
)
from edge.uplink import mqtt as edge_mqtt
from edge.uplink.presence import status_message
from edge.uplink.session import DeliverySession
from hub.clock import SystemClock
from hub.database.engine import open_database
from hub.ingest.assembly import HubLink
from hub.link import mqtt as hub_mqtt
from hub.link.keyring import FileLinkKeys
from provisioning.controller_keys import load_identity
from provisioning.hub_keys import load_hub_epoch
from provisioning.keys import load_signing_key
from wire.certificates import load_certificates, signers_from
from wire.clock import ClockState
from wire.events import DoorEventBody, EventKind
from wire.keys import HubSigner
from wire.messages import EdgePolicy, HeldPolicy
from wire.policy import EMPTY_DIGEST
from wire.samples import BOOT, DOOR
from wire.topics import Channel

SPEED = 40
"""The edge's monotonic clock runs this much faster: its 5 s until it sends again are 125 ms."""

UNACKNOWLEDGED = 300
BURSTS_UNACKNOWLEDGED = 10
"""The writer waits for the hub beyond this many events, or bursts of them, so that a run ends."""

_ROOM = 1 << 30
"""So much that the journal keeps what the hub has: at the end row is compared with row."""


class Death:
    """Kills its own process at the n-th time a step is reached."""

    def __init__(self, step: str, at: int) -> None:
        self.step, self.left = step, at

    def at(self, step: str) -> None:
        if step == self.step:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def tls(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
    context.load_cert_chain(certificate, key)
    return context


# --- the journal writer --------------------------------------------------------------------------


def die_in_commits(death: Death) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql, *values):
            if sql != "COMMIT":
                return super().execute(sql, *values)
            death.at("before_journal_commit")
            cursor = super().execute(sql, *values)
            death.at("after_journal_commit")
            return cursor

    real = sqlite3.connect
    journal_file.sqlite3.connect = lambda path, **more: real(path, factory=Connection, **more)


def die_in_publishing(death: Death, link: edge_mqtt.MqttLink):
    made = edge_mqtt._Connection.__init__

    def init(self, *values):
        made(self, *values)
        self.client.on_publish = lambda *_: death.at("after_puback")

    edge_mqtt._Connection.__init__ = init

    def publish(message: Publish) -> None:
        events = message.topic.endswith(Channel.EVENTS.value)
        if events:
            death.at("before_publish")
        link.publish(message)
        if events:
            death.at("after_publish")

    return publish


class Writer:
    """The agent's loop, as far as delivery needs it."""

    def __init__(self, order: dict) -> None:
        self.death = Death(order["step"], order["at"])
        die_in_commits(self.death)
        identity = load_identity(Path(order["controller"], "identity.json"))
        ca = load_certificates(Path(order["ca"]).read_bytes())[0]
        signers = signers_from(
            ca, load_certificates(Path(order["signing"]).read_bytes()), datetime.now(UTC)
        )
        self.journal, store = open_journal(
            Path(order["journal"]), self.now(), capacity=20_000, size_bytes=_ROOM
        )
        self.session = DeliverySession(
            identity.controller, identity.link, signers, ca, self.journal, store
        )
        at = order["controller"]
        self.link = edge_mqtt.MqttLink(
            identity.controller,
            edge_mqtt.BrokerAddress(
                "127.0.0.1",
                order["port"],
                tls(order["ca"], f"{at}/controller.pem", f"{at}/controller.key"),
                mqtt5=order["mqtt5"],
                keepalive_s=order["keepalive_s"],
            ),
            status_message(identity.controller, identity.link, "test", online=False),
            monotonic_ns=lambda: self.now().mono_ns,
            first_pause_s=0.03,
        )
        self.publish = die_in_publishing(self.death, self.link)
        self.life, self.limit, self.burst = order["life"], order["limit"], order["burst"]
        self.most = self.burst * BURSTS_UNACKNOWLEDGED or UNACKNOWLEDGED
        self.accepted = os.open(order["accepted"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.chance = random.Random(order["life"])
        self.queue: SimpleQueue = SimpleQueue()

    @staticmethod
    def now() -> ClockNow:
        at = datetime.now(UTC)
        return ClockNow(BOOT, time.monotonic_ns() * SPEED, at, ClockState.TRUSTED, 5, at)

    def run(self) -> None:
        self.link.start(self.queue.put)
        made = 0
        while True:
            try:
                self.take(self.queue.get(timeout=0.002))
                while True:
                    self.take(self.queue.get_nowait())
            except Empty:
                self.do(self.session.tick(self.now()))
            waiting = self.journal.last_seq - self.journal.through_seq
            if made < self.limit and waiting < self.most:
                made += self.append(made)

    def append(self, made: int) -> int:
        """Journal a few events, then say, outside the journal, that they were accepted."""
        count = min(self.burst or self.chance.choice((1, 1, 1, 2, 7)), self.limit - made)
        numbers = [self.life * 1_000_000 + made + n for n in range(count)]
        self.journal.append(
            [
                NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR, open_ms=number))
                for number in numbers
            ],
            self.now(),
        )
        os.write(self.accepted, "".join(f"{number}\n" for number in numbers).encode())
        self.do(self.session.appended(self.now()))
        return count

    def take(self, item) -> None:
        match item:
            case LinkConnected():
                policy = EdgePolicy(hub_epoch=0, version=0, digest=EMPTY_DIGEST)
                name = os.urandom(16).hex()
                standing = Standing(name, "test", self.now(), policy, ())
                self.do(self.session.connected(item, standing))
            case LinkLost():
                self.do(self.session.disconnected(item))
            case MessageArrived():
                self.do(self.session.message(item, self.now()))

    def do(self, outputs) -> None:
        for output in outputs:
            match output:
                case Publish():
                    self.publish(output)
                case Acknowledged(epoch, through):
                    self.death.at("before_watermark")
                    self.journal.acknowledge(epoch, through)
                    self.death.at("after_watermark")
                case EpochNeeded(cause):
                    self.journal.open_epoch(cause, self.now())
                    self.do(self.session.appended(self.now()))


# --- the ingest ----------------------------------------------------------------------------------


class NoPolicy:
    def held(self, scope, controller):
        return HeldPolicy(version=0, digest=EMPTY_DIGEST)

    def wanted(self, scope, controller, want):
        return []

    def reported(self, scope, controller, reported):
        return []


def run_ingest(order: dict) -> None:
    death = Death(order["step"], order["at"])
    hub = Path(order["hub"])
    database = open_database(order["database"], order["town"])
    link = HubLink(
        hub_mqtt.BrokerAddress(
            "127.0.0.1",
            order["port"],
            tls(order["ca"], str(hub / "mqtt.pem"), str(hub / "mqtt.key")),
            mqtt5=order["mqtt5"],
            keepalive_s=order["keepalive_s"],
        ),
        database,
        SystemClock(),
        FileLinkKeys(hub / "link-keys.json"),
        HubSigner(load_signing_key(hub / "signing.key")),
        lambda: load_hub_epoch(hub / "hub-epoch.json"),
    )
    link._link._client._first_pause_s = 0.03
    link.start(NoPolicy())
    worker = link._ingest
    commit, acknowledge = worker._commit, worker._acknowledge
    down = worker._downlink

    class Down:
        def publish(self, controller, channel, body):
            death.at("before_app_ack")
            sent = down.publish(controller, channel, body)
            death.at("after_app_ack")
            return sent

    worker._downlink = Down()

    def dying_commit(batch):
        event.listen(
            database._writer_engine,
            "commit",
            lambda _connection: death.at("before_hub_commit"),
            once=True,
        )
        stored = commit(batch)
        death.at("after_hub_commit")
        return stored

    def dying_acknowledge(batch, stored):
        death.at("before_mqtt_ack")
        acknowledge(batch, stored)
        death.at("after_acks")

    worker._commit, worker._acknowledge = dying_commit, dying_acknowledge
    signal.pause()


# --- the forks -----------------------------------------------------------------------------------


def born(order: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        if order["role"] == "writer":
            Writer(order).run()
        else:
            run_ingest(order)
    except BaseException as error:
        with Path(order["complaints"]).open("a") as complaints:
            complaints.write(f"{order['role']}: {error!r}\n")
        raise
    finally:
        os._exit(3)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            pid, status = os.waitpid(order["wait"], os.WNOHANG if order["poll"] else 0)
            answer = {"dead": pid, "signal": os.WTERMSIG(status) if pid else 0, "status": status}
        else:
            answer = {"born": born(order)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
