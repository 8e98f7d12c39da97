"""Where people are. Can be made again from raw events."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer

from hub.database.columns import UtcDateTime, id_text
from hub.database.tables import town_table

whereabouts: Final = town_table(
    "whereabouts",
    Column("person_id", id_text(), primary_key=True),
    Column("zone_id", id_text(), primary_key=True),
    Column("depth", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("door_id", id_text(), nullable=False),
)
"""The zones that each person went into and has not left (`domain.Whereabouts`)."""
Index("ix_whereabouts_zone", whereabouts.c.town_id, whereabouts.c.zone_id, whereabouts.c.since)

zone_beginnings: Final = town_table(
    "zone_beginnings",
    Column("zone_id", id_text(), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""When a door of each zone was last shut that had stood open to everybody: whoever went in before
may have left, also if that is heard only later."""

last_passages: Final = town_table(
    "last_passages",
    Column("person_id", id_text(), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""When each person went through a door last: events of two controllers come in any order."""
