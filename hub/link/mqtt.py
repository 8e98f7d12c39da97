"""The hub's MQTT client: the one file of the hub that knows paho.

Every connection is a new paho client with a clean session and `manual_ack`; an arrival holds the
client it came by, so that an acknowledgement can never reach another connection. Nothing relies on
paho's queue or on what the broker remembers.
"""

from __future__ import annotations

import random
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.link.inbound import Arrival
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.topics import up_filter

CONNECT_TIMEOUT_S: Final = 5.0
LOOK_EVERY_S: Final = 1.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
RECEIVE_MAXIMUM: Final = 1_000
"""Messages the broker may send before we acknowledge: two full batches."""

_IN_FLIGHT: Final = 1_000
_QUEUED: Final = 20_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is. `share` names an MQTT 5 shared subscription for several processes;
    `client_id` is the certificate's CN, or anything where the broker does not bind the two."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    client_id: str = "hub"
    mqtt5: bool = True
    share: str | None = None
    keepalive_s: int = 30


class MqttClient:
    """Keeps a connection; hands every message to `on_arrival` in the network's thread."""

    def __init__(
        self,
        address: BrokerAddress,
        on_arrival: Callable[[Arrival], None],
        on_change: Callable[[bool, str], None] = lambda _up, _cause: None,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._address, self._on_arrival, self._on_change = address, on_arrival, on_change
        self._first_pause_s = first_pause_s
        self._numbers = count(1)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: _Connection | None = None

    @property
    def connected(self) -> bool:
        """Whether the subscription stands."""
        connection = self._connection
        return connection is not None and connection.stands

    def start(self) -> None:
        """Begin to connect, and go on for ever. Returns at once."""
        self._thread = threading.Thread(target=self._run, name="hub-mqtt", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye and end the threads."""
        self._stopping.set()
        connection = self._connection
        if connection is not None:
            connection.give_up("stopped")
        if self._thread is not None:
            self._thread.join(2.0)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to the broker, QoS 1, not retained; False where there is none."""
        connection = self._connection
        if connection is None or not connection.stands:
            return False
        sent = connection.client.publish(topic, payload, qos=1)
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        pause_s = self._first_pause_s
        while not self._stopping.is_set():
            self._connection = connection = _Connection(self._address, self._arrived, self._up)
            cause = connection.serve()
            self._connection = None
            if self._stopping.is_set():
                return
            if connection.stood:
                pause_s = self._first_pause_s
            _log.warning("broker_away", cause=cause, host=self._address.host)
            self._on_change(False, cause)
            self._stopping.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _up(self) -> None:
        _log.info("broker_reached", host=self._address.host)
        self._on_change(True, "connected")

    def _arrived(self, client: paho.Client, message: paho.MQTTMessage) -> None:
        mid, qos = message.mid, message.qos

        def acknowledge() -> None:
            client.ack(mid, qos)

        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._on_arrival(
            Arrival(
                next(self._numbers),
                topic,
                bytes(message.payload[: MAX_PAYLOAD_BYTES + 1]),
                bool(message.retain),
                acknowledge,
                guaranteed=qos > 0,
            )
        )


class _Connection:
    """One connection from first to last. `stands` once the broker granted the subscription;
    `stood` if it ever did."""

    def __init__(
        self,
        address: BrokerAddress,
        arrived: Callable[[paho.Client, paho.MQTTMessage], None],
        established: Callable[[], None],
    ) -> None:
        self._address, self._established = address, established
        self._decided, self._gone = threading.Event(), threading.Event()
        self._cause = "connection_lost"
        self.stands = self.stood = False
        self.client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            clean_session=None if address.mqtt5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if address.mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if address.tls is not None:
            client.tls_set_context(address.tls)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.max_queued_messages_set(_QUEUED)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda source, _data, message: arrived(source, message)

    def serve(self) -> str:
        """Connect and stay until the connection is gone; give the cause."""
        address = self._address
        properties = None
        if address.mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
        try:
            self.client.connect(
                address.host, address.port, address.keepalive_s, properties=properties
            )
        except ssl.SSLError:
            return "tls_refused"
        except (OSError, ValueError):
            return "unreachable"
        self.client.loop_start()
        self._decided.wait(CONNECT_TIMEOUT_S)
        while self.stands and not self._gone.wait(LOOK_EVERY_S):
            if not self._served():
                self._cause = "client_failed"
                break
        self.stands = False
        self.client.disconnect()
        self.client.loop_stop()
        return self._cause

    def give_up(self, cause: str) -> None:
        """End this connection."""
        self._cause, self.stands = cause, False
        self._gone.set()
        self._decided.set()

    def _served(self) -> bool:
        """Tell whether paho's thread lives: one that fails says nothing."""
        thread = self.client._thread  # noqa: SLF001 - paho has no public word for it
        return thread is not None and thread.is_alive()

    def _on_connect(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            self.give_up("refused")
            return
        topic = up_filter(self._address.share)
        if self._address.mqtt5:
            client.subscribe(topic, options=SubscribeOptions(qos=1, retainAsPublished=True))
        else:
            client.subscribe(topic, qos=1)

    def _on_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, codes: list[ReasonCode], _more: Any
    ) -> None:
        if not codes or any(code.is_failure for code in codes):
            self.give_up("subscription_refused")
            return
        self.stands = self.stood = True
        self._decided.set()
        self._established()

    def _on_disconnect(self, *_: Any) -> None:
        self.give_up(self._cause)


def _no_delay(_client: paho.Client, _data: Any, connection: Any) -> None:
    """Without it Nagle's algorithm holds small messages back for tens of milliseconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
