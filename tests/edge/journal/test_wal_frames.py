"""SQLite's log: damage is told from a torn end, and what lies behind it is read again."""

from __future__ import annotations

import random
import shutil
import sqlite3

import pytest

from edge.journal.wal_frames import is_damaged, mend

FRAME = 24


def rows_in(path):
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]
    finally:
        connection.close()


@pytest.fixture(params=[1_024, 4_096])
def log(tmp_path, request):
    """A file with ten rows of a page each, every one a commit in the log alone."""
    path = tmp_path / "live.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute(f"PRAGMA page_size={request.param}")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, filler BLOB)")
    for number in range(10):
        row = (number, random.Random(number).randbytes(request.param // 2))
        writer.execute("INSERT INTO t VALUES (?, ?)", row)
    copy, wal = tmp_path / "copy.db", tmp_path / "copy.db-wal"
    shutil.copy(path, copy)
    shutil.copy(tmp_path / "live.db-wal", wal)
    writer.close()
    return copy, wal, request.param


def flip(wal, at, bit=0):
    data = bytearray(wal.read_bytes())
    data[at] ^= 1 << bit
    wal.write_bytes(data)


def frames_of(wal, page):
    return range(32, wal.stat().st_size, FRAME + page)


def test_a_whole_log_is_not_damaged_and_mending_changes_nothing_in_it(log):
    path, wal, _ = log
    assert not is_damaged(wal)
    mend(wal)
    assert rows_in(path) == list(range(10))


def test_sqlite_itself_drops_what_lies_behind_a_damaged_frame_without_a_word(log):
    path, wal, page = log
    frames = frames_of(wal, page)
    flip(wal, frames[len(frames) // 2] + FRAME + page - 1)
    assert is_damaged(wal)
    assert len(rows_in(path)) < 9


def test_what_lies_behind_it_is_read_again_once_the_log_is_mended(log):
    path, wal, page = log
    frames = frames_of(wal, page)
    flip(wal, frames[len(frames) // 2] + FRAME + page - 1)  # within a row's filler
    mend(wal)
    assert rows_in(path) == list(range(10))


@pytest.mark.parametrize("at", [0, 9, 17, 25])
def test_a_flipped_bit_in_the_header_is_damage_and_is_mended(log, at):
    path, wal, _ = log
    flip(wal, at)
    assert is_damaged(wal)
    mend(wal)
    assert rows_in(path) == list(range(10))


@pytest.mark.parametrize("at", [0, 3, 7, 8, 15, 16])
def test_a_flipped_bit_in_a_frames_header_costs_that_page_alone(log, at):
    path, wal, page = log
    frames = frames_of(wal, page)
    flip(wal, frames[len(frames) // 2] + at)
    assert is_damaged(wal)
    mend(wal)
    assert not is_damaged(wal)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT max(n) FROM t").fetchone()[0] in (9, None)
    connection.close()


def test_a_torn_last_commit_is_no_damage(log):
    """That is what a power loss leaves; nobody was promised it."""
    _, wal, page = log
    last = frames_of(wal, page)[-1]
    for at in (last, last + 8, last + 40):
        before = wal.read_bytes()
        flip(wal, at)
        assert not is_damaged(wal)
        wal.write_bytes(before)
    wal.write_bytes(wal.read_bytes()[: last + 100])
    assert not is_damaged(wal)


def test_a_log_that_was_never_begun_is_no_damage(tmp_path):
    wal = tmp_path / "x-wal"
    assert not is_damaged(wal)
    wal.write_bytes(b"")
    assert not is_damaged(wal)
    wal.write_bytes(bytes(100_000))
    assert not is_damaged(wal)
    mend(wal)
    assert wal.read_bytes() == bytes(100_000)
