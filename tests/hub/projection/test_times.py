"""Times at the hub against lives whose true time is known: what is said of an event always contains
when it happened, and order is the journal's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.attendance.projector import PROJECTOR as ATTENDANCE
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.database.tables import metadata
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.projection.clock import SURE_MS, Anchor, BootSpan, KnownTime, Timeline
from hub.projection.domain import RawRow
from hub.projection.worker import ProjectionWorker
from wire import events as ev
from wire import samples
from wire.clock import ClockState
from wire.events import Event, EventBody, EventKind, encode_body, encode_event

NOW = datetime(2026, 4, 6, tzinfo=UTC)
CONTROLLER = "k7w2m9x4c1t8z5qa"
MS = timedelta(milliseconds=1)
REX = ev.DoorEventBody(door=samples.DOOR)
PUNCH = ev.PunchBody(
    reader=samples.READER,
    person=samples.PERSON,
    credential=samples.CREDENTIAL,
    direction=ev.PunchDirection.IN,
)
ANCHOR = ev.ClockBody(state=ClockState.TRUSTED, source="welcome", error_ms=1)


@dataclass(frozen=True)
class Lived:
    """A row of the journal and when it truly happened."""

    row: RawRow
    true: datetime
    boot: str


class Life:
    """A controller through boots with and without a clock; time moves by its own hand."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.true = NOW
        self.lived: list[Lived] = []
        self.epoch, self.boots = 1, 0
        self.received = NOW

    def boot(self) -> None:
        chance = self.chance
        self.true += timedelta(seconds=chance.choice([0, 1, 3_600, 86_400 * chance.random() * 9]))
        self.boots += 1
        self.name, self.began = f"boot {self.boots}", self.true
        self.rate = 1 + chance.uniform(-1, 1) / 10_000
        if chance.random() < 0.15:
            self.epoch += 1
        self.run()
        trusted_from = chance.choice([0, 1, 3, 99])
        for number in range(chance.randint(1, 6)):
            if number == trusted_from:
                self.happen(EventKind.CLOCK_ANCHOR, ANCHOR, trusted=True)
            kind = chance.choice([EventKind.REX, EventKind.PUNCH])
            body = REX if kind is EventKind.REX else PUNCH
            self.happen(kind, body, trusted=number >= trusted_from)
            self.run()

    def run(self) -> None:
        self.true += timedelta(seconds=self.chance.choice([0, 0.001, 60, 40_000]))

    def happen(self, kind: EventKind, body: EventBody, *, trusted: bool) -> None:
        chance = self.chance
        state, at, error_ms = (
            ClockState.UNTRUSTED,
            chance.choice([NOW, self.true - NOW + NOW]),
            None,
        )
        if trusted:
            error_ms = chance.choice([1, 400, 1_900, 50_000])
            state = ClockState.TRUSTED if error_ms < 2_000 else ClockState.HOLDOVER
            at = self.true + chance.uniform(-1, 1) * error_ms * MS
        elif chance.random() < 0.5:
            at = self.true + timedelta(days=chance.uniform(-4_000, 4_000))
        gone_us = (self.true - self.began) // timedelta(microseconds=1)
        event = Event(
            kind=kind.value,
            boot=self.name,
            mono_ns=round(gone_us * self.rate * 1_000),
            at=at,
            clock=state,
            body=encode_body(kind, body),
            error_ms=error_ms,
        )
        late = timedelta(seconds=chance.choice([0, 1, 100_000]))
        self.received = max(self.received, self.true + late)
        number = len(self.lived) + 1
        row = RawRow(number, CONTROLLER, self.epoch, number, encode_event(event), self.received)
        self.lived.append(Lived(row, self.true, self.name))


def live(chance: random.Random) -> list[Lived]:
    life = Life(chance)
    for _ in range(chance.randint(1, 7)):
        life.boot()
    return life.lived


def project(db: Database, lived: Sequence[Lived], batch: int) -> dict[str, list[dict[str, Any]]]:
    def after(_scope: Scope, raw_id: int, limit: int) -> Sequence[RawRow]:
        return [one.row for one in lived if one.row.id > raw_id][: min(limit, batch)]

    ProjectionWorker(db, after, [ENTRIES, ATTENDANCE]).replay()
    tables = {}
    with db.read() as scope:
        for name in ("entries", "punches"):
            table = metadata.tables[name]
            rows = scope.all(scope.select(table).order_by(table.c.id))
            tables[name] = [dict(row._mapping) for row in rows]
    return tables


def test_what_is_said_of_a_time_contains_the_truth_however_it_came_in(
    db: Database,
) -> None:
    """In every life, whatever the batches were; an original time is never touched."""
    for seed in range(12):
        _check_life(db, seed)


def _check_life(db: Database, seed: int) -> None:
    lived = live(random.Random(seed))
    by_id = {one.row.id: one for one in lived}
    whole = project(db, lived, 200)
    assert project(db, lived, random.Random(seed).randint(1, 3)) == whole
    for entry in whole["entries"]:
        one = by_id[entry["id"]]
        if entry["time_error_ms"] is not None:
            assert abs(entry["occurred_at"] - one.true) <= entry["time_error_ms"] * MS, seed
        else:
            assert entry["occurred_at"] == entry["at"]
        assert entry["at"] == ev.decode_row(one.row.data).at  # type: ignore[union-attr]
    for punch in whole["punches"]:
        sure = punch["time_error_ms"] is not None and punch["time_error_ms"] <= SURE_MS
        assert punch["trusted"] == sure
        if sure:
            assert abs(punch["corrected_at"] - by_id[punch["id"]].true) <= SURE_MS * MS


def times_of(lived: Sequence[Lived]) -> list[KnownTime | None]:
    """The same, by the pure part alone."""
    spans: dict[tuple[int, str], BootSpan] = {}
    anchors: dict[str, list[Anchor]] = {}
    rows = []
    for one in lived:
        event = ev.decode_row(one.row.data)
        assert isinstance(event, Event)
        key = (one.row.epoch, event.boot)
        first = spans[key].first_seq if key in spans else one.row.id
        spans[key] = BootSpan(*key, first, event.mono_ns)
        if event.kind == EventKind.CLOCK_ANCHOR and event.error_ms is not None:
            anchor = Anchor(CONTROLLER, event.boot, event.mono_ns, event.at, event.error_ms)
            anchors.setdefault(event.boot, []).append(anchor)
        rows.append((event, one.row.received_at))
    timeline = Timeline(tuple(spans.values()), lambda boot, _mono_ns: anchors.get(boot, []))
    return [timeline.time_of(event.boot, event.mono_ns, got) for event, got in rows]


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_truth_lies_within_and_the_order_is_the_journals(chance: random.Random) -> None:
    """Of any boots, anchors and crystals within 100 ppm."""
    lived = live(chance)
    found = times_of(lived)
    known = [(one, time) for one, time in zip(lived, found, strict=True) if time is not None]
    for one, time in known:
        assert abs(time.at - one.true) <= time.error_ms * MS
    for (one, time), (following, later) in pairwise(known):
        if one.row.epoch == following.row.epoch:
            # However wide they are, no later row can have come before an earlier one.
            assert later.at + later.error_ms * MS >= time.at - time.error_ms * MS


def test_boots_between_two_anchors_are_bounded_by_both() -> None:
    """Two runs of an hour each lie between 10:00 and 21:00, when the next boot began."""
    ten, hour = NOW + timedelta(hours=10), 3_600_000_000_000
    anchors = {
        "a": [Anchor(CONTROLLER, "a", hour, ten, 1)],
        "d": [Anchor(CONTROLLER, "d", hour, ten + timedelta(hours=12), 1)],
    }
    spans = tuple(BootSpan(1, boot, number, hour) for number, boot in enumerate("abcd"))
    timeline = Timeline(spans, lambda boot, _: anchors.get(boot, []))
    for boot, earliest_h, latest_h in (("b", 1, 10), ("c", 2, 11)):
        time = timeline.time_of(boot, hour, ten + timedelta(days=9))
        assert time is not None
        earliest, latest = time.at - time.error_ms * MS, time.at + time.error_ms * MS
        early = ten + timedelta(hours=earliest_h) - earliest
        late = latest - ten - timedelta(hours=latest_h)
        assert timedelta() <= early < timedelta(seconds=1)
        assert timedelta() <= late < timedelta(seconds=1)
        assert not time.is_sure


def test_a_boot_with_no_anchor_after_it_was_before_it_was_received() -> None:
    spans = (BootSpan(1, "a", 1, 0), BootSpan(1, "b", 2, 0))
    anchors = {"a": [Anchor(CONTROLLER, "a", 0, NOW, 1)]}
    timeline = Timeline(spans, lambda boot, _: anchors.get(boot, []))
    time = timeline.time_of("b", 0, NOW + timedelta(hours=2))
    assert time is not None
    assert abs(time.at - (NOW + timedelta(hours=1))) < timedelta(seconds=1)


def test_where_nothing_bounds_a_time_nothing_is_said() -> None:
    timeline = Timeline((BootSpan(1, "b", 2, 0),), lambda *_: [])
    assert timeline.time_of("b", 0, NOW) is None


def test_a_reading_beyond_the_calendar_is_nothing_known() -> None:
    """A forged monotonic reading cannot stop the projection."""
    anchor = Anchor(CONTROLLER, "a", 0, NOW, 1)
    timeline = Timeline((BootSpan(1, "a", 1, 0),), lambda *_: [anchor])
    assert timeline.time_of("a", 10**27, NOW) is None


@pytest.mark.parametrize("mono_ns", [2**63, 10**27])
def test_a_forged_reading_loses_nothing_but_itself(db: Database, mono_ns: int) -> None:
    lived = live(random.Random(3))
    first = lived[0].row
    data = first.data.replace(b'"mono_ns":', b'"mono_ns":%d,"x":' % mono_ns, 1)
    forged = RawRow(0, CONTROLLER, 1, 99, data, first.received_at)
    again = [Lived(forged, NOW, "boot 1"), *lived]
    raised = [Lived(RawRow(one.row.id + 1, *_rest(one.row)), one.true, one.boot) for one in again]
    entries = project(db, raised, 200)["entries"]
    assert {entry["id"] for entry in entries} >= {
        one.row.id for one in raised[1:] if b"clock_anchor" not in one.row.data
    }


def _rest(row: RawRow) -> tuple[str, int, int, bytes, datetime]:
    return row.controller, row.epoch, row.seq, row.data, row.received_at
