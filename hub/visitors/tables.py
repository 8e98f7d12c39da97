"""Tables of visits, visitors and the pool of cards."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.visitors.domain import VisitState


def _text(name: str, length: int) -> Column[Any]:
    return Column(name, String(length), nullable=False)


def _written() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    )


visits: Final = town_table(
    "visits",
    Column("id", id_text(), primary_key=True),
    Column("site_id", id_text(), nullable=False, index=True),
    Column("state", Closed(VisitState), nullable=False),
    _text("organisation", 100),
    Column("host_id", id_text(), index=True),
    _text("purpose", 200),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("daily", Boolean, nullable=False),
    Column("doors", Structured(tuple[str, ...]), nullable=False),
    Column("zones", Structured(tuple[str, ...]), nullable=False),
    Column("escort_required", Boolean, nullable=False),
    Column("escort_s", Integer, nullable=False),
    Column("escorts", Structured(tuple[str, ...]), nullable=False),
    _text("note", 500),
    Column("forgotten_at", UtcDateTime),
    *_written(),
    belongs_to("site_id", "sites"),
    belongs_to("host_id", "people"),
    CheckConstraint("starts_at < ends_at", name="window"),
)
Index("ix_visits_start", visits.c.town_id, visits.c.starts_at)
Index("ix_visits_end", visits.c.town_id, visits.c.ends_at)

visitors: Final = town_table(
    "visitors",
    Column("id", id_text(), primary_key=True),
    Column("visit_id", id_text(), nullable=False, index=True),
    _text("name", 100),
    _text("name_kana", 100),
    Column("arrived_at", UtcDateTime),
    Column("left_at", UtcDateTime),
    Column("card_id", id_text()),
    Column("card_given_at", UtcDateTime),
    Column("card_returned_at", UtcDateTime),
    Column("grants", Structured(tuple[str, ...]), nullable=False),
    *_written(),
    belongs_to("visit_id", "visits"),
    belongs_to("card_id", "cards"),
    unique("card_id"),
)
"""A card is lent to one visitor at a time."""

visitor_cards: Final = town_table(
    "visitor_cards",
    Column("card_id", id_text(), primary_key=True),
    Column("site_id", id_text()),
    Column("added_at", UtcDateTime, nullable=False),
    belongs_to("card_id", "cards"),
    belongs_to("site_id", "sites"),
)
"""The pool: which cards are lent, and at which desk each lies (None: at any)."""
