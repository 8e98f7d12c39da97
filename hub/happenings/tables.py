"""Tables of happenings, and how far each reader has come."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String

from hub.database.columns import Closed, UtcDateTime, id_text, json_document
from hub.database.tables import town_table
from hub.happenings.domain import HappeningKind

happenings: Final = town_table(
    "happenings",
    Column("seq", BigInteger, primary_key=True),
    Column("id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Closed(HappeningKind), nullable=False),
    Column("site_id", id_text()),
    Column("booking_id", id_text()),
    Column("credential_id", id_text()),
    Column("door_id", id_text()),
    Column("other_id", id_text()),
    Column("cause", String(120), nullable=False),
    Column("details", json_document(), nullable=False),
)
"""What happened, in the order of commits. Ids only: whoever is told reads the rest when it tells.
Kept for `repository.KEPT`."""
Index("ix_happenings_booking", happenings.c.town_id, happenings.c.booking_id)
Index("ix_happenings_at", happenings.c.town_id, happenings.c.at)

happening_readers: Final = town_table(
    "happening_readers",
    Column("name", String(64), primary_key=True),
    Column("through_seq", BigInteger, nullable=False),
)
"""How far each reader has come. One that is new begins at the present, not at the first row."""
