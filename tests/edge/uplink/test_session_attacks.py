"""Whatever a broker can do to messages on their way down: refused, counted, told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.ports import (
    Acknowledged,
    AlarmRaised,
    CommandArrived,
    CommandRefused,
    PolicyChange,
    TimeSample,
)
from edge.uplink.states import State
from wire import messages as ms
from wire.clock import ClockState
from wire.envelope import seal
from wire.epochs import prove_epoch
from wire.events import Alarm
from wire.keys import HubSigner, LinkKey
from wire.policy import PolicyDigest, entry_hash
from wire.samples import ACTOR, DOOR, ENTRIES, sample_id
from wire.topics import Channel, topic_of


def alarms(outputs):
    return [(o.alarm, o.channel, o.cause) for o in outputs if isinstance(o, AlarmRaised)]


def of(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]


def command(wire, number=30, session=None):
    return ms.Command(
        command_id=sample_id(number),
        session=session or wire.name,
        sent_at=wire.now.at,
        door=DOOR,
        action="unlock",
        pulse_ms=5_000,
        life_ms=10_000,
        actor=ACTOR,
    )


def chunk(wire, version=5, entries=ENTRIES[:3], session=None, **fields):
    values = {
        "hub_epoch": 1,
        "version": version,
        "session": session or wire.name,
        "index": 0,
        "count": 1,
        "digest": PolicyDigest(map(entry_hash, entries)).hex,
        "entries": tuple(ms.msgspec.Raw(entry) for entry in entries),
    }
    return ms.PolicyChunk(**{**values, **fields})


def delta(old, new, put, whole, **fields):
    values = {
        "hub_epoch": 1,
        "from_version": old,
        "to_version": new,
        "put": tuple(ms.msgspec.Raw(entry) for entry in put),
        "digest": PolicyDigest(map(entry_hash, whole)).hex,
    }
    return ms.PolicyDelta(**{**values, **fields})


def every_message(wire):
    return {
        Channel.WELCOME: wire.welcome(),
        Channel.ACKS: ms.Ack(epoch=wire.journal.epoch, through_seq=1),
        Channel.POLICY: chunk(wire),
        Channel.COMMANDS: command(wire),
    }


DOWN = [Channel.WELCOME, Channel.ACKS, Channel.POLICY, Channel.COMMANDS]


@pytest.mark.parametrize("channel", DOWN)
@pytest.mark.parametrize("place", [0, 8, -1])
def test_a_changed_byte_anywhere_is_refused_and_told(wire, channel, place):
    wire.connect()
    if channel is not Channel.WELCOME:
        wire.say(Channel.WELCOME, wire.welcome())
    topic, payload = wire.seal(channel, every_message(wire)[channel])
    bad = bytearray(payload)
    bad[place] ^= 1
    out = wire.feed(topic, bytes(bad))
    assert len(out) == 1
    assert alarms(out)[0][:2] == (Alarm.FORGED_MESSAGE, channel.value)


@pytest.mark.parametrize("channel", [Channel.WELCOME, Channel.POLICY, Channel.COMMANDS])
def test_who_knows_k_link_still_cannot_sign_for_the_hub(wire, channel):
    wire.greeted()
    topic = topic_of("k7w2m9x4c1t8z5qa", channel)
    stranger = HubSigner(Ed25519PrivateKey.generate())
    body = ms.encode(every_message(wire)[channel])
    out = wire.feed(topic, seal(topic, body, wire.link, stranger))
    assert alarms(out) == [(Alarm.FORGED_MESSAGE, channel.value, "unknown_signer")]


def test_another_controllers_message_moved_here_is_refused(wire):
    wire.greeted()
    other = "a" * 16
    theirs = seal(
        topic_of(other, Channel.COMMANDS),
        ms.encode(command(wire)),
        LinkKey(bytes(32)),
        wire.signer,
    )
    out = wire.feed(topic_of("k7w2m9x4c1t8z5qa", Channel.COMMANDS), theirs)
    assert alarms(out)[0][0] is Alarm.FORGED_MESSAGE
    out = wire.feed(*wire.seal(Channel.COMMANDS, command(wire), controller=other))
    assert alarms(out)[0][0] is Alarm.MISPLACED_MESSAGE


def test_a_message_moved_to_another_channel_is_refused(wire):
    wire.greeted()
    _, payload = wire.seal(Channel.WELCOME, wire.welcome())
    out = wire.feed(topic_of("k7w2m9x4c1t8z5qa", Channel.COMMANDS), payload)
    assert alarms(out) == [(Alarm.FORGED_MESSAGE, "down/commands", "bad_tag")]


@pytest.mark.parametrize("channel", DOWN)
def test_a_retained_message_is_refused_even_if_it_is_genuine(wire, channel):
    wire.connect()
    out = wire.feed(*wire.seal(channel, every_message(wire)[channel]), retained=True)
    assert len(out) == 1
    assert alarms(out)[0][:2] == (Alarm.RETAINED_MESSAGE, channel.value)
    assert wire.session.state is State.GREETING


def test_the_welcome_of_an_older_session_is_refused_and_tells_no_time(wire):
    wire.connect()
    kept = wire.seal(Channel.WELCOME, wire.welcome())
    wire.lose()
    wire.connect()
    wire.now_s += 3_600
    out = wire.feed(*kept)
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/welcome", "session")]
    assert not of(TimeSample, out)
    assert wire.session.state is State.GREETING


def test_an_ack_beyond_what_was_sent_is_an_alarm_and_ignored(wire):
    wire.greeted()
    wire.append(1)
    out = wire.ack(3)
    assert alarms(out) == [(Alarm.ACK_BEYOND_SENT, "down/acks", "beyond_sent")]
    assert wire.journal.through_seq == 0


def test_an_old_ack_moves_nothing_and_is_told(wire):
    wire.greeted()
    wire.append(1, 2)
    kept = wire.seal(Channel.ACKS, ms.Ack(epoch=wire.journal.epoch, through_seq=1))
    wire.feed(*kept)
    wire.ack(3)
    assert wire.feed(*kept) == []  # twice within the session: QoS 1 does that by itself
    wire.lose()
    wire.greeted(through=3)
    out = wire.feed(*kept)
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/acks", "old_watermark")]
    assert not of(Acknowledged, out)
    out = wire.ack(1, epoch=wire.journal.epoch - 1)
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/acks", "epoch")]


def test_a_command_counts_once_and_in_its_session_only(wire):
    wire.connect()
    early = wire.say(Channel.COMMANDS, command(wire))
    assert of(CommandRefused, early)[0].cause == "session"
    wire.say(Channel.WELCOME, wire.welcome())
    kept = wire.seal(Channel.COMMANDS, command(wire))
    assert of(CommandArrived, wire.feed(*kept))[0].at_ns == wire.ns
    again = wire.feed(*kept)
    assert of(CommandRefused, again)[0].cause == "repeated"
    assert not of(CommandArrived, again)
    wire.lose()
    wire.wait(11)
    wire.greeted()
    out = wire.feed(*kept)
    assert of(CommandRefused, out)[0].cause == "session"
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/commands", "session")]


def test_a_hub_of_an_older_epoch_is_no_hub_any_more(wire):
    wire.hub_epoch = 2
    wire.greeted()
    wire.say(Channel.POLICY, chunk(wire, hub_epoch=2))
    wire.lose()
    wire.hub_epoch = 1
    out = wire.greeted()
    assert alarms(out) == [(Alarm.OLD_HUB_EPOCH, "down/welcome", "welcome")]
    assert wire.session.state is State.GREETING


@pytest.mark.parametrize("forge", ["stranger", "other_epoch"])
def test_a_new_hub_epoch_needs_the_word_of_the_ca(wire, forge):
    wire.connect()
    if forge == "stranger":
        proof = prove_epoch(ec.generate_private_key(ec.SECP256R1()), 1, wire.now.at)
    else:
        proof = prove_epoch(wire.ca_key, 2, wire.now.at)
    out = wire.say(Channel.WELCOME, wire.welcome(proof=proof))
    assert alarms(out)[0][0] is Alarm.FORGED_HUB_EPOCH
    assert wire.session.state is State.GREETING


def test_a_fresh_store_takes_only_a_snapshot_that_names_its_session(wire):
    wire.greeted(policy=ms.HeldPolicy(version=5, digest="ab" * 32))
    assert wire.sent(Channel.WANT)[0].from_version is None
    out = wire.say(Channel.POLICY, delta(0, 5, ENTRIES[:3], ENTRIES[:3]))
    assert not of(PolicyChange, out)
    out = wire.say(Channel.POLICY, chunk(wire, session="e" * 32))
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/policy", "session")]
    out = wire.say(Channel.POLICY, chunk(wire))
    assert of(PolicyChange, out)[0].snapshot
    assert wire.sent(Channel.REPORTED)[0].version == 5


def test_a_snapshot_is_put_together_in_any_order(wire):
    wire.greeted()
    digest = PolicyDigest(map(entry_hash, ENTRIES[:6])).hex
    parts = [
        chunk(wire, entries=ENTRIES[i * 2 : i * 2 + 2], index=i, count=3, digest=digest)
        for i in range(3)
    ]
    assert wire.say(Channel.POLICY, parts[2]) == []
    assert wire.say(Channel.POLICY, parts[0]) == []
    assert wire.say(Channel.POLICY, parts[0]) == []
    out = wire.say(Channel.POLICY, parts[1])
    assert of(PolicyChange, out)[0].put == tuple(ENTRIES[:6])


def test_a_delta_follows_the_version_held_and_an_old_one_is_a_replay(wire):
    wire.greeted()
    wire.say(Channel.POLICY, chunk(wire))
    kept = wire.seal(Channel.POLICY, delta(5, 6, ENTRIES[3:4], ENTRIES[:4]))
    assert of(PolicyChange, wire.feed(*kept))[0].version == 6
    assert wire.feed(*kept) == []  # held already
    wire.say(Channel.POLICY, delta(6, 7, ENTRIES[4:5], ENTRIES[:5]))
    out = wire.feed(*kept)
    assert alarms(out) == [(Alarm.REPLAYED_MESSAGE, "down/policy", "old_version")]
    out = wire.say(Channel.POLICY, chunk(wire))
    assert alarms(out) == []  # told a moment ago, counted
    assert wire.session.refused["replayed_message"] == 2
    assert wire.store.numbers() == (1, 7)


def test_a_missed_delta_is_asked_for(wire):
    wire.greeted()
    wire.say(Channel.POLICY, chunk(wire))
    wire.sent(Channel.WANT)
    assert wire.say(Channel.POLICY, delta(7, 8, ENTRIES[3:4], ENTRIES[:4])) == []
    wire.wait(2)
    assert [want.from_version for want in wire.sent(Channel.WANT)] == [5]


def test_what_does_not_sum_up_is_not_taken_but_asked_for_as_a_snapshot_with_back_off(wire):
    wire.greeted()
    wire.ack(1)
    wire.say(Channel.POLICY, chunk(wire))
    wire.sent(Channel.WANT)
    out = wire.say(Channel.POLICY, delta(5, 6, ENTRIES[3:4], ENTRIES[:3]))
    assert alarms(out) == [(Alarm.POLICY_DIGEST, "down/policy", "delta")]
    assert wire.store.numbers() == (1, 5)
    asked = []
    for _ in range(600):
        wire.wait(0.5)
        asked += [(wire.now_s, want.from_version) for want in wire.sent(Channel.WANT)]
    times = [at for at, _ in asked]
    assert {version for _, version in asked} == {None}
    assert times[0] <= 2.0
    assert 3 <= len(times) <= 8
    wire.say(Channel.POLICY, chunk(wire, version=6, entries=ENTRIES[:4]))
    wire.wait(400)
    assert wire.sent(Channel.WANT) == []


def test_a_policy_of_an_unproven_hub_epoch_is_refused(wire):
    wire.greeted()
    out = wire.say(Channel.POLICY, chunk(wire, hub_epoch=2))
    assert alarms(out) == [(Alarm.FORGED_HUB_EPOCH, "down/policy", "not_proven")]


def test_a_restored_hub_sends_its_lower_version_under_a_new_epoch(wire):
    wire.greeted()
    wire.say(Channel.POLICY, chunk(wire, version=50))
    wire.lose()
    wire.hub_epoch = 2
    wire.greeted(policy=ms.HeldPolicy(version=3, digest="ab" * 32))
    assert wire.sent(Channel.WANT)[-1].from_version is None
    out = wire.say(Channel.POLICY, chunk(wire, version=3, hub_epoch=2))
    assert of(PolicyChange, out)[0].version == 3
    assert wire.store.numbers() == (2, 3)


@pytest.mark.parametrize("payload", [b"", b"x", bytes(41), b"\x00" * 300_000])
def test_bytes_that_are_no_envelope_are_refused(wire, payload):
    wire.greeted()
    out = wire.feed(topic_of("k7w2m9x4c1t8z5qa", Channel.ACKS), payload)
    assert len(alarms(out)) == 1


def test_a_topic_that_is_none_of_ours_is_refused(wire):
    wire.greeted()
    assert alarms(wire.feed("", b"x"))[0][0] is Alarm.MISPLACED_MESSAGE


def test_authentic_json_that_is_no_message_is_malformed(wire):
    wire.greeted()
    topic = topic_of("k7w2m9x4c1t8z5qa", Channel.ACKS)
    out = wire.feed(topic, seal(topic, b'{"epoch":-1}', wire.link))
    assert alarms(out) == [(Alarm.MALFORMED_MESSAGE, "down/acks", "bad_field")]


def test_a_flood_of_forgeries_is_told_ever_less_often_and_counted_in_full(wire):
    wire.greeted()
    topic = topic_of("k7w2m9x4c1t8z5qa", Channel.ACKS)
    told = []
    for _ in range(3_000):
        out = [*wire.feed(topic, bytes(99)), *wire.wait(1)]
        told += [o.count for o in out if isinstance(o, AlarmRaised)]
    assert told[0] == 1
    assert len(told) <= 12
    wire.wait(7_200)
    assert wire.session.refused["forged_message"] == 3_000
    assert timedelta(seconds=wire.now_s) > timedelta(hours=2)


@pytest.mark.parametrize("clock", ClockState)
def test_a_command_held_back_inside_its_session_has_lived_as_long_as_it_was_certainly_held(
    wire, clock
):
    """Two seconds are allowed for the clocks of two processes of the hub, 100 ppm for ours."""
    wire.greeted()
    wire.clock_state = clock
    kept = wire.seal(Channel.COMMANDS, command(wire))
    wire.now_s += 4 * 3_600
    (arrived,) = of(CommandArrived, wire.feed(*kept))
    lived_s = (wire.ns - arrived.at_ns) / 1e9
    assert 4 * 3_600 - 2 - 1.5 < lived_s < 4 * 3_600 - 2


def test_a_command_that_came_at_once_lives_from_its_arrival(wire):
    wire.greeted()
    wire.now_s += 20 * 3_600
    (arrived,) = of(CommandArrived, wire.say(Channel.COMMANDS, command(wire)))
    assert arrived.at_ns == wire.ns


def test_a_command_that_outlived_itself_on_its_way_makes_the_edge_ask_for_the_time_again(wire):
    """Once: where the hub's clock was set, the next welcome heals it."""
    wire.greeted()
    wire.now_s += 60
    sent_at = wire.now.at - timedelta(seconds=30)
    wire.say(Channel.COMMANDS, ms.msgspec.structs.replace(command(wire), sent_at=sent_at))
    wire.sent(Channel.HELLO)
    wire.wait(0.25)
    assert len(wire.sent(Channel.HELLO)) == 1
    wire.say(Channel.WELCOME, wire.welcome(hub_time=sent_at))
    late = command(wire, 31)
    out = wire.say(Channel.COMMANDS, ms.msgspec.structs.replace(late, sent_at=sent_at))
    assert of(CommandArrived, out)[0].at_ns == wire.ns
    wire.wait(0.25)
    assert wire.sent(Channel.HELLO) == []
