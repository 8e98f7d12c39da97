"""One connection to the broker, from first to last: socket, TLS, keep-alive, what waits to go out.

OpenSSL lets one thread at a time use a connection, so only the connection's own thread touches the
socket. Others add to what goes out and wake it; what they add while it is busy leaves in one piece.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hub.link.mqtt_packets import (
    DISCONNECT,
    PINGREQ,
    Accepted,
    Goodbye,
    MqttFaultError,
    Packet,
    PacketReader,
    Pong,
    Published,
    Subscribed,
    Taken,
    connect_packet,
    puback_packets,
    publish_packet,
    subscribe_packet,
)

CONNECT_TIMEOUT_S: Final = 5.0
RECEIVE_MAXIMUM: Final = 4_000
"""Messages the broker may send before we acknowledge: so many that the next batches are at hand
while one is being committed, on a disk that syncs slowly too."""

_IN_FLIGHT: Final = 1_000
_QUEUED: Final = 20_000
_QUEUED_BYTES: Final = 64 * 1024 * 1024
_OUT_BYTES: Final = 1024 * 1024
"""No more publications are made ready while so much waits to go out."""
_MOST_OUT: Final = 16 * 1024 * 1024
"""A broker that talks and does not listen is left once so much waits for it."""
_READ: Final = 256 * 1024
_READS_IN_A_ROW: Final = 16
"""Then what waits to go out has its turn."""
_FAREWELL_S: Final = 0.5
_SUBSCRIPTION_ID: Final = 1
_LAST_ID: Final = 65_535


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


class Connection:
    """`serve` connects and stays until the connection is gone. `stands` once the broker granted the
    subscription; `stood` if it ever did.

    Causes of an end: `unreachable`, `tls_refused`, `refused`, `subscription_refused`,
    `connection_lost`, or what `give_up` was told.
    """

    def __init__(
        self,
        address: BrokerAddress,
        topic_filter: str,
        arrived: Callable[[Connection, list[Published]], None],
        established: Callable[[], None],
    ) -> None:
        self._address, self._filter = address, topic_filter
        self._arrived, self._established = arrived, established
        self.stands = self.stood = False
        self._cause = ""
        self._keepalive_s, self._in_flight = float(address.keepalive_s), _IN_FLIGHT
        self._reader = PacketReader(mqtt5=address.mqtt5)
        self._out = bytearray()
        self._last_sent = self._last_heard = 0.0
        self._pinged_at: float | None = None
        self._stuck_since: float | None = None
        self._full_since: float | None = None
        self._accepted = False
        # What other threads hand over, under the lock.
        self._lock = threading.Lock()
        self._acknowledged: list[int] = []
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._waiting_bytes = 0
        self._flying: set[int] = set()
        self._last_id = _SUBSCRIPTION_ID
        self._woken, self._wake_end = False, -1

    # --- for any thread --------------------------------------------------------------------------

    def acknowledge(self, packet_id: int) -> None:
        """Send a PUBACK; nothing happens once the connection is gone."""
        with self._lock:
            self._acknowledged.append(packet_id)
            self._wake()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send with QoS 1; False where the connection does not stand or too much waits already."""
        with self._lock:
            if not self.stands or len(self._waiting) >= _QUEUED:
                return False
            if self._waiting_bytes >= _QUEUED_BYTES:
                return False
            self._waiting.append((topic, payload))
            self._waiting_bytes += len(payload)
            self._wake()
        return True

    def give_up(self, cause: str) -> None:
        """End this connection; the first cause counts."""
        with self._lock:
            self._cause, self.stands = self._cause or cause, False
            self._wake()

    def _wake(self) -> None:
        """Wake the connection's thread, once until it looks. Called with the lock held."""
        if not self._woken and self._wake_end >= 0:
            self._woken = True
            os.write(self._wake_end, b"!")

    # --- the connection's own thread -------------------------------------------------------------

    def serve(self) -> str:
        """Connect and stay until the connection is gone; give the cause."""
        try:
            connection = self._connect()
        except ssl.SSLError:
            return "tls_refused"
        except (OSError, ValueError):
            return "unreachable"
        ear, wake_end = os.pipe()
        with self._lock:
            self._wake_end = wake_end
        try:
            self._stay(connection, ear)
        except (OSError, MqttFaultError):
            self.give_up("connection_lost")
        finally:
            with self._lock:
                self.stands, self._wake_end = False, -1
            os.close(wake_end)
            os.close(ear)
            connection.close()
        return self._cause

    def _connect(self) -> socket.socket:
        address = self._address
        plain = socket.create_connection((address.host, address.port), CONNECT_TIMEOUT_S)
        # Without it Nagle's algorithm holds small messages back for tens of milliseconds.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.tls is None:
            return plain
        try:
            return address.tls.wrap_socket(plain, server_hostname=address.host)
        except BaseException:
            plain.close()
            raise

    def _stay(self, connection: socket.socket, ear: int) -> None:
        address = self._address
        self._out += connect_packet(
            address.client_id,
            address.keepalive_s,
            mqtt5=address.mqtt5,
            receive_maximum=RECEIVE_MAXIMUM,
        )
        connection.setblocking(False)
        begun = self._last_sent = self._last_heard = time.monotonic()
        poll = select.poll()
        poll.register(ear, select.POLLIN)
        more = False
        while True:
            self._collect()
            if self._cause:
                self._say_goodbye(connection)
                return
            self._send(connection)
            poll.register(connection, select.POLLIN | (select.POLLOUT if self._out else 0))
            timeout_s = 0.0 if more else self._until_due(begun)
            ready = dict(poll.poll(timeout_s * 1_000))
            if ear in ready:
                os.read(ear, 16)
            if more or ready.keys() - {ear}:
                more = self._receive(connection)
            self._keep_alive(begun)

    def _collect(self) -> None:
        """Take what other threads left."""
        with self._lock:
            self._woken = False
            acknowledged, self._acknowledged = self._acknowledged, []
            packets: list[bytes] = []
            room = _OUT_BYTES - len(self._out)
            while self._waiting and len(self._flying) < self._in_flight and room > 0:
                topic, payload = self._waiting.popleft()
                self._waiting_bytes -= len(payload)
                number = self._next_id()
                packets.append(publish_packet(topic, payload, number, mqtt5=self._address.mqtt5))
                room -= len(packets[-1])
            is_full = bool(self._waiting) and len(self._flying) >= self._in_flight
        if is_full and self._full_since is None:
            self._full_since = time.monotonic()
        if acknowledged:
            self._out += puback_packets(acknowledged)
        self._out += b"".join(packets)

    def _next_id(self) -> int:
        number = self._last_id
        while number in self._flying or number == self._last_id:
            number = number % _LAST_ID + 1
        self._last_id = number
        self._flying.add(number)
        return number

    def _send(self, connection: socket.socket) -> None:
        """Send as much as goes. What TLS began to send must stay in its place: it is asked again
        with the same bytes."""
        while self._out:
            try:
                sent = connection.send(self._out)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if self._stuck_since is None:
                    self._stuck_since = time.monotonic()
                if len(self._out) > _MOST_OUT:
                    self.give_up("connection_lost")
                return
            del self._out[:sent]
            self._last_sent, self._stuck_since = time.monotonic(), None

    def _receive(self, connection: socket.socket) -> bool:
        """Read what is there; tell whether there may be more that `poll` does not see."""
        for _ in range(_READS_IN_A_ROW):
            try:
                data = connection.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            if not data:
                self.give_up("connection_lost")
                return False
            self._last_heard, self._pinged_at = time.monotonic(), None
            publications: list[Published] = []
            for packet in self._reader.feed(data):
                if type(packet) is Published:
                    publications.append(packet)
                else:
                    self._take(packet)
            if publications:
                if not self._accepted:
                    raise MqttFaultError("a publication before the CONNACK")
                self._arrived(self, publications)
        return True

    def _take(self, packet: Packet) -> None:
        """Do what a packet asks for; one that answers nothing we said is a fault."""
        match packet:
            case Accepted(code, keepalive_s, receive_maximum):
                if self._accepted:
                    raise MqttFaultError("a second CONNACK")
                if code:
                    self.give_up("refused")
                    return
                self._accepted = True
                # Never less often than we meant to: a broker could else hide that it is gone.
                self._keepalive_s = min(self._keepalive_s, float(keepalive_s or _LAST_ID))
                self._in_flight = min(_IN_FLIGHT, receive_maximum)
                mqtt5 = self._address.mqtt5
                self._out += subscribe_packet(_SUBSCRIPTION_ID, self._filter, mqtt5=mqtt5)
            case Subscribed(granted, packet_id):
                if not self._accepted or self.stood or packet_id != _SUBSCRIPTION_ID:
                    raise MqttFaultError("a SUBACK for nothing that was asked")
                if not granted:
                    self.give_up("subscription_refused")
                    return
                self.stands = self.stood = True
                self._established()
            case Taken(packet_id):
                self._flying.discard(packet_id)
                self._full_since = None
            case Goodbye():
                self.give_up("connection_lost")
            case Pong() | Published():
                pass

    def _until_due(self, begun: float) -> float:
        """Seconds until something must be looked at, though nothing comes in."""
        now = time.monotonic()
        begins = self._unanswered()
        if self._pinged_at is None:
            begins.append(min(self._last_sent, self._last_heard))
        due = min(begins) + self._keepalive_s
        if not self.stood:
            due = min(due, begun + CONNECT_TIMEOUT_S)
        return max(0.0, due - now) + 0.001

    def _keep_alive(self, begun: float) -> None:
        """Ping when either side was silent for the keep-alive; a ping without any answer for as
        long is the end (3.1.2.10), whatever we sent meanwhile: a line that is cut takes much before
        it fails. So is a broker that for as long took nothing of ours, or acknowledged nothing
        while more waits."""
        now = time.monotonic()
        if not self.stood and now - begun >= CONNECT_TIMEOUT_S:
            self.give_up("refused")
        elif any(now - since >= self._keepalive_s for since in self._unanswered()):
            self.give_up("connection_lost")
        elif self._pinged_at is None and (
            now - min(self._last_sent, self._last_heard) >= self._keepalive_s
        ):
            self._out += PINGREQ
            self._pinged_at = self._last_sent = now

    def _unanswered(self) -> list[float]:
        """Since when the broker owes us something."""
        owed = (self._pinged_at, self._stuck_since, self._full_since)
        return [since for since in owed if since is not None]

    def _say_goodbye(self, connection: socket.socket) -> None:
        """Say so, if we are who ends it; one that no longer listens costs us no time."""
        if self._stuck_since is None and len(self._out) <= _OUT_BYTES:
            connection.settimeout(_FAREWELL_S)
            connection.sendall(self._out + DISCONNECT)
