"""Tables of CSV imports: profiles, what each key's line was last, and imports."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Index, Integer, String

from hub.csv_bookings.profile import Shape
from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    DONE = "done"
    """Every line was done, unchanged or refused by name."""
    FAILED = "failed"
    """The file could not be read: nothing of it was done."""
    WAITING = "waiting"
    """Its lines are done; so many bookings are missing in it that somebody has to confirm."""


csv_profiles: Final = town_table(
    "csv_profiles",
    Column("id", id_text(), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("shape", Structured(Shape), nullable=False),
    Column("sites", json_document()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("name"),
)
"""How a town's files are written. `name` is also that of the subfolder that is watched. `sites`
limits what its files may book, and who sees it; null is the whole town."""

csv_lines: Final = town_table(
    "csv_lines",
    Column("profile_id", id_text(), primary_key=True),
    Column("reservation_key", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    belongs_to("profile_id", "csv_profiles", ondelete="CASCADE"),
)
"""What each key's line wanted when it was done last: the same again touches nothing. Of a booking
that was cancelled because a complete file lacked it, `repository.MISSING`."""

csv_imports: Final = town_table(
    "csv_imports",
    Column("id", id_text(), primary_key=True),
    Column("profile_id", id_text(), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", Closed(ImportState), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("rows", Integer, nullable=False),
    Column("counts", json_document(), nullable=False),
    Column("wrong", json_document(), nullable=False),
    Column("missing", json_document(), nullable=False),
)
"""Every import that was done, also of a file that could not be read. `wrong` are the lines refused:
row, key, code and field, never what stood there. `missing` are keys that a complete file lacks and
that wait for somebody."""
Index("ix_csv_imports_started", csv_imports.c.town_id, csv_imports.c.started_at)
