"""What happens now does not wait for a backlog, and costs no second sending."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from edge.ports import NewEvent, Publish
from edge.uplink.outbox import LIVE_WINDOW, WINDOW
from edge.uplink.states import State
from tests.edge.uplink.conftest import Wire
from wire.events import EventKind, Gap, GapReason, TelemetryBody, decode_row
from wire.topics import Channel


class Hub:
    """What the hub's ingest does: keeps every row, and tells how far they follow one another."""

    def __init__(self) -> None:
        self.rows: dict[int, bytes] = {}
        self.through = 0
        self.times: Counter[int] = Counter()

    def take(self, message) -> None:
        seq = message.first_seq
        for raw in message.events:
            found = decode_row(bytes(raw))
            last = found.gap[1] if isinstance(found, Gap) else seq
            for one in range(seq, last + 1):
                assert self.rows.setdefault(one, bytes(raw)) == bytes(raw)
                self.times[one] += 1
            seq = last + 1
        while self.through + 1 in self.rows:
            self.through += 1


def test_a_live_event_goes_at_once_however_long_the_backlog(wire):
    wire.append(*range(3_900))
    wire.greeted()
    before = wire.events_sent()
    assert sum(count for _, count in before) == WINDOW
    wire.append(1)
    assert wire.events_sent() == [(3_902, 1)]
    wire.append(2, 3)
    assert wire.events_sent() == [(3_903, 2)]


def test_what_went_ahead_does_not_go_again_in_its_turn(wire):
    wire.append(*range(2_500))
    wire.greeted()
    hub = Hub()
    for number in range(40):
        wire.append(number)
        for message in wire.sent(Channel.EVENTS):
            hub.take(message)
        wire.ack(hub.through)
    assert hub.through == wire.journal.last_seq == 2_541
    assert set(hub.times.values()) == {1}
    assert wire.journal.through_seq == 2_541


def test_an_ack_for_what_went_ahead_alone_moves_and_alarms_nothing(wire):
    wire.append(*range(10))
    wire.greeted()
    wire.sent(Channel.EVENTS)
    wire.append(1)
    assert wire.ack(0) == []
    assert wire.session.refused == {}


def test_what_went_ahead_and_was_lost_goes_again_after_five_seconds(wire):
    wire.append(*range(2_500))
    wire.greeted()
    hub = Hub()
    wire.append(7)
    lost, *rest = sorted(wire.sent(Channel.EVENTS), key=lambda one: -one.first_seq)
    assert lost.first_seq == 2_502
    for message in rest:
        hub.take(message)
    for _ in range(3):
        wire.ack(hub.through)
        for message in wire.sent(Channel.EVENTS):
            hub.take(message)
    assert hub.through == 2_501
    wire.wait(5.1)
    assert wire.events_sent() == [(2_502, 1)]


def test_live_rows_have_a_window_of_their_own_and_then_wait(wire):
    wire.append(*range(WINDOW + 100))
    wire.greeted()
    wire.events_sent()
    for number in range(LIVE_WINDOW + 50):
        wire.append(number)
    sent = sum(count for _, count in wire.events_sent())
    assert sent == LIVE_WINDOW
    wire.ack(200)
    assert sum(count for _, count in wire.events_sent()) == 50 + 101  # and the rest of the backlog


def test_a_burst_beyond_the_window_is_a_backlog_that_later_events_pass(wire):
    wire.greeted()
    wire.ack(1)
    wire.events_sent()
    wire.append(*range(4_000))
    wire.events_sent()
    last = wire.journal.last_seq
    wire.append(1)
    wire.append(2)
    assert wire.events_sent() == []  # the window for them is full as well
    wire.ack(700)
    assert wire.events_sent()[0] == (last + 1, 2)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_lost_whatever_is_lost_on_the_way(wire, seed):
    """Messages and acks lost, delayed and repeated, connections cut: the hub ends with every row,
    and a live event is among what goes out in the very same step."""
    chance = random.Random(seed)
    hub, waiting = Hub(), []
    wire.append(*range(chance.randrange(1_500)))
    wire.greeted()
    for step in range(160):
        out = []
        if chance.random() < 0.4:
            out = wire.append(step)
            live = wire.journal.last_seq
            if wire.session.state is State.WELCOMED:
                assert any(isinstance(one, Publish) for one in out), (seed, step, live)
        waiting += wire.sent(Channel.EVENTS)
        chance.shuffle(waiting) if chance.random() < 0.1 else None
        for _ in range(chance.randrange(6)):
            if waiting and (message := waiting.pop(0)) and chance.random() < 0.9:
                hub.take(message)
        if chance.random() < 0.6:
            wire.ack(hub.through) if chance.random() < 0.9 else None
        if chance.random() < 0.03:
            wire.lose()
            waiting.clear() if chance.random() < 0.5 else None
            wire.append(step, step)
            wire.greeted(hub.through)
        wire.wait(chance.random())
    for _ in range(40):
        for message in wire.sent(Channel.EVENTS):
            hub.take(message)
        wire.greeted(hub.through) if wire.session.state is not State.WELCOMED else None
        wire.ack(hub.through)
        wire.wait(2.6)
    assert hub.through == wire.journal.last_seq, seed
    assert wire.session.refused == {}
    told = [json.loads(data)["kind"] for data in hub.rows.values()]
    assert len(told) == hub.through


def test_a_gap_that_grows_while_the_backlog_waits_is_told_as_what_it_is(tmp_path):
    """A full journal counts telemetry in a gap; grown beyond where the live rows begin, it is one
    gap still, not rows that cannot be read."""
    wire = Wire(tmp_path, capacity=400)
    wire.append(*range(210))
    telemetry = NewEvent(EventKind.TELEMETRY, TelemetryBody(counters={}))
    wire.journal.append([telemetry], wire.now)
    wire.greeted(backlog_per_s=1)
    assert wire.events_sent() == []
    wire.journal.append([telemetry], wire.now)
    wire.append(1)
    hub = Hub()
    for message in wire.sent(Channel.EVENTS):
        assert message.first_seq == 212
        hub.take(message)
    wire.wait(200)
    wire.greeted()
    for message in wire.sent(Channel.EVENTS):
        hub.take(message)
    assert hub.through == wire.journal.last_seq == 214
    gaps = {raw for raw in hub.rows.values() if isinstance(decode_row(raw), Gap)}
    assert [decode_row(raw).reason for raw in gaps] == [GapReason.REFUSED_FULL.value]
    assert wire.journal.counters()["gaps"] == 0
    wire.journal.close()
