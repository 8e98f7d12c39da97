"""The ingest worker: commit first, acknowledge after, and let nothing bad stop the good."""

from __future__ import annotations

import sqlite3
import time

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hub.ingest.repository import raw_events_after
from hub.link.desk import Greeted
from hub.link.tables import LinkAlarm
from wire.samples import CONTROLLER


def count(bench):
    with bench.db.read() as scope:
        return len(raw_events_after(scope, 0, 100_000))


def test_many_messages_are_one_commit_and_one_ack_a_stream(bench, make_event):
    arrivals = [bench.arrival(n, [make_event(n)]) for n in range(1, 51)]
    bench.feed(*arrivals)
    assert bench.worker.counts.commits == 1
    assert bench.acknowledged == list(range(1, 51))
    assert bench.acks() == [50]
    assert bench.rings == [1]


def test_a_batch_ends_when_it_has_enough_rows(bench, make_event, monkeypatch):
    monkeypatch.setattr("hub.ingest.worker.BATCH_ROWS", 500)
    rows = [make_event(n) for n in range(100)]
    bench.feed(*(bench.arrival(1 + n * 100, rows) for n in range(7)))
    assert bench.acks() == [500]
    assert len(bench.acknowledged) == 5


def test_nothing_is_acknowledged_before_the_commit(bench, make_event, monkeypatch):
    order = []
    real = bench.worker._commit

    def commit(batch):
        order.append(("commit", list(bench.acknowledged), list(bench.sent.messages)))
        return real(batch)

    monkeypatch.setattr(bench.worker, "_commit", commit)
    bench.feed(bench.arrival(1, [make_event(1)]))
    assert order == [("commit", [], [])]
    assert bench.acknowledged == [1]


def test_a_database_that_is_away_is_tried_again_and_nothing_is_lost(bench, make_event, monkeypatch):
    real, failures = bench.worker._commit, [1, 1]

    def commit(batch):
        if failures:
            failures.pop()
            assert bench.acknowledged == []
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("disk I/O error"))
        return real(batch)

    monkeypatch.setattr(bench.worker, "_commit", commit)
    monkeypatch.setattr("hub.ingest.worker.FIRST_RETRY_S", 0.01)
    bench.feed(bench.arrival(1, [make_event(1)]), bench.arrival(2, [make_event(2)]))
    assert (count(bench), bench.acknowledged, bench.acks()) == (2, [1, 2], [2])


def test_one_message_that_cannot_be_stored_spoils_no_other(bench, make_event, monkeypatch):
    from hub.ingest import worker as module

    real = module.store

    def store(scope, reads, now):
        if any(read.epoch == 13 for read in reads):
            raise ValueError("a fault of ours")
        return real(scope, reads, now)

    monkeypatch.setattr(module, "store", store)
    bench.feed(
        bench.arrival(1, [make_event(1)]),
        bench.arrival(1, [make_event(1)], epoch=13),
        bench.arrival(2, [make_event(2)]),
    )
    assert count(bench) == 2
    assert bench.acknowledged == [1, 2, 3]
    assert bench.alarms.counts[LinkAlarm.MALFORMED_MESSAGE] == 1


def test_what_is_refused_is_acknowledged_to_the_broker_counted_and_not_stored(
    bench, make_event, other
):
    good = bench.arrival(1, [make_event(1)])
    forged = bench.arrival(1, [], payload=good.payload[:-1] + b" ")
    moved = bench.arrival(1, [], controller=other, payload=good.payload)
    unknown = bench.arrival(1, [], controller="z" * 16, payload=good.payload)
    retained = bench.arrival(1, [make_event(1)], retained=True)
    short = bench.arrival(1, [], payload=b"x")
    nonsense = bench.arrival(1, [b"]["])
    bench.feed(forged, moved, unknown, retained, short, nonsense, good)
    assert count(bench) == 1
    assert sorted(bench.acknowledged) == list(range(1, 8))
    assert dict(bench.alarms.counts) == {
        LinkAlarm.FORGED_MESSAGE: 2,
        LinkAlarm.UNKNOWN_CONTROLLER: 1,
        LinkAlarm.RETAINED_MESSAGE: 1,
        LinkAlarm.MALFORMED_MESSAGE: 2,
    }


def test_a_broker_that_keeps_to_no_window_cannot_fill_our_memory(bench, make_event, monkeypatch):
    arrivals = [bench.arrival(number, [make_event(1)]) for number in range(11, 41)]
    monkeypatch.setattr("hub.ingest.worker.WAITING_BYTES", 10 * (len(arrivals[0].payload) + 512))
    for arrival in arrivals:
        bench.worker.offer(arrival)
    assert bench.worker.counts.overflowed == 20
    assert bench.acknowledged == []


def test_a_malformed_event_is_declared_and_its_neighbours_are_kept(bench, make_event):
    bench.feed(bench.arrival(1, [make_event(1), b'{"kind":7}', make_event(3)]))
    assert bench.acks() == [3]
    assert count(bench) == 3
    assert bench.alarms.counts[LinkAlarm.MALFORMED_EVENT] == 1
    bench.feed(bench.arrival(1, [make_event(1), b'{"kind":7}', make_event(3)]))
    assert bench.alarms.counts[LinkAlarm.TWO_BODIES] == 0


def test_two_bodies_under_one_key_raise_an_alarm(bench, make_event):
    bench.feed(bench.arrival(1, [make_event(1)]))
    bench.feed(bench.arrival(1, [make_event(2)]))
    assert bench.alarms.counts[LinkAlarm.TWO_BODIES] == 1
    assert count(bench) == 1


def test_events_below_what_the_welcome_said_were_kept_by_somebody(bench, make_event):
    old = bench.arrival(1, [make_event(1)])
    bench.feed(old)
    bench.feed(old)  # before a welcome an edge may well send again
    assert bench.alarms.counts[LinkAlarm.REPLAYED_EVENTS] == 0
    bench.told[CONTROLLER] = Greeted(number=bench.numbers + 1, epoch=7, through_seq=1)
    bench.feed(old)  # waited in our own queue since before the hello
    assert bench.alarms.counts[LinkAlarm.REPLAYED_EVENTS] == 0
    bench.numbers += 1
    bench.feed(bench.arrival(1, [make_event(1)]))
    assert bench.alarms.counts[LinkAlarm.REPLAYED_EVENTS] == 1
    bench.feed(bench.arrival(2, [make_event(2)]))
    assert bench.alarms.counts[LinkAlarm.REPLAYED_EVENTS] == 1
    assert count(bench) == 2


def test_no_free_connection_is_tried_again_as_a_database_that_is_away(
    bench, make_event, monkeypatch
):
    real, failures = bench.worker._commit, [1, 1]

    def commit(batch):
        if failures:
            failures.pop()
            raise PoolTimeoutError("QueuePool limit reached")
        return real(batch)

    monkeypatch.setattr(bench.worker, "_commit", commit)
    monkeypatch.setattr("hub.ingest.worker.FIRST_RETRY_S", 0.01)
    bench.feed(bench.arrival(1, [make_event(1)]))
    assert (bench.acknowledged, bench.acks()) == ([1], [1])


def test_the_thread_outlives_whatever_is_raised(bench, make_event, monkeypatch):
    def broken():
        raise RuntimeError("a bell that is broken")

    monkeypatch.setattr(bench.worker, "_on_committed", broken)
    bench.worker.start()
    deadline = time.monotonic() + 5
    for number in (1, 2):
        bench.worker.offer(bench.arrival(number, [make_event(number)]))
        while len(bench.acknowledged) < number and time.monotonic() < deadline:
            time.sleep(0.005)
    bench.worker.stop()
    assert bench.acknowledged == [1, 2]


def test_a_flood_of_empty_messages_is_bounded_too(bench, monkeypatch):
    """Nobody opens while the database is away; a broker could send for hours."""
    monkeypatch.setattr("hub.ingest.worker.WAITING_BYTES", 100_000)
    for _ in range(1_000):
        bench.worker.offer(bench.arrival(1, [], payload=b""))
    assert bench.worker._queue.qsize() < 250
    assert bench.worker.counts.overflowed > 750


def test_what_was_dropped_costs_a_new_connection_once_there_is_room(bench, make_event, monkeypatch):
    """It is acknowledged never, and would stand in the broker's window as long as the connection
    does: in the end nothing would come any more."""
    monkeypatch.setattr("hub.ingest.worker.WAITING_BYTES", 5_000)
    renewals = []
    bench.worker._renew = lambda: renewals.append(len(bench.acknowledged))
    for number in range(1, 21):
        bench.worker.offer(bench.arrival(number, [make_event(number)]))
    assert bench.worker.counts.overflowed > 0
    assert renewals == []
    bench.worker.start()
    end = time.monotonic() + 5
    while not renewals and time.monotonic() < end:
        time.sleep(0.01)
    bench.worker.stop()
    assert len(renewals) == 1


def test_a_batch_that_failed_for_an_unknown_reason_costs_a_new_connection(
    bench, make_event, monkeypatch
):
    renewals, failures = [], [1]
    bench.worker._renew = lambda: renewals.append(1)
    real = bench.worker._commit

    def commit(batch):
        if failures:
            failures.pop()
            raise RuntimeError("nobody foresaw it")
        return real(batch)

    monkeypatch.setattr(bench.worker, "_commit", commit)
    bench.worker.start()
    bench.worker.offer(bench.arrival(1, [make_event(1)]))
    end = time.monotonic() + 5
    while failures and time.monotonic() < end:
        time.sleep(0.01)
    bench.worker.offer(bench.arrival(1, [make_event(1)]))
    while not renewals and time.monotonic() < end:
        time.sleep(0.01)
    bench.worker.stop()
    assert (renewals, bench.acknowledged) == ([1], [2])
