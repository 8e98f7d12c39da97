"""A session over a real journal, and the hub's side of the wire in the test's hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import (
    Acknowledged,
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
from wire import messages as ms
from wire.clock import ClockState
from wire.envelope import open_sealed, seal
from wire.epochs import prove_epoch
from wire.events import DoorEventBody, EventKind
from wire.keys import HubSigner, LinkKey, SignerRing
from wire.policy import EMPTY_DIGEST, PolicyDigest, entry_hash
from wire.samples import BOOT, CONTROLLER, DOOR
from wire.topics import Channel, parse_topic, topic_of

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def make_ca(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, BEGIN + timedelta(9))
    return made.sign(key, SHA256())


class Wire:
    """Both ends: `say` and `feed` speak as the hub, `sent` is what the edge published."""

    def __init__(self, folder, capacity=5_000):
        self.now_s = 0.0
        self.clock_state = ClockState.TRUSTED
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        self.link = LinkKey(bytes(range(32)))
        signing = Ed25519PrivateKey.generate()
        self.signer = HubSigner(signing)
        self.journal, self.store = open_journal(folder / "journal.db", self.now, capacity=capacity)
        self.session = DeliverySession(
            CONTROLLER,
            self.link,
            SignerRing((signing.public_key(),)),
            make_ca(self.ca_key),
            self.journal,
            self.store,
        )
        self.names = 0
        self.hub_epoch = 1
        self.published: list[Publish] = []

    @property
    def now(self) -> ClockNow:
        at = BEGIN + timedelta(seconds=self.now_s)
        return ClockNow(BOOT, int(self.now_s * 1e9), at, self.clock_state, 5, at)

    @property
    def ns(self) -> int:
        return int(self.now_s * 1e9)

    def done(self, outputs):
        """Do what the session asks for, as the loop does, and give it back."""
        all_of_them = list(outputs)
        for output in tuple(all_of_them):
            match output:
                case Publish():
                    self.published.append(output)
                    self.read_hello(output)
                case Acknowledged(epoch, through):
                    self.journal.acknowledge(epoch, through)
                case EpochNeeded(cause):
                    self.journal.open_epoch(cause, self.now)
                    all_of_them += self.done(self.session.appended(self.now))
                case PolicyChange():
                    self.store.apply(output)
                    all_of_them += self.done(self.session.policy_applied(self.held(), ()))
        return all_of_them

    def read_hello(self, message):
        """Take up the session that the newest hello names, as the hub does."""
        if parse_topic(message.topic).channel is Channel.HELLO:
            body = open_sealed(message.topic, message.payload, {self.link.kid: self.link})
            self.name = ms.decode(ms.Hello, body).session

    def held(self) -> ms.EdgePolicy:
        stored = self.store.load()
        digest = PolicyDigest(map(entry_hash, stored.entries)).hex
        return ms.EdgePolicy(hub_epoch=stored.hub_epoch, version=stored.version, digest=digest)

    def connect(self):
        self.names += 1
        standing = Standing(f"{self.names:032x}", "0.1.0", self.now, self.held(), ())
        return self.done(self.session.connected(LinkConnected(self.names, self.ns), standing))

    def lose(self):
        return self.done(
            self.session.disconnected(LinkLost(self.names, "connection_lost", self.ns))
        )

    def append(self, *numbers):
        events = [
            NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR, open_ms=number))
            for number in numbers
        ]
        self.journal.append(events, self.now)
        return self.done(self.session.appended(self.now))

    def wait(self, seconds):
        self.now_s += seconds
        return self.done(self.session.tick(self.now))

    def seal(self, channel, message, controller=CONTROLLER):
        topic = topic_of(controller, channel)
        signed = channel in (Channel.WELCOME, Channel.POLICY, Channel.COMMANDS)
        return topic, seal(topic, ms.encode(message), self.link, self.signer if signed else None)

    def feed(self, topic, payload, retained=False):
        event = MessageArrived(topic, payload, retained, self.ns)
        return self.done(self.session.message(event, self.now))

    def say(self, channel, message):
        return self.feed(*self.seal(channel, message))

    def welcome(self, through=0, **fields):
        values = {
            "session": self.name,
            "hub_time": self.now.at,
            "hub_epoch": self.hub_epoch,
            "epoch": self.journal.epoch,
            "through_seq": through,
            "policy": ms.HeldPolicy(version=0, digest=EMPTY_DIGEST),
            "proof": prove_epoch(self.ca_key, self.hub_epoch, BEGIN),
        }
        return ms.Welcome(**{**values, **fields})

    def greeted(self, through=0, **fields):
        self.connect()
        return self.say(Channel.WELCOME, self.welcome(through, **fields))

    def ack(self, through, epoch=None):
        return self.say(
            Channel.ACKS, ms.Ack(epoch=epoch or self.journal.epoch, through_seq=through)
        )

    def sent(self, channel):
        """Decode and forget what the edge published on a channel."""
        kept, taken = [], []
        for message in self.published:
            topic = parse_topic(message.topic)
            if topic.channel is channel:
                body = open_sealed(message.topic, message.payload, {self.link.kid: self.link})
                taken.append(ms.decode(ms.TYPES[channel], body))
            else:
                kept.append(message)
        self.published = kept
        return taken

    def events_sent(self):
        """The (first seq, how many) of each events message."""
        return [(m.first_seq, len(m.events)) for m in self.sent(Channel.EVENTS)]


@pytest.fixture
def wire(tmp_path) -> Wire:
    made = Wire(tmp_path)
    yield made
    made.journal.close()
