"""Locks that are held while somebody waits for the network starve nobody of connections."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from hub.database.engine import database_url
from hub.database.postgresql import PostgresqlDatabase
from hub.settings import FIRST_TOWN


@pytest.mark.postgres
def test_held_locks_take_no_connection_from_those_who_read_and_write(postgresql_at: str) -> None:
    """More are held than there are connections for the rest; each is of one, and free after."""
    db = PostgresqlDatabase(database_url(postgresql_at), FIRST_TOWN, pool_size=1)
    db._engine.pool._timeout = 0.2  # type: ignore[attr-defined]  # fail soon rather than wait
    try:
        with ExitStack() as holding:
            assert all(holding.enter_context(db.held(f"feed:{n}")) for n in range(8))
            with db.held("feed:3") as ours:
                assert not ours
            assert db.write(lambda scope: scope.connection.scalar(sa.select(1))) == 1
            with db.read() as scope:
                assert scope.connection.scalar(sa.select(1)) == 1
        with db.held("feed:3") as ours:
            assert ours
    finally:
        db.close()
