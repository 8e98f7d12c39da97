"""Damage is found, declared and never silent; what can be read is kept."""

from __future__ import annotations

import errno
import json
import random

import pytest

from edge.journal import file
from edge.journal import journal as journals
from edge.journal.file import WAL_BYTES
from edge.journal.limits import BYTES_AN_EVENT, PAGE_BYTES
from edge.ports import JournalError, PolicyChange
from wire.events import Gap, GapReason, decode_row
from wire.policy import PolicyDigest, entry_hash
from wire.samples import ENTRIES

ROWS = 400


def fill(box, clock, opened):
    journal = box.open(capacity=1_000)
    for start in range(0, ROWS, 50):
        journal.append([opened(n) for n in range(start, start + 50)], clock(start))
    journal.acknowledge(journal.epoch, 101)
    box.store.apply(
        PolicyChange(
            hub_epoch=3,
            version=7,
            put=tuple(ENTRIES),
            drop=(),
            digest=PolicyDigest(map(entry_hash, ENTRIES)).hex,
            snapshot=True,
        )
    )
    journal.append([], clock(), {"try.reader": b"4"})
    box.close()
    return journal.epoch


def kept_numbers(journal):
    """The numbers of the events that are still there, and the seqs declared as gaps."""
    numbers, gaps, expected = [], [], journal.through_seq + 1
    for row in journal.rows_from(expected, 2_000):
        assert row.first_seq == expected
        expected = row.last_seq + 1
        found = decode_row(row.data)
        if isinstance(found, Gap):
            gaps.append(found)
        else:
            numbers.append(json.loads(bytes(found.body)).get("open_ms"))
    assert expected == journal.last_seq + 1
    return [number for number in numbers if number is not None], gaps


def test_a_row_whose_bytes_changed_is_sent_as_a_gap_and_always_alike(box, clock, opened):
    fill(box, clock, opened)
    journal = box.open()
    db = journal._file.db
    db.execute("UPDATE events SET body = CAST('{\"kind\":1}' AS BLOB) WHERE row IN (150, 151, 160)")
    db.execute("DELETE FROM events WHERE row = 152")
    rows = journal.rows_from(149, 3)
    assert [(row.first_seq, row.last_seq) for row in rows] == [(149, 149), (150, 152), (153, 153)]
    assert decode_row(rows[1].data) == Gap(gap=(150, 152), reason=GapReason.UNREADABLE.value)
    assert journal.rows_from(150, 1)[0] == rows[1]
    numbers, gaps = kept_numbers(journal)
    assert len(gaps) == 2
    assert len(numbers) + 4 == ROWS - 100


def test_flipped_bits_in_a_page_never_pass_in_silence(box, clock, opened, tmp_path):
    """Every fourth page is damaged in turn (all of them: `tests.promises`): whatever is then
    missing is declared by a gap or a new epoch, and what is read is byte for byte what was
    written."""
    epoch = fill(box, clock, opened)
    original = box.path.rename(tmp_path / "original")
    good, choose = original.read_bytes(), random.Random(7)
    declared = 0
    for page in range(0, len(good) // PAGE_BYTES, 4):
        if not any(good[page * PAGE_BYTES : (page + 1) * PAGE_BYTES]):
            continue
        bad = bytearray(good)
        for _ in range(8):
            bad[page * PAGE_BYTES + choose.randrange(PAGE_BYTES)] ^= 1 << choose.randrange(8)
        for leftover in tmp_path.iterdir():
            if leftover != original:
                leftover.unlink()
        original.write_bytes(bad)
        box.path.hardlink_to(original)  # another inode would be a restored journal
        journal = box.open(capacity=1_000)
        numbers, gaps = kept_numbers(journal)
        assert set(numbers) <= set(range(ROWS))
        assert len(set(numbers)) == len(numbers)
        missing = set(range(100, ROWS)) - set(numbers)
        if missing:
            assert gaps or journal.epoch != epoch
            declared += 1
        if journal.epoch != epoch:
            assert journal._file.set_aside.exists()
        held = box.store.load()
        assert held.version == 0 or sorted(held.entries) == sorted(ENTRIES)
        assert journal.state("try.") in ({}, {"try.reader": b"4"})
        journal.append([opened(1)], clock())  # it goes on
        box.close()
    assert declared >= 3


def test_a_file_that_is_no_journal_is_set_aside_and_a_new_epoch_declares_it(box, clock, opened):
    box.path.write_bytes(b"not a database at all" * 1_000)
    journal = box.open()
    body = json.loads(journal.rows_from(1, 1)[0].data)["body"]
    assert body["cause"] == "corrupted"
    assert box.path.with_name("journal.db.corrupt-1").exists()


def test_damage_keeps_the_policy_and_the_try_budgets_that_can_be_read(box, clock, opened):
    fill(box, clock, opened)
    data = bytearray(box.path.read_bytes())
    root = PAGE_BYTES  # the second page is the root of the events
    data[root : root + PAGE_BYTES] = bytes(PAGE_BYTES)
    box.path.write_bytes(data)
    journal = box.open()
    assert journal._file.set_aside is not None
    held = box.store.load()
    assert (held.hub_epoch, held.version) == (3, 7)
    assert sorted(held.entries) == sorted(ENTRIES)
    assert journal.state("try.") == {"try.reader": b"4"}


@pytest.mark.parametrize("word", [b"TABLE events (row", b"body BLOB", b"version INTEGER"])
def test_a_flipped_bit_in_the_definition_of_the_tables_costs_no_event(box, clock, opened, word):
    fill(box, clock, opened)
    data = bytearray(box.path.read_bytes())
    data[data.index(word) + 1] ^= 4
    box.path.write_bytes(data)
    journal = box.open(capacity=1_000)
    assert journal._file.set_aside is not None
    assert kept_numbers(journal)[0] == list(range(100, ROWS))
    assert journal.state("try.") == {"try.reader": b"4"}


def test_damage_that_shows_at_a_commit_is_healed_by_a_new_file(box, clock, opened):
    import sqlite3

    journal = box.open()
    journal.append([opened(1)], clock())

    real = journal._commit

    def broken(*args):
        journal._commit = real
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        from edge.journal.faults import named_faults

        with named_faults():
            raise error

    journal._commit = broken
    journal.append([opened(2)], clock())
    numbers, _ = kept_numbers(journal)
    assert numbers == [1, 2]
    assert journal._file.set_aside.exists()


def test_the_file_is_as_large_as_its_capacity_from_the_start(box, clock, opened):
    journal = box.open(capacity=1_000)
    size = box.path.stat()
    assert size.st_size >= 1_000 * BYTES_AN_EVENT
    assert size.st_blocks * 512 >= 1_000 * BYTES_AN_EVENT
    wal = box.path.with_name("journal.db-wal").stat()
    assert wal.st_blocks * 512 >= WAL_BYTES
    for _ in range(9):
        journal.append([opened(n) for n in range(100)], clock())
    box.close()
    assert box.path.stat().st_size == size.st_size


@pytest.mark.parametrize("crashed", [True, False])
def test_a_ballast_keeps_room_for_the_wal_while_the_agent_is_down(box, crashed):
    box.open()
    ballast = box.path.with_name("journal.db.ballast")
    assert ballast.stat().st_blocks * 512 >= WAL_BYTES
    box.crash() if crashed else box.close()
    assert ballast.exists()


def _damaged_at_the_next_commit(journal):
    import sqlite3

    from edge.journal.faults import named_faults

    real = journal._commit

    def broken(*_args):
        journal._commit = real
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        with named_faults():
            raise error

    journal._commit = broken


@pytest.mark.parametrize("step", ["_set_aside", "_create"])
def test_a_damaged_file_that_cannot_be_replaced_yet_is_replaced_later(
    box, clock, opened, monkeypatch, step
):
    journal = box.open()
    journal.append([opened(1)], clock())
    _damaged_at_the_next_commit(journal)
    real = getattr(file, step)

    def refused(*_args):
        monkeypatch.setattr(file, step, real)
        raise OSError(errno.EROFS, "read-only file system")

    monkeypatch.setattr(file, step, refused)
    with pytest.raises(JournalError) as caught:
        journal.append([opened(2)], clock())
    assert caught.value.cause == "read_only"
    journal.append([opened(3)], clock())
    assert kept_numbers(journal)[0] == [1, 3]


@pytest.mark.parametrize("step", ["take_over", "_open"])
@pytest.mark.parametrize("stopped", [False, True])
def test_what_was_salvaged_is_not_lost_when_the_new_file_cannot_be_begun(
    box, clock, opened, monkeypatch, step, stopped
):
    """Nothing is told of the empty file meanwhile, and the attempt is made again: by the next
    append, or by the next start."""
    journal = box.open()
    journal.append([opened(1), opened(2)], clock(), {"try.reader": b"4"})
    _damaged_at_the_next_commit(journal)

    def full(*_args):
        raise JournalError("disk_full")

    with monkeypatch.context() as broken:
        broken.setattr(journals if step == "take_over" else journals.SqliteJournal, step, full)
        with pytest.raises(JournalError):
            journal.append([opened(3)], clock())
        with pytest.raises(JournalError):
            journal.append([opened(3)], clock())
        assert journal.rows_from(1, 100) == []
    if stopped:
        box.crash()
        journal = box.open()
    journal.append([opened(4)], clock())
    assert kept_numbers(journal) == ([1, 2, 4], [])
    assert journal.state("try.") == {"try.reader": b"4"}
    assert len(list(box.path.parent.glob("*.corrupt-*[0-9]"))) <= 2


def test_what_was_set_aside_and_taken_over_is_never_taken_over_again(box, clock, opened):
    """Not even by a journal made anew beside it: the hub would have those events twice."""
    journal = box.open()
    journal.append([opened(1)], clock())
    _damaged_at_the_next_commit(journal)
    journal.append([opened(2)], clock())
    box.close()
    box.path.unlink()
    assert kept_numbers(box.open()) == ([], [])


def test_a_flipped_bit_in_the_newest_row_number_fills_no_journal(box, clock, opened):
    """It would leave a hole of millions of seqs, all of them unacknowledged."""
    journal = box.open()
    journal.append([opened(n) for n in range(50)], clock())
    epoch = journal.epoch
    journal._file.db.execute("UPDATE events SET row = row + (1 << 40) WHERE row = 51")
    journal._file.db.conn.commit()
    box.close()
    journal = box.open()
    journal.append([opened(99)], clock())
    assert journal.epoch != epoch
    assert kept_numbers(journal)[0] == [*range(49), 99]


def test_rows_taken_over_from_a_damaged_file_stay_their_fourteen_days(box, clock, opened):
    journal, day = box.open(), 86_400
    for number in range(20):
        journal.append([opened(number)] * 5, clock(number * day))
        journal.acknowledge(journal.epoch, journal.last_seq)
    _damaged_at_the_next_commit(journal)
    for number in range(20, 24):
        journal.append([opened(number)], clock(number * day))
        journal.acknowledge(journal.epoch, journal.last_seq)
    box.close()
    assert kept_numbers(box.open()) == ([], [])
    assert [n for _, n in _told(box.journal)][:1] == [20]


def _told(journal):
    rows = [(seq, json.loads(data)["body"].get("open_ms")) for seq, data in journal.tail(500)]
    return [(seq, number) for seq, number in rows if number is not None]


def test_what_was_salvaged_is_told_with_the_place_it_stood_at(box, clock, opened):
    """Else the hub would take what it has, and we no longer know that it has, for new."""
    epoch = fill(box, clock, opened)
    journal = box.open(capacity=1_000)
    journal.append([opened(n) for n in range(ROWS, ROWS + 5)], clock(ROWS))
    journal._file.db.execute("UPDATE events SET crc = 0 WHERE row IN (150, 151, 200)")
    journal._recover(clock(ROWS))
    found = {}
    for row in journal.rows_from(1, 1_000):
        event = decode_row(row.data)
        if event.kind == "door_opened":
            number = json.loads(bytes(event.body))["open_ms"]
            found[number] = journal.former_places(row.first_seq)
        else:
            assert journal.former_places(row.first_seq) == []
    # The first event of the epoch stood at seq 1, the event numbered 0 at seq 2.
    assert found == {number: [(epoch, number + 2)] for number in found}
    assert len(found) >= ROWS + 5 - 101 - 3
    assert not {148, 149, 198} & found.keys()
    box.close()
    assert box.open(capacity=1_000).former_places(1) == [(epoch, min(found) + 2)]
    journal = box.journal
    journal.open_epoch("rolled_back", clock(ROWS))
    assert journal.former_places(1)[-1] == (epoch, min(found) + 2)
    assert journal.former_places(100)[-1] == (epoch, sorted(found)[99] + 2)
    box.close()
