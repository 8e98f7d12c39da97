"""The ledger of leave. The database itself refuses to change or delete its rows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Date, Index, Integer, String

from hub.database.append_only import append_only
from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table, unique
from hub.leave.domain import EntryKind

leave_entries: Final = town_table(
    "leave_entries",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("leave_kind", String(40), nullable=False),
    Column("year", Integer, nullable=False),
    Column("kind", Closed(EntryKind), nullable=False),
    Column("half_days", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("source", String(200), nullable=False),
    Column("application_id", id_text()),
    Column("reason", String(400), nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    unique("person_id", "leave_kind", "source"),
)
"""`hub.leave.domain.Entry`; a correction is an entry of its own."""
Index("ix_leave_entries_year", leave_entries.c.town_id, leave_entries.c.leave_kind, "year")
append_only(leave_entries)
