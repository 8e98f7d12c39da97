"""A broker that forges, repeats, moves, holds back and retains, in both directions.

Everything is refused and reported, at the hub as alarm rows, at the edge as journaled alarms that
reach the hub; and whoever behaves goes on.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from edge.ports import CommandArrived, PolicyChange, TimeSample
from wire.messages import Command, encode
from wire.samples import ACTOR, DOOR, sample_id
from wire.topics import Channel, topic_of

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]


def flipped(payload: bytes, place: int) -> bytes:
    bad = bytearray(payload)
    bad[place] ^= 1
    return bytes(bad)


def command(stage, number: int) -> Command:
    return Command(
        command_id=sample_id(number),
        session=stage.hub.link.current(stage.names[0]),
        sent_at=datetime.now(UTC) + timedelta(hours=1),  # the edges' time runs fast
        door=DOOR,
        action="unlock",
        pulse_ms=5_000,
        life_ms=10_000,
        actor=ACTOR,
    )


def test_upwards_everything_false_is_refused_and_reported(stage):
    hub, relay, (mine, other) = stage.hub, stage.relay, stage.names
    agent, until = stage.agents[0], stage.until
    agent.open_doors(1, 2, 3)
    until(lambda: hub.doors(mine) == [1, 2, 3])
    stage.settle()

    topic, events = relay.last(mine, Channel.EVENTS)
    relay.up(topic, flipped(events, -3))
    relay.up(topic_of(other, Channel.EVENTS), events)
    relay.up(topic_of(mine, Channel.REPORTED), events)
    relay.up(topic, b"nonsense")
    relay.up(topic, events, retain=True)
    relay.up(topic, b"", retain=True)  # and takes it away again
    until(lambda: hub.alarms().get((mine, "forged_message"), 0) >= 2)
    until(lambda: hub.alarms().get((other, "forged_message"), 0) == 1)
    until(lambda: hub.alarms().get((mine, "malformed_message"), 0) >= 1)
    until(lambda: hub.alarms().get((mine, "retained_message"), 0) >= 1)

    old = {channel: relay.last(mine, channel) for channel in (Channel.HELLO, Channel.WANT)}
    session = hub.link.current(mine)
    agent.reconnect()
    until(lambda: hub.link.current(mine) != session)
    session = hub.link.current(mine)
    for message in (*old.values(), (topic, events)):
        relay.up(*message)
    until(lambda: hub.alarms().get((mine, "replayed_hello")) == 1)
    until(lambda: hub.alarms().get((mine, "replayed_want")) == 1)
    until(lambda: hub.alarms().get((mine, "replayed_events")) == 1)
    assert hub.link.current(mine) == session

    agent.open_doors(4)
    until(lambda: hub.doors(mine) == [1, 2, 3, 4])
    assert hub.doors(other) == []


def test_an_old_report_does_not_stand_for_the_policy_held_now(stage):
    hub, relay, (mine, _) = stage.hub, stage.relay, stage.names
    old = relay.last(mine, Channel.REPORTED)
    hub.version = 6
    hub.send_policy(mine, hub.link.current(mine))
    stage.until(lambda: [r.version for r in hub.reports].count(6) == 1)
    session = hub.link.current(mine)
    stage.agents[0].reconnect()
    stage.until(lambda: hub.link.current(mine) != session)
    relay.up(*old)
    stage.until(lambda: hub.alarms().get((mine, "stale_report")) == 1)
    assert [r.version for r in hub.reports].count(5) == 2


def test_downwards_everything_false_is_refused_and_reported(stage):
    hub, relay, (mine, other) = stage.hub, stage.relay, stage.names
    agent, until = stage.agents[0], stage.until

    def reported(alarm, channel):
        until(
            lambda: (alarm, channel.value) in hub.edge_alarms(mine),
            what=f"{alarm} on {channel.value} did not reach the hub",
        )

    hub.link.downlink.publish(mine, Channel.COMMANDS, encode(command(stage, 1)))
    until(lambda: len(agent.of(CommandArrived)) == 1)
    changes, samples = len(agent.of(PolicyChange)), len(agent.of(TimeSample))
    down = (Channel.WELCOME, Channel.ACKS, Channel.POLICY, Channel.COMMANDS)
    kept = {channel: relay.last(mine, channel) for channel in down}

    for channel, (topic, payload) in kept.items():
        relay.down(topic, flipped(payload, -2))
        reported("forged_message", channel)
    for channel in down:  # another controller's, on our topic
        relay.down(topic_of(mine, channel), relay_copy(relay, other, channel, kept))
    relay.down(kept[Channel.COMMANDS][0], kept[Channel.WELCOME][1])
    relay.down(kept[Channel.ACKS][0], b"")
    reported("malformed_message", Channel.ACKS)

    relay.down(*kept[Channel.COMMANDS])  # the same command once more
    reported("replayed_message", Channel.COMMANDS)

    # A command that is held back until its session is over.
    relay.hold = lambda topic: topic.endswith(Channel.COMMANDS.value)
    hub.link.downlink.publish(mine, Channel.COMMANDS, encode(command(stage, 2)))
    until(lambda: len(relay.held) == 1)
    relay.hold = lambda _topic: False
    agent.reconnect()
    until(lambda: len(agent.of(TimeSample)) == samples + 1)
    stage.settle()
    for message in (*relay.held, *kept.values()):
        relay.down(*message)
    for channel in down:
        reported("replayed_message", channel)

    # Retained ones wait for whoever connects next.
    for channel in (Channel.COMMANDS, Channel.WELCOME):
        relay.down(*relay.last(mine, channel), retain=True)
        reported("retained_message", channel)

    assert len(agent.of(CommandArrived)) == 1
    assert len(agent.of(PolicyChange)) == changes
    assert len(agent.of(TimeSample)) == samples + 1
    agent.open_doors(7)
    until(lambda: hub.doors(mine) == [7])


def relay_copy(relay, other, channel, kept):
    """What the other controller got on a channel, or our own shape where it got nothing yet."""
    try:
        return relay.last(other, channel)[1]
    except StopIteration:
        return flipped(kept[channel][1], 20)


def test_what_is_held_back_for_a_while_is_delivered_once(stage):
    """Delay is all that is left to a broker, and it costs time only."""
    hub, relay, (mine, _) = stage.hub, stage.relay, stage.names
    agent = stage.agents[0]
    relay.hold = lambda topic: topic.startswith(topic_of(mine, Channel.EVENTS)[:29])
    agent.open_doors(*range(20))
    stage.until(lambda: relay.count(mine, Channel.EVENTS) >= 3)
    assert hub.doors(mine) == []
    relay.hold = lambda _topic: False
    for topic, payload in list(relay.held):
        (relay.up if "/up/" in topic else relay.down)(topic, payload)
    stage.until(lambda: len(hub.doors(mine)) == 20)
    stage.settle()
    # a later message may have overtaken one that was held back: they are the same set all the same
    assert sorted(hub.doors(mine)) == list(range(20))
    assert ((mine, "two_bodies")) not in hub.alarms()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_broker_that_drops_repeats_delays_and_reorders_by_chance_costs_time_only(stage, seed):
    hub, relay, until = stage.hub, stage.relay, stage.until
    relay.chance = random.Random(seed)
    for number in range(60):
        for agent in stage.agents:
            agent.open_doors(number)
        time.sleep(0.02)
    relay.behave()
    assert min(relay.fates[fate] for fate in ("dropped", "repeated", "late")) > 5, relay.fates
    for agent, name in zip(stage.agents, stage.names, strict=True):
        until(
            lambda name=name: sorted(hub.doors(name)) == list(range(60)),
            timeout_s=20,
            what=f"seed {seed}: {hub.doors(name)}",
        )
        until(lambda agent=agent: agent.journal.through_seq == agent.journal.last_seq)
    alarms = {alarm for _, alarm in hub.alarms()}
    assert not alarms & {"two_bodies", "forged_message", "cloned_controller"}, (seed, alarms)


def test_a_hello_is_answered_within_a_second(stage):
    agent = stage.agents[0]
    sample = agent.of(TimeSample)[-1]
    assert (sample.got_ns - sample.sent_ns) / 20 < 1e9
