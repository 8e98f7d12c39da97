"""The MQTT link on a real broker under TLS: connects, reconnects, and names what is in the way."""

from __future__ import annotations

import socket
import ssl
import time
from queue import SimpleQueue

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.ports import LinkConnected, LinkLost, MessageArrived, Publish
from edge.uplink.mqtt import BrokerAddress, MqttLink
from wire.topics import Channel, topic_of

pytestmark = pytest.mark.mosquitto


class Seen:
    """What the link put on the queue; `next` waits for the next of a kind."""

    def __init__(self):
        self.queue = SimpleQueue()

    def next(self, kind, timeout_s=8.0):
        deadline = time.monotonic() + timeout_s
        while True:
            item = self.queue.get(timeout=max(0.001, deadline - time.monotonic()))
            if isinstance(item, kind):
                return item


@pytest.fixture
def linked(town):
    """A factory of links of one new controller; all are stopped at the end."""
    name = town.add_controller()
    made = []

    def make(port, tls=None, mqtt5=True):
        address = BrokerAddress(
            "127.0.0.1", port, tls or town.controller_context(name), mqtt5=mqtt5
        )
        will = Publish(topic_of(name, Channel.STATUS), b"offline", retain=True)
        link, seen = MqttLink(name, address, will, first_pause_s=0.05), Seen()
        link.start(seen.queue.put)
        made.append(link)
        return link, seen

    make.controller = name
    yield make
    for link in made:
        link.stop()


class HubSide:
    """A client with the hub's certificate."""

    def __init__(self, town, port):
        self.got = SimpleQueue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="hub")
        self.client.tls_set_context(town.hub_context())
        self.client.on_message = lambda _c, _d, m: self.got.put((m.topic, m.payload, m.retain))
        subscribed = SimpleQueue()
        self.client.on_connect = lambda c, *_: c.subscribe("kagimori/v1/+/up/+", 1)
        self.client.on_subscribe = lambda *_: subscribed.put(1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        subscribed.get(timeout=5)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def hub_side(town):
    made = []

    def make(port):
        made.append(HubSide(town, port))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt5", "mqtt311"])
def test_bytes_go_both_ways_and_a_retained_message_is_seen_to_be_one(
    linked, mosquitto, hub_side, mqtt5
):
    broker = mosquitto()
    link, seen = linked(broker.port, mqtt5=mqtt5)
    assert seen.next(LinkConnected).generation == 1
    hub = hub_side(broker.port)
    link.publish(Publish(topic_of(linked.controller, Channel.HELLO), b"up"))
    assert hub.got.get(timeout=5)[:2] == (topic_of(linked.controller, Channel.HELLO), b"up")
    topic = topic_of(linked.controller, Channel.ACKS)
    hub.client.publish(topic, b"down", 1)
    arrived = seen.next(MessageArrived)
    assert (arrived.topic, arrived.payload, arrived.retained) == (topic, b"down", False)
    hub.client.publish(topic, b"kept", 1, retain=True).wait_for_publish(5)
    link._connection.client.socket().close()  # the connection drops
    seen.next(LinkLost)
    assert seen.next(LinkConnected).generation == 2
    assert seen.next(MessageArrived).retained


def test_a_broker_that_is_down_at_the_start_is_tried_until_it_is_there(linked, mosquitto):
    broker = mosquitto()
    broker.stop()
    link, seen = linked(broker.port)
    assert seen.next(LinkLost).cause == "unreachable"
    link.publish(Publish("kagimori/v1/x", b"dropped"))  # neither blocks nor raises
    broker.start()
    assert seen.next(LinkConnected)
    broker.kill()
    assert seen.next(LinkLost).cause == "connection_lost"
    broker.start()
    assert seen.next(LinkConnected).generation == 2


def test_a_broker_of_another_authority_is_refused_by_name(linked, mosquitto, town):
    broker = mosquitto()
    _, seen = linked(broker.port, tls=ssl.create_default_context())
    assert seen.next(LinkLost).cause == "tls_refused"


def test_somebody_who_accepts_and_never_answers_is_given_up(linked, monkeypatch):
    monkeypatch.setattr("edge.uplink.mqtt.CONNECT_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = BrokerAddress("127.0.0.1", mute.getsockname()[1], None)
        link, seen = MqttLink(linked.controller, address, Publish("t", b"")), Seen()
        link.start(seen.queue.put)
        assert seen.next(LinkLost).cause == "connection_lost"
        link.stop()


def test_a_client_that_fails_inside_is_replaced(linked, mosquitto, monkeypatch):
    monkeypatch.setattr("edge.uplink.mqtt.LOOK_EVERY_S", 0.05)
    link, seen = linked(mosquitto().port)
    seen.next(LinkConnected)
    link._connection.client._sock_close()  # paho's thread ends without a word
    assert seen.next(LinkLost).cause == "client_failed"
    assert seen.next(LinkConnected).generation == 2


def test_small_messages_do_not_wait_for_each_other(linked, mosquitto):
    link, seen = linked(mosquitto().port)
    seen.next(LinkConnected)
    connection = link._connection.client.socket()
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_death_leaves_the_last_will_and_a_stop_says_it_itself(linked, mosquitto, hub_side):
    broker = mosquitto()
    hub = hub_side(broker.port)
    link, seen = linked(broker.port)
    seen.next(LinkConnected)
    link.publish(Publish(topic_of(linked.controller, Channel.STATUS), b"online", retain=True))
    assert hub.got.get(timeout=5)[1] == b"online"
    link._connection.client.socket().close()
    assert hub.got.get(timeout=5)[1] == b"offline"
    seen.next(LinkConnected)
    begun = time.monotonic()
    link.stop()
    assert hub.got.get(timeout=5)[1] == b"offline"
    assert time.monotonic() - begun < 2
    assert not link._thread.is_alive()


def test_a_message_of_an_older_connection_is_never_brought_by_a_later_one(
    linked, mosquitto, hub_side
):
    """Every connection is a new client with a clean session: neither paho's queue nor the broker
    brings back what belonged to another session."""
    broker = mosquitto()
    link, seen = linked(broker.port)
    seen.next(LinkConnected)
    hub = hub_side(broker.port)
    first = link._connection.client
    broker.kill()
    for number in range(20):  # into a connection that is gone
        link.publish(Publish(topic_of(linked.controller, Channel.HELLO), b"%d" % number))
    seen.next(LinkLost)
    broker.start()
    seen.next(LinkConnected)
    assert link._connection.client is not first
    hub = hub_side(broker.port)
    link.publish(Publish(topic_of(linked.controller, Channel.HELLO), b"new"))
    assert hub.got.get(timeout=5)[1] == b"new"


def test_a_connection_that_stood_briefly_is_no_success_and_one_that_stood_is():
    """Two copies of one card throw one another out: not ten times a second for ever."""
    now_ns = 0
    link = MqttLink(
        "c",
        BrokerAddress("127.0.0.1", 1, None),
        Publish("t", b""),
        monotonic_ns=lambda: now_ns,
        chance=lambda: 1.0,
    )
    pauses = []
    for _ in range(8):
        link._established()
        now_ns += 1_000_000_000
        pauses.append(link._pause_s())
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
    link._established()
    now_ns += 5_000_000_000
    assert link._pause_s() == 0.5


def test_pauses_are_spread_by_chance():
    """A fleet that lost its broker at one moment does not come back at one."""
    seen = []
    for step in range(100):
        link = MqttLink(
            "c",
            BrokerAddress("127.0.0.1", 1, None),
            Publish("t", b""),
            chance=lambda step=step: step / 100,
        )
        seen.append(link._pause_s())
    assert (min(seen), max(seen)) == (0.25, pytest.approx(0.4975))
    assert len(set(seen)) == 100
