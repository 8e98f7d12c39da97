"""Time in the test's hand, and the policy of a door as the hub would compile it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from edge.agent_log import configure_log
from edge.ports import KernelClock
from wire import policy_bodies as pb
from wire.identity import pin_policy_id, uuid7
from wire.keys import PinKey
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKey, EntryKind, encode_entry

BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PIN_KEY = PinKey(bytes(range(32)))


def made_id(number: int) -> str:
    """The UUIDv7 of a number."""
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, CREDENTIAL, GRANT, PERSON, CARD, BOOKING = map(made_id, range(1, 9))
PIN = "482915"
CARD_NUMBER = bytes.fromhex("04a1b2c3d4e5f6")
STRIKE, CONTACT, BOLT, REX, KEY_SWITCH = 0, 0, 1, 2, 3


@dataclass
class HandTime:
    """Clocks that move when told to."""

    boot: str = "boot-1"
    mono: int = 1_000_000_000_000
    wall_now: datetime = BEGIN
    ntp: KernelClock = field(default_factory=lambda: KernelClock(synchronised=True, error_ms=20))
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    rtc_off: timedelta | None = timedelta()
    """How far the RTC is ahead of `wall_now`; None where it shows nothing."""

    def mono_ns(self) -> int:
        return self.mono

    def wall(self) -> datetime:
        return self.wall_now

    def kernel(self) -> KernelClock:
        return self.ntp

    def rtc(self) -> datetime | None:
        if self.rtc_off is None:
            return None
        return (self.wall_now + self.rtc_off).replace(microsecond=0)

    def entropy(self, count: int) -> bytes:
        return self.chance.randbytes(count)

    def go(self, seconds: float) -> None:
        self.mono += round(seconds * 1e9)
        self.wall_now += timedelta(seconds=seconds)

    def reboot(self) -> None:
        self.boot += "'"
        self.mono = 5_000_000_000


@dataclass
class Town:
    """The policy of a door as the hub would compile it; every entry can be changed by name."""

    bodies: dict[EntryKey, pb.Body] = field(default_factory=dict)
    rev: Iterable[int] = field(default_factory=lambda: itertools.count(1))
    door_id: ClassVar[str] = DOOR
    device_id: ClassVar[str] = DEVICE
    person_id: ClassVar[str] = PERSON
    card_number: ClassVar[bytes] = CARD_NUMBER
    pin_key: ClassVar[PinKey] = PIN_KEY
    strike: ClassVar[int] = STRIKE
    bolt: ClassVar[int] = BOLT

    @staticmethod
    def id(number: int) -> str:
        return made_id(number)

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


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """The agent's own log: tracebacks without the values of variables."""
    configure_log()


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
def door_policy() -> Town:
    return Town()
