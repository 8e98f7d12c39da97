"""What SQLite's planner is told is the same in every database, and what it does by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.database.engine import open_database
from hub.database.statistics import ROWS, figures, settle

TABLES = """
CREATE TABLE cards (town_id TEXT, id TEXT, owner TEXT, state TEXT, PRIMARY KEY (town_id, id));
CREATE INDEX ix_cards_owner ON cards (town_id, owner);
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "cards.db", isolation_level=None)
    made.executescript(TABLES)
    yield made
    made.close()


def plan(connection: sqlite3.Connection, sql: str) -> str:
    return " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))


def test_a_town_tells_nothing_and_a_unique_index_tells_everything():
    assert figures(["town_id"], unique=False) == f"{ROWS} {ROWS}"
    assert figures(["town_id", "owner"], unique=False) == f"{ROWS} {ROWS} 10"
    assert figures(["town_id", "door_id", "blind"], unique=False) == f"{ROWS} {ROWS} 5000 1"
    assert figures(["town_id", "state"], unique=True) == f"{ROWS} {ROWS} 1"


def test_whose_order_is_asked_for_does_not_make_a_query_read_the_whole_town(connection):
    sql = "SELECT DISTINCT id FROM cards WHERE town_id = 'a' AND owner = 'b'"
    assert "ix_cards_owner" not in plan(connection, sql)  # what it does without being told
    settle(connection)
    assert "ix_cards_owner (town_id=? AND owner=?)" in plan(connection, sql)


def test_figures_stand_until_an_index_comes_or_goes(connection):
    settle(connection)
    changes = connection.total_changes
    settle(connection)
    assert connection.total_changes == changes
    connection.execute("CREATE INDEX ix_cards_state ON cards (town_id, state)")
    settle(connection)
    found = dict(connection.execute("SELECT idx, stat FROM sqlite_stat1"))
    assert found["ix_cards_state"] == f"{ROWS} {ROWS} 1000"


def test_the_hub_settles_its_own_when_it_opens_them(sqlite_at, town_id):
    database = open_database(sqlite_at, town_id)
    with database.read() as scope:
        told = scope.connection.exec_driver_sql(
            "SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_policy_entries_pin'"
        )
        assert told.scalar_one() == f"{ROWS} {ROWS} 10"
    database.close()
