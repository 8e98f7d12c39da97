"""Writes the first migration from the metadata: `python -m hub.database.draft_migration`.

The statements are exactly those by which SQLAlchemy would create the tables, for each dialect:
types, partial indexes, exclusion constraints and triggers included. Once a version is released
the file stays as it is, and changes go into migrations of their own.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_mock_engine

from hub.database.all_tables import all_tables
from hub.database.migrate import MIGRATIONS

FIRST: Final = MIGRATIONS / "versions" / "0001_first.py"

_HEAD: Final = '''"""The first schema: every table of every topic, for SQLite and PostgreSQL.

Written by `python -m hub.database.draft_migration`.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    dialect = op.get_bind().dialect.name
    for statement in POSTGRESQL if dialect == "postgresql" else SQLITE:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise RuntimeError("restore a backup instead: there is no schema before the first")


'''


def statements(dialect: str) -> list[str]:
    """Give the DDL of the whole metadata for `sqlite` or `postgresql`."""
    collected: list[str] = []

    def collect(element: Any, *_: Any, **__: Any) -> None:
        lines = str(element.compile(dialect=engine.dialect)).strip().splitlines()
        collected.append("\n".join(line.rstrip() for line in lines))

    url = "sqlite://" if dialect == "sqlite" else "postgresql+psycopg://"
    engine = create_mock_engine(url, collect)
    metadata = all_tables()
    # In one order, whichever module was imported first.
    metadata.create_all(engine, tables=metadata.sorted_tables, checkfirst=False)
    return _indexes_by_name(collected)


def _indexes_by_name(collected: list[str]) -> list[str]:
    """Put the indexes that follow a table in the order of their names: SQLAlchemy holds them in a
    set, and a draft must come out the same each time."""
    ordered: list[str] = []
    for is_index, run in groupby(collected, lambda each: " INDEX " in each.splitlines()[0]):
        found = list(run)
        ordered += sorted(found) if is_index else found
    return ordered


def _listing(name: str, dialect: str) -> str:
    parts = [f'    r"""\n{statement}\n""",\n' for statement in statements(dialect)]
    return f"{name} = [\n{''.join(parts)}]\n"


def draft() -> str:
    """Give the text of the first migration."""
    return _HEAD + _listing("SQLITE", "sqlite") + "\n" + _listing("POSTGRESQL", "postgresql")


def main(path: Path = FIRST) -> None:
    """Write the first migration."""
    path.write_text(draft(), encoding="utf-8")


if __name__ == "__main__":
    main()
