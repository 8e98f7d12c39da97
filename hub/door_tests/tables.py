"""The table of tests of doors."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table
from hub.door_tests.domain import TestedBy

door_tests: Final = town_table(
    "door_tests",
    Column("id", id_text(), primary_key=True),
    Column("door_id", id_text(), nullable=False),
    Column("told_by", Closed(TestedBy), nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("cause", String(64), nullable=False),
    Column("note", String(500), nullable=False),
    Column("actor", id_text()),
    Column("tested_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("controller_id", id_text()),
    Column("boot", String(36)),
    Column("mono_ns", BigInteger),
    Column("trusted", Boolean, nullable=False),
    belongs_to("door_id", "doors"),
)
"""What the Pi told has `event-<raw id>` for its id, so that none can be there twice; an anchor may
give it a better time later (controller, boot, mono_ns, trusted)."""
Index("ix_door_tests_door", door_tests.c.town_id, door_tests.c.door_id, door_tests.c.tested_at)
