"""What must hold of the hub's client: small messages leave at once, and an acknowledgement belongs
to the connection its message came by."""

from __future__ import annotations

import socket
import time
from queue import SimpleQueue

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.link import mqtt_connection
from hub.link.mqtt import BrokerAddress, MqttClient
from wire.topics import Channel, topic_of

pytestmark = [pytest.mark.mosquitto, pytest.mark.xdist_group("delivery")]


@pytest.fixture
def joined(town, mosquitto):
    """The hub's client on a broker, and a controller that publishes to it."""
    broker, name = mosquitto(), town.add_controller()
    arrivals, ups = SimpleQueue(), SimpleQueue()
    address = BrokerAddress("127.0.0.1", broker.port, town.hub_context())
    client = MqttClient(
        address,
        arrivals.put,
        lambda up, _cause: ups.put(up),
        first_pause_s=0.02,
    )
    client.start()
    assert ups.get(timeout=10)
    edge = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
    edge.tls_set_context(town.controller_context(name))
    edge.connect("127.0.0.1", broker.port)
    edge.loop_start()
    topic = topic_of(name, Channel.EVENTS)
    yield client, arrivals, ups, lambda payload: edge.publish(topic, payload, 1), broker
    edge.disconnect()
    edge.loop_stop()
    client.stop()


@pytest.fixture
def acknowledged(monkeypatch):
    """The packet numbers that the hub acknowledges to the broker, as it does."""
    numbers: list[int] = []
    write = mqtt_connection.puback_packets

    def writes(packet_ids):
        numbers.extend(packet_ids)
        return write(packet_ids)

    monkeypatch.setattr(mqtt_connection, "puback_packets", writes)
    return numbers


def until(holds, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_small_messages_do_not_wait_for_each_other(monkeypatch, town, mosquitto):
    made, connect = [], mqtt_connection.Connection._connect

    def connects(self):
        made.append(connect(self))
        return made[-1]

    monkeypatch.setattr(mqtt_connection.Connection, "_connect", connects)
    ups: SimpleQueue = SimpleQueue()
    address = BrokerAddress("127.0.0.1", mosquitto().port, town.hub_context())
    client = MqttClient(address, lambda _: None, lambda up, _cause: ups.put(up))
    client.start()
    assert ups.get(timeout=10)
    assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    client.stop()


def test_an_acknowledgement_never_reaches_a_message_of_a_later_connection(joined, acknowledged):
    """Packet numbers begin anew with each connection: the stale one has the number of a message
    that is not committed yet."""
    client, arrivals, ups, publish, _ = joined
    publish(b"first").wait_for_publish(5)
    stale = arrivals.get(timeout=5)
    client._connection.give_up("test")
    assert [ups.get(timeout=5), ups.get(timeout=5)] == [False, True]
    publish(b"second").wait_for_publish(5)
    fresh = arrivals.get(timeout=5)
    while fresh.payload != b"second":  # the broker may bring the first once more
        fresh = arrivals.get(timeout=5)
    stale.acknowledge()
    time.sleep(0.05)
    assert acknowledged == [], "the stale acknowledgement reached the new connection"
    fresh.acknowledge()
    until(lambda: len(acknowledged) == 1)


def test_what_was_not_acknowledged_is_not_taken_as_delivered(joined, acknowledged):
    """The broker keeps a message in flight until the commit is behind it."""
    _, arrivals, _, publish, _ = joined
    for number in range(5):
        publish(b"%d" % number).wait_for_publish(5)
    got = [arrivals.get(timeout=5) for _ in range(5)]
    assert [one.payload for one in got] == [b"0", b"1", b"2", b"3", b"4"]
    assert acknowledged == []
    for one in got:
        one.acknowledge()
    until(lambda: len(acknowledged) == 5)
