"""The first schema: every table of every topic, for SQLite and PostgreSQL.

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


SQLITE = [
    r"""
CREATE TABLE counters (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (town_id, name)
)
""",
]

POSTGRESQL = [
    r"""
CREATE EXTENSION IF NOT EXISTS btree_gist
""",
    r"""
CREATE TABLE counters (
	town_id VARCHAR(36) NOT NULL,
	name VARCHAR(64) NOT NULL,
	value BIGINT NOT NULL,
	CONSTRAINT pk_counters PRIMARY KEY (town_id, name)
)
""",
]
