"""The hub's MQTT client: connects, and connects again; hands arrivals on; acknowledges when told.

Every connection is a new one with a clean session, and an arrival holds the connection it came by,
so that an acknowledgement can never reach another. Nothing relies on what the broker remembers, nor
on what this client had not sent yet.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

import structlog

from hub.link.inbound import Arrival
from hub.link.mqtt_connection import BrokerAddress, Connection
from hub.link.mqtt_packets import Published
from wire.envelope import MAX_PAYLOAD_BYTES
from wire.topics import up_filter

__all__ = ["BrokerAddress", "MqttClient"]

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
_log = structlog.get_logger(__name__)


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
        self._connection: Connection | None = None

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
        """Say goodbye and end the thread."""
        self._stopping.set()
        connection = self._connection
        if connection is not None:
            connection.give_up("stopped")
        if self._thread is not None:
            self._thread.join(2.0)

    def renew(self) -> None:
        """Give up the connection for a new one, on which nothing is owed."""
        connection = self._connection
        if connection is not None:
            connection.give_up("renewed")

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to the broker, QoS 1, not retained; False where there is none."""
        connection = self._connection
        return connection is not None and connection.publish(topic, payload)

    def _run(self) -> None:
        pause_s = self._first_pause_s
        topics = up_filter(self._address.share)
        while not self._stopping.is_set():
            self._connection = connection = Connection(
                self._address, topics, self._arrived, self._up
            )
            if self._stopping.is_set():  # `stop` may have looked before there was a connection
                return
            cause = self._served(connection)
            self._connection = None
            if self._stopping.is_set():
                return
            if connection.stood:
                pause_s = self._first_pause_s
            _log.warning("broker_away", cause=cause, host=self._address.host)
            self._on_change(False, cause)
            self._stopping.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _served(self, connection: Connection) -> str:
        try:
            return connection.serve()
        except Exception:  # whatever failed in between, the hub must be reached again
            _log.exception("broker_connection_failed")
            return "client_failed"

    def _up(self) -> None:
        _log.info("broker_reached", host=self._address.host)
        self._on_change(True, "connected")

    def _arrived(self, connection: Connection, messages: list[Published]) -> None:
        for message in messages:
            try:
                topic = message.topic.decode()
            except UnicodeDecodeError:
                topic = ""
            payload, guaranteed = message.payload, message.qos > 0
            if len(payload) > MAX_PAYLOAD_BYTES:
                payload = payload[: MAX_PAYLOAD_BYTES + 1]
            self._on_arrival(
                Arrival(
                    next(self._numbers),
                    topic,
                    payload,
                    message.retain,
                    partial(connection.acknowledge, message.packet_id) if guaranteed else _nothing,
                    guaranteed,
                )
            )


def _nothing() -> None:
    """A message of QoS 0 is acknowledged to nobody."""
