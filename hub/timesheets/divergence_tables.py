"""Tables of divergences and their trails."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Date, Index, Integer, String

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.timesheets.divergence_domain import Act, DivergenceKind, DivergenceState, ProbableCause

divergences: Final = town_table(
    "divergences",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("work_date", Date, nullable=False),
    Column("kind", Closed(DivergenceKind), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", Closed(DivergenceState), nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("settled_min", Integer, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("cause", Closed(ProbableCause), nullable=False),
    Column("inputs", Structured(tuple[str, ...]), nullable=False),
    Column("links", Structured(tuple[str, ...]), nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("person_id", "work_date", "kind"),
)
Index("ix_divergences_state", divergences.c.town_id, divergences.c.state, divergences.c.work_date)

divergence_steps: Final = town_table(
    "divergence_steps",
    Column("divergence_id", id_text(), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("act", Closed(Act)),
    Column("state", Closed(DivergenceState), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("note", String(500), nullable=False),
    Column("links", Structured(tuple[str, ...]), nullable=False),
    belongs_to("divergence_id", "divergences"),
)
"""The trail: rows are only added."""
