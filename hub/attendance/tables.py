"""The table of punches: written once by the projection, never changed but for a better time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table
from wire.events import PunchDirection

punches: Final = town_table(
    "punches",
    Column("id", BigInteger, primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("reader_id", id_text(), nullable=False),
    Column("door_id", id_text()),
    Column("credential_id", id_text(), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("direction", Closed(PunchDirection), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("time_error_ms", BigInteger),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""Raw punches; `id` is the raw event's, so that none can be there twice. `at` stays what the
reader's clock showed; an anchor may give `corrected_at`, its error and `trusted` later."""
Index("ix_punches_time", punches.c.town_id, punches.c.corrected_at, punches.c.id)
Index(
    "ix_punches_person",
    punches.c.town_id,
    punches.c.person_id,
    punches.c.corrected_at,
    punches.c.id,
)

touched_days: Final = town_table(
    "touched_days",
    Column("person_id", id_text(), primary_key=True),
    Column("work_date", Date, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Dates about which something was written in the same transaction (`touched.touch`): whoever
derives from them takes the marks away and derives anew."""
