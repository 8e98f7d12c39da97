"""Where people went last. Can be made again from raw events."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index

from hub.database.columns import UtcDateTime, id_text
from hub.database.tables import town_table

whereabouts: Final = town_table(
    "whereabouts",
    Column("person_id", id_text(), primary_key=True),
    Column("zone_id", id_text()),
    Column("since", UtcDateTime, nullable=False),
    Column("door_id", id_text(), nullable=False),
)
"""One row a person (`domain.Whereabouts`); no zone: outside of all."""
Index("ix_whereabouts_zone", whereabouts.c.town_id, whereabouts.c.zone_id, whereabouts.c.since)
