"""What must hold of paho at the hub: small messages leave at once, and an acknowledgement belongs
to the connection its message came by."""

from __future__ import annotations

import socket
import time
from queue import SimpleQueue

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

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


def test_small_messages_do_not_wait_for_each_other(joined):
    client, *_ = joined
    connection = client._connection.client.socket()
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_an_acknowledgement_never_reaches_a_message_of_a_later_connection(joined):
    """Packet numbers begin anew with each connection: the stale one has the number of a message
    that is not committed yet."""
    client, arrivals, ups, publish, _ = joined
    publish(b"first").wait_for_publish(5)
    stale = arrivals.get(timeout=5)
    client._connection.client.socket().shutdown(socket.SHUT_RDWR)
    assert [ups.get(timeout=5), ups.get(timeout=5)] == [False, True]
    publish(b"second").wait_for_publish(5)
    fresh = arrivals.get(timeout=5)
    while fresh.payload != b"second":  # the broker may bring the first once more
        fresh = arrivals.get(timeout=5)
    acked = []
    now = client._connection.client
    send = now._send_puback
    now._send_puback = lambda mid: (acked.append(mid), send(mid))[1]
    stale.acknowledge()
    time.sleep(0.05)
    assert acked == [], "the stale acknowledgement reached the new connection"
    fresh.acknowledge()
    assert len(acked) == 1


def test_what_was_not_acknowledged_is_not_taken_as_delivered(joined):
    """`manual_ack`: the broker keeps a message in flight until the commit is behind it."""
    client, arrivals, _, publish, _ = joined
    for number in range(5):
        publish(b"%d" % number).wait_for_publish(5)
    got = [arrivals.get(timeout=5) for _ in range(5)]
    assert [one.payload for one in got] == [b"0", b"1", b"2", b"3", b"4"]
    assert client._connection.client._manual_ack
