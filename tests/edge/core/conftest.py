"""A decision's world, made of policy entries, with every circumstance in the test's hand."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from edge.core.attempts import CardAttempt, Decision, PinAttempt
from edge.core.backup import DoorCodes
from edge.core.circumstances import Circumstances, FirstOfTwo
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.first_person import FirstSeen
from edge.core.model import Source
from edge.core.policy_index import PolicyIndex
from edge.core.whereabouts import Whereabouts
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.identity import pin_policy_id, uuid7
from wire.policy import EntryKey, EntryKind, encode_entry
from wire.sealed_codes import open_code

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # a Tuesday, noon in Tokyo


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class World:
    """Entries by short names; `now` and everything else can be set."""

    NOON = NOON

    def __init__(self) -> None:
        self.index = PolicyIndex()
        self.at = NOON
        self.floor = NOON - timedelta(minutes=1)
        self.state = ClockState.TRUSTED
        self.uses: dict[str, int] = {}
        self.throttled = self.cards_throttled = False
        self.fire = self.interlocked = False
        self.error_ms = 5
        self.codes: DoorCodes | None = None
        self.away_ns: int | None = None
        self.boot = "boot"
        self.mono_ns = 10**12
        self.ran_ns = 10**15
        self.whereabouts = Whereabouts()
        self.firsts: dict[str, FirstSeen] = {}
        self.waiting: dict[tuple[str, pb.Side], FirstOfTwo] = {}
        self.let_in: dict[tuple[str, pb.Side], dict[str, int]] = {}
        self.rev = 0
        self._ids: dict[str, str] = {}
        self.device = self.id("device")
        self.door = self.id("door")

    def id(self, name: str) -> str:
        if name not in self._ids:
            number = len(self._ids) + 1
            self._ids[name] = uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))
        return self._ids[name]

    def put(self, kind: EntryKind, entry_id: str, body: pb.Body) -> None:
        self.rev += 1
        data = encode_entry(kind, entry_id, self.rev, body)
        change = self.index.prepare([data])
        assert not change.rejected
        self.index.swap(change)

    def drop(self, kind: EntryKind, entry_id: str) -> None:
        self.index.swap(self.index.prepare([], [EntryKey(kind.value, entry_id)]))

    def add_door(self, **changes) -> None:
        body = {"strike": pb.Point(self.device, 0), **changes}
        self.put(EntryKind.DOOR, self.door, pb.DoorBody(**body))

    def add_reader(self, name: str = "reader", channel: int = 0, **changes) -> None:
        body = {
            "device": self.device,
            "channel": channel,
            "door": self.door,
            "assurance": pb.Assurance.READER_VERIFIED,
        }
        self.put(EntryKind.READER, self.id(name), pb.ReaderBody(**{**body, **changes}))

    def add_pin(self, digits: str, name: str = "pin", **changes) -> None:
        credential = self.id(name)
        body = {"credential": credential, "door": self.door, "digest": _hex(digits), **changes}
        entry_id = pin_policy_id(credential, self.door)
        self.put(EntryKind.CREDENTIAL, entry_id, pb.PinBody(**body))

    def add_card(self, number: str, name: str = "card", **changes) -> None:
        body = {"credential": self.id(name), "namespace": "uid", "digest": _hex(number)}
        self.put(EntryKind.CREDENTIAL, self.id(name), pb.CardBody(**{**body, **changes}))

    def add_grant(self, name: str = "grant", **changes) -> None:
        body = {"door": self.door, **changes}
        self.put(EntryKind.GRANT, self.id(name), pb.GrantBody(**body))

    def add_person(self, name: str = "person", **changes) -> None:
        self.put(EntryKind.PERSON_FLAGS, self.id(name), pb.PersonFlagsBody(**changes))

    def add_mode(self, mode: pb.DoorMode, order: int, **changes) -> None:
        body = pb.ModeBody(door=self.door, mode=mode, order=order, **changes)
        self.put(EntryKind.MODE, self.id(f"mode {order}"), body)

    def add_schedule(self, name: str = "schedule", **changes) -> None:
        self.put(EntryKind.SCHEDULE, self.id(name), pb.ScheduleBody(**changes))

    def add_zone(self, name: str = "hall", **changes) -> str:
        self.put(EntryKind.ZONE, self.id(name), pb.ZoneBody(**changes))
        return self.id(name)

    def go(self, seconds: float) -> None:
        """Time passes on every clock."""
        self.at += timedelta(seconds=seconds)
        self.floor = max(self.floor, self.at - timedelta(milliseconds=self.error_ms))
        self.mono_ns += round(seconds * 1e9)
        self.ran_ns += round(seconds * 1e9)

    @property
    def now(self) -> ClockNow:
        return ClockNow(self.boot, self.mono_ns, self.at, self.state, self.error_ms, self.floor)

    @property
    def about(self) -> Circumstances:
        return Circumstances(
            self.index,
            self.now,
            self.uses,
            lambda _reader, kind: self.throttled if kind == "pin" else self.cards_throttled,
            lambda _door: self.fire,
            lambda _door: self.codes,
            self.away_ns,
            self.whereabouts,
            self.ran_ns,
            self.firsts,
            lambda door, side: self.waiting.get((door, side)),
            interlocked=lambda _door: self.interlocked,
            let_in=lambda door, side: self.let_in.get((door, side), {}),
        )

    def pin(self, digits: str, channel: int = 0, **changes) -> Decision:
        """Somebody confirms digits."""
        body = {
            "source": Source(self.device, channel),
            "digits": len(digits),
            "digest": lambda _door: _hex(digits),
            "opened": lambda profile, key: open_code(profile, key, digits),
        }
        return decide(PinAttempt(**{**body, **changes}), self.about)

    def card_attempt(self, number: str, channel: int = 0, **changes) -> CardAttempt:
        body = {
            "source": Source(self.device, channel),
            "namespace": "uid",
            "digest": _hex(number),
            "assurance": pb.Assurance.READER_VERIFIED,
        }
        return CardAttempt(**{**body, **changes})

    def card(self, number: str, channel: int = 0, **changes) -> Decision:
        """Somebody holds a card to the reader."""
        return decide(self.card_attempt(number, channel, **changes), self.about)


@pytest.fixture
def world() -> World:
    """A door with a reader, and nobody who may open it."""
    world = World()
    world.add_door()
    world.add_reader()
    return world


@pytest.fixture
def booked(world: World) -> World:
    """Somebody has booked it from noon to two, with the PIN 482915."""
    world.add_pin("482915", booking=world.id("booking"))
    world.add_grant(
        credential=world.id("pin"),
        start=NOON,
        end=NOON + timedelta(hours=2),
        booking=world.id("booking"),
    )
    return world


@pytest.fixture
def staffed(world: World) -> World:
    """Somebody of the staff holds the card `suica`, good at any time."""
    world.add_card("suica", person=world.id("person"))
    world.add_person()
    world.add_grant(person=world.id("person"))
    return world


@pytest.fixture
def entry():
    """Makes an entry's bytes."""
    return partial(encode_entry)
