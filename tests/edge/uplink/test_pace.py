"""A backlog goes at the pace the hub told; what happens now does not wait for it."""

from __future__ import annotations

import pytest

from edge.uplink.pace import Pace
from wire.messages import Ack
from wire.topics import Channel

_S = 1_000_000_000


def rows_sent(wire):
    return sum(count for _, count in wire.events_sent())


def test_a_hub_that_says_nothing_sets_no_bound(wire):
    wire.append(*range(999))
    wire.greeted()
    assert rows_sent(wire) == 1_000


def test_a_backlog_goes_at_the_pace_of_the_welcome(wire):
    wire.append(*range(1_499))
    wire.greeted(backlog_per_s=50)
    assert rows_sent(wire) == 0, "a message at once from each of a fleet would be a flood"
    total = 0
    for _ in range(40):
        wire.wait(0.5)
        total += rows_sent(wire)
        wire.ack(total)
        total += rows_sent(wire)
    assert 900 <= total <= 50 * 20


def test_an_ack_changes_the_pace_and_one_that_names_none_leaves_it(wire):
    wire.append(*range(1_999))
    wire.greeted(backlog_per_s=1)
    wire.wait(100)
    assert rows_sent(wire) == 100
    epoch = wire.journal.epoch
    wire.say(Channel.ACKS, Ack(epoch=epoch, through_seq=100, backlog_per_s=1_000))
    wire.wait(1)
    assert rows_sent(wire) == 1_000
    wire.ack(1_100)
    wire.wait(0.5)
    assert rows_sent(wire) == 500


def test_once_it_has_caught_up_every_event_goes_at_once(wire):
    wire.append(*range(49))
    wire.greeted(backlog_per_s=100)
    wire.wait(0.5)
    assert rows_sent(wire) == 50
    for number in range(20):
        wire.append(number)
        assert rows_sent(wire) == 1, "new events are not paced"


def test_what_is_sent_again_is_a_backlog(wire):
    """200 edges that all wait for the same hub do not repeat everything at once."""
    wire.greeted(backlog_per_s=10)
    wire.wait(1)
    for number in range(500):
        wire.append(number)
    assert rows_sent(wire) == 501
    wire.wait(5)
    assert rows_sent(wire) == 0
    wire.wait(6)
    assert rows_sent(wire) == 100, "what was saved for ten seconds"


@pytest.mark.parametrize("per_s", [1, 49, 100, 5_000])
def test_over_any_time_no_more_goes_than_the_pace_and_one_bucket(per_s):
    pace = Pace()
    pace.begin(per_s, 0)
    sent, seconds = 0, 200
    for step in range(seconds * 4):
        while pace.allows(100, step * _S // 4):
            pace.spend(100)
            sent += 100
    assert per_s * seconds * 0.5 <= sent <= per_s * seconds + max(100, 2 * per_s)


def test_a_clock_that_stands_still_or_goes_back_gives_nothing():
    pace = Pace()
    pace.begin(100, 10 * _S)
    pace.spend(100)
    assert not pace.allows(100, 10 * _S)
    assert not pace.allows(100, 9 * _S)


def test_a_slow_backlog_neither_stops_nor_holds_back_what_happens_now(wire, monkeypatch):
    """More happens while it drains than a window holds: the hub answers, so it goes on."""
    monkeypatch.setattr("edge.uplink.outbox.WINDOW", 100)
    monkeypatch.setattr("edge.uplink.outbox.LIVE_WINDOW", 20)
    wire.append(*range(299))
    wire.greeted(backlog_per_s=1)
    wire.wait(100)
    backlog, live = rows_sent(wire), 0
    for number in range(200):
        wire.append(number)
        live += rows_sent(wire)
        wire.ack(backlog)  # committed, but the watermark stays below the backlog
    assert (backlog, live) == (100, 200)
    for _ in range(300):
        wire.wait(1)
        backlog += rows_sent(wire)
        wire.ack(backlog)
        if backlog >= 300:
            break
    wire.ack(500)
    wire.wait(30)
    assert rows_sent(wire) == 0, "everything went once"
