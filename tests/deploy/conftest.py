"""Both brokers under the same rules, and a client that remembers what it got."""

from __future__ import annotations

import os
import pwd
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import pytest

from deploy.demo.broker import EmbeddedBrokerProcess
from deploy.mosquitto.process import BrokerProcess, MosquittoProcess, free_port
from provisioning import enrolment

DEADLINE_S = 8.0


class Probe:
    """An MQTT 3.1.1 client: connects once, subscribes and publishes, and keeps what it receives."""

    def __init__(
        self,
        port: int,
        context: ssl.SSLContext,
        client_id: str = "anything",
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.retained: list[tuple[str, bytes]] = []
        self.closed = threading.Event()
        self._changed = threading.Condition()
        self._code: int | None = None
        self._granted: dict[int, list[int]] = {}
        self._confirmed: set[int] = set()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False
        )
        self.client.tls_set_context(context)
        if will is not None:
            self.client.will_set(will[0], will[1], qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.closed.set()
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        self.client.on_publish = self._on_publish
        self.client.connect("127.0.0.1", port, keepalive=20)
        self.client.loop_start()

    def _on_connect(self, _c, _u, _f, reason, _p) -> None:
        with self._changed:
            self._code = reason.value
            self._changed.notify_all()

    def _on_message(self, _c, _u, message) -> None:
        with self._changed:
            kept = self.retained if message.retain else self.received
            kept.append((message.topic, message.payload))
            self._changed.notify_all()

    def _on_subscribe(self, _c, _u, mid, reasons, _p) -> None:
        with self._changed:
            self._granted[mid] = [reason.value for reason in reasons]
            self._changed.notify_all()

    def _on_publish(self, _c, _u, mid, _r, _p) -> None:
        with self._changed:
            self._confirmed.add(mid)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), what

    def accepted(self) -> bool:
        """Whether the broker took the connection; False for a refusal or a closed connection."""
        deadline = time.monotonic() + DEADLINE_S
        with self._changed:
            while self._code is None and not self.closed.is_set():
                assert time.monotonic() < deadline, "neither taken nor refused"
                self._changed.wait(0.02)
        return self._code == 0

    def subscribe(self, topic_filter: str) -> int:
        """Subscribe with QoS 1 and give the granted QoS or 128."""
        _, mid = self.client.subscribe(topic_filter, qos=1)
        self.wait(lambda: mid in self._granted, f"no answer to {topic_filter}")
        return self._granted[mid][0]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait for the broker's word, which comes for refused ones too."""
        mid = self.client.publish(topic, payload, qos=1, retain=retain).mid
        self.wait(lambda: mid in self._confirmed, f"no answer to a message on {topic}")

    def sees(self, topic: str, payload: bytes) -> None:
        """Wait until this message came."""
        self.wait(lambda: (topic, payload) in self.received, f"{payload!r} never came")

    def drop(self) -> None:
        """End as a cut cable does: no DISCONNECT, so that the will is sent."""
        self.client.loop_stop()
        sock = self.client.socket()
        if sock is not None:
            sock.close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def probe() -> Iterator[Callable[..., Probe]]:
    """A factory of clients, all ended with the test."""
    made: list[Probe] = []

    def make(*args, **kwargs) -> Probe:
        made.append(Probe(*args, **kwargs))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request, town) -> Iterator[BrokerProcess]:
    """A running broker for `town`: each test that asks for it runs on Mosquitto and on ours."""
    kind = MosquittoProcess if request.param == "mosquitto" else EmbeddedBrokerProcess
    port = free_port()
    directory = town.directory / "broker"
    user = pwd.getpwuid(os.geteuid()).pw_name
    enrolment.init_broker(
        town.register, directory, datetime.now(UTC), port=port, bind="127.0.0.1", user=user
    )
    started = kind(directory, port)
    started.start()
    yield started
    started.stop()
