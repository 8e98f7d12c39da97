"""Tables of alerts about caps, and of work beyond them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Date, Index, Integer, String

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.timesheets.alert_domain import AlertLevel
from hub.worktime.domain import CapKind

cap_alerts: Final = town_table(
    "cap_alerts",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("month", String(7), nullable=False),
    Column("department_id", id_text(), nullable=False),
    Column("kind", Closed(CapKind), nullable=False),
    Column("level", Closed(AlertLevel), nullable=False),
    Column("limit_min", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("months", Integer, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("seen_by", String(80)),
    Column("seen_at", UtcDateTime),
    unique("person_id", "month", "kind", "level", "limit_min", "months"),
)
"""Each is raised once: a second is refused by the key."""
Index("ix_cap_alerts_month", cap_alerts.c.town_id, cap_alerts.c.month)

special_works: Final = town_table(
    "special_works",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("month", String(7), nullable=False),
    Column("fiscal_year", Integer, nullable=False),
    Column("department_id", id_text(), nullable=False),
    Column("kinds", Structured(tuple[CapKind, ...]), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("cause", String(1000), nullable=False),
    Column("recorded_by", String(80), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("analysis", String(2000), nullable=False),
    Column("analysed_by", String(80)),
    Column("analysed_at", UtcDateTime),
    unique("person_id", "month"),
)

special_work_texts: Final = town_table(
    "special_work_texts",
    Column("id", id_text(), primary_key=True),
    Column("special_work_id", id_text(), nullable=False),
    Column("field", String(10), nullable=False),
    Column("text", String(2000), nullable=False),
    Column("written_by", String(80), nullable=False),
    Column("replaced_at", UtcDateTime, nullable=False),
    belongs_to("special_work_id", "special_works"),
)
"""What stood in a record before it was written anew: nothing of it is lost, and the audit log,
which more people read, needs none of it."""

swept_days: Final = town_table(
    "swept_days",
    Column("name", String(40), primary_key=True),
    Column("through_on", Date, nullable=False),
)
"""Through which date everybody was looked at, also those about whom nothing was written."""
