"""A backup is whole, is as the database was at its end, and costs nobody a write."""

from __future__ import annotations

import sqlite3
import stat
import threading

import pytest

from hub.backup.copying import take
from hub.backup.manifest import BackupError, manifest_path, read_manifest
from hub.database.errors import DatabaseError
from hub.database.tables import counters


def test_a_backup_has_everything_and_a_manifest_that_fits(db, clock, tmp_path):
    db.write(lambda scope: scope.take_numbers("n", 7))
    path = tmp_path / "backup.db"
    manifest = take(db, clock, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert manifest == read_manifest(path, db.town_id)
    assert (manifest.kind, manifest.taken_at) == (db.dialect, clock.now())
    if db.dialect == "sqlite":
        with sqlite3.connect(path) as copy:
            assert copy.execute("SELECT value FROM counters WHERE name = 'n'").fetchone() == (7,)
        copy.close()
    else:
        assert path.read_bytes()[:5] == b"PGDMP"


def test_nothing_is_written_over(db, clock, tmp_path):
    path = tmp_path / "backup.db"
    path.write_bytes(b"precious")
    with pytest.raises(BackupError, match="there already"):
        take(db, clock, path)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_not_there_is_named_and_leaves_nothing(db, clock, tmp_path):
    with pytest.raises(BackupError, match="nowhere"):
        take(db, clock, tmp_path / "nowhere" / "backup.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_flipped_bit_and_another_town_are_noticed(db, clock, tmp_path, place):
    path = tmp_path / "backup.db"
    take(db, clock, path)
    with pytest.raises(BackupError, match="town"):
        read_manifest(path, "0190a000-0000-7000-8000-00000000ffff")
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(BackupError, match="damaged"):
        read_manifest(path, db.town_id)
    manifest_path(path).unlink()
    with pytest.raises(BackupError, match="keep them together"):
        read_manifest(path, db.town_id)


def test_writes_go_on_while_a_copy_is_taken_and_are_in_it(db, tmp_path, monkeypatch):
    """Through the one writer: what it writes between two steps is carried over."""
    if db.dialect != "sqlite":
        with pytest.raises(DatabaseError):  # pg_dump's own business
            db.copy_to(tmp_path / "copy.db")
        return
    monkeypatch.setattr("hub.database.sqlite._COPIED_PAGES", 1)
    for number in range(40):
        name = f"{number}"
        db.write(lambda scope, name=name: scope.take_numbers(name.ljust(64, "x")))
    going, written = threading.Event(), []

    def write():
        while not going.is_set():
            db.write(lambda scope: scope.take_numbers("during"))
            written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    for turn in range(5):
        before = len(written)
        db.copy_to(tmp_path / f"{turn}.db")
        with sqlite3.connect(tmp_path / f"{turn}.db") as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found = copy.execute("SELECT value FROM counters WHERE name = 'during'").fetchone()
        copy.close()
        assert found is None or found[0] >= before
    going.set()
    thread.join()
    assert written
    with db.read() as scope:
        kept = scope.scalar(scope.select(counters.c.value).where(counters.c.name == "during"))
    assert kept == len(written)


def test_what_a_crash_left_readable_for_others_does_not_make_the_backup_so(db, clock, tmp_path):
    path, elsewhere = tmp_path / "backup.db", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    left = tmp_path / "backup.db.partial"
    for leave in (lambda: left.write_bytes(b"half"), lambda: left.symlink_to(elsewhere)):
        leave()
        take(db, clock, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.unlink()
        manifest_path(path).unlink()
    assert elsewhere.read_bytes() == b""


def test_a_full_disk_is_told_and_leaves_nothing(db, clock, tmp_path, monkeypatch):
    def full(_db, _partial):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("hub.backup.copying._copy", full)
    with pytest.raises(BackupError, match="disk is full"):
        take(db, clock, tmp_path / "backup.db")
    assert list(tmp_path.iterdir()) == []
