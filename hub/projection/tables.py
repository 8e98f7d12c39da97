"""Tables of the projection: how far it came, what it put aside, and the clocks' anchors."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table
from hub.projection.domain import RejectReason

projection_watermarks: Final = town_table(
    "projection_watermarks",
    Column("name", String(32), primary_key=True),
    Column("raw_id", BigInteger, nullable=False),
)
"""The last raw event that was projected."""

projection_rejects: Final = town_table(
    "projection_rejects",
    Column("raw_id", BigInteger, primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("reason", Closed(RejectReason), nullable=False),
    Column("detail", String(200), nullable=False),
)
"""Raw events that could not be projected; `detail` repeats none of their bytes."""

clock_anchors: Final = town_table(
    "clock_anchors",
    Column("raw_id", BigInteger, primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("error_ms", BigInteger, nullable=False),
)
"""From here on a boot's monotonic clock can be read as wall time."""
Index(
    "ix_clock_anchors_boot",
    clock_anchors.c.town_id,
    clock_anchors.c.controller_id,
    clock_anchors.c.boot,
    clock_anchors.c.mono_ns,
)

boot_spans: Final = town_table(
    "boot_spans",
    Column("controller_id", id_text(), primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("boot", String(36), primary_key=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_mono_ns", BigInteger, nullable=False),
)
"""Which boots a journal's epoch tells of, in its order, and how long each ran at least."""
