"""The delivery session: what is sent, when, and what moves it."""

from __future__ import annotations

import json
from itertools import pairwise

import msgspec
import pytest

from edge.ports import (
    Acknowledged,
    AlarmRaised,
    EpochNeeded,
    JournalError,
    LinkChanged,
    Publish,
    TimeSample,
)
from edge.uplink.states import TABLE, State, Trigger
from wire.clock import ClockState
from wire.messages import HeldPolicy, PolicyChunk
from wire.policy import PolicyDigest, entry_hash
from wire.samples import ENTRIES
from wire.topics import Channel


def of(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]


def test_a_connection_is_greeted_with_birth_and_a_fresh_session(wire):
    out = wire.connect()
    assert [parse.retain for parse in of(Publish, out)] == [True, False]
    hello = wire.sent(Channel.HELLO)[0]
    assert hello.session == wire.name
    assert (hello.epoch, hello.last_seq) == (wire.journal.epoch, 1)
    assert wire.session.state is State.GREETING


def test_no_event_leaves_before_the_welcome(wire):
    wire.connect()
    wire.append(1, 2)
    assert wire.events_sent() == []
    wire.say(Channel.WELCOME, wire.welcome())
    assert wire.events_sent() == [(1, 3)]


def test_hello_is_repeated_with_back_off_until_the_welcome(wire):
    wire.connect()
    wire.sent(Channel.HELLO)
    times = []
    for _ in range(400):
        wire.wait(0.5)
        if wire.sent(Channel.HELLO):
            times.append(wire.now_s)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert times[0] == 2.0
    assert gaps[:4] == [4.0, 8.0, 16.0, 32.0]
    assert max(gaps) <= 60.0


def test_the_welcome_is_the_only_source_of_time_within_its_round_trip(wire):
    wire.connect()
    sent_ns = wire.ns
    wire.now_s += 0.3
    out = wire.say(Channel.WELCOME, wire.welcome())
    assert of(TimeSample, out) == [TimeSample(wire.now.at, sent_ns, wire.ns)]
    assert of(LinkChanged, out) == [LinkChanged(up=True, cause="welcomed")]


def test_a_hub_that_was_away_for_hours_still_tells_the_time_within_its_round_trip(wire):
    """Each hello has a session of its own; the late answer to an older one is no attack."""
    wire.connect()
    first = wire.welcome()
    for _ in range(200):
        wire.wait(60)
    sent_ns = wire.ns
    wire.now_s += 0.2
    assert wire.say(Channel.WELCOME, first) != []  # hours old: told as a replay
    out = wire.say(Channel.WELCOME, wire.welcome())
    assert of(TimeSample, out) == [TimeSample(wire.now.at, sent_ns, wire.ns)]
    assert wire.sent(Channel.WANT)[0].session == wire.name


def test_a_welcome_that_crosses_a_repeated_hello_is_passed_over_in_silence(wire):
    wire.connect()
    late = wire.welcome()
    wire.wait(2)
    assert wire.say(Channel.WELCOME, late) == []
    assert wire.session.state is State.GREETING
    wire.say(Channel.WELCOME, wire.welcome())
    assert wire.session.state is State.WELCOMED


def test_the_welcome_is_answered_with_a_want_that_names_the_session(wire):
    """So the hub knows that this session is alive, and no hello that was kept."""
    wire.greeted()
    assert [want.session for want in wire.sent(Channel.WANT)] == [wire.name]


def test_one_event_goes_at_once_and_a_backlog_in_hundreds(wire):
    wire.append(*range(249))
    wire.greeted()
    assert wire.events_sent() == [(1, 100), (101, 100), (201, 50)]
    wire.append(1)
    assert wire.events_sent() == [(251, 1)]


def test_an_ack_moves_the_watermark_and_nothing_is_sent_twice(wire):
    wire.greeted()
    wire.append(1, 2, 3)
    wire.events_sent()
    assert of(Acknowledged, wire.ack(4)) == [Acknowledged(wire.journal.epoch, 4)]
    assert wire.journal.through_seq == 4
    wire.wait(20)
    assert wire.events_sent() == []


def test_without_an_ack_for_five_seconds_everything_goes_again_from_the_watermark(wire):
    wire.greeted()
    wire.append(1, 2, 3)
    wire.events_sent()
    wire.wait(4.9)
    assert wire.events_sent() == []
    wire.wait(0.2)
    assert wire.events_sent() == [(1, 4)]
    wire.ack(2)
    wire.wait(4.9)
    assert wire.events_sent() == []
    wire.wait(0.2)
    assert wire.events_sent() == [(3, 2)]


def test_a_hub_that_stays_silent_is_greeted_anew(wire):
    wire.greeted()
    wire.append(1)
    wire.wait(5)
    out = wire.wait(5)
    assert of(LinkChanged, out) == [LinkChanged(up=False, cause="hub_silent")]
    assert wire.session.state is State.GREETING
    wire.events_sent()
    wire.say(Channel.WELCOME, wire.welcome(through=1))
    assert wire.events_sent() == [(2, 1)]


def test_the_window_bounds_what_is_on_its_way(wire):
    wire.append(*range(2_499))
    wire.greeted()
    assert sum(count for _, count in wire.events_sent()) == 2_000
    wire.ack(300)
    assert wire.events_sent() == [(2_001, 100), (2_101, 100), (2_201, 100)]


def test_a_lower_watermark_means_a_restored_hub_and_all_goes_again_from_there(wire):
    wire.greeted()
    wire.append(*range(9))
    wire.ack(10)
    wire.lose()
    wire.events_sent()
    out = wire.greeted(through=4)
    assert of(Acknowledged, out)[0] == Acknowledged(wire.journal.epoch, 4)
    assert wire.events_sent() == [(5, 6)]


def test_a_higher_watermark_means_a_journal_rolled_back_and_opens_an_epoch(wire):
    wire.append(1, 2)
    old = wire.journal.epoch
    out = wire.greeted(through=9)
    assert of(EpochNeeded, out) == [EpochNeeded("rolled_back")]
    assert wire.journal.epoch != old
    messages = wire.sent(Channel.EVENTS)
    assert [m.epoch for m in messages] == [wire.journal.epoch]
    kinds = [json.loads(bytes(row))["kind"] for row in messages[0].events]
    assert kinds == ["epoch_opened", "door_opened", "door_opened", "epoch_opened"]
    wire.ack(4)
    assert wire.journal.through_seq == 4


def test_a_rollback_shows_even_when_new_rows_passed_the_hubs_watermark(wire):
    """Restored with 1 row, 9 appended offline, and the hub has 5 of the life that is gone: by the
    numbers alone rows 2 to 5 would be taken for delivered."""
    wire.greeted(through=0)
    wire.ack(1)
    wire.lose()
    wire.append(*range(9))
    wire.events_sent()
    out = wire.greeted(through=5)
    assert of(EpochNeeded, out) == [EpochNeeded("rolled_back")]
    assert wire.events_sent() == [(1, 10)]


def test_a_journal_that_cannot_be_read_is_an_alarm_and_loses_nothing(wire, monkeypatch):
    def broken(_seq, _limit):
        raise JournalError("disk_io")

    wire.append(1)
    with monkeypatch.context() as patch:
        patch.setattr(wire.journal, "rows_from", broken)
        out = wire.greeted()
        assert [alarm.cause for alarm in of(AlarmRaised, out)] == ["disk_io"]
    wire.wait(1)
    assert wire.events_sent() == [(1, 2)]


def test_nothing_is_sent_while_there_is_no_connection(wire):
    wire.greeted()
    out = wire.lose()
    assert of(LinkChanged, out) == [LinkChanged(up=False, cause="connection_lost")]
    wire.published.clear()
    wire.append(1)
    wire.wait(60)
    assert wire.published == []


def test_a_gap_takes_its_seqs_in_the_message(wire):
    wire.append(1, 2, 3)
    wire.journal._file.db.execute("DELETE FROM events WHERE row IN (2, 3)")
    wire.greeted()
    message = wire.sent(Channel.EVENTS)[0]
    assert json.loads(bytes(message.events[1])) == {"gap": [2, 3], "reason": "unreadable"}
    assert wire.session._outbox.sent == 4


def test_an_epoch_that_could_not_be_opened_is_asked_for_until_it_is(wire, monkeypatch):
    wire.append(1)
    wire.connect()
    with monkeypatch.context() as broken:
        broken.setattr(wire.journal, "open_epoch", lambda _cause, _now: None)  # it fails
        wire.say(Channel.WELCOME, wire.welcome(through=50_000))
        wire.append(2)
        for _ in range(3):
            assert of(EpochNeeded, wire.wait(0.25)) == [EpochNeeded("rolled_back")]
    assert wire.events_sent() == []
    wire.wait(0.25)
    assert wire.events_sent() != []
    assert of(EpochNeeded, wire.wait(0.25)) == []


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("trigger", Trigger)
def test_an_illegal_trigger_leaves_the_state_as_it_is(wire, state, trigger):
    wire.session.state = state
    wire.session._move(trigger)
    assert wire.session.state is TABLE.get((state, trigger), state)


def test_a_link_that_never_breaks_asks_for_the_time_once_the_clock_has_strayed(wire):
    wire.greeted(through=1)
    wire.sent(Channel.HELLO)
    wire.wait(86_000)
    assert wire.sent(Channel.HELLO) == []  # it is trusted all the time
    wire.clock_state = ClockState.HOLDOVER
    wire.wait(1)
    (hello,) = wire.sent(Channel.HELLO)
    wire.now_s += 0.3
    out = wire.say(Channel.WELCOME, wire.welcome(through=1, session=hello.session))
    assert [one.got_ns - one.sent_ns for one in of(TimeSample, out)] == [300_000_000]
    assert of(LinkChanged, out) == []
    wire.wait(500)
    assert wire.sent(Channel.HELLO) == []


def test_a_link_that_never_breaks_asks_for_the_time_once_a_day_however_good_the_clock(wire):
    wire.greeted(through=1)
    wire.sent(Channel.HELLO)
    wire.wait(86_400)
    assert len(wire.sent(Channel.HELLO)) == 1


def test_a_report_that_may_have_been_lost_is_said_again_after_each_welcome(wire):
    wire.greeted(through=1)
    digest = PolicyDigest(map(entry_hash, ENTRIES)).hex
    chunk = PolicyChunk(
        hub_epoch=1,
        version=5,
        session=wire.name,
        index=0,
        count=1,
        digest=digest,
        entries=tuple(map(msgspec.Raw, ENTRIES)),
    )
    wire.say(Channel.POLICY, chunk)
    (lost,) = wire.sent(Channel.REPORTED)
    wire.lose()
    wire.greeted(through=1, policy=HeldPolicy(version=5, digest=digest))
    (again,) = wire.sent(Channel.REPORTED)
    assert again == msgspec.structs.replace(lost, session=wire.name)
