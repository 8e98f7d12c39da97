"""One connection, against a broker that says what the test tells it to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time

import pytest

from hub.link import mqtt_connection
from hub.link.mqtt import MqttClient
from hub.link.mqtt_connection import BrokerAddress, Connection
from hub.link.mqtt_packets import publish_packet

CONNACK = bytes.fromhex("2003 00 00 00")
CONNACK_TWO_AT_ONCE = bytes.fromhex("2006 00 00 03 210002")
SUBACK = bytes.fromhex("9004 0001 00 01")
DISCONNECT = b"\xe0\x00"
PATIENCE_S = 5.0


class Broker:
    """Listens; what a client says is read packet by packet (each shorter than 128 bytes)."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port = self._listener.getsockname()[1]
        self.client = None

    def accept(self, *says: bytes) -> list[bytes]:
        """Take a connection; answer each packet with the next of `says`; give what came."""
        self.client, _ = self._listener.accept()
        self.client.settimeout(PATIENCE_S)
        heard = []
        for answer in says:
            heard.append(self.hear())
            self.client.sendall(answer)
        return heard

    def hear(self) -> bytes:
        head = self._exactly(2)
        return head + self._exactly(head[1]) if head else b""

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.client.recv(count - len(data))
            if not more:
                return b""
            data += more
        return data

    def close(self) -> None:
        self._listener.close()
        if self.client is not None:
            self.client.close()


@pytest.fixture
def broker():
    made = Broker()
    yield made
    made.close()


class Served:
    """A connection that is served in a thread."""

    def __init__(self, broker, tls=None):
        self.messages, self.up = [], threading.Event()
        self._some = threading.Condition()
        self.connection = Connection(
            BrokerAddress("127.0.0.1", broker.port, tls), "up/+", self._arrived, self.up.set
        )
        self.cause = None
        self._thread = threading.Thread(target=self._serve)

    def start(self):
        self._thread.start()
        return self

    def _serve(self):
        self.cause = self.connection.serve()

    def _arrived(self, _connection, messages):
        with self._some:
            self.messages += messages
            self._some.notify_all()

    def wait_for(self, count):
        with self._some:
            assert self._some.wait_for(lambda: len(self.messages) >= count, PATIENCE_S)

    def ended(self):
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.cause


@pytest.fixture
def served(broker):
    made = []

    def make(*says, **more):
        made.append(Served(broker, **more).start())
        broker.accept(*says)
        if len(says) == 2:
            assert made[-1].up.wait(PATIENCE_S)
        return made[-1]

    yield make
    for one in made:
        one.connection.give_up("test over")
        broker.close()
        one.ended()


@pytest.mark.parametrize(
    ("says", "cause"),
    [
        ([bytes.fromhex("2003 00 87 00")], "refused"),
        ([CONNACK, bytes.fromhex("9004 0001 00 87")], "subscription_refused"),
        ([CONNACK, b"\x50\x02\x00\x01"], "connection_lost"),
        ([CONNACK, SUBACK + b"\xe0\x01\x8e"], "connection_lost"),
        ([SUBACK], "connection_lost"),  # to nothing
        ([publish_packet("a", b"x", 1, mqtt5=True)], "connection_lost"),  # before the CONNACK
        ([CONNACK, CONNACK], "connection_lost"),
        ([CONNACK, SUBACK + SUBACK], "connection_lost"),
        ([CONNACK, bytes.fromhex("9004 0002 00 01")], "connection_lost"),  # another's
    ],
)
def test_every_end_has_its_cause(served, broker, says, cause):
    one = Served(broker).start()
    broker.accept(*says)
    assert one.ended() == cause
    assert not one.connection.stands
    assert not one.connection.publish("a", b"")


def test_a_broker_that_hangs_up_is_lost(served, broker):
    one = served(CONNACK, SUBACK)
    assert one.connection.stands
    broker.client.close()
    assert one.ended() == "connection_lost"
    assert one.connection.stood


def test_nobody_there_and_nobody_who_speaks_tls(broker):
    one = Served(broker, tls=ssl.create_default_context()).start()
    broker.accept()
    broker.client.sendall(b"no TLS at all")
    assert one.ended() == "tls_refused"
    broker.close()
    assert Served(broker).start().ended() == "unreachable"


def test_a_broker_that_never_answers_is_given_up(broker, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "CONNECT_TIMEOUT_S", 0.05)
    one = Served(broker).start()
    broker.accept()
    assert one.ended() == "refused"


def test_a_message_is_acknowledged_when_we_are_told_and_not_before(served, broker):
    one = served(CONNACK, SUBACK)
    for number in (1, 2, 3):
        broker.client.sendall(publish_packet("a", b"x", number, mqtt5=True))
    one.wait_for(3)
    one.connection.acknowledge(2)
    assert broker.hear() == bytes.fromhex("4002 0002")
    one.connection.acknowledge(1)
    assert broker.hear() == bytes.fromhex("4002 0001")


def test_no_more_is_sent_than_the_broker_takes_at_once(served, broker):
    one = served(CONNACK_TWO_AT_ONCE, SUBACK)
    for text in (b"1", b"2", b"3", b"4"):
        assert one.connection.publish("a", text)
    first, second = broker.hear(), broker.hear()
    assert (first[-1:], second[-1:]) == (b"1", b"2")
    one.connection.acknowledge(77)
    assert broker.hear() == bytes.fromhex("4002 004d")  # before the third publication
    broker.client.sendall(b"\x40\x02" + first[5:7])
    assert broker.hear()[-1:] == b"3"


def test_what_waits_to_be_sent_is_bounded(served, broker, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "_QUEUED", 5)
    one = served(CONNACK_TWO_AT_ONCE, SUBACK)
    for text in (b"1", b"2"):
        one.connection.publish("a", text)
        broker.hear()
    assert [one.connection.publish("a", b"x") for _ in range(7)] == [True] * 5 + [False] * 2


def test_a_quiet_line_is_pinged_and_one_that_does_not_answer_is_lost(broker):
    one = Served(broker)
    one.connection._keepalive_s = 0.3
    one.start()
    broker.accept(CONNACK, SUBACK)
    assert broker.hear() == b"\xc0\x00"
    broker.client.sendall(b"\xd0\x00")
    assert broker.hear() == b"\xc0\x00"
    assert one.ended() == "connection_lost"


def test_we_say_goodbye(served, broker):
    one = served(CONNACK, SUBACK)
    one.connection.acknowledge(9)
    one.connection.give_up("stopped")
    assert broker.hear() == bytes.fromhex("4002 0009")
    assert broker.hear() == DISCONNECT
    assert one.ended() == "stopped"


def test_an_acknowledgement_never_reaches_another_connection(broker):
    """The packet id of a message that came by a connection that is gone may be another message's
    on the next one."""
    arrivals, some = [], threading.Semaphore(0)

    def arrived(arrival):
        arrivals.append(arrival)
        some.release()

    client = MqttClient(BrokerAddress("127.0.0.1", broker.port, None), arrived, first_pause_s=0.001)
    client.start()
    for text in (b"old", b"new"):
        broker.accept(CONNACK, SUBACK)
        broker.client.sendall(publish_packet("a", text, 5, mqtt5=True))
        assert some.acquire(timeout=PATIENCE_S)
        if text == b"old":
            broker.client.close()
    old, new = arrivals
    old.acknowledge()
    client._connection.publish("b", b"marker")
    assert broker.hear()[0] == 0x32  # nothing before the marker
    new.acknowledge()
    assert broker.hear() == bytes.fromhex("4002 0005")
    assert (old.number, new.number) == (1, 2)
    client.stop()


def _short_lived(broker):
    one = Served(broker)
    one.connection._keepalive_s = 0.3
    return one.start()


def test_a_line_that_is_cut_is_noticed_though_we_go_on_talking(broker):
    """What we send only fills the kernel's buffer: it proves nothing."""
    one = _short_lived(broker)
    broker.accept(CONNACK, SUBACK)
    assert one.up.wait(PATIENCE_S)
    end = time.monotonic() + PATIENCE_S
    while one.cause is None and time.monotonic() < end:
        one.connection.publish("a", b"still here")
        one.connection.acknowledge(1)
        time.sleep(0.02)
    assert one.ended() == "connection_lost"


def test_a_broker_that_talks_and_does_not_listen_is_left(broker):
    """It would fill our memory with what waits for it, and nobody would be answered any more."""
    one = _short_lived(broker)
    broker.accept(CONNACK, SUBACK)
    assert one.up.wait(PATIENCE_S)
    one.connection._in_flight = 60_000
    for _ in range(400):
        one.connection.publish("a", bytes(64 * 1024))
    end = time.monotonic() + PATIENCE_S
    with contextlib.suppress(OSError):
        while one.cause is None and time.monotonic() < end:
            broker.client.sendall(publish_packet("a", b"x", 1, mqtt5=True))
            time.sleep(0.01)
            assert len(one.connection._out) < 2 * 1024 * 1024
    assert one.ended() == "connection_lost"


def test_acknowledgements_that_are_not_taken_are_bounded(broker, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "_MOST_OUT", 100_000)
    one = Served(broker).start()
    broker.accept(CONNACK, SUBACK)
    assert one.up.wait(PATIENCE_S)
    end = time.monotonic() + PATIENCE_S
    while one.cause is None and time.monotonic() < end:
        for _ in range(20_000):
            one.connection.acknowledge(1)
    assert one.ended() == "connection_lost"


def test_a_broker_that_acknowledges_nothing_while_more_waits_is_left(broker):
    one = _short_lived(broker)
    broker.accept(CONNACK_TWO_AT_ONCE, SUBACK)
    assert one.up.wait(PATIENCE_S)
    for _ in range(3):
        one.connection.publish("a", b"x")
    end = time.monotonic() + PATIENCE_S
    with contextlib.suppress(OSError):
        while one.cause is None and time.monotonic() < end:
            broker.client.sendall(b"\xd0\x00")
            time.sleep(0.02)
    assert one.ended() == "connection_lost"


def test_a_broker_cannot_ask_us_to_look_for_it_less_often_than_we_mean_to(served, broker):
    one = served(bytes.fromhex("2006 00 00 03 13ffff"), SUBACK)
    assert one.connection._keepalive_s == 30


def test_what_waits_to_be_sent_is_bounded_in_bytes_too(served, broker, monkeypatch):
    monkeypatch.setattr(mqtt_connection, "_QUEUED_BYTES", 1_000)
    one = served(CONNACK_TWO_AT_ONCE, SUBACK)
    for text in (b"1", b"2"):
        one.connection.publish("a", text)
        broker.hear()
    assert [one.connection.publish("a", bytes(600)) for _ in range(3)] == [True, True, False]


def test_a_client_that_is_stopped_while_it_begins_connects_no_more(broker):
    client = MqttClient(BrokerAddress("127.0.0.1", broker.port, None), lambda _arrival: None)
    client._stopping = stopping = threading.Event()
    stopping.is_set = iter([False, True]).__next__  # stopped between the two looks
    client._run()
    broker._listener.settimeout(0.05)
    with pytest.raises(TimeoutError):
        broker.accept()
