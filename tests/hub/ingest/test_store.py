"""Raw events are stored once, counted through without a hole, and never contradicted in silence."""

from __future__ import annotations

import dataclasses
import threading
import time

import pytest
from sqlalchemy.exc import DataError

from hub.ingest import bulk
from hub.ingest.repository import raw_events_after, store, watermark
from hub.ingest.tables import raw_conflicts
from wire.events import Origin
from wire.messages import FormerPlace
from wire.samples import CONTROLLER, DEVICE


@pytest.fixture
def put(db, clock):
    return lambda *messages: db.write(lambda scope: store(scope, messages, clock.now()))


@pytest.fixture
def kept(db):
    def read():
        with db.read() as scope:
            return raw_events_after(scope, 0, 10_000)

    return read


def test_the_watermark_follows_what_is_complete(put, kept, rows_of, make_event):
    stored = put(rows_of(1, make_event(1), make_event(2)), rows_of(3, make_event(3)))
    assert stored.through == {(CONTROLLER, 7): 3}
    assert [(row.seq, row.data) for row in kept()] == [(n, make_event(n)) for n in (1, 2, 3)]


def test_what_is_sent_again_is_stored_once(put, kept, rows_of, make_event):
    def message():
        return rows_of(1, *map(make_event, range(1, 6)))

    assert put(message()).new == 5
    again = put(message(), message(), rows_of(4, *map(make_event, range(4, 9))))
    assert (again.new, again.known) == (3, 12)
    assert again.through == {(CONTROLLER, 7): 8}
    assert [row.seq for row in kept()] == list(range(1, 9))
    assert again.conflicts == []


def test_rows_that_come_early_count_once_the_hole_is_filled(put, rows_of, make_event, make_gap):
    assert put(rows_of(4, make_event(4), make_gap(5, 9))).through == {(CONTROLLER, 7): 0}
    assert put(rows_of(12, make_event(12))).through == {(CONTROLLER, 7): 0}
    filled = put(rows_of(1, *map(make_event, (1, 2, 3))))
    assert filled.through == {(CONTROLLER, 7): 9}
    assert put(rows_of(10, make_event(10), make_event(11))).through == {(CONTROLLER, 7): 12}


def test_each_controller_and_epoch_counts_for_itself(put, db, rows_of, make_event, other):
    put(
        rows_of(1, make_event(1)),
        rows_of(1, make_event(1), make_event(2), epoch=8),
        rows_of(1, make_event(1), controller=other),
    )
    with db.read() as scope:
        marks = [watermark(scope, CONTROLLER, epoch) for epoch in (7, 8, 9)]
        assert marks == [1, 2, 0]
        assert watermark(scope, other, 7) == 1


def test_a_second_body_under_one_key_is_kept_apart_and_told(put, kept, db, rows_of, make_event):
    put(rows_of(1, make_event(1), make_event(2)))
    stored = put(rows_of(2, make_event(99), make_event(3)))
    assert [(stream, row.seq) for stream, row in stored.conflicts] == [((CONTROLLER, 7), 2)]
    assert [row.data for row in kept()] == [make_event(n) for n in (1, 2, 3)]
    with db.read() as scope:
        rows = scope.all(scope.select(raw_conflicts))
    assert [(row.seq, bytes(row.body)) for row in rows] == [(2, make_event(99))]


def test_a_second_body_is_noticed_in_one_batch_and_among_early_rows(put, rows_of, make_event):
    twins = put(rows_of(5, make_event(5)), rows_of(5, make_event(55)))
    assert [row.body for _, row in twins.conflicts] == [make_event(55)]
    later = put(rows_of(5, make_event(555)))
    assert [row.body for _, row in later.conflicts] == [make_event(555)]


def test_a_record_of_an_offline_device_is_projected_once_whoever_brings_it(
    put, kept, rows_of, make_event, other
):
    origin = Origin(device=DEVICE, log_epoch=3, index=14)
    first = put(rows_of(1, make_event(1, origin)))
    again = put(
        rows_of(1, make_event(2, origin), make_event(3), controller=other),
        rows_of(1, make_event(1, origin)),
    )
    assert (first.repeated_origins, again.repeated_origins) == (0, 1)
    assert again.through == {(other, 7): 2, (CONTROLLER, 7): 1}
    assert [(row.controller, row.seq) for row in kept()] == [(CONTROLLER, 1), (other, 2)]


def test_numbers_become_visible_in_their_order_however_many_write(
    db, clock, kept, rows_of, make_event
):
    """A reader that remembers the highest id it saw misses nothing."""
    seen: list[int] = []
    done = threading.Event()

    def read():
        while True:
            last = done.is_set()
            with db.read() as scope:
                seen.extend(
                    row.id for row in raw_events_after(scope, seen[-1] if seen else 0, 1_000)
                )
            if last:
                return

    def write(epoch):
        for seq in range(1, 41):
            message = rows_of(seq, make_event(seq), epoch=epoch)
            db.write(lambda scope, message=message: store(scope, [message], clock.now()))

    writers = [threading.Thread(target=write, args=(epoch,)) for epoch in range(1, 5)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert seen == [row.id for row in kept()]
    assert len(seen) == 160


@pytest.mark.parametrize("size", [1, 49, 50, 51, 137])
def test_batches_of_every_size_are_stored_whole_and_once(put, kept, rows_of, make_event, size):
    """One by one, many a statement, by COPY: rows go in differently and come out alike."""
    rows = [rows_of(seq, make_event(seq)) for seq in range(1, size + 1)]
    assert (put(*rows).new, put(*rows).known) == (size, size)
    more = [rows_of(seq, make_event(seq)) for seq in range(size, 2 * size + 1)]
    assert put(*more).new == size
    found = [(row.id, row.seq, row.data) for row in kept()]
    assert [(seq, data) for _, seq, data in found] == [
        (n, make_event(n)) for n in range(1, 2 * size + 1)
    ]
    assert [number for number, _, _ in found] == sorted({number for number, _, _ in found})


def test_a_transaction_rolled_back_leaves_nothing_behind_for_the_next(
    db, put, kept, clock, rows_of, make_event
):
    rows = [rows_of(seq, make_event(seq)) for seq in range(1, 101)]

    def fail(scope):
        store(scope, rows, clock.now())
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        db.write(fail)
    assert kept() == []
    assert put(*rows[:60]).new == 60
    assert put(*rows).new == 40


@pytest.mark.postgres
def test_a_row_that_postgresql_refuses_is_told_as_such(database_at, db, clock, rows_of, make_event):
    if not database_at.startswith("postgresql"):
        return
    rows = [rows_of(seq, make_event(seq), controller="nul\x00") for seq in range(1, 101)]
    with pytest.raises(DataError):
        db.write(lambda scope: bulk.insert_raw(scope, _values(rows), clock.now()))


def _values(messages):
    return [
        (number, read.controller, read.epoch, row.seq, row.last_seq, row.body, row.body_hash, False)
        for number, read in enumerate(messages, start=1)
        for row in read.rows
    ]


def test_an_old_row_sent_again_beside_a_new_one_has_no_whole_journal_read(
    put, db, rows_of, make_event, monkeypatch
):
    """Anybody who kept a message, the broker for one, may send it again as often as he likes."""
    from hub.ingest import held_repository

    put(*(rows_of(n, make_event(n)) for n in range(1, 1_001)))
    read, real = [], held_repository.held_hashes

    def held_hashes(*asked):
        found = real(*asked)
        read.append(len(found))
        return found

    monkeypatch.setattr(held_repository, "held_hashes", held_hashes)
    other = make_event(77)
    stored = put(rows_of(1, make_event(1), make_event(2)), rows_of(999, make_event(999), other))
    assert read == [2, 2]
    assert [row.body for _, row in stored.conflicts] == [other]


def test_a_row_that_was_moved_is_known_though_another_process_commits_its_first_place_meanwhile(
    db, clock, rows_of, make_event
):
    """What stands at the old place is read under the lock that orders commits."""
    first_stored, results = threading.Event(), []
    old = rows_of(5, make_event(1), epoch=7)
    new = rows_of(1, make_event(1), epoch=8)
    new = dataclasses.replace(new, was=(FormerPlace(epoch=7, seq=5),))

    def one(scope):
        store(scope, [old], clock.now())
        first_stored.set()
        time.sleep(0.3)

    def other():
        first_stored.wait(5)
        results.append(db.write(lambda scope: store(scope, [new], clock.now())))

    threads = [threading.Thread(target=db.write, args=(one,)), threading.Thread(target=other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [stored.moved_known for stored in results] == [1]
