"""The migrations and the metadata say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from hub.database.all_tables import all_tables
from hub.database.draft_migration import FIRST, draft
from hub.database.engine import database_url, open_database
from hub.database.errors import SchemaOutdatedError
from hub.database.migrate import check_schema, head_revision, migrate


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def nothing_at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    home: Path = request.getfixturevalue("postgresql_socket")
    server = f"postgresql://postgres@/postgres?host={home}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
        yield f"postgresql://postgres@/migrated?host={home}"
        connection.execute("DROP DATABASE migrated WITH (FORCE)")


def _schema(url: str) -> dict[str, object]:
    """Everything the database says of its tables, except Alembic's own."""
    engine = create_engine(database_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        look = inspect(connection)
        tables = [name for name in sorted(look.get_table_names()) if name != "alembic_version"]
        found: dict[str, object] = {}
        for name in tables:
            columns = {
                c["name"]: (str(c["type"]), c["nullable"], c["default"])
                for c in look.get_columns(name)
            }
            found[name] = columns
        if engine.dialect.name == "sqlite":
            rest = text("SELECT name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'")
        else:
            rest = text(
                "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
                " UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version'"
                " UNION ALL SELECT conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
                " JOIN pg_namespace n ON n.oid = connamespace WHERE nspname = 'public'"
                " AND conname <> 'alembic_version_pkc'"
            )
        found["rules"] = sorted(
            (name, " ".join((rule or "").split())) for name, rule in connection.execute(rest)
        )
    engine.dispose()
    return found


def test_the_first_migration_is_the_metadata() -> None:
    """When this fails: python -m hub.database.draft_migration"""
    assert FIRST.read_text(encoding="utf-8") == draft()


def test_upgrading_gives_exactly_the_metadata(nothing_at: str, database_at: str) -> None:
    if database_url(nothing_at).get_backend_name() != database_url(database_at).get_backend_name():
        return
    assert migrate(nothing_at) == head_revision()
    found = _schema(nothing_at)
    assert found == _schema(database_at)
    assert set(all_tables().tables) <= set(found)


def test_migrating_twice_changes_nothing(nothing_at: str) -> None:
    migrate(nothing_at)
    before = _schema(nothing_at)
    migrate(nothing_at)
    assert _schema(nothing_at) == before


def test_an_old_schema_is_refused_with_the_remedy(nothing_at: str, town_id: str) -> None:
    database = open_database(nothing_at, town_id)
    with pytest.raises(SchemaOutdatedError, match=re.escape("kagimori-hub migrate")):
        check_schema(database)
    database.close()
    migrate(nothing_at)
    database = open_database(nothing_at, town_id)
    check_schema(database)
    database.close()
