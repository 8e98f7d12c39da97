"""Bringing a database to this version's schema, and refusing one that is not there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.database.engine import Database, database_url
from hub.database.errors import SchemaOutdatedError
from hub.database.sqlite import lock_file

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def head_revision() -> str:
    """Give the migration level that this version of the hub needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise SchemaOutdatedError(f"no migration in {MIGRATIONS}")
    return head


def migrate(text_url: str) -> str:
    """Bring the database at this URL to the newest level and give that level.

    Raises `DatabaseBusyError` while a hub has the SQLite file open.
    """
    url = database_url(text_url)
    held = lock_file(url) if url.get_backend_name() == "sqlite" else None
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()
        if held is not None:
            held.close()
    return head_revision()


def check_schema(database: Database) -> None:
    """Raise `SchemaOutdatedError`, with the remedy, unless the schema is this version's."""
    found, wanted = database.revision(), head_revision()
    if found != wanted:
        raise SchemaOutdatedError(
            f"the database is at level {found or 'none'}, this version needs {wanted}: "
            "stop the hub, make a backup, run `kagimori-hub migrate`"
        )
