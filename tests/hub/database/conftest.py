"""Two tables of a pretended topic, on a metadata of their own engine run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Column, Integer, String, Table, UniqueConstraint

from hub.database.columns import UtcDateTime
from hub.database.engine import Database
from hub.database.tables import belongs_to, metadata, town_table, unique

OTHER_TOWN = "0190a000-0000-7000-8000-000000000002"


@dataclass(frozen=True)
class Sample:
    """Halls and the keys that hang in them."""

    halls: Table
    keys: Table


@pytest.fixture(scope="module")
def sample_tables() -> Iterator[Sample]:
    """The pretended topic's tables; they leave the shared metadata when the tests end."""
    halls = town_table(
        "sample_halls",
        Column("id", String(36), primary_key=True),
        Column("name", String(50), nullable=False),
        Column("seats", Integer),
        Column("opened_at", UtcDateTime),
        unique("name"),
    )
    keys = town_table(
        "sample_keys",
        Column("id", String(36), primary_key=True),
        Column("hall_id", String(36)),
        Column("hook", Integer),
        belongs_to("hall_id", "sample_halls"),
        UniqueConstraint("town_id", "hall_id", "hook"),
    )
    yield Sample(halls, keys)
    metadata.remove(keys)
    metadata.remove(halls)


@pytest.fixture
def sample(db: Database, sample_tables: Sample) -> Iterator[Sample]:
    """The pretended topic's tables, empty, in the database under test."""
    tables = [sample_tables.halls, sample_tables.keys]
    db.write(lambda scope: metadata.create_all(scope.connection, tables=tables))
    yield sample_tables
    db.write(lambda scope: metadata.drop_all(scope.connection, tables=tables))


@pytest.fixture
def other_town() -> str:
    """A neighbour's town id."""
    return OTHER_TOWN
