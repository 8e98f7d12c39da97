"""The MQTT link: the one file of the edge that knows paho.

Carries bytes and remembers nothing: every connection is a new client with a clean session, so that
neither paho's queue nor the broker's memory can bring back a message of an older connection. What
is lost on the way, the session sends again.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.ports import Emit, LinkConnected, LinkLost, MessageArrived, Publish, ThreadSign
from edge.running_clock import running_ns
from edge.uplink.backoff import Backoff
from wire.topics import down_filter

CONNECT_TIMEOUT_S: Final = 5.0
LOOK_EVERY_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
STEADY_S: Final = 5.0
"""How long a connection must stand to count as a success. Two machines with one identity throw one
another out: if each came back at once, the broker would do nothing else."""
UNSTEADY_LONGEST_S: Final = 10.0
"""The longest pause after a connection that stood, however briefly."""
TAKEN_OVER: Final = "taken_over"
_SESSION_TAKEN_OVER: Final = 0x8E
_FAREWELL_S: Final = 0.5
_IN_FLIGHT: Final = 64
_QUEUED: Final = 512
_LONGEST_WAIT_S: Final = 2.0
_PATIENCE_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how it is spoken to. `tls` holds the client certificate; None is for
    a broker on loopback in tests. `mqtt5` off speaks 3.1.1."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    mqtt5: bool = True
    keepalive_s: int = 30


class MqttLink:
    """Fulfils `edge.ports.Link`. Causes of a loss: `unreachable`, `tls_refused`, `refused`,
    `subscription_refused`, `connection_lost`, `client_failed`, `taken_over` (MQTT 5: another
    machine has our identity)."""

    def __init__(
        self,
        controller: str,
        address: BrokerAddress,
        will: Publish,
        *,
        monotonic_ns: Callable[[], int] = running_ns,
        chance: Callable[[], float] = random.random,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._controller, self._address, self._will = controller, address, will
        self._monotonic_ns = monotonic_ns
        self._backoff = Backoff(first_pause_s, LONGEST_PAUSE_S, chance)
        self._stands_since_ns: int | None = None
        self._emit: Emit = lambda _event: None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_ns = 0
        self._connection: _Connection | None = None
        self._generation = 0

    def start(self, emit: Emit) -> None:
        """Begin; connections and messages are handed to `emit`. Returns at once."""
        self._emit = emit
        self._begin()

    def threads(self) -> tuple[ThreadSign, ...]:
        """The one thread. No door depends upon it; names and handshakes may take long."""
        thread = self._thread
        if thread is None or self._stopping.is_set():
            return ()
        alive = thread.is_alive()
        return (ThreadSign("mqtt", alive, self._beat_ns, _PATIENCE_S, must_live=False),)

    def revive(self) -> None:
        """Connect anew in another thread, if the old one is dead."""
        if self._thread is not None and not self._thread.is_alive():
            self._begin()

    def _begin(self) -> None:
        self._beat()
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        self._beat_ns = self._monotonic_ns()

    def publish(self, message: Publish) -> None:
        """Send, or drop when there is no connection or its queue is full. Never blocks."""
        connection = self._connection
        if connection is not None and connection.stands:
            connection.client.publish(message.topic, message.payload, qos=1, retain=message.retain)

    def stop(self) -> None:
        """Say goodbye and end all threads within 2 s."""
        self._stopping.set()
        connection = self._connection
        if connection is not None:
            connection.say_goodbye(self._will)
        if self._thread is not None:
            self._thread.join(1.5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._beat()
            self._connection = _Connection(
                self._controller,
                self._address,
                self._will,
                self._established,
                self._arrived,
                self._beat,
            )
            cause = self._connection.serve()
            self._connection = None
            if not self._stopping.is_set():
                self._emit(LinkLost(self._generation, cause, self._monotonic_ns()))
                self._pause(self._pause_s())

    def _pause_s(self) -> float:
        since_ns, self._stands_since_ns = self._stands_since_ns, None
        if since_ns is None:
            return self._backoff.next_s()
        if self._monotonic_ns() - since_ns >= STEADY_S * 1e9:
            self._backoff.reset()
        return min(self._backoff.next_s(), UNSTEADY_LONGEST_S)

    def _pause(self, pause_s: float) -> None:
        until_s = time.monotonic() + pause_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._beat()
            if self._stopping.wait(min(left_s, _LONGEST_WAIT_S)):
                return

    def _established(self) -> None:
        self._generation += 1
        self._stands_since_ns = self._monotonic_ns()
        self._emit(LinkConnected(self._generation, self._monotonic_ns()))

    def _arrived(self, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # the session reports it as misplaced
        self._emit(
            MessageArrived(
                topic, bytes(message.payload), bool(message.retain), self._monotonic_ns()
            )
        )


class _Connection:
    """One connection from first to last. `stands` once the broker granted the subscription."""

    def __init__(
        self,
        controller: str,
        address: BrokerAddress,
        will: Publish,
        established: Callable[[], None],
        arrived: Callable[[paho.MQTTMessage], None],
        beat: Callable[[], None],
    ) -> None:
        self._controller, self._address = controller, address
        self._established, self._beat = established, beat
        self._gone = threading.Event()
        self._cause = "connection_lost"
        self.stands = False
        self.client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=controller,
            clean_session=None if address.mqtt5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if address.mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if address.tls is not None:
            client.tls_set_context(address.tls)
        client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.max_queued_messages_set(_QUEUED)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_socket_open = _no_delay
        # Whoever publishes wakes our thread and leaves the writing to it: with no such callback
        # paho would write in the loop's thread, beside ours, to one TLS object.
        client.on_socket_register_write = _nothing
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _client, _data, message: arrived(message)

    def serve(self) -> str:
        """Connect and stay until the connection is gone; give the cause."""
        address = self._address
        try:
            self.client.connect(address.host, address.port, address.keepalive_s)
        except ssl.SSLError:
            return "tls_refused"
        except (OSError, ValueError):
            return "unreachable"
        decide_by_s = time.monotonic() + CONNECT_TIMEOUT_S
        while not self._gone.is_set():
            self._beat()
            if self.client.loop(LOOK_EVERY_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if not self._gone.is_set():
                    self._cause = "client_failed"  # paho has said nothing of it
                break
            if not self.stands and time.monotonic() > decide_by_s:
                break  # one that never answers is given up as well
        self._let_go()
        return self._cause

    def _let_go(self) -> None:
        """Say goodbye to the broker as far as the socket takes it at once."""
        self.stands = False
        self.client.disconnect()
        until_s = time.monotonic() + _FAREWELL_S
        while self.client.socket() is not None and time.monotonic() < until_s:
            if self.client.loop(_FAREWELL_S / 5) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break

    def say_goodbye(self, will: Publish) -> None:
        """Publish the will ourselves, since a clean goodbye cancels it, and let go."""
        if self.stands:
            sent = self.client.publish(will.topic, will.payload, qos=1, retain=True)
            if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                sent.wait_for_publish(_FAREWELL_S)
        self._give_up("stopped")
        self.client.disconnect()  # wakes our thread

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            self._give_up("refused")
            return
        topic = down_filter(self._controller)
        if self._address.mqtt5:
            # The retain flag as published: a retained message must be seen to be one.
            client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))
        else:
            client.subscribe(topic, qos=1)

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, codes: list[ReasonCode], _more: Any
    ) -> None:
        if not codes or any(code.is_failure for code in codes):
            self._give_up("subscription_refused")
            return
        self.stands = True
        self._established()

    def _on_disconnect(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        self._give_up(TAKEN_OVER if reason.value == _SESSION_TAKEN_OVER else self._cause)

    def _give_up(self, cause: str) -> None:
        self._cause, self.stands = cause, False
        self._gone.set()


def _nothing(*_: Any) -> None:
    """Our thread writes."""


def _no_delay(_client: paho.Client, _data: Any, connection: Any) -> None:
    """Without it Nagle's algorithm holds small messages back for tens of milliseconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
