"""The link as one thing: its threads, its queues, and what other topics hold of it.

The network's thread only sorts arrivals: events to ingest, everything else to the control thread,
so that a hello is answered at once however long the queue of events is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import Final, Protocol

import structlog

from hub.clock import Clock
from hub.database.engine import Database
from hub.link.alarms import AlarmBook, write_alarms
from hub.link.desk import Desk
from hub.link.inbound import Arrival, Opened, Refused, open_arrival
from hub.link.mqtt import BrokerAddress, MqttClient
from hub.link.ports import LinkKeys
from hub.link.presence import BEAT_S, beat
from hub.link.tables import LinkAlarm
from hub.link.waiting import Waiting
from wire.envelope import seal
from wire.keys import HubSigner
from wire.topics import SIGNED, Channel, topic_of

WAITING: Final = 10_000
"""Small messages waiting at most; more are dropped, and senders repeat what matters."""
WAITING_BYTES: Final = 32 * 1024 * 1024

TOGETHER: Final = 64
"""Small messages served in one transaction at most: a welcome waits for those before it."""

_EVENTS_END: Final = "/" + Channel.EVENTS.value
_ALARMS_EVERY_S: Final = 1.0
_log = structlog.get_logger(__name__)


class EventSink(Protocol):
    """Takes arrivals on `up/events`."""

    def offer(self, arrival: Arrival) -> None:
        """Queue an arrival; never blocks. It is acknowledged once its events are committed."""


class SealedDownlink:
    """Fulfils `hub.link.ports.Downlink` over any publisher of bytes."""

    def __init__(
        self, keys: LinkKeys, signer: HubSigner, publish: Callable[[str, bytes], bool]
    ) -> None:
        self._keys, self._signer, self._publish = keys, signer, publish

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        """Seal and sign JSON bytes and hand them to the broker."""
        keys = list(self._keys.of(controller).values())
        if not keys:
            return False
        topic = topic_of(controller, channel)
        signer = self._signer if channel in SIGNED else None
        return self._publish(topic, seal(topic, body, keys[-1], signer))


class LinkService:
    """Owns the MQTT client and the control thread."""

    def __init__(
        self,
        address: BrokerAddress,
        database: Database,
        clock: Clock,
        keys: LinkKeys,
        signer: HubSigner,
        alarms: AlarmBook,
    ) -> None:
        self._database, self._clock, self._keys, self._alarms = database, clock, keys, alarms
        self._client = MqttClient(address, self._sort)
        self.downlink = SealedDownlink(keys, signer, self._client.publish)
        self._desk: Desk | None = None
        self._events: EventSink | None = None
        self._queue: Queue[Arrival] = Queue(WAITING)
        self._queued_bytes, self._served_bytes = 0, 0  # each moved by one thread alone
        self._waiting = Waiting()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._full = False
        self._beat_at = -BEAT_S

    @property
    def connected(self) -> bool:
        """Whether the broker is reached and the subscription stands."""
        return self._client.connected

    def start(self, desk: Desk, events: EventSink) -> None:
        """Begin; a broker that is away is tried for ever. Returns at once."""
        self._desk, self._events = desk, events
        self._thread = threading.Thread(target=self._run, name="hub-link", daemon=True)
        self._thread.start()
        self._client.start()

    def renew(self) -> None:
        """Have the connection to the broker replaced by a new one."""
        self._client.renew()

    def stop(self) -> None:
        """Let the broker go, serve what waits no more, write the alarms that are left."""
        self._client.stop()
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)
        self._write_alarms()

    def _sort(self, arrival: Arrival) -> None:
        if arrival.topic.endswith(_EVENTS_END) and self._events is not None:
            if arrival.guaranteed:
                self._events.offer(arrival)
            else:  # an edge sends QoS 1; these would fill the queue without bound: not even read
                channel = Channel.EVENTS.value
                self._alarms.note("", LinkAlarm.MISPLACED_MESSAGE, channel, "qos_0")
            return
        try:
            if self._queued_bytes - self._served_bytes >= WAITING_BYTES:
                raise Full
            self._queue.put_nowait(arrival)
            self._queued_bytes += len(arrival.payload)
        except Full:
            arrival.acknowledge()  # as what fails is: else it would fill the broker's window
            if not self._full:
                _log.warning("control_queue_full")
            self._full = True

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._beat()
            try:
                self._take_in()
            except Empty:
                self._write_alarms()
                continue
            self._full = False
            self._serve_next()
            if not self._waiting and self._queue.empty():
                self._write_alarms()

    def _take_in(self) -> None:
        """Open everything that has come, waiting for something if nothing waits yet; raise `Empty`
        if nothing came."""
        if not self._waiting:
            arrival = self._queue.get(timeout=_ALARMS_EVERY_S)
            self._waiting.add(arrival, self._open(arrival))
        with suppress(Empty):
            while len(self._waiting) < WAITING:
                arrival = self._queue.get_nowait()
                self._waiting.add(arrival, self._open(arrival))

    def serve(self, arrivals: Iterable[Arrival]) -> None:
        """Serve small messages, and acknowledge them whatever became of them."""
        for arrival in arrivals:
            self._waiting.add(arrival, self._open(arrival))
        while self._waiting:
            self._serve_next()

    def _serve_next(self) -> None:
        """Serve what waited longest, as much as goes into one transaction."""
        arrivals, opened = self._waiting.take(TOGETHER)
        try:
            if opened and self._desk is not None:
                self._desk.serve(opened)
        except Exception:
            # Whatever failed (a database that is away, most likely), the edge says it again.
            _log.exception("link_message_failed")
        finally:
            for arrival in arrivals:
                self._served_bytes += len(arrival.payload)
                arrival.acknowledge()

    def _open(self, arrival: Arrival) -> Opened | None:
        """Check an envelope; one that is not taken is counted."""
        try:
            found = open_arrival(arrival, self._keys)
        except Exception:  # the key file is away, say: it costs this message alone
            _log.exception("link_message_failed")
            return None
        if isinstance(found, Refused):
            self._alarms.note(found.controller, found.alarm, found.channel, found.cause)
            return None
        return found

    def _beat(self) -> None:
        """Say now and then that this process has the broker: without it nobody can be missed."""
        due = time.monotonic() - self._beat_at >= BEAT_S
        if not due or not self._client.connected:
            return
        self._beat_at = time.monotonic()
        try:
            self._database.write(lambda scope: beat(scope, self._clock.now()))
        except Exception:  # as with alarms: the control thread must live
            _log.exception("link_beat_not_written")

    def _write_alarms(self) -> None:
        if not self._alarms.pending:
            return
        taken = self._alarms.take()
        try:
            self._database.write(lambda scope: write_alarms(scope, taken, self._clock.now()))
        except Exception:  # the control thread must live, or no hello is answered any more
            self._alarms.give_back(taken)
            _log.exception("link_alarms_not_written")
