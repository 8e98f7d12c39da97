"""A door in memory: the production loop, journal and session around a virtual site, with time,
network and the hub in the test's hand."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from edge.agent_log import configure_log
from edge.core.clock import Clock, ClockBounds
from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from edge.journal.journal import SqliteJournal, open_journal
from edge.ports import (
    CommandArrived,
    Incoming,
    JournalError,
    KernelClock,
    LinkConnected,
    LinkLost,
    MessageArrived,
    PolicyChange,
    Publish,
    TimeSample,
)
from edge.service.acts import Acts, Drivers
from edge.service.commands import Commands
from edge.service.happenings import FireAlarm, Happenings
from edge.service.loop import Loop, Parts
from edge.service.memory import Memory
from edge.service.policies import Policies
from edge.service.presentations import Presentations
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes
from edge.service.uplinks import Uplinks
from edge.uplink.session import DeliverySession
from wire import policy_bodies as pb
from wire.envelope import open_sealed, seal
from wire.epochs import prove_epoch
from wire.events import Event, EventBody, EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id, uuid7
from wire.keys import HubSigner, LinkKey, PinKey, SignerRing
from wire.messages import Command, HeldPolicy, Hello, PolicyChunk, Welcome, decode, encode
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKey, EntryKind, PolicyDigest, encode_entry, entry_hash
from wire.sealing import open_secret, seal_context
from wire.topics import SIGNED, Channel, topic_of

BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PIN_KEY = PinKey(bytes(range(32)))
LINK_KEY = LinkKey(bytes(range(32, 64)))
CONTROLLER = "k7w2m9x4c1t8z5qa"


def made_id(number: int) -> str:
    """The UUIDv7 of a number."""
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, CREDENTIAL, GRANT, PERSON, CARD, BOOKING = map(made_id, range(1, 9))
PIN = "482915"
DURESS_PIN = "482916"
CARD_NUMBER = bytes.fromhex("04a1b2c3d4e5f6")
STRIKE, CONTACT, BOLT, REX, KEY_SWITCH, FIRE = 0, 0, 1, 2, 3, 4


def make_ca(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, BEGIN + timedelta(9))
    return made.sign(key, SHA256())


@dataclass
class HandTime:
    """Clocks that move when told to."""

    boot: str = "boot-1"
    mono: int = 1_000_000_000_000
    wall_now: datetime = BEGIN
    ntp: KernelClock = field(default_factory=lambda: KernelClock(synchronised=True, error_ms=20))
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def mono_ns(self) -> int:
        return self.mono

    def wall(self) -> datetime:
        return self.wall_now

    def kernel(self) -> KernelClock:
        return self.ntp

    def entropy(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    def go(self, seconds: float) -> None:
        self.mono += round(seconds * 1e9)
        self.wall_now += timedelta(seconds=seconds)

    def reboot(self) -> None:
        self.boot += "'"
        self.mono = 5_000_000_000


class HandLink:
    """The link as a list of what was published."""

    def __init__(self) -> None:
        self.sent: list[Publish] = []

    def start(self, emit: Callable[[Incoming], None]) -> None:
        self.emit = emit

    def publish(self, message: Publish) -> None:
        self.sent.append(message)

    def stop(self) -> None:
        self.sent.clear()


class BrokenJournal:
    """A journal whose commits fail while `cause` is set; everything else is the real one's."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.cause: str | None = None

    def append(self, *args, **kwargs) -> range:
        if self.cause is not None:
            raise JournalError(self.cause)
        return self.journal.append(*args, **kwargs)

    def __getattr__(self, name: str):
        return getattr(self.journal, name)


@dataclass
class Town:
    """The policy of a door as the hub would compile it; every entry can be changed by name."""

    bodies: dict[EntryKey, pb.Body] = field(default_factory=dict)
    rev: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def put(self, kind: EntryKind, entry_id: str, body: pb.Body) -> bytes:
        self.bodies[EntryKey(kind.value, entry_id)] = body
        return encode_entry(kind, entry_id, next(iter(self.rev)), body)

    def drop(self, kind: EntryKind, entry_id: str) -> EntryKey:
        key = EntryKey(kind.value, entry_id)
        del self.bodies[key]
        return key

    def door(self, **changes) -> bytes:
        point = pb.Point
        body = {
            "strike": point(DEVICE, STRIKE),
            "contact": point(DEVICE, CONTACT),
            "bolt": point(DEVICE, BOLT),
            "rex": point(DEVICE, REX),
            "mechanical_key": point(DEVICE, KEY_SWITCH),
            "min_assurance": pb.Assurance.IDENTIFIER,
        }
        return self.put(EntryKind.DOOR, DOOR, pb.DoorBody(**{**body, **changes}))

    def reader(self, **changes) -> bytes:
        body = {"device": DEVICE, "door": DOOR, "keypad": True}
        return self.put(EntryKind.READER, READER, pb.ReaderBody(**{**body, **changes}))

    def device(self) -> bytes:
        body = pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1)
        return self.put(EntryKind.DEVICE, DEVICE, body)

    def pin(self, digits: str = PIN, credential: str = CREDENTIAL, **changes) -> bytes:
        body = {"credential": credential, "door": DOOR, "digest": pin_digest(PIN_KEY, DOOR, digits)}
        entry_id = pin_policy_id(credential, DOOR)
        return self.put(EntryKind.CREDENTIAL, entry_id, pb.PinBody(**{**body, **changes}))

    def card(self, number: bytes = CARD_NUMBER, credential: str = CARD, **changes) -> bytes:
        body = {
            "credential": credential,
            "namespace": "uid",
            "digest": card_digest(PIN_KEY, "uid", number),
            "person": PERSON,
        }
        return self.put(EntryKind.CREDENTIAL, credential, pb.CardBody(**{**body, **changes}))

    def grant(self, grant_id: str = GRANT, **changes) -> bytes:
        body = {"door": DOOR}
        if not {"credential", "person", "group"} & changes.keys():
            body["credential"] = CREDENTIAL
        return self.put(EntryKind.GRANT, grant_id, pb.GrantBody(**{**body, **changes}))

    def person(self, person: str = PERSON, **changes) -> bytes:
        return self.put(EntryKind.PERSON_FLAGS, person, pb.PersonFlagsBody(**changes))

    def mode(self, mode: pb.DoorMode, order: int, number: int = 900, **changes) -> bytes:
        body = pb.ModeBody(door=DOOR, mode=mode, order=order, **changes)
        return self.put(EntryKind.MODE, made_id(number), body)

    def usual(self) -> list[bytes]:
        """A door with a keypad reader, a booking's PIN for two hours, and a person's card."""
        return [
            self.door(),
            self.reader(),
            self.device(),
            self.pin(booking=BOOKING),
            self.grant(start=BEGIN, end=BEGIN + timedelta(hours=2), booking=BOOKING),
            self.card(),
            self.person(),
            self.grant(made_id(20), person=PERSON),
        ]


class HandHub:
    """The hub's side of the wire, for one rig."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.signer = HubSigner(rig.hub_key)
        self.session = ""
        self.hub_epoch = 1

    def said(self, channel: Channel, kind: type | None = None) -> list:
        """What the edge published on a channel so far, opened."""
        topic = topic_of(CONTROLLER, channel)
        bodies = [
            open_sealed(topic, one.payload, {LINK_KEY.kid: LINK_KEY})
            for one in self.rig.link.sent
            if one.topic == topic
        ]
        return bodies if kind is None else [decode(kind, body) for body in bodies]

    def say(self, channel: Channel, message, *, key=LINK_KEY, retained: bool = False) -> None:
        topic = topic_of(CONTROLLER, channel)
        signer = self.signer if channel in SIGNED else None
        payload = seal(topic, encode(message), key, signer)
        self.rig.loop.handle(MessageArrived(topic, payload, retained, self.rig.time.mono))
        self.rig.settle()

    def welcome(self) -> None:
        """Connect the edge and answer its hello."""
        self.rig.connect()
        hello = self.said(Channel.HELLO, Hello)[-1]
        self.session = hello.session
        held = HeldPolicy(version=hello.policy.version, digest=hello.policy.digest)
        message = Welcome(
            session=self.session,
            hub_time=self.rig.time.wall_now,
            hub_epoch=self.hub_epoch,
            epoch=hello.epoch,
            through_seq=0,
            policy=held,
            proof=prove_epoch(self.rig.ca_key, self.hub_epoch, BEGIN),
        )
        self.say(Channel.WELCOME, message)

    def snapshot(self, *entries: bytes, version: int = 1) -> str:
        digest = PolicyDigest(map(entry_hash, entries)).hex
        message = PolicyChunk(
            hub_epoch=self.hub_epoch,
            version=version,
            session=self.session,
            index=0,
            count=1,
            digest=digest,
            entries=tuple(map(msgspec.Raw, entries)),
        )
        self.say(Channel.POLICY, message)
        return digest


class Rig:
    """The agent's own parts around a virtual site."""

    def __init__(self, path: Path, time: HandTime) -> None:
        self.path = path
        self.time = time
        self.town = Town()
        self.version = 0
        self.fire_alarm: FireAlarm | None = None
        self.has_rtc = False
        self.verify: Callable[..., bool] = lambda _presented, _card: False
        self.hub_key = Ed25519PrivateKey.generate()
        self.controller_key = ec.generate_private_key(ec.SECP256R1())
        self.ca_key = ec.generate_private_key(ec.SECP256R1())
        self.ca = make_ca(self.ca_key)
        self.site = self._new_site()
        self.open()
        self.hub_time()

    # --- life ------------------------------------------------------------------------------------

    def _new_site(self) -> VirtualDriver:
        bolts = {Source(DEVICE, STRIKE): Source(DEVICE, BOLT)}
        return VirtualDriver(bolts, mono_ns=self.time.mono_ns, threaded=False)

    def open(self) -> None:
        self.pending: list[Incoming] = []
        self.link = HandLink()
        clock = Clock(self.time.boot, None, ClockBounds())
        now = clock.now(self.time.mono_ns(), self.time.wall())
        real, self.store = open_journal(self.path, now, capacity=2_000, reserve=200)
        self.journal = BrokenJournal(real)
        clock.raise_floor(real.floor())
        self.parts = self._wire(clock)
        self.loop = Loop(self.parts)
        self.loop.begin()
        self.site.start(self.pending.append)
        self.settle()

    def _wire(self, clock: Clock) -> Parts:
        memory, recorder = Memory(), Recorder(self.journal)
        drivers = Drivers({"site": self.site}, memory)
        acts = Acts(drivers, memory, recorder, self._new_id)
        strikes = Strikes(memory, recorder, acts)
        policies = Policies(memory, recorder, self.store, strikes, drivers, self._open_secret)
        self.session = DeliverySession(
            CONTROLLER,
            LINK_KEY,
            SignerRing((self.hub_key.public_key(),)),
            self.ca,
            self.journal.journal,
            self.store,
        )
        self.commands = Commands(memory, recorder, acts)
        uplinks = Uplinks(
            self.session, self.link, memory, recorder, policies, self.commands, clock, "test"
        )
        presentations = Presentations(
            memory, recorder, acts, drivers, PIN_KEY, lambda *both: self.verify(*both)
        )
        happenings = Happenings(memory, recorder, acts, strikes, self.fire_alarm)
        return Parts(
            memory,
            recorder,
            acts,
            strikes,
            presentations,
            happenings,
            policies,
            uplinks,
            clock,
            self.time,
            "test",
            self.has_rtc,
        )

    @staticmethod
    def town_id(number: int) -> str:
        return made_id(number)

    def _new_id(self) -> str:
        return uuid7(int(self.time.wall().timestamp() * 1000), self.time.entropy(10))

    def _open_secret(self, device: str, sealed: str) -> bytes:
        return open_secret(self.controller_key, sealed, seal_context(CONTROLLER, "device", device))

    def crash(self) -> None:
        """Stop dead: nothing more is handled or written."""
        self.journal.journal._file.db.conn.close()

    def restart(self, *, crash: bool = False, reboot: bool = False) -> None:
        """Stop and start the agent; the site's hardware stays as it is."""
        if crash:
            self.crash()
        else:
            self.loop.end()
            self.journal.close()
        if reboot:
            self.time.reboot()
        self.open()

    # --- what happens ----------------------------------------------------------------------------

    def settle(self) -> None:
        while self.pending:
            self.loop.handle(self.pending.pop(0))

    def policy(self, *put: bytes, drop: Iterable[EntryKey] = (), snapshot: bool = False) -> None:
        """A policy arrives."""
        self.version += 1
        digest = PolicyDigest(map(entry_hash, put)).hex
        change = PolicyChange(1, self.version, tuple(put), tuple(drop), digest, snapshot)
        assert self.parts.policies.apply(change, self.loop.now())
        self.settle()

    def usual(self) -> Rig:
        self.policy(*self.town.usual(), snapshot=True)
        return self

    def press(self, keys: str, **how) -> None:
        self.site.press(DEVICE, keys, **how)
        self.settle()

    def tap(self, number: bytes = CARD_NUMBER, namespace: str = "uid", **how) -> None:
        self.site.tap(DEVICE, namespace, number, **how)
        self.settle()

    def set_input(self, channel: int, active: bool) -> None:
        self.site.set_input(DEVICE, channel, active)
        self.settle()

    def go(self, seconds: float, step_s: float = 0.25) -> None:
        """Time passes, in ticks."""
        while seconds > 0:
            step = min(step_s, seconds)
            self.time.go(step)
            seconds -= step
            self.site.advance(self.time.mono)
            self.settle()
            self.loop.tick()
            self.settle()

    def command(self, life_ms: int = 10_000, at_ns: int | None = None, **changes) -> Command:
        """A remote unlock arrives, past the session's checks."""
        body = {
            "command_id": self._new_id(),
            "session": "0" * 32,
            "door": DOOR,
            "action": "unlock",
            "pulse_ms": 5_000,
            "life_ms": life_ms,
            "actor": PERSON,
        }
        command = Command(**{**body, **changes})
        taken = self.time.mono if at_ns is None else at_ns
        self.commands.run(CommandArrived(command, taken), self.loop.now())
        self.settle()
        return command

    def hub_time(self, off_s: float = 0) -> None:
        """A welcome tells the time."""
        at = self.time.wall_now + timedelta(seconds=off_s)
        sample = TimeSample(at, self.time.mono - 10_000_000, self.time.mono)
        self.parts.uplinks._perform([sample], self.loop.now())

    def connect(self) -> None:
        self.loop.handle(LinkConnected(1, self.time.mono))

    def disconnect(self) -> None:
        self.loop.handle(LinkLost(1, "connection_lost", self.time.mono))

    # --- what is seen ----------------------------------------------------------------------------

    @property
    def unlocked(self) -> bool:
        return self.site.outputs().get(Source(DEVICE, STRIKE), False)

    def events(self, *kinds: EventKind) -> list[Event]:
        rows = [decode_row(data) for _, data in self.journal.tail(2_000)]
        return [row for row in rows if isinstance(row, Event) and (not kinds or row.kind in kinds)]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]

    def bodies(self, kind: EventKind) -> list[EventBody]:
        return [decode_event_body(event) for event in self.events(kind)]

    def last(self, kind: EventKind) -> EventBody:
        return self.bodies(kind)[-1]

    def since(self, mark: int) -> list[str]:
        """The kinds of the events journaled since `mark = len(rig.kinds())`."""
        return self.kinds()[mark:]


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """The agent's own log: tracebacks without the values of variables."""
    configure_log()


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
def make_rig(tmp_path, time):
    made = []

    def make(name: str = "edge.sqlite3", **settings) -> Rig:
        rig = Rig.__new__(Rig)
        Rig.__init__(rig, tmp_path / name, time)
        for key, value in settings.items():
            setattr(rig, key, value)
        made.append(rig)
        if settings:
            rig.restart()
        return rig

    yield make
    for rig in made:
        rig.journal.journal._file.db.conn.close()


@pytest.fixture
def rig(make_rig) -> Rig:
    """A door with the usual policy, its events so far forgotten by none."""
    return make_rig().usual()


@pytest.fixture
def hub(make_rig) -> HandHub:
    """A hub and a fresh edge that knows nothing but whom it trusts."""
    return HandHub(make_rig("fresh.sqlite3"))
