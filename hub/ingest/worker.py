"""The ingest threads: many messages, one transaction, then the acknowledgements.

The order is the promise: insert and watermark, commit, MQTT acknowledgement, our own ack. A death
in between costs a repetition, which the unique key swallows, and never an event.

Two threads take turns: while one commits, the other opens what comes next, and commits it itself
when its turn comes. So a slow disk keeps nobody from opening, and a single event is handed from
thread to thread no more often than it must.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

import structlog
from sqlalchemy.exc import DataError, SQLAlchemyError

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.errors import ConstraintError
from hub.ingest.holes import HoleWatch
from hub.ingest.repository import Stored, store
from hub.ingest.rows import RowsRead, read_rows
from hub.link.alarms import AlarmBook
from hub.link.desk import Greeted
from hub.link.inbound import Arrival, Refused, open_arrival
from hub.link.pacing import PACKED, BacklogPacing
from hub.link.ports import Downlink, LinkKeys
from hub.link.tables import LinkAlarm
from wire.errors import WireError
from wire.messages import Ack, Events, decode, encode
from wire.topics import Channel

BATCH_ROWS: Final = 2_000
WAITING_BYTES: Final = 64 * 1024 * 1024
"""What may wait to be opened. Mosquitto 2.0 keeps to the window it is told only until the first
acknowledgement, so this is the bound that counts."""
_OVERHEAD: Final = 512
"""What an arrival costs beside its payload, which may be empty."""
RENEWAL_S: Final = 10.0
"""So long between two renewals of the connection."""
_THREADS: Final = 2
FIRST_RETRY_S: Final = 0.2
LONGEST_RETRY_S: Final = 5.0
_EVENTS: Final = Channel.EVENTS.value
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class IngestCounts:
    """What came in since the start, for the metrics."""

    messages: int = 0
    rows_new: int = 0
    rows_known: int = 0
    conflicts: int = 0
    malformed: int = 0
    refused: int = 0
    commits: int = 0
    retries: int = 0
    overflowed: int = 0


@dataclass(frozen=True, slots=True)
class _Taken:
    """An arrival that is authentic, and its rows."""

    arrival: Arrival
    read: RowsRead


class IngestWorker:
    """Fulfils `hub.link.service.EventSink`. `on_committed` is called after each commit that stored
    something (to wake the projection); `renew` is asked for a new connection to the broker."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: LinkKeys,
        downlink: Downlink,
        alarms: AlarmBook,
        *,
        greeted: Callable[[str], Greeted | None] = lambda _controller: None,
        on_committed: Callable[[], None] = lambda: None,
        renew: Callable[[], None] = lambda: None,
        pacing: BacklogPacing | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._clock, self._keys = database, clock, keys
        self._downlink, self._alarms = downlink, alarms
        self._greeted, self._on_committed, self._renew = greeted, on_committed, renew
        self._pacing, self._monotonic = pacing or BacklogPacing(monotonic), monotonic
        self._holes = HoleWatch()
        self._queue: SimpleQueue[Arrival | None] = SimpleQueue()
        self._offered_bytes, self._opened_bytes = 0, 0  # each moved by one thread at a time
        self._owed, self._renewed_s = False, -RENEWAL_S
        self._gathering, self._committing = threading.Lock(), threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.counts = IngestCounts()

    def offer(self, arrival: Arrival) -> None:
        """Queue an arrival. The broker's window bounds how much waits; one that keeps to no window
        is heard no further: what it brings too much is not acknowledged, and edges send again."""
        if self._waiting_bytes < WAITING_BYTES:
            self._offered_bytes += _cost(arrival)
            self._queue.put(arrival)
        else:
            self.counts.overflowed += 1
            self._owed = True

    @property
    def _waiting_bytes(self) -> int:
        return self._offered_bytes - self._opened_bytes

    def _settle(self) -> None:
        """What was dropped is never acknowledged on its connection and would fill the broker's
        window for good: ask for a new one, once there is room again."""
        now_s = self._monotonic()
        has_room = self._waiting_bytes < WAITING_BYTES // 2
        if self._owed and has_room and now_s - self._renewed_s >= RENEWAL_S:
            self._owed, self._renewed_s = False, now_s
            self._renew()

    def start(self) -> None:
        """Work in threads of its own."""
        for number in range(_THREADS):
            thread = threading.Thread(target=self.run, name=f"hub-ingest-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Finish the batch in hand; what waits stays unacknowledged and is sent again."""
        self._stopping.set()
        for _ in range(2 * _THREADS):  # a batch may end at one, and be added to until the next
            self._queue.put(None)
        for thread in self._threads:
            thread.join(10.0)

    def run(self) -> None:
        """Take in batch after batch until `stop`."""
        while not self._stopping.is_set():
            try:
                batch = self._next_batch()
                try:
                    self.take_in(batch)
                    self._settle()
                finally:
                    self._committing.release()
            except Exception:
                # The thread must live. What was not acknowledged, the edge sends again.
                self._owed = True
                _log.exception("ingest_failed")

    def _next_batch(self) -> list[_Taken]:
        """Wait for arrivals and open them; return with the right to commit. What came while
        another thread committed is opened as well: batches keep the order of arrival."""
        with self._gathering:
            first = self._queue.get()
            batch = self._gather(first) if first is not None else []
            self._committing.acquire()
            try:
                if sum(len(taken.read.rows) for taken in batch) < BATCH_ROWS:
                    more = self._queue.get_nowait()
                    batch += self._gather(more) if more is not None else []
            except Empty:
                pass
            except BaseException:
                self._committing.release()
                raise
            return batch

    def _gather(self, first: Arrival) -> list[_Taken]:
        """Open arrivals until there are `BATCH_ROWS` or none waits."""
        batch: list[_Taken] = []
        rows, arrival = 0, first
        while True:
            taken = self._open(arrival)
            if taken is not None:
                batch.append(taken)
                rows += len(taken.read.rows)
            if rows >= BATCH_ROWS:
                return batch
            try:
                following = self._queue.get_nowait()
            except Empty:
                return batch
            if following is None:
                return batch
            arrival = following

    def _open(self, arrival: Arrival) -> _Taken | None:
        """Check an arrival; one that is refused is counted and acknowledged at once."""
        self.counts.messages += 1
        self._opened_bytes += _cost(arrival)
        opened = open_arrival(arrival, self._keys)
        if isinstance(opened, Refused):
            self._refuse(arrival, opened)
            return None
        try:
            message = decode(Events, opened.body)
            read = read_rows(opened.controller, message)
        except WireError as error:
            alarm = LinkAlarm.MALFORMED_MESSAGE
            self._refuse(arrival, Refused(opened.controller, alarm, _EVENTS, error.fault.value))
            return None
        if read.malformed:
            self.counts.malformed += read.malformed
            self._alarms.note(
                read.controller, LinkAlarm.MALFORMED_EVENT, _EVENTS, "event", read.malformed
            )
        self._notice_replay(arrival, read)
        return _Taken(arrival, read)

    def _refuse(self, arrival: Arrival, refused: Refused) -> None:
        self.counts.refused += 1
        self._alarms.note(refused.controller, refused.alarm, refused.channel, refused.cause)
        arrival.acknowledge()

    def _notice_replay(self, arrival: Arrival, read: RowsRead) -> None:
        """An edge that was told 'through seq' sends nothing at or below it any more: who does has
        kept the message. It is counted, stored nowhere twice, and told."""
        told = self._greeted(read.controller)
        if told is None or arrival.number < told.number or not read.rows:
            return
        if read.epoch == told.epoch and read.rows[-1].last_seq <= told.through_seq:
            self._alarms.note(
                read.controller, LinkAlarm.REPLAYED_EVENTS, _EVENTS, "below_watermark"
            )

    def take_in(self, batch: Sequence[_Taken]) -> None:
        """Commit a batch and acknowledge it; tried again while the database is away."""
        if not batch:
            return
        retry_s = FIRST_RETRY_S
        while True:
            try:
                stored = self._commit(batch)
                break
            except (DataError, ConstraintError, ValueError, TypeError, LookupError) as error:
                self._take_in_singly(batch, error)
                return
            except SQLAlchemyError:  # that no connection was free in time is no DBAPIError
                self.counts.retries += 1
                _log.exception("ingest_commit_failed", retry_s=retry_s)
                if self._stopping.wait(retry_s):
                    return
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)
        self._acknowledge(batch, stored)

    def _take_in_singly(self, batch: Sequence[_Taken], error: Exception) -> None:
        """Something in the batch cannot be stored: let it spoil nothing but itself."""
        if len(batch) > 1:
            for taken in batch:
                self.take_in([taken])
            return
        _log.error("ingest_message_refused", error=type(error).__name__)
        alarm = LinkAlarm.MALFORMED_MESSAGE
        self._refuse(
            batch[0].arrival, Refused(batch[0].read.controller, alarm, _EVENTS, "not_storable")
        )

    def _commit(self, batch: Sequence[_Taken]) -> Stored:
        reads = [taken.read for taken in batch]
        began = self._monotonic()
        stored = self._database.write(lambda scope: store(scope, reads, self._clock.now()))
        self._pacing.committed(sum(len(read.rows) for read in reads), self._monotonic() - began)
        return stored

    def _acknowledge(self, batch: Sequence[_Taken], stored: Stored) -> None:
        counts = self.counts
        counts.commits += 1
        counts.rows_new += stored.new
        counts.rows_known += stored.known
        counts.conflicts += len(stored.conflicts)
        for (controller, _), _row in stored.conflicts:
            self._alarms.note(controller, LinkAlarm.TWO_BODIES, _EVENTS, "same_key")
        for taken in batch:
            taken.arrival.acknowledge()
            if len(taken.read.rows) >= PACKED:
                self._pacing.behind(taken.read.controller)
        per_s = self._pacing.per_s()
        self._tell_holes(stored)
        for (controller, epoch), through in stored.through.items():
            since, digest = stored.since.get((controller, epoch), (0, None))
            ack = encode(
                Ack(
                    epoch=epoch,
                    through_seq=through,
                    since_seq=since,
                    since_hash=digest if since < through else None,
                    backlog_per_s=per_s,
                )
            )
            self._downlink.publish(controller, Channel.ACKS, ack)
        if stored.new:
            self._on_committed()

    def _tell_holes(self, stored: Stored) -> None:
        now_s = self._monotonic()
        for stream, through in stored.through.items():
            highest = stored.highest.get(stream, through)
            if self._holes.look(stream, through, highest, now_s):
                self._alarms.note(stream[0], LinkAlarm.SEQ_HOLE, _EVENTS, f"after_{through}")


def _cost(arrival: Arrival) -> int:
    return len(arrival.payload) + _OVERHEAD
