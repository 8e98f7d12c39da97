"""The audit log: written with what it tells of, chained, append-only."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.audit import repository
from hub.audit.service import record, verify
from hub.audit.tables import audit_entries
from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.database.errors import ConstraintError
from hub.database.scope import Scope
from hub.web.rights import SYSTEM


@pytest.fixture
def written(db: Database, clock: HandMovedClock) -> Database:
    """A log of five entries, an hour apart."""
    for n in range(5):
        at = clock.advance(timedelta(hours=1))
        details = {"number": n, "text": "鍵", "time": at.isoformat()}
        db.write(
            lambda s, n=n, at=at, d=details: record(
                s, at, SYSTEM, "door.changed", ("door", str(n)), d
            )
        )
    return db


def _verify(db: Database) -> tuple[int, int | None]:
    with db.read() as scope:
        report = verify(scope)
    return report.entries, report.broken_at


def _tamper(db: Database, statement: str) -> None:
    """Change the table behind the triggers' back, as somebody with the disk in hand would."""

    def work(scope: Scope) -> None:
        run = scope.connection.exec_driver_sql
        if db.dialect == "postgresql":
            run("SET LOCAL session_replication_role = replica")
            run(statement)
            return
        names = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        kept = [
            run(f"SELECT sql FROM sqlite_master WHERE name = '{name}'").scalar() for name in names
        ]
        for name in names:
            run(f"DROP TRIGGER {name}")
        run(statement)
        for sql in kept:
            run(str(sql))

    db.write(work)


def test_a_log_that_nobody_touched_verifies(written: Database) -> None:
    assert _verify(written) == (5, None)


def test_an_empty_log_verifies(db: Database) -> None:
    assert _verify(db) == (0, None)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entries SET action = 'door.opened' WHERE seq = 3", 3),
        ("UPDATE audit_entries SET target_id = 'x' WHERE seq = 1", 1),
        ("UPDATE audit_entries SET actor = 'session:other' WHERE seq = 2", 2),
        ("UPDATE audit_entries SET details = '{}' WHERE seq = 5", 5),
        ("UPDATE audit_entries SET salt = NULL WHERE seq = 4", 4),
        ("UPDATE audit_entries SET hash = commitment WHERE seq = 4", 4),
        ("DELETE FROM audit_entries WHERE seq = 2", 3),
        ("DELETE FROM audit_entries WHERE seq = 1", 2),
    ],
)
def test_an_edit_or_a_removal_is_found(written: Database, statement: str, broken_at: int) -> None:
    _tamper(written, statement)
    assert _verify(written)[1] == broken_at


def test_two_entries_that_changed_places_are_found(written: Database) -> None:
    for step in (
        "SET seq = 99 WHERE seq = 2",
        "SET seq = 2 WHERE seq = 3",
        "SET seq = 3 WHERE seq = 99",
    ):
        _tamper(written, f"UPDATE audit_entries {step}")
    assert _verify(written)[1] == 2


def test_a_cut_end_changes_the_head(written: Database) -> None:
    with written.read() as scope:
        head = verify(scope).head
    _tamper(written, "DELETE FROM audit_entries WHERE seq = 5")
    with written.read() as scope:
        report = verify(scope)
    assert report.intact
    assert (report.entries, report.head == head) == (4, False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x.y' WHERE seq = 1",
        "UPDATE audit_entries SET actor = NULL WHERE seq = 1",
        "DELETE FROM audit_entries",
    ],
)
def test_the_database_itself_refuses_to_change_or_delete(written: Database, statement: str) -> None:
    def work(scope: Scope) -> None:
        scope.connection.exec_driver_sql(statement)

    with pytest.raises(sa.exc.IntegrityError, match="append-only"):
        written.write(work)
    with pytest.raises(ConstraintError):
        written.write(lambda scope: scope.delete(audit_entries, sa.true()))
    assert _verify(written) == (5, None)


def test_the_personal_part_can_be_erased_and_the_chain_still_holds(
    written: Database, clock: HandMovedClock
) -> None:
    before = clock.now() - timedelta(minutes=90)
    assert written.write(lambda scope: repository.erase_before(scope, before)) == 3
    assert _verify(written) == (5, None)
    with written.read() as scope:
        kept = list(repository.oldest_first(scope))
    assert [entry.details is None for entry in kept] == [True, True, True, False, False]
    assert all(entry.actor is None for entry in kept[:3])


def test_an_entry_is_undone_with_what_it_tells_of(db: Database, clock: HandMovedClock) -> None:
    def work(scope: Scope) -> None:
        record(scope, clock.now(), SYSTEM, "door.changed", ("door", "1"))
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        db.write(work)
    assert _verify(db) == (0, None)
    db.write(lambda scope: record(scope, clock.now(), SYSTEM, "door.changed", ("door", "1")))
    assert _verify(db) == (1, None)


def test_every_change_over_the_api_is_told_with_who_and_what(admin: TestClient) -> None:
    site = admin.post("/api/v1/sites", json={"name": "体育館"}).json()
    admin.patch(f"/api/v1/sites/{site['id']}", json={"phone": "0123"})
    admin.patch(f"/api/v1/sites/{site['id']}", json={"phone": "0123"})
    found = admin.get("/api/v1/audit", params={"target_kind": "site"}).json()["items"]
    assert [entry["action"] for entry in found] == ["site.changed", "site.added"]
    assert found[0]["details"] == {"before": {"phone": ""}, "after": {"phone": "0123"}}
    assert found[0]["actor"].startswith("token:")
    assert found[0]["came_from"] == "unknown"
    chain = admin.get("/api/v1/audit/chain").json()
    assert chain["intact"] is True
    assert chain["entries"] == found[0]["seq"]


def test_the_log_can_be_searched_and_paged(admin: TestClient) -> None:
    for n in range(5):
        admin.post("/api/v1/sites", json={"name": f"site {n}"})
    first = admin.get("/api/v1/audit", params={"action": "site.added", "limit": 3}).json()
    rest = admin.get(
        "/api/v1/audit",
        params={"action": "site.added", "limit": 3, "cursor": first["next_cursor"]},
    ).json()
    seqs = [entry["seq"] for entry in first["items"] + rest["items"]]
    assert len(seqs) == 5
    assert seqs == sorted(seqs, reverse=True)
    assert rest["next_cursor"] is None


def test_writers_side_by_side_make_one_chain(db: Database, clock: HandMovedClock) -> None:
    def write() -> None:
        for n in range(10):
            db.write(
                lambda s, n=n: record(s, clock.now(), SYSTEM, "door.changed", ("door", str(n)))
            )

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _verify(db) == (50, None)
