"""The table of files between their trial run and the real one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, String

from hub.database.columns import UtcDateTime, id_text
from hub.database.tables import town_table

staged_files: Final = town_table(
    "staged_files",
    Column("purpose", String(20), primary_key=True),
    Column("owner_id", id_text(), primary_key=True),
    Column("key", id_text(), primary_key=True),
    Column("file_name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""Files of people and of what they do, sealed; deleted once they are done or their time is over.
`purpose` names the topic, `owner_id` what they belong to there (a profile, say), `key` is by what
whoever confirms calls the file: the hash of its bytes, or an import's id. `plan_digest` names all
that was shown; empty where a topic looks at each line again."""
Index("ix_staged_files_expires", staged_files.c.town_id, staged_files.c.expires_at)
