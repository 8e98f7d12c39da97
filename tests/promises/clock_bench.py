"""One door, its real agent and journal file, in a world whose true time is known.

The agent is built as it is in production; only its clocks, its door and its network are of the
bench. Crystals stray within the 100 ppm that the agent reckons with, sources of time are honest
within the error they state, and the system clock says whatever it likes.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.agent import Agent
from edge.bootstrap import build
from edge.controller_files import load_controller
from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from edge.ports import Incoming, KernelClock, PolicyChange, TimeSample
from edge.settings import load_settings
from provisioning import enrolment
from provisioning.register import Register
from wire import policy_bodies as pb
from wire.events import AccessBody, Event, EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id, uuid7
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, PolicyDigest, encode_entry, entry_hash

BEGIN = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNDISCIPLINED = KernelClock(synchronised=False, error_ms=16_000)
MOST_PPM = 100


def made_id(number: int) -> str:
    """The UUIDv7 of a number."""
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, CARD, PERSON, CARD_GRANT = map(made_id, range(1, 7))
CARD_NUMBER = bytes.fromhex("04a1b2c3d4e5f6")


@dataclass(frozen=True)
class Pin:
    """A booking's code and its window."""

    digits: str
    start: datetime
    end: datetime


@dataclass
class World:
    """True time, and clocks that stray from it. Fulfils `edge.ports.TimeSource`."""

    chance: random.Random
    true: datetime = BEGIN
    wall_off: timedelta = timedelta()
    ntp: KernelClock = UNDISCIPLINED
    has_rtc: bool = False
    rtc_off: timedelta = timedelta()
    boots: int = 0
    booted: datetime = BEGIN
    rate: float = 1.0
    rtc_rate: float = field(init=False)

    def __post_init__(self) -> None:
        self.rtc_rate = 1 + self.chance.uniform(-MOST_PPM, MOST_PPM) / 1e6

    def power_on(self) -> None:
        self.boots += 1
        self.booted = self.true
        self.rate = 1 + self.chance.uniform(-MOST_PPM, MOST_PPM) / 1e6
        self.ntp = UNDISCIPLINED

    @property
    def boot(self) -> str:
        return f"boot-{self.boots}"

    def mono_ns(self) -> int:
        gone_us = (self.true - self.booted) // timedelta(microseconds=1)
        return round(gone_us * 1_000 * self.rate) + 4_000_000_000

    def wall(self) -> datetime:
        return self.true + self.wall_off

    def kernel(self) -> KernelClock:
        return self.ntp

    def rtc(self) -> datetime | None:
        if not self.has_rtc:
            return None
        shown = BEGIN + (self.true - BEGIN) * self.rtc_rate + self.rtc_off
        return shown.replace(microsecond=0)

    def entropy(self, count: int) -> bytes:
        return self.chance.randbytes(count)


def install(folder: Path) -> Path:
    """Make a town's authority and one controller; give the settings file."""
    ca = Register.create(folder / "ca", "Town", BEGIN - DAY, timedelta(days=3_650))
    enrolment.init_hub(ca, folder / "hub", BEGIN - DAY)
    enrolment.add_controller(ca, folder / "hub", folder / "keys", BEGIN - DAY)
    file = folder / "edge.toml"
    file.write_text(
        """
data_dir = "data"
journal_events = 2000
rtc = true
[identity]
directory = "keys"
[mqtt]
host = "127.0.0.1"
port = 9
[ports.site]
driver = "virtual"
""",
        encoding="utf-8",
    )
    return file


class PoweredDoor:
    """The agent at its door, from power-on to the cut; its loop is stepped by hand."""

    def __init__(self, settings: Path, data: Path, world: World, pins: list[Pin]) -> None:
        text = settings.read_text(encoding="utf-8").replace('"data"', f'"{data}"')
        file = settings.with_name(f"{data.name}.toml")
        file.write_text(text, encoding="utf-8")
        self._settings = load_settings(file)
        self._key = load_controller(self._settings).pin
        self.data, self.world, self.pins = data, world, pins
        self.version = 0
        self.power_on()

    # --- power -----------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.world.power_on()
        self._start()

    def _start(self) -> None:
        self._pending: list[Incoming] = []
        self.site = VirtualDriver(mono_ns=self.world.mono_ns, threaded=False)
        self.agent: Agent = build(self._settings, time=self.world, drivers={"site": self.site})
        self.journal = self.agent._begin()
        assert self.agent._loop is not None
        assert self.agent._parts is not None
        self.loop, self.parts = self.agent._loop, self.agent._parts
        self.site.start(self._pending.append)
        self._settle()

    def restart_agent(self) -> None:
        """The program alone stops in order and starts again."""
        self.loop.end()
        self.journal.close()
        self._start()

    def cut(self) -> None:
        """The power goes: what was committed is on the card, and nothing else happens."""
        self.journal._file.db.conn.close()

    def image(self, into: Path) -> None:
        """Take the card's image, the agent running."""
        shutil.copytree(self.data, into)

    def put_image(self, image: Path) -> None:
        """Put an image back while the power is off."""
        shutil.rmtree(self.data)
        shutil.copytree(image, self.data)

    # --- what happens ----------------------------------------------------------------------------

    def _settle(self) -> None:
        while self._pending:
            self.loop.handle(self._pending.pop(0))

    def go(self, by: timedelta) -> None:
        """True time passes; the loop ticks at its end."""
        self.world.true += by
        self.site.advance(self.world.mono_ns())
        self._settle()
        self.loop.tick()
        self._settle()

    def welcome(self, round_trip_ms: int = 20) -> None:
        """The hub's signed time, stamped somewhere between hello and welcome."""
        now_ns = self.world.mono_ns()
        stamped_ms = self.world.chance.uniform(0, round_trip_ms)
        hub_time = self.world.true - timedelta(milliseconds=stamped_ms)
        # The crystal's own straying over a round trip lies within the millisecond that is added.
        sample = TimeSample(hub_time, now_ns - round_trip_ms * 1_000_000, now_ns)
        self.parts.uplinks._perform([sample], self.loop.now())

    def policy(self, *, floor_in_window: bool = False) -> None:
        """The hub sends all it wants here."""
        on_untrusted = pb.OnUntrustedClock.FLOOR_IN_WINDOW if floor_in_window else None
        changes = {} if on_untrusted is None else {"on_untrusted_clock": on_untrusted}
        point = pb.Point(DEVICE, 0)
        low = pb.Assurance.IDENTIFIER
        bodies: list[tuple[EntryKind, str, pb.Body]] = [
            (EntryKind.DOOR, DOOR, pb.DoorBody(strike=point, min_assurance=low, **changes)),
            (EntryKind.READER, READER, pb.ReaderBody(device=DEVICE, door=DOOR, keypad=True)),
            (
                EntryKind.DEVICE,
                DEVICE,
                pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1),
            ),
            (
                EntryKind.CREDENTIAL,
                CARD,
                pb.CardBody(
                    credential=CARD,
                    namespace="uid",
                    digest=card_digest(self._key, "uid", CARD_NUMBER),
                    person=PERSON,
                ),
            ),
            (EntryKind.PERSON_FLAGS, PERSON, pb.PersonFlagsBody()),
            (EntryKind.GRANT, CARD_GRANT, pb.GrantBody(door=DOOR, person=PERSON)),
        ]
        for number, pin in enumerate(self.pins):
            credential, booking = made_id(100 + number), made_id(200 + number)
            digest = pin_digest(self._key, DOOR, pin.digits)
            body = pb.PinBody(credential=credential, door=DOOR, digest=digest, booking=booking)
            bodies.append((EntryKind.CREDENTIAL, pin_policy_id(credential, DOOR), body))
            grant = pb.GrantBody(
                door=DOOR, credential=credential, start=pin.start, end=pin.end, booking=booking
            )
            bodies.append((EntryKind.GRANT, made_id(300 + number), grant))
        self.version += 1
        put = tuple(encode_entry(kind, one, self.version, body) for kind, one, body in bodies)
        digest = PolicyDigest(map(entry_hash, put)).hex
        change = PolicyChange(1, self.version, put, (), digest, snapshot=True)
        assert self.parts.policies.apply(change, self.loop.now())
        self._settle()

    def press(self, pin: Pin) -> tuple[Event, AccessBody]:
        """Somebody types a code; give the decision as it was journaled."""
        self.site.press(DEVICE, pin.digits + "#")
        self._settle()
        return self.decided()

    def tap(self) -> tuple[Event, AccessBody]:
        """The person holds their card to the reader."""
        self.site.tap(DEVICE, "uid", CARD_NUMBER)
        self._settle()
        return self.decided()

    # --- what is seen ----------------------------------------------------------------------------

    def decided(self) -> tuple[Event, AccessBody]:
        """The newest decision in the journal."""
        for _, data in reversed(self.journal.tail(12)):
            row = decode_row(data)
            if isinstance(row, Event) and row.kind in _DECISIONS:
                body = decode_event_body(row)
                assert isinstance(body, AccessBody)
                return row, body
        raise AssertionError("no decision was journaled")

    @property
    def released(self) -> bool:
        """Whether the strike is on."""
        return bool(self.site.outputs().get(Source(DEVICE, 0), False))


_DECISIONS = {EventKind.ACCESS_GRANTED, EventKind.ACCESS_DENIED, EventKind.ACCESS_DURESS}
