"""Random towns behind one controller, the agent that serves them, and an oracle beside it.

Both live the same days: each step does something at a virtual door, then what the agent journaled
is compared with what the page says, told by the oracle.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import msgspec

from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from edge.service.happenings import FireAlarm
from tests.edge.conftest import PIN_KEY, HandTime, made_id
from tests.edge.service.conftest import Rig
from tests.promises.policy_oracle import Oracle, Policy, Shown, Told
from wire import policy_bodies as pb
from wire.events import AccessBody, Event, EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id
from wire.keys import PinKey
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKey, EntryKind, encode_entry
from wire.policy_bodies import AntiPassback, Assurance, DoorMode, EntryState, FirstPerson, Side

DEVICE = made_id(1)
FIRE_CHANNEL = 60
ACCESS = {"access_granted", "access_denied", "access_duress"}
STAYING_DIGITS = "90"
"""How the digits begin that are nobody's."""


class SiteTown:
    """What `Rig` asks of a town."""

    device_id: ClassVar[str] = DEVICE
    pin_key: ClassVar[PinKey] = PIN_KEY
    person_id: ClassVar[str] = made_id(2)
    door_id: ClassVar[str] = made_id(3)
    card_number: ClassVar[bytes] = b"\x00"
    strike: ClassVar[int] = 0
    bolt: ClassVar[int] = 63


class SiteRig(Rig):
    """The agent around a virtual site whose bolts tell nothing."""

    def _new_site(self) -> VirtualDriver:
        return VirtualDriver(mono_ns=self.time.mono_ns, threaded=False)


@dataclass
class Town:
    """A random policy: for the agent as entries, for the oracle as lists."""

    chance: random.Random
    begin: datetime
    policy: Policy = field(default_factory=Policy)
    entries: dict[EntryKey, bytes] = field(default_factory=dict)
    numbers: int = 10
    rev: int = 0
    known_cards: list[bytes] = field(default_factory=list)
    known_pins: dict[str, list[str]] = field(default_factory=dict)
    door_number: dict[str, int] = field(default_factory=dict)
    reader_channel: dict[str, int] = field(default_factory=dict)
    leaders: list[str] = field(default_factory=list)
    """Persons and groups whom visitors follow."""
    visitor: str = ""

    def new_id(self) -> str:
        self.numbers += 1
        return made_id(self.numbers)

    def put(self, kind: EntryKind, entry_id: str, body: pb.Body) -> bytes:
        self.rev += 1
        data = encode_entry(kind, entry_id, self.rev, body)
        self.entries[EntryKey(kind.value, entry_id)] = data
        return data

    def maybe(self, chance: float) -> bool:
        return self.chance.random() < chance

    # --- building --------------------------------------------------------------------------------

    @classmethod
    def drawn(cls, seed: int) -> Town:
        chance = random.Random(seed)
        begin = datetime(2026, chance.choice((3, 10, 11)), 24, chance.randrange(24), 17, tzinfo=UTC)
        town = cls(chance, begin + timedelta(milliseconds=chance.randrange(1, 40_000)))
        town.put(
            EntryKind.DEVICE,
            DEVICE,
            pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1),
        )
        town._schedules()
        zones = town._zones()
        town._doors(zones)
        groups = [town.new_id() for _ in range(2)]
        people = [town._person(groups) for _ in range(5)]
        town.leaders = [*people, *groups]
        for door in town.policy.doors:
            town._rights(door, people, groups)
        town._zone_rights(zones, people, groups)
        return town

    def _schedules(self) -> None:
        calendar = self.new_id()
        days = [self.begin.date() + timedelta(days=self.chance.randrange(4)) for _ in range(2)]
        body = pb.HolidayBody(dates=tuple(days))
        self.policy.holidays[calendar] = body
        self.put(EntryKind.HOLIDAY, calendar, body)
        for _ in range(2):
            schedule = pb.ScheduleBody(
                tz=self.chance.choice(("Asia/Tokyo", "Europe/Berlin")),
                week=tuple(
                    pb.WeekSpan(tuple(sorted(self.chance.sample(range(7), 4))), self._spans())
                    for _ in range(2)
                ),
                calendar=self.chance.choice((None, calendar, made_id(9))),
                holiday_spans=self._spans() if self.maybe(0.5) else (),
                exceptions=(self._exception(),) if self.maybe(0.5) else (),
            )
            schedule_id = self.new_id()
            self.policy.schedules[schedule_id] = schedule
            self.put(EntryKind.SCHEDULE, schedule_id, schedule)

    def _spans(self) -> tuple[pb.DaySpan, ...]:
        start = self.chance.randrange(0, 1_200)
        return (pb.DaySpan(start, min(start + self.chance.randrange(120, 700), 1_440)),)

    def _exception(self) -> pb.DateException:
        day: date = self.begin.date() + timedelta(days=self.chance.randrange(3))
        return pb.DateException(day, self._spans() if self.maybe(0.5) else ())

    def _zones(self) -> list[str]:
        zones = [self.new_id() for _ in range(3)]
        for zone in zones:
            self.zone(zone)
        return zones

    def zone(self, zone: str, **changes: object) -> bytes:
        spans = self.maybe(0.2)
        drawn = {
            "anti_passback": self.chance.choice(
                (AntiPassback.NONE, AntiPassback.SOFT)
                if spans
                else (AntiPassback.SOFT, AntiPassback.HARD, AntiPassback.HARD)
            ),
            "occupancy_max": self.chance.choice((None, 1, 2, 3)),
            "spans": spans,
            "forget_after_s": self.chance.choice((None, 600, 7_200)),
            "reset_min": self.chance.choice((None, 240, 600)),
            "tz": self.chance.choice(("Asia/Tokyo", "Europe/Berlin")),
        }
        body = pb.ZoneBody(**{**drawn, **changes})  # type: ignore[arg-type]
        self.policy.zones[zone] = body
        return self.put(EntryKind.ZONE, zone, body)

    def _doors(self, zones: list[str]) -> None:
        lobby, office, hall = zones
        ways = [(None, lobby), (lobby, office), (None, hall), (None, lobby), (office, lobby)]
        for number, (outer, inner) in enumerate(ways):
            door = self.new_id()
            self.door_number[door] = number
            self.door(door, outer, inner)
            for side in (Side.ENTRY, Side.EXIT):
                self._reader(door, side, 2 * number + (side is Side.EXIT))
        self._reader(next(iter(self.policy.doors)), Side.TERMINAL, 15)

    def door(self, door: str, outer: str | None, inner: str | None) -> bytes:
        number = self.door_number[door]
        schedules = list(self.policy.schedules)
        contact = pb.Point(DEVICE, 10 + number) if self.maybe(0.7) else None
        clock = (pb.OnUntrustedClock.DENY, pb.OnUntrustedClock.FLOOR_IN_WINDOW)
        body = pb.DoorBody(
            strike=pb.Point(DEVICE, number),
            contact=contact,
            rex=pb.Point(DEVICE, 20 + number),
            unlock_ms=self.chance.choice((3_000, 5_000)),
            min_assurance=self.chance.choice((Assurance.IDENTIFIER, Assurance.READER_VERIFIED)),
            on_untrusted_clock=self.chance.choice(clock),
            zone_in=inner,
            zone_out=outer,
            hold_schedule=self.chance.choice(schedules) if self.maybe(0.25) else None,
            first_person=self.chance.choice((*FirstPerson, FirstPerson.NONE, FirstPerson.NONE)),
            two_person=self.maybe(0.35),
            second_person_ms=self.chance.choice((5_000, 30_000, 120_000)),
        )
        self.policy.doors[door] = body
        return self.put(EntryKind.DOOR, door, body)

    def _reader(self, door: str, side: Side, channel: int) -> None:
        reader = self.new_id()
        body = pb.ReaderBody(
            device=DEVICE,
            channel=channel,
            door=door,
            side=side,
            keypad=True,
            assurance=Assurance.READER_VERIFIED,
            tries=self.chance.choice((3, 5)),
            lockout_s=60,
            lockout_max_s=600,
            card_tries=self.chance.choice((0, 3, 30)),
            card_lockout_s=self.chance.choice((10, 60)),
            card_lockout_max_s=300,
        )
        self.policy.readers[reader] = body
        self.reader_channel[reader] = channel
        self.put(EntryKind.READER, reader, body)

    def person(self, person: str, **changes: object) -> bytes:
        before = self.policy.persons.get(person, pb.PersonFlagsBody())
        body = msgspec.structs.replace(before, **changes)
        self.policy.persons[person] = body
        return self.put(EntryKind.PERSON_FLAGS, person, body)

    def _person(self, groups: list[str]) -> str:
        person = self.new_id()
        self.person(
            person,
            groups=tuple(group for group in groups if self.maybe(0.5)),
            anti_passback_exempt=self.maybe(0.1),
            long_unlock=self.maybe(0.2),
        )
        self.card(person)
        return person

    def card(self, person: str | None) -> None:
        credential, number = self.new_id(), self.chance.randbytes(7)
        hours = timedelta(hours=1)
        end = self.begin + self.chance.randrange(-2, 30) * hours if self.maybe(0.15) else None
        state = self.chance.choice((*(EntryState.ACTIVE,) * 30, *EntryState))
        body = pb.CardBody(
            credential=credential,
            namespace="uid",
            digest=card_digest(PIN_KEY, "uid", number),
            person=person,
            state=state,
            end=end,
        )
        self.policy.cards.append((number, body))
        self.known_cards.append(number)
        self.put(EntryKind.CREDENTIAL, credential, body)

    def _pin(self, door: str, person: str | None, **changes: object) -> str:
        credential = self.new_id()
        taken = {digits for digits, pin in self.policy.pins if pin.door == door}
        digits = STAYING_DIGITS
        while digits.startswith(STAYING_DIGITS) or digits in taken:
            digits = f"{self.chance.randrange(10**6):06d}"
        body = pb.PinBody(
            credential=credential,
            door=door,
            digest=pin_digest(PIN_KEY, door, digits),
            person=person,
            **changes,  # type: ignore[arg-type]
        )
        self.policy.pins.append((digits, body))
        self.known_pins.setdefault(door, []).append(digits)
        self.put(EntryKind.CREDENTIAL, pin_policy_id(credential, door), body)
        return credential

    def _rights(self, door: str, people: list[str], groups: list[str]) -> None:
        for person in people:
            if self.maybe(0.8):
                self._grant(door=door, person=person)
            if self.maybe(0.6):
                self._pin(door, person, duress=self.maybe(0.3))
            for number, card in self.policy.cards:
                if card.person == person and number and self.maybe(0.1):
                    self._grant(door=door, credential=card.credential)
        for group in groups:
            if self.maybe(0.4):
                self._grant(door=door, group=group)
        shared = self._pin(door, self.chance.choice((None, people[0])), booking=self.new_id())
        self._grant(door=door, credential=shared)

    def _zone_rights(self, zones: list[str], people: list[str], groups: list[str]) -> None:
        """Rights at every door into a zone; and a visitor, who goes in after somebody else."""
        for zone in zones:
            if self.maybe(0.4):
                self._grant(zone=zone, person=self.chance.choice(people))
            if self.maybe(0.3):
                self._grant(zone=zone, group=self.chance.choice(groups))
        self.visitor = self._person([])
        for door in self.policy.doors:
            self._pin(door, self.visitor)
            self._grant(door=door, person=self.visitor, escorts=self._escorts())
        self._grant(zone=zones[0], person=self.visitor, escorts=self._escorts())

    def _escorts(self) -> tuple[str, ...]:
        return tuple(self.chance.sample(self.leaders, self.chance.choice((1, 2, 4))))

    def _grant(self, *, escorts: tuple[str, ...] = (), **joined: str) -> None:
        grant = self.new_id()
        hours = timedelta(hours=1)
        start = self.begin + self.chance.randrange(-20, 6) * hours if self.maybe(0.2) else None
        end = self.begin + self.chance.randrange(6, 40) * hours if self.maybe(0.3) else None
        body = pb.GrantBody(
            **joined,
            start=start,
            end=end,
            schedule=self.chance.choice(list(self.policy.schedules)) if self.maybe(0.15) else None,
            state=self.chance.choice((*(EntryState.ACTIVE,) * 30, *EntryState)),
            needs_pin=self.maybe(0.15),
            first_person=self.maybe(0.3),
            max_uses=self.chance.choice((None, None, None, None, 2, 6)),
            counted_as=made_id(7) if self.maybe(0.3) else None,
            escorts=self._escorts() if not escorts and self.maybe(0.06) else escorts,
            escort_s=self.chance.choice((5, 30, 300)),
        )
        self.policy.grants[grant] = body
        self.put(EntryKind.GRANT, grant, body)


@dataclass
class Day:
    """One town, its agent, its oracle; `step` does something and compares."""

    seed: int
    path: Path
    presented: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed * 7 + 1)
        self.town = Town.drawn(self.seed)
        self.time = HandTime(wall_now=self.town.begin)
        self.rig = SiteRig(self.path, self.time, SiteTown())
        self.rig.fire_alarm = FireAlarm(DEVICE, FIRE_CHANNEL)
        self.rig.restart()
        self.rig.policy(*self.town.entries.values(), snapshot=True)
        assert not self.rig.parts.memory.index.rejected
        self.oracle = Oracle(self.town.policy, self.time.wall_now, self._mono_ms(), self._ran_ms())
        self.oracle.floor, self.oracle.error = self._clock()
        self.order = 0
        self.seen = self.rig.journal.last_seq
        for door, body in self.town.policy.doors.items():
            if body.contact is not None and self.chance.random() < 0.9:
                self._leaf(door, opened=True)
                self._leaf(door, opened=False)
        self._pass(1_000)

    def close(self) -> None:
        self.rig.journal.journal._file.db.conn.close()

    # --- steps -----------------------------------------------------------------------------------

    def run(self, presentations: int) -> None:
        """Live until so much was presented."""
        steps: list[tuple[Callable[[], None], int]] = [
            (self.tap, 26),
            (self.type_pin, 20),
            (self.tap_and_type, 8),
            (self.go_in_and_again, 16),
            (self.two_together, 14),
            (self.lead_a_visitor, 8),
            (self.guess, 3),
            (self.guess_cards, 2),
            (self.wait_a_little, 20),
            (self.wait_long, 4),
            (self.turn_handle, 10),
            (self.press_exit, 3),
            (self.order_mode, 3),
            (self.end_mode, 4),
            (self.fire, 1),
            (self.forgive, 2),
            (self.block_or_unblock, 1),
            (self.change_zone, 1),
            (self.change_door, 1),
            (self.stop_and_start, 2),
            (self.find_the_time, 6),
        ]
        acts, weights = zip(*steps, strict=True)
        while self.presented < presentations:
            self.chance.choices(acts, weights)[0]()

    def tap(self) -> None:
        reader = self._reader()
        assurance = self.chance.choice(("reader_verified", "reader_verified", "identifier"))
        if self.chance.random() < 0.05:
            number = b"\x99" * 7
        else:
            number = self.chance.choice(self.town.known_cards)
        self._tap(reader, number, assurance, stale=self.chance.random() < 0.02)

    def type_pin(self) -> None:
        reader = self._reader()
        self._type(reader, self._digits(reader), stale=self.chance.random() < 0.02)

    def tap_and_type(self) -> None:
        """Somebody shows their card and their own PIN."""
        reader = self._reader()
        door = self.town.policy.readers[reader].door
        pins = [
            (digits, pin.person)
            for digits, pin in self.town.policy.pins
            if pin.door == door and pin.person is not None and pin.booking is None
        ]
        if not pins:
            return
        digits, person = self.chance.choice(pins)
        numbers = [n for n, card in self.town.policy.cards if card.person == person]
        self._tap(reader, numbers[0], "reader_verified")
        self._type(reader, digits)

    def go_in_and_again(self) -> None:
        """One card goes in somewhere, and is shown again at a door into the same zone."""
        number = self.chance.choice(self.town.known_cards)
        zone = self.chance.choice(list(self.town.policy.zones))
        doors = [door for door, body in self.town.policy.doors.items() if body.zone_in == zone]
        for _ in range(self.chance.choice((2, 2, 3))):
            door = self.chance.choice(doors)
            readers = self.town.policy.readers.items()
            entry = [r for r, body in readers if (body.door, body.side) == (door, Side.ENTRY)]
            self._tap(entry[0], number, "reader_verified")
            if self.chance.random() < 0.7:
                self._swing(door)
            if self.chance.random() < 0.3:
                self.wait_a_little()

    def guess(self) -> None:
        """Somebody tries digits until the reader takes no more."""
        reader = self._reader()
        for _ in range(4):
            self._type(reader, STAYING_DIGITS + f"{self.chance.randrange(10**4):04d}")
            self._pass(self.chance.randrange(100, 2_000))
        self._type(reader, self._digits(reader))

    def guess_cards(self) -> None:
        """Somebody emulates one number after another, and then somebody taps a card of theirs."""
        reader = self._reader()
        for _ in range(4):
            self._tap(reader, self.chance.randbytes(8), "identifier")
            self._pass(self.chance.randrange(100, 2_000))
        for assurance in ("identifier", "reader_verified"):
            self._tap(reader, self.chance.choice(self.town.known_cards), assurance)

    def two_together(self) -> None:
        """Several come to one door, one after the other, and go in."""
        reader = self._reader()
        for number in self.chance.sample(self.town.known_cards, self.chance.choice((2, 2, 3))):
            self._tap(reader, number, "reader_verified")
            if self.chance.random() < 0.5:
                self._pass(self.chance.randrange(100, 3_000))
        door = self.town.policy.readers[reader].door
        if door is not None and self.chance.random() < 0.8:
            self._swing(door)

    def lead_a_visitor(self) -> None:
        """Somebody goes in, and the visitor comes after them, by card or by PIN."""
        reader = self._reader()
        door = self.town.policy.readers[reader].door or ""
        if self.chance.random() < 0.6:
            self._tap(reader, self.chance.choice(self.town.known_cards), "reader_verified")
        else:
            self._type(reader, self._digits(reader))
        self._pass(self.chance.choice((200, 2_000, 5_000, 5_001, 29_000, 31_000)))
        if self.chance.random() < 0.2:
            self.block_or_unblock()
        mine = [n for n, card in self.town.policy.cards if card.person == self.town.visitor]
        if self.chance.random() < 0.7:
            self._tap(reader, mine[0], "reader_verified")
            return
        pins = self.town.policy.pins
        own = [d for d, pin in pins if (pin.door, pin.person) == (door, self.town.visitor)]
        self._type(reader, own[0])

    def turn_handle(self) -> None:
        self._swing(self.chance.choice(list(self.town.policy.doors)))

    def _swing(self, door: str) -> None:
        if self.town.policy.doors[door].contact is None:
            return
        self._leaf(door, opened=True)
        if self.chance.random() < 0.9:
            self._pass(self.chance.randrange(100, 2_000))
            self._leaf(door, opened=False)

    def wait_a_little(self) -> None:
        self._pass(self.chance.randrange(100, 45_000))

    def wait_long(self) -> None:
        self._pass(self.chance.choice((400_000, 3_000_000, 9_000_000, 40_000_000, 91_000_000)))

    def press_exit(self) -> None:
        """Who wants out gets out: the strike is driven, whatever rules."""
        door = self.chance.choice(list(self.town.policy.doors))
        number = self.town.door_number[door]
        standing = self.rig.parts.memory.doors[door].driven_open
        assert standing or door not in self.oracle.driven
        self.rig.set_input(20 + number, True)
        self.rig.set_input(20 + number, False)
        self.story.append(f"exit at {number}")
        assert self._strike(door), self.told("REX did not release the door")
        self._check([], egress=not standing)

    def order_mode(self) -> None:
        self.order += 1
        door = self.chance.choice(list(self.town.policy.doors))
        body = pb.ModeBody(door=door, mode=self.chance.choice(list(DoorMode)), order=self.order)
        mode = self.town.new_id()
        self.town.policy.modes[mode] = body
        self._policy(self.town.put(EntryKind.MODE, mode, body), said=f"mode {body.mode.value}")

    def end_mode(self) -> None:
        if self.town.policy.modes:
            mode = self.chance.choice(list(self.town.policy.modes))
            del self.town.policy.modes[mode]
            self._policy(drop=[EntryKey("mode", mode)], said="mode ended")

    def fire(self) -> None:
        self.oracle.fire = not self.oracle.fire
        self.story.append(f"fire {self.oracle.fire}")
        self.rig.set_input(FIRE_CHANNEL, self.oracle.fire)
        self.oracle.settle()
        if self.oracle.fire and self.chance.random() < 0.8:  # mostly a short drill
            self.tap()
            self.fire()

    def forgive(self) -> None:
        if self.chance.random() < 0.5:
            person = self.chance.choice(list(self.town.policy.persons))
            forgiven = self.town.policy.persons[person].forgiven + 1
            self._policy(self.town.person(person, forgiven=forgiven), said="person forgiven")
        else:
            zone = self.chance.choice(list(self.town.policy.zones))
            body = self.town.policy.zones[zone]
            body = msgspec.structs.replace(body, forgiven=body.forgiven + 1)
            self.town.policy.zones[zone] = body
            self._policy(self.town.put(EntryKind.ZONE, zone, body), said="zone forgiven")

    def block_or_unblock(self) -> None:
        person = self.chance.choice(list(self.town.policy.persons))
        blocked = self.town.policy.persons[person].state is EntryState.BLOCKED
        state = EntryState.ACTIVE if blocked else EntryState.BLOCKED
        self._policy(self.town.person(person, state=state), said=f"person {state.value}")

    def change_zone(self) -> None:
        """A zone is dropped and comes again with other rules, forgetful of everybody."""
        zone = self.chance.choice(list(self.town.policy.zones))
        forgiven = self.town.policy.zones[zone].forgiven
        del self.town.policy.zones[zone]
        self._policy(drop=[EntryKey("zone", zone)], said="zone dropped")
        self.oracle.forget_zone(zone)
        if self.chance.random() < 0.5:
            self.two_together()
        self._policy(self.town.zone(zone, forgiven=forgiven), said="zone again")

    def change_door(self) -> None:
        """A door asks for one or two persons otherwise than before."""
        door = self.chance.choice(list(self.town.policy.doors))
        body = msgspec.structs.replace(
            self.town.policy.doors[door],
            two_person=self.chance.random() < 0.4,
            first_person=self.chance.choice(list(FirstPerson)),
        )
        self.town.policy.doors[door] = body
        self._policy(self.town.put(EntryKind.DOOR, door, body), said="door changed")

    def stop_and_start(self) -> None:
        """The agent stops, in order or dead, and starts; or power goes, and perhaps the clock."""
        reboot, crash = self.chance.random() < 0.5, self.chance.random() < 0.6
        loses_clock = reboot and self.chance.random() < 0.6
        self.press_exit()  # so that the time of the stop is known: the journal's newest row
        if loses_clock:
            self.time.ntp = type(self.time.ntp)(synchronised=False, error_ms=16_000)
        if reboot:  # the site's pulses end meanwhile
            self.rig.site.advance(self.time.mono + 10**12)
            self.rig.settle()
        oracle = self.oracle
        self.rig.restart(crash=crash, reboot=reboot)
        self.story.append(f"restart: crash {crash}, reboot {reboot}, clock lost {loses_clock}")
        if loses_clock:
            oracle.trusted = False
        oracle.mono_ms = self._mono_ms()
        lost_ms = oracle.ran_ms - self._ran_ms()
        if reboot:
            oracle.age_tries()
            lost_ms += oracle.mono_ms
        # The uptime is kept every five minutes: a power cut takes no more.
        assert 0 <= lost_ms <= (300_000 if crash and reboot else 0), self.told(f"{lost_ms} lost")
        oracle.ran_ms = self._ran_ms()
        oracle.floor, oracle.error = self._clock()
        oracle.restart(reboot=reboot)
        self.seen = self.rig.journal.last_seq
        oracle.settle()

    def find_the_time(self) -> None:
        if not self.oracle.trusted:
            self.time.ntp = type(self.time.ntp)(synchronised=True, error_ms=20)
            self._pass(11_000, trusted=True)

    # --- inside ----------------------------------------------------------------------------------

    def _reader(self) -> str:
        return self.chance.choice(list(self.town.policy.readers))

    def _digits(self, reader: str) -> str:
        door = self.town.policy.readers[reader].door or ""
        kind = self.chance.random()
        if kind < 0.80:
            return self.chance.choice(self.town.known_pins[door])
        if kind < 0.85:
            return "1234"
        if kind < 0.88:
            return "123456789012"
        return STAYING_DIGITS + f"{self.chance.randrange(10**4):04d}"

    def _tap(self, reader: str, number: bytes, assurance: str, *, stale: bool = False) -> None:
        self.presented += 1
        shown = Shown(card=number, assurance=assurance, stale=stale)
        self.story.append(f"tap {self._name(reader)} {shown}")
        expected = self.oracle.present(reader, shown)
        self.rig.site.tap(
            DEVICE,
            "uid",
            number,
            self.town.reader_channel[reader],
            assurance=Assurance(assurance),
            stale=stale,
        )
        self.rig.settle()
        self._check(expected)

    def _type(self, reader: str, digits: str, *, stale: bool = False) -> None:
        self.presented += 1
        shown = Shown(digits=digits, stale=stale)
        self.story.append(f"type {self._name(reader)} {shown}")
        expected = self.oracle.present(reader, shown)
        self.rig.site.press(DEVICE, f"{digits}#", self.town.reader_channel[reader], stale=stale)
        self.rig.settle()
        self._check(expected)

    def _leaf(self, door: str, *, opened: bool) -> None:
        number = self.town.door_number[door]
        self.story.append(f"leaf {number} {opened}")
        self.rig.set_input(10 + number, opened)
        self.oracle.leaf(door, opened)

    def _pass(self, ms: int, *, trusted: bool = False) -> None:
        self.story.append(f"{ms} ms pass")
        self.rig.go(ms / 1_000, step_s=ms / 1_000)
        if trusted:  # the tick that finds the time is still one without
            self.rig.loop.tick()
            self.rig.settle()
        oracle = self.oracle
        oracle.at = self.time.wall_now
        oracle.mono_ms += ms
        oracle.ran_ms += ms
        oracle.trusted = oracle.trusted or trusted
        oracle.floor, oracle.error = self._clock()
        assert oracle.mono_ms == self._mono_ms()
        self._check(oracle.tick())
        for door in self.town.policy.doors:
            driven = self._strike(door)
            if door in oracle.driven:
                assert driven, self.told(f"door {self.town.door_number[door]} is not held open")
            elif ms > 20_000:
                assert not driven, self.told(f"door {self.town.door_number[door]} is still driven")

    def _clock(self) -> tuple[datetime, timedelta]:
        """What is certainly past, and how far off the clock may be, are a matter of the clock,
        which promise 18 looks after: to the policy they are given, as the time is. Never more than
        is true, and nearly all of it where the clock is relied on."""
        now = self.rig.loop.now()
        assert now.floor <= self.time.wall_now, self.told("the floor lies in the future")
        if now.relied_on:
            assert self.time.wall_now - now.floor < timedelta(seconds=5), self.told("a low floor")
        return now.floor, timedelta(milliseconds=now.error_ms or 0)

    def _policy(self, *put: bytes, drop: list[EntryKey] | None = None, said: str = "") -> None:
        self.story.append(said)
        self.rig.policy(*put, drop=drop or [])
        self.oracle.settle()

    def _strike(self, door: str) -> bool:
        return self.rig.site.outputs().get(Source(DEVICE, self.town.door_number[door]), False)

    def _mono_ms(self) -> int:
        return self.time.mono // 1_000_000

    def _ran_ms(self) -> int:
        return self.rig.parts.memory.uptime.at(self.rig.loop.now()).ran_ns // 1_000_000

    def _name(self, reader: str) -> str:
        body = self.town.policy.readers[reader]
        return f"{self.town.door_number[body.door or '']} {body.side.value}"

    def _check(self, expected: list[Told], *, egress: bool = False) -> None:
        """What the agent has journaled since the last look is what the page says, and whoever is in
        a zone is who the page says is in it."""
        count = self.rig.journal.last_seq - self.seen
        rows = [decode_row(data) for _, data in self.rig.journal.tail(count)] if count else []
        self.seen = self.rig.journal.last_seq
        events = [row for row in rows if isinstance(row, Event) and row.kind in ACCESS]
        got = sorted(self._told_by(event) for event in events)
        want = sorted(self._wanted(told) for told in expected)
        if egress:
            want = sorted([*want, *(one for one in got if one[1] == "egress")])
            assert any(one[1] == "egress" for one in got), self.told("no egress was told")
        assert got == want, self.told(f"the door said {got}\nthe page says {want}")
        self.compared.update(told.reason for told in expected)
        self.compared.update("soft" for told in expected if told.soft and told.opens)
        self.compared.update("pair" for told in expected if told.partner and told.opens)
        for told in expected:
            grant = self.town.policy.grants.get(told.grant or "")
            if told.opens and told.by_grant and grant is not None:
                self.compared.update(["led"] if grant.escorts else [])
                self.compared.update(["by_zone"] if grant.zone is not None else [])
        presence = self.rig.parts.memory.circumstances(self.rig.loop.now()).presence
        for zone in self.town.policy.zones:
            there, said = presence.count(zone), self.oracle.inside(zone)
            assert there == len(said), self.told(f"{there} are in {zone}, the page says {said}")

    @staticmethod
    def _told_by(event: Event) -> tuple[str, ...]:
        body = decode_event_body(event)
        assert isinstance(body, AccessBody)
        named = (body.reader, body.door, body.factor, body.credential, body.person, body.grant)
        words = (event.kind, body.reason.value, *named, body.soft, body.partner)
        return tuple("" if word is None else str(word) for word in words)

    @staticmethod
    def _wanted(told: Told) -> tuple[str, ...]:
        named = (told.reader, told.door, told.factor, told.credential, told.person, told.grant)
        soft = told.soft if told.opens else None
        words = (told.kind, told.reason, *named, soft, told.partner if told.opens else None)
        return tuple("" if word is None else str(word) for word in words)

    def told(self, what: str) -> str:
        """What went wrong, with the way there."""
        return f"seed {self.seed}: {what}\n" + "\n".join(self.story[-25:])


__all__ = ["Day", "EventKind", "Town"]
