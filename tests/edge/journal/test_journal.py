"""The journal keeps what it was given, in order, under an epoch that says which life it is."""

from __future__ import annotations

import json
import sqlite3

import pytest

from edge.ports import JournalError, NewEvent, PendingAct
from wire.clock import ClockState
from wire.events import (
    AccessBody,
    ActOutcome,
    ActResultBody,
    AgentBody,
    EventKind,
    Factor,
    GapReason,
)
from wire.reasons import Reason
from wire.samples import ACT, DOOR


def kinds(rows):
    return [json.loads(row.data).get("kind", "gap") for row in rows]


def numbers(rows):
    return [json.loads(row.data)["body"].get("open_ms") for row in rows]


def test_a_new_journal_opens_an_epoch_and_says_so(box):
    journal = box.open()
    assert 0 < journal.epoch < 2**53
    rows = journal.rows_from(1, 10)
    assert kinds(rows) == ["epoch_opened"]
    assert json.loads(rows[0].data)["body"] == {"cause": "created"}
    assert (journal.last_seq, journal.through_seq) == (1, 0)


def test_what_was_appended_is_there_after_a_crash_with_its_epoch_and_seqs(box, clock, opened):
    journal = box.open()
    seqs = journal.append([opened(1), opened(2)], clock(1), {"try.a": b"3"})
    assert list(seqs) == [2, 3]
    epoch = journal.epoch
    box.crash()
    again = box.open()
    assert (again.epoch, again.last_seq) == (epoch, 3)
    assert numbers(again.rows_from(2, 10)) == [1, 2]
    assert again.state("try.") == {"try.a": b"3"}
    assert list(again.append([opened(3)], clock(2))) == [4]


def test_named_values_are_kept_and_forgotten_with_the_events(box, clock, opened):
    journal = box.open()
    journal.append([opened()], clock(), {"used.x": b"1", "used.y": b"2", "try.a": b"3"})
    journal.append([], clock(), {"used.x": None})
    assert journal.state("used.") == {"used.y": b"2"}


def test_a_commit_that_fails_leaves_nothing_behind(box, clock, opened):
    journal = box.open()
    journal._file.db.conn.execute("PRAGMA query_only=1")
    with pytest.raises(JournalError) as caught:
        journal.append([opened(1)], clock(), {"try.a": b"1"})
    assert caught.value.cause == "read_only"
    assert journal.last_seq == 1
    journal._file.db.conn.execute("PRAGMA query_only=0")
    assert list(journal.append([opened(2)], clock())) == [2]
    assert numbers(journal.rows_from(2, 10)) == [2]
    assert journal.state("try.") == {}


def test_a_commit_in_doubt_is_known_again_and_not_doubled(box, clock, opened):
    """The disk said no after it had kept the rows: handed in again, they are there already."""
    journal = box.open()
    real = journal._commit

    def kept_but_failed(*values):
        real(*values)
        raise JournalError("disk_io")

    journal._commit = kept_but_failed
    with pytest.raises(JournalError):
        journal.append([opened(1), opened(2)], clock(1))
    journal._commit = real
    assert list(journal.append([opened(9)], clock(2))) == [4]
    assert list(journal.append([opened(1), opened(2)], clock(1))) == [2, 3]
    assert numbers(journal.rows_from(2, 10)) == [1, 2, 9]
    assert journal.last_seq == 4


def test_a_second_process_cannot_open_the_file(box):
    box.open()
    with pytest.raises(JournalError) as caught:
        type(box)(box.path).open()
    assert caught.value.cause == "busy"


def test_a_folder_that_is_not_there_has_its_name(tmp_path, box):
    box.path = tmp_path / "nowhere" / "journal.db"
    with pytest.raises(JournalError) as caught:
        box.open()
    assert caught.value.cause == "cannot_open"


def test_an_acknowledgement_moves_the_watermark_both_ways(box, clock, opened):
    journal = box.open()
    journal.append([opened(n) for n in range(5)], clock())
    journal.acknowledge(journal.epoch, 4)
    assert journal.through_seq == 4
    journal.acknowledge(journal.epoch, 2)
    assert journal.through_seq == 2
    journal.acknowledge(journal.epoch + 1, 5)
    assert journal.through_seq == 2


def test_a_new_epoch_takes_over_unacknowledged_rows_byte_for_byte(box, clock, opened):
    journal = box.open()
    journal.append([opened(n) for n in range(5)], clock())
    journal.acknowledge(journal.epoch, 4)
    before, old = [row.data for row in journal.rows_from(5, 10)], journal.epoch
    journal.open_epoch("rolled_back", clock(1))
    assert journal.epoch != old
    rows = journal.rows_from(1, 10)
    assert [row.data for row in rows[:2]] == before
    assert [row.first_seq for row in rows] == [1, 2, 3]
    body = json.loads(rows[2].data)["body"]
    assert body == {"cause": "rolled_back", "previous": old, "moved": 2}
    box.crash()
    again = box.open()
    assert again.rows_from(1, 10) == rows


def test_a_copy_put_back_in_place_is_a_restored_journal(box, clock, opened):
    journal = box.open()
    journal.append([opened(1)], clock())
    old = journal.epoch
    box.close()
    copy = box.path.with_name("copy")
    copy.write_bytes(box.path.read_bytes())
    copy.replace(box.path)
    again = box.open()
    assert again.epoch != old
    assert json.loads(again.rows_from(1, 10)[-1].data)["body"]["cause"] == "restored"
    same = again.epoch
    box.close()
    assert box.open().epoch == same


def test_what_may_have_been_sent_is_known_exactly_after_a_crash(box, clock, opened):
    """A hub that knows more than was ever offered knows a journal that was rolled back since."""
    journal = box.open()
    journal.append([opened(1)], clock())
    journal.offer(2)
    journal.append([opened(2)], clock())  # live: sent at once
    journal.offer(3)
    box.crash()
    again = box.open()
    assert again.offered_seq == 3
    again.append([opened(3)], clock())  # not live: nothing offers it
    box.crash()
    third = box.open()
    assert (third.last_seq, third.offered_seq) == (4, 3)
    third.offer(4)
    third.withhold()
    third.append([opened(5)], clock())
    box.crash()
    assert box.open().offered_seq == 4


def test_one_append_is_one_sync_of_the_disk(box, clock, opened, tmp_path):
    """Counted where it happens: the commit writes WAL frames only, no page of the file itself."""
    journal = box.open()
    journal.offer(1)
    size = box.path.stat()
    for number in range(50):
        journal.append([opened(number)], clock(), {"try.a": b"%d" % number})
    assert box.path.stat().st_mtime_ns == size.st_mtime_ns
    assert journal._file.db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert journal._file.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_when_nearly_full_telemetry_goes_first_and_its_seqs_are_declared(
    box, clock, opened, telemetry
):
    journal = box.open(capacity=50, reserve=10)
    journal.append([opened(n) for n in range(39)], clock())  # 40 with the epoch's own
    assert list(journal.append([telemetry, telemetry], clock())) == [41, 42]
    assert list(journal.append([telemetry], clock())) == [43]
    assert list(journal.append([opened(99)], clock())) == [44]
    rows = journal.rows_from(40, 10)
    assert [(row.first_seq, row.last_seq) for row in rows] == [(40, 40), (41, 43), (44, 44)]
    assert json.loads(rows[1].data) == {"gap": [41, 43], "reason": GapReason.REFUSED_FULL.value}
    assert journal.counters()["refused"] == 3


def test_a_gap_that_was_sent_never_grows_any_more(box, clock, opened, telemetry):
    journal = box.open(capacity=50, reserve=10)
    journal.append([opened(n) for n in range(39)], clock())
    journal.append([telemetry], clock())
    journal.offer(41)
    journal.append([telemetry], clock())
    spans = [(row.first_seq, row.last_seq) for row in journal.rows_from(41, 10)]
    assert spans == [(41, 41), (42, 42)]


def test_door_decisions_fill_the_reserve_and_then_the_journal_is_full(box, clock, opened):
    journal = box.open(capacity=50, reserve=10)
    for number in range(49):
        journal.append([opened(number)], clock())
    with pytest.raises(JournalError) as caught:
        journal.append([opened(50)], clock())
    assert caught.value.cause == "full"
    journal.acknowledge(journal.epoch, 25)
    assert list(journal.append([opened(51)], clock())) == [51]


def test_what_is_refused_uses_up_nothing_of_the_reserve(box, clock, opened, telemetry):
    """Weeks without the hub bring thousands of them."""
    journal = box.open(capacity=50, reserve=10)
    journal.append([opened(n) for n in range(39)], clock())  # 40 with the epoch's own
    for _ in range(100):
        journal.append([telemetry], clock())
    box.close()
    journal = box.open(capacity=50, reserve=10)
    for number in range(4):
        journal.append([telemetry, opened(number)], clock())
    while journal._room():
        journal.append([opened()], clock())
    with pytest.raises(JournalError, match="full"):
        journal.append([opened()], clock())
    rows = [row for row in journal.rows_from(1, 1_000) if b'"gap"' not in row.data]
    gaps = [row for row in journal.rows_from(1, 1_000) if b'"gap"' in row.data]
    assert len(rows) + len(gaps) == 50
    assert sum(row.last_seq - row.first_seq + 1 for row in gaps) == 104
    journal.acknowledge(journal.epoch, 141)  # the great gap goes, and takes nothing else along
    for number in range(40):
        journal.append([opened(number)], clock())


def test_a_full_disk_costs_old_acknowledged_rows_and_no_new_one(box, clock, opened):
    """Beyond the pages that were allocated at the start, with no more to be had."""
    journal = box.open(capacity=50, reserve=10)
    db = journal._file.db
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    for number in range(3_000):
        journal.append([opened(number)], clock(number))
        journal.acknowledge(journal.epoch, journal.last_seq - 5)
    assert numbers(journal.rows_from(journal.last_seq - 4, 9)) == list(range(2_995, 3_000))
    assert journal.counters()["rows"] < 3_000
    box.close()
    assert box.open(capacity=50, reserve=10).last_seq == 3_001


def test_acknowledged_rows_stay_fourteen_days_and_go_in_bulk(box, clock, opened):
    journal = box.open()
    day = 86_400
    for number in range(30):
        journal.append([opened(number)], clock(number * day))
        journal.acknowledge(journal.epoch, journal.last_seq)
        if number == 14:
            assert journal.counters()["rows"] == 16 - 2  # only the first day's have gone
            box.crash()  # the marks survive
            journal = box.open()
    rows = journal.counters()["rows"]
    assert 14 <= rows <= 16
    assert journal.last_seq == 31
    floor = journal.floor()
    assert floor is not None
    assert floor.day == 21  # 22 November and 29 days


def test_an_unacknowledged_row_never_goes_however_old(box, clock, opened):
    journal = box.open()
    for number in range(40):
        journal.append([opened(number)], clock(number * 86_400))
        journal.acknowledge(journal.epoch, 3)
    assert numbers(journal.rows_from(4, 100)) == list(range(2, 40))


def test_the_floor_is_the_newest_reliable_time_less_its_error(box, clock, opened):
    journal = box.open()
    journal.append([opened()], clock(60))
    journal.append([opened()], clock(9_000_000, ClockState.UNTRUSTED))
    assert journal.floor().isoformat() == "2026-11-22T09:00:59.990000+00:00"


def access(act):
    return NewEvent(
        EventKind.ACCESS_GRANTED,
        AccessBody(reason=Reason.CARD_VALID, factor=Factor.CARD, door=DOOR, act=act),
    )


def test_acts_without_a_result_are_found_again_after_a_crash(box, clock, opened):
    journal = box.open()
    started = NewEvent(EventKind.AGENT_STARTED, AgentBody(agent="0.1.0"))
    other = ACT[:-1] + "f"
    journal.append([access("settled-before"), started, access(ACT), access(other)], clock())
    result = ActResultBody(act=ACT, door=DOOR, outcome=ActOutcome.DONE)
    journal.append([NewEvent(EventKind.ACT_RESULT, result)], clock())
    box.crash()
    assert box.open().pending_acts() == (PendingAct(other, DOOR),)


def test_the_tail_is_for_people(box, clock, opened):
    journal = box.open()
    journal.append([opened(n) for n in range(5)], clock())
    assert [seq for seq, _ in journal.tail(3)] == [4, 5, 6]


def test_the_connection_belongs_to_one_thread(box):
    import threading

    journal, caught = box.open(), []

    def other_thread():
        try:
            journal.counters()
        except (JournalError, sqlite3.ProgrammingError) as error:
            caught.append(error)

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    assert caught
