"""A door in memory: the production loop, journal and session around a virtual site, with time,
network and the hub in the test's hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from edge.journal.journal import SqliteJournal, open_journal
from edge.ports import (
    CommandArrived,
    Incoming,
    JournalError,
    LinkConnected,
    LinkLost,
    MessageArrived,
    PolicyChange,
    Publish,
    TimeSample,
)
from edge.service.acts import Acts, Drivers
from edge.service.backup_secrets import BackupSecrets
from edge.service.commands import Commands
from edge.service.happenings import FireAlarm, Happenings
from edge.service.loop import Loop, Parts
from edge.service.memory import Memory
from edge.service.policies import Policies
from edge.service.presentations import Presentations
from edge.service.recorder import Recorder
from edge.service.shelter import ShelterInput
from edge.service.strikes import Strikes
from edge.service.uplinks import Uplinks
from edge.uplink.session import DeliverySession
from wire.envelope import open_sealed, seal
from wire.epochs import prove_epoch
from wire.events import Event, EventBody, EventKind, decode_event_body, decode_row
from wire.identity import uuid7
from wire.keys import HubSigner, LinkKey, SignerRing
from wire.messages import Command, HeldPolicy, Hello, PolicyChunk, Welcome, decode, encode
from wire.policy import EntryKey, PolicyDigest, entry_hash
from wire.sealing import open_secret, seal_context
from wire.topics import SIGNED, Channel, topic_of

BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LINK_KEY = LinkKey(bytes(range(32, 64)))
CONTROLLER = "k7w2m9x4c1t8z5qa"


def make_ca(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, BEGIN + timedelta(9))
    return made.sign(key, SHA256())


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

    def __init__(self, path: Path, time, town) -> None:
        self.path = path
        self.time = time
        self.town = town
        self.version = 0
        self.fire_alarm: FireAlarm | None = None
        self.shelter_input: ShelterInput | None = None
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
        device = self.town.device_id
        bolts = {Source(device, self.town.strike): Source(device, self.town.bolt)}
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
        backup = BackupSecrets(memory, recorder, self._open_door_secret)
        policies = Policies(
            memory, recorder, self.store, strikes, drivers, self._open_secret, backup
        )
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
            memory, recorder, acts, drivers, self.town.pin_key, lambda *both: self.verify(*both)
        )
        happenings = Happenings(
            memory, recorder, acts, strikes, self.fire_alarm, self.shelter_input
        )
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
        return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))

    def _new_id(self) -> str:
        return uuid7(int(self.time.wall().timestamp() * 1000), self.time.entropy(10))

    def _open_secret(self, device: str, sealed: str) -> bytes:
        return open_secret(self.controller_key, sealed, seal_context(CONTROLLER, "device", device))

    def _open_door_secret(self, door: str, sealed: str) -> bytes:
        return open_secret(self.controller_key, sealed, seal_context(CONTROLLER, "door", door))

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
        self.site.press(self.town.device_id, keys, **how)
        self.settle()

    def tap(self, number: bytes | None = None, namespace: str = "uid", **how) -> None:
        number = self.town.card_number if number is None else number
        self.site.tap(self.town.device_id, namespace, number, **how)
        self.settle()

    def set_input(self, channel: int, active: bool) -> None:
        self.site.set_input(self.town.device_id, channel, active)
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
            "sent_at": self.time.wall_now,
            "door": self.town.door_id,
            "action": "unlock",
            "pulse_ms": 5_000,
            "life_ms": life_ms,
            "actor": self.town.person_id,
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
        return self.site.outputs().get(Source(self.town.device_id, self.town.strike), False)

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


@pytest.fixture
def make_rig(tmp_path, time, door_policy):
    made = []

    def make(name: str = "edge.sqlite3", **settings) -> Rig:
        rig = Rig.__new__(Rig)
        Rig.__init__(rig, tmp_path / name, time, door_policy)
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
