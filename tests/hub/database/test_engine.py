"""What a database promises to its readers and writers."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.database.engine import Database, database_url, open_database
from hub.database.errors import DatabaseBusyError, DatabaseError
from hub.database.scope import Scope


def test_a_write_returns_its_result_committed(db: Database, sample: Any) -> None:
    assert db.write(lambda s: s.insert(sample.halls, {"id": "a", "name": "a"})) == 1
    with db.read() as scope:
        assert scope.scalar(sa.select(sample.halls.c.name)) == "a"


def test_a_failed_write_leaves_nothing_and_raises_here(db: Database, sample: Any) -> None:
    done: list[str] = []

    def work(scope: Scope) -> None:
        scope.insert(sample.halls, {"id": "a", "name": "a"})
        scope.after_commit(lambda: done.append("told"))
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        db.write(work)
    with db.read() as scope:
        assert scope.one(sa.select(sample.halls)) is None
    assert done == []


def test_what_waits_for_the_commit_sees_it(db: Database, sample: Any) -> None:
    seen: list[object] = []

    def look() -> None:
        with db.read() as scope:
            seen.append(scope.scalar(sa.select(sample.halls.c.name)))

    def work(scope: Scope) -> None:
        scope.insert(sample.halls, {"id": "a", "name": "a"})
        scope.after_commit(look)

    db.write(work)
    assert seen == ["a"]


def test_a_reader_cannot_write(db: Database, sample: Any) -> None:
    with db.read() as scope, pytest.raises(sa.exc.DBAPIError):
        scope.insert(sample.halls, {"id": "a", "name": "a"})


def test_a_reader_keeps_its_snapshot_while_others_write(db: Database, sample: Any) -> None:
    count = sa.select(sa.func.count()).select_from(sample.halls)
    with db.read() as scope:
        assert scope.scalar(count) == 0
        db.write(lambda s: s.insert(sample.halls, {"id": "a", "name": "a"}))
        assert scope.scalar(count) == 0
    with db.read() as scope:
        assert scope.scalar(count) == 1


def test_many_threads_write_without_losing_any(db: Database) -> None:
    def take() -> None:
        for _ in range(10):
            db.write(lambda scope: scope.take_numbers("all"))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.write(lambda scope: scope.take_numbers("all")) == range(61, 62)


def test_a_deadlock_is_tried_again(db: Database, sample: Any) -> None:
    """Two writers that want the same rows the other way round both get through."""
    halls = sample.halls
    db.write(lambda s: s.insert(halls, [{"id": i, "name": i, "seats": 0} for i in "ab"]))
    both_hold_one = threading.Barrier(2) if db.dialect == "postgresql" else None

    def cross(first: str, second: str) -> None:
        meet = [both_hold_one] if both_hold_one else []

        def work(scope: Scope) -> None:
            scope.update(halls, {"seats": halls.c.seats + 1}, halls.c.id == first)
            if meet:
                meet.pop().wait(timeout=10)
            scope.update(halls, {"seats": halls.c.seats + 1}, halls.c.id == second)

        db.write(work)

    threads = [threading.Thread(target=cross, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as scope:
        assert [row.seats for row in scope.all(sa.select(halls.c.seats))] == [2, 2]


def test_a_write_within_a_write_is_refused_on_sqlite(tmp_path: Path, town_id: str) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}", town_id)
    with pytest.raises(DatabaseError, match="write within a write"):
        database.write(lambda _: database.write(lambda _: None))
    database.close()
    with pytest.raises(DatabaseError, match="closed"):
        database.write(lambda _: None)


def test_sqlite_is_durable_and_strict(tmp_path: Path, town_id: str) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'hub.db'}", town_id)

    def pragmas(scope: Scope) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "wal_autocheckpoint")
        raw = scope.connection.exec_driver_sql
        return {name: raw(f"PRAGMA {name}").scalar() for name in names}

    written = database.write(pragmas)
    assert written["journal_mode"] == "wal"
    assert (written["synchronous"], written["foreign_keys"], written["query_only"]) == (2, 1, 0)
    with database.read() as scope:
        read = pragmas(scope)
    assert (read["query_only"], read["wal_autocheckpoint"]) == (1, 0)
    database.close()


def test_a_second_process_is_kept_out_of_sqlite_with_the_remedy(
    tmp_path: Path, town_id: str
) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    database = open_database(url, town_id)
    program = (
        "import sys; from hub.database.engine import open_database\n"
        "from hub.database.errors import DatabaseBusyError\n"
        "try: open_database(sys.argv[1], 't')\n"
        "except DatabaseBusyError as error: print(error); sys.exit(7)"
    )
    second = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert (second.returncode, "PostgreSQL" in second.stdout) == (7, True), second
    with pytest.raises(DatabaseBusyError):
        open_database(url, town_id)
    database.close()
    open_database(url, town_id).close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://root@db/hub", "not supported"),
        ("no url, but a s3cret", "not a database URL"),
    ],
)
def test_a_bad_url_is_named_and_never_repeated(url: str, said: str) -> None:
    with pytest.raises(DatabaseError, match=said) as caught:
        database_url(url)
    assert "s3cret" not in str(caught.value)


def test_a_database_that_is_down_is_not_reachable(tmp_path: Path, town_id: str) -> None:
    database = open_database(f"postgresql://nobody@/none?host={tmp_path}", town_id)
    assert database.reachable() is False
    database.close()


def test_a_database_that_is_up_is_reachable(db: Database) -> None:
    assert db.reachable() is True
