"""An edge with a backlog sends what happens now ahead of it: it shows at once, and when everything
is here doors, devices, alarms and outcomes stand as if it had come in order."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.entries import alarm_repository, repository
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.entries.search import Filters, search
from hub.ingest.repository import raw_events_after, store, watermark
from hub.ingest.rows import Row, RowsRead, read_rows
from hub.projection.worker import ProjectionWorker
from wire import events as ev
from wire.clock import ClockState
from wire.events import ActOutcome, EventKind, Observed
from wire.identity import uuid7
from wire.messages import Events as EventsMessage
from wire.messages import decode, encode_events
from wire.reasons import Reason
from wire.samples import NOW

SEEDS = 3
DOOR_KINDS = (
    EventKind.DOOR_OPENED,
    EventKind.DOOR_CLOSED,
    EventKind.DOOR_HELD,
    EventKind.DOOR_FORCED,
    EventKind.BOLT_RETRACTED,
    EventKind.BOLT_EXTENDED,
)
DEVICE_KINDS = (
    EventKind.DEVICE_ONLINE,
    EventKind.DEVICE_OFFLINE,
    EventKind.TAMPER,
    EventKind.TAMPER_CLEARED,
    EventKind.POWER_FAILED,
    EventKind.POWER_RESTORED,
)


class Story:
    """What a controller journaled, from a seed; every story has doors and devices of its own."""

    def __init__(self, number: int, chance: random.Random) -> None:
        ids = (uuid7(1_790_000_000_000 + number * 1_000 + n, bytes(10)) for n in range(1_000))
        self.controller = f"c{number:015d}"
        self.doors, self.devices = [next(ids), next(ids)], [next(ids), next(ids)]
        self.bodies: list[bytes] = []
        waiting: list[tuple[str, str]] = []
        for n in range(60):
            what = chance.random()
            if what < 0.2:
                act, door = next(ids), chance.choice(self.doors)
                waiting.append((act, door))
                body = ev.AccessBody(
                    reason=Reason.PIN_VALID, factor=ev.Factor.PIN, door=door, act=act
                )
                self._add(n, EventKind.ACCESS_GRANTED, body)
            elif what < 0.4 and waiting:
                act, door = waiting.pop(0)
                done = ev.ActResultBody(
                    act=act, door=door, outcome=ActOutcome.DONE, observed=Observed.NOTHING
                )
                self._add(n, EventKind.ACT_RESULT, done)
            elif what < 0.7:
                kind = chance.choice(DOOR_KINDS)
                self._add(n, kind, ev.DoorEventBody(door=chance.choice(self.doors)))
            else:
                kind = chance.choice(DEVICE_KINDS)
                self._add(n, kind, ev.DeviceEventBody(device=chance.choice(self.devices)))

    def _add(self, number: int, kind: EventKind, body: ev.EventBody) -> None:
        event = ev.Event(
            kind=kind.value,
            boot="boot",
            mono_ns=number * 1_000_000_000,
            at=NOW + timedelta(seconds=number),
            clock=ClockState.TRUSTED,
            body=ev.encode_body(kind, body),
        )
        self.bodies.append(ev.encode_event(event))

    def message(self, first: int, last: int) -> RowsRead:
        """Seqs [first, last] as one message."""
        data = encode_events(7, first, self.bodies[first - 1 : last])
        return read_rows(self.controller, decode(EventsMessage, data))

    def in_order(self) -> list[RowsRead]:
        return [self.message(1, len(self.bodies))]

    def ahead(self, chance: random.Random) -> list[RowsRead]:
        """Backlog and what happens meanwhile, each in its order, mixed; some of it twice."""
        last = len(self.bodies)
        cut = chance.randrange(10, last - 10)
        lanes = [self._cut(1, cut, 12, chance), self._cut(cut + 1, last, 3, chance)]
        out = []
        while any(lanes):
            lane = chance.choice([one for one in lanes if one])
            out.append(lane.pop(0))
            if chance.random() < 0.1:
                out.append(chance.choice(out))
        return out

    def _cut(self, first: int, last: int, most: int, chance: random.Random) -> list[RowsRead]:
        out = []
        while first <= last:
            end = min(first + chance.randrange(most), last)
            out.append(self.message(first, end))
            first = end + 1
        return out


@pytest.fixture
def tell(db, clock):
    """Store messages in batches of chance and project them whenever."""
    worker = ProjectionWorker(db, raw_events_after, [ENTRIES])

    def telling(messages: list[RowsRead], chance: random.Random) -> None:
        while messages:
            size = chance.randint(1, 4)
            batch, messages = messages[:size], messages[size:]
            db.write(lambda scope, batch=batch: store(scope, batch, clock.now()))
            if chance.random() < 0.7 or not messages:
                while worker.step():
                    continue

    return telling


def stand(db, story):
    """How doors, devices, alarms and decisions stand, ids and instants of receipt left out."""
    with db.read() as scope:
        doors = [replace(repository.door_state(scope, one), door_id="") for one in story.doors]
        devices = [
            replace(repository.device_state(scope, one), device_id="") for one in story.devices
        ]
        places = {one: n for n, one in enumerate([*story.doors, *story.devices])}
        alarms = sorted(
            (each.kind.value, places[each.subject])
            for each in alarm_repository.standing_alarms(scope, 10_000)
            if each.subject in places and each.cleared_at is None
        )
        entries = search(scope, Filters(), None, 100_000).items
        log = sorted(
            (each.occurred_at, each.kind, each.outcome or "", each.observed or "")
            for each in entries
            if each.controller_id == story.controller
        )
    nameless = [replace(one, controller_id="") for one in (*doors, *devices)]
    return nameless, alarms, log


@pytest.mark.parametrize("seed", range(SEEDS))
def test_everything_stands_in_the_end_as_if_it_had_come_in_order(db, tell, seed):
    chance = random.Random(seed)
    ordered, mixed = Story(2 * seed, random.Random(seed)), Story(2 * seed + 1, random.Random(seed))
    tell(ordered.in_order(), chance)
    tell(mixed.ahead(chance), chance)
    assert stand(db, mixed) == stand(db, ordered)
    with db.read() as scope:
        assert watermark(scope, mixed.controller, 7) == len(mixed.bodies)


def test_what_happens_now_shows_before_the_backlog_is_here(db, tell):
    story = Story(900, random.Random(5))
    tell([story.message(50, 50)], random.Random(1))
    with db.read() as scope:
        assert [each.id for each in search(scope, Filters(), None, 9).items] == [1]
        rows = raw_events_after(scope, 0, 10)
    assert [(row.seq, row.late, row.ahead, row.again) for row in rows] == [(50, False, True, None)]
    tell([story.message(1, 49)], random.Random(1))
    with db.read() as scope:
        rows = raw_events_after(scope, 0, 100)
    assert [row.seq for row in rows] == [50, *range(1, 50), 50]
    assert {row.late for row in rows[1:50]} == {True}
    assert rows[-1].again == rows[-2].number + 1


def test_a_row_is_told_again_once_only_and_its_place_follows_all_late_ones(db, tell):
    story = Story(901, random.Random(6))
    tell([story.message(41, 60), story.message(21, 30)], random.Random(1))
    tell([story.message(1, 20), story.message(31, 40), story.message(41, 60)], random.Random(2))
    with db.read() as scope:
        rows = raw_events_after(scope, 0, 1_000)
    again = [row.seq for row in rows if row.again is not None]
    assert again == sorted(again)
    assert set(again) >= set(range(41, 61))
    assert len(again) == len(set(again))
    last_late = max(n for n, row in enumerate(rows) if row.late and row.again is None)
    assert all(n > last_late for n, row in enumerate(rows) if row.again and row.seq > 40)
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))


def test_rows_of_one_batch_take_their_numbers_by_seq(db, clock):
    story = Story(902, random.Random(7))
    batch = [story.message(31, 33), story.message(1, 30)]
    db.write(lambda scope: store(scope, batch, clock.now()))
    with db.read() as scope:
        rows = raw_events_after(scope, 0, 100)
    assert [row.seq for row in rows] == list(range(1, 34))
    assert not any(row.late or row.again for row in rows)
    assert isinstance(batch[0].rows[0], Row)
