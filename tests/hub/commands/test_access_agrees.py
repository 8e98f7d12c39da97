"""Who could open, as the hub answers it, is what the door's own `decide` does: for towns drawn at
random, at every instant asked, over a time and by person."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.attempts import CardAttempt
from edge.core.circumstances import Circumstances
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.model import Source
from edge.core.policy_index import PolicyIndex
from edge.core.windows import Schedule
from hub.commands.access import AccessService
from hub.commands.access_times import Span, changes_of, spans_where
from hub.commands.ways import Access
from hub.people import repository as people_rows
from hub.people.card_key_domain import card_key_row
from hub.people.domain import CardState, NamedDay
from hub.people.identities import open_identity
from hub.people.tables import calendars, cards, people, schedules
from hub.policy import repository as policy_rows
from hub.policy import touch
from hub.sites import repository as site_rows
from hub.sites.tables import devices, doors
from hub.web.rights import SYSTEM
from wire.clock import ClockState
from wire.pins import card_digest
from wire.policy_bodies import (
    Assurance,
    DateException,
    DaySpan,
    DeviceDriver,
    EntryState,
    FirstPerson,
    ScheduleBody,
    Side,
    WeekSpan,
)
from wire.reasons import Reason

WEEK = timedelta(days=7)
SAYS = {
    DeviceDriver.OSDP: Assurance.READER_VERIFIED,
    DeviceDriver.PCSC: Assurance.IDENTIFIER,
    DeviceDriver.GPIO: Assurance.IDENTIFIER,
}
"""What each driver of the edge says of a card, until it has proven itself."""
AUTUMN = datetime(2026, 10, 20, tzinfo=UTC)
"""Zones that have a summer time end it after this, or begin it."""


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """Nothing here depends on the kind of database."""
    return sqlite_at


class Drawn:
    """A town drawn at random, and its one controller's index."""

    def __init__(self, town: Any, seed: int) -> None:
        self.town, self.random = town, Random(seed)
        self.reasons: Counter[Reason] = Counter()
        pick = self.random.choice
        site = town.site(168)
        self.controller = town.controller(site)
        self.zones = [town.zone(site) for _ in range(2)]
        self.doors = [town.door(site, self.controller) for _ in range(3)]
        self.readers: dict[tuple[str, Side], tuple[str, DeviceDriver]] = {}
        for door in self.doors:
            zone_in = pick([None, *self.zones])
            changed = {
                "zone_in": zone_in,
                "zone_out": pick([None, *[zone for zone in self.zones if zone != zone_in]]),
                "min_assurance": pick([*[Assurance.IDENTIFIER] * 3, Assurance.READER_VERIFIED]),
                "first_person": pick([*[FirstPerson.NONE] * 3, FirstPerson.ENTRY]),
                "two_person": pick([*[False] * 5, True]),
            }
            town.set(doors, touch.touch_door, door, **changed)
            for side in pick([(Side.ENTRY,), (Side.EXIT,), (Side.ENTRY, Side.EXIT)]):
                self._reader(door, side)
        groups = [town.group() for _ in range(2)]
        self.people = [town.person(*self.random.sample(groups, pick([0, 1]))) for _ in range(4)]
        self.cards = [town.card(pick([None, *self.people, *self.people[1:]])) for _ in range(6)]
        made = [self._schedule() for _ in range(2)]
        for _ in range(24):
            self._grant(groups, made)
        for card in self.cards[:3]:
            until = pick([None, None, self._soon()])
            state = pick([*[CardState.ACTIVE] * 5, *CardState])
            town.set(cards, touch.touch_card, card, valid_until=until, state=state)
        town.set(cards, touch.touch_card, self.cards[3], public_key="BA" * 44)
        shared = town.keys.seal(bytes(range(16)), card_key_row(self.cards[4]))
        town.set(cards, touch.touch_card, self.cards[4], shared_key=shared)
        self._calendar(made[0])
        blocked = pick([EntryState.ACTIVE, EntryState.BLOCKED])
        town.set(people, touch.touch_person, self.people[0], state=blocked)

    def _reader(self, door: str, side: Side) -> None:
        """A reader of some kind, of whose cards the hub believes this or that."""
        town, pick = self.town, self.random.choice
        vouches = pick(list(Assurance))
        reader = town.reader(self.controller, door, side=side, assurance=vouches)
        with town.db.read() as scope:
            found = site_rows.reader(scope, reader)
        assert found is not None
        driver = pick([DeviceDriver.OSDP, DeviceDriver.PCSC, DeviceDriver.GPIO])
        town.set(devices, touch.touch_device, found.device_id, driver=driver)
        self.readers[door, side] = reader, driver

    def _soon(self) -> datetime:
        found: datetime = self.town.clock.now() + timedelta(minutes=self.random.randint(-60, 9_000))
        return found

    def _schedule(self) -> str:
        start = self.random.randrange(0, 1_400)
        days = tuple(sorted(self.random.sample(range(7), 4)))
        week = (WeekSpan(days, (DaySpan(start, self.random.randint(start + 1, 1_440)),)),)
        day = (self.town.clock.now() + timedelta(days=self.random.randrange(5))).date()
        exceptions = (DateException(day, self.random.choice([(), (DaySpan(0, 1_440),)])),)
        made: str = self.town.schedule()
        changed = {"week": week, "exceptions": exceptions}
        self.town.set(schedules, touch.touch_schedule, made, **changed)
        return made

    def _calendar(self, schedule: str) -> None:
        """Let a schedule follow a calendar in which the day after tomorrow is a holiday."""
        day = (self.town.clock.now() + timedelta(days=2)).date()
        span = DaySpan(60 * self.random.randrange(20), 1_380)
        calendar = self.town.calendar()
        self.town.set(calendars, touch.touch_calendar, calendar, added=(NamedDay(day, "休館"),))
        changed = {
            "calendar_id": calendar,
            "holiday_spans": self.random.choice([(), (span,)]),
        }
        self.town.set(schedules, touch.touch_schedule, schedule, **changed)

    def _grant(self, groups: list[str], made: list[str]) -> None:
        pick = self.random.choice
        place = pick([{"door": pick(self.doors)}, {"zone_id": pick(self.zones)}])
        subject = pick(
            [
                {"person_id": pick(self.people)},
                {"group_id": pick(groups)},
                {"card_id": pick(self.cards)},
            ]
        )
        start = pick([None, None, self._soon()])
        end = pick(
            [None, None, (start or self.town.clock.now()) + timedelta(hours=pick([1, 30, 99]))]
        )
        self.town.grant(
            **place,
            **subject,
            start_at=start,
            end_at=end,
            schedule_id=pick([None, None, None, *made]),
            needs_pin=pick([*[False] * 6, True]),
            escorts=pick([*[()] * 6, (self.people[0],)]),
            first_person=pick([False, False, True]),
            max_uses=pick([None, None, None, 1]),
            state=pick([*[EntryState.ACTIVE] * 4, *EntryState]),
        )

    def learn(self) -> None:
        self.town.db.write(self.town.sweep.run)
        self.town.compile()
        with self.town.db.read() as scope:
            held = policy_rows.entries(scope, self.controller)
            rows = [people_rows.card(scope, card) for card in self.cards]
        self.index = PolicyIndex()
        change = self.index.prepare([entry.data for entry in held])
        assert not change.rejected
        self.index.swap(change)
        self.numbers = {
            row.id: open_identity(self.town.keys, row.id, row.identity) for row in rows if row
        }

    def opens(self, card: str, door: str, side: Side) -> bool:
        """What the door does when a card is held to its reader at a side now: the driver says what
        it may, and a card that has a key proves it where the driver can ask."""
        if (door, side) not in self.readers:
            return False
        at = self.town.clock.now()
        now = ClockNow("boot", 10**12, at, ClockState.TRUSTED, 5, at - timedelta(seconds=1))
        never = lambda *_: False  # noqa: E731  # two arguments or one
        about = Circumstances(self.index, now, {}, never, never)
        reader_id, driver = self.readers[door, side]
        reader = self.index.readers[reader_id]
        key = self.town.keys.controller(self.controller).pin
        digest = card_digest(key, "uid", self.numbers[card])
        source = Source(reader.device, reader.channel)
        proof = (lambda _: True) if driver is DeviceDriver.PCSC else None
        attempt = CardAttempt(source, "uid", digest, SAYS[driver], proof=proof)
        decision = decide(attempt, about)
        self.reasons[decision.reason] += 1
        return decision.granted


def _could(ways: list[Access], side: Side) -> set[str | None]:
    """The cards that open alone at a side."""
    there = [way for way in ways if way.side in (None, side)]
    return {way.credential_id for way in there if not way.needs_pin and not way.conditions}


def _at(ways: list[Access], when: datetime) -> list[Access]:
    return [way for way in ways if any(s.start <= when < s.end for s in way.spans or ())]


@pytest.mark.parametrize("seed", range(5))
def test_the_hub_s_answer_is_what_the_door_decides(town: Any, seed: int) -> None:
    drawn = Drawn(town, seed)
    access = AccessService(town.db, town.clock)
    opened = 0
    for _ in range(6):
        town.clock.advance(timedelta(minutes=drawn.random.randint(1, 1_000)))
        drawn.learn()
        now = town.clock.now()
        week = (now - timedelta(hours=1), now + WEEK)
        of_people = {one: access.of_person(SYSTEM, one, *week) for one in drawn.people}
        for door, side in drawn.readers:
            does = {card for card in drawn.cards if drawn.opens(card, door, side)}
            opened += len(does)
            assert _could(access.at(SYSTEM, door, now), side) == does
            over = access.over(SYSTEM, door, *week)
            assert _could(_at(over, now), side) == does
            theirs = [w for ways in of_people.values() for w in ways if w.door_id == door]
            held = {way.credential_id for way in over if way.person_id is not None}
            assert _could(_at(theirs, now), side) == does & held
    assert opened, f"a town in which nothing ever opens shows nothing: {drawn.reasons}"


MINUTES = st.integers(0, 1_440)
SPANS = st.lists(
    st.tuples(MINUTES, MINUTES).filter(lambda two: two[0] < two[1]).map(lambda two: DaySpan(*two)),
    max_size=2,
)


@given(
    tz=st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    spans=SPANS,
    start=st.integers(0, 16).map(
        lambda day: datetime(2026, 10, 20, tzinfo=UTC) + timedelta(days=day)
    ),
    asked=st.lists(st.integers(0, 14 * 86_400), min_size=1, max_size=20),
)
def test_spans_over_a_time_say_what_the_edge_s_schedule_says_at_each_instant_of_it(
    tz: str, spans: list[DaySpan], start: datetime, asked: list[int]
) -> None:
    zone = ZoneInfo(tz)
    within = Span(start, start + timedelta(days=14))
    body = ScheduleBody(tz=tz, week=(WeekSpan((0, 1, 2, 3, 4, 5, 6), tuple(spans)),))
    edge = Schedule.of(body)

    def holds(at: datetime) -> bool:
        return edge.holds(at, lambda _calendar: frozenset())

    def of_day(_day: date) -> tuple[DaySpan, ...]:
        return tuple(spans)

    found = spans_where(holds, changes_of(zone, within, of_day), within)
    assert all(a.end < b.start for a, b in itertools.pairwise(found))
    edges = [at for span in found for at in (span.start, span.end - timedelta(seconds=1))]
    for at in [within.start + timedelta(seconds=s) for s in asked] + edges:
        if at < within.end:
            assert any(s.start <= at < s.end for s in found) is holds(at)
