"""Tables of signatures, closings, what was signed, and adjustments."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Text

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.timesheets.closing_domain import AdjustmentCause, AdjustmentState, Blocker, SignedKind
from hub.timesheets.day_prints import ChangedDay
from hub.timesheets.figures import StoredFigures

_ACTOR: Final = 80
_CAUSE: Final = 500

month_signatures: Final = town_table(
    "month_signatures",
    Column("id", id_text(), primary_key=True),
    Column("kind", Closed(SignedKind), nullable=False),
    Column("subject_id", id_text(), nullable=False),
    Column("month", String(7), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("signed_by", String(_ACTOR), nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    unique("kind", "subject_id", "month", "fingerprint"),
)

closings: Final = town_table(
    "closings",
    Column("id", id_text(), primary_key=True),
    Column("department_id", id_text(), nullable=False),
    Column("month", String(7), nullable=False),
    Column("round", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("ordinance", String(240), nullable=False),
    Column("cause", String(_CAUSE), nullable=False),
    Column("overridden", Structured(tuple[Blocker, ...]), nullable=False),
    Column("closed_by", String(_ACTOR), nullable=False),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("reopened_by", String(_ACTOR)),
    Column("reopened_at", UtcDateTime),
    Column("reopened_cause", String(_CAUSE), nullable=False),
    unique("department_id", "month", "round"),
)
"""Two who close the same month at once make the same round: one of them is refused."""
Index("ix_closings_month", closings.c.town_id, closings.c.month)

closed_months: Final = town_table(
    "closed_months",
    Column("closing_id", id_text(), primary_key=True),
    Column("person_id", id_text(), primary_key=True),
    Column("month", String(7), nullable=False),
    Column("department_id", id_text(), nullable=False),
    Column("result", Text),
    Column("file", Text),
    Column("fingerprint", String(64), nullable=False),
    Column("inputs", Structured(tuple[str, ...]), nullable=False),
    Column("in_force", Boolean),
    belongs_to("closing_id", "closings"),
    unique("person_id", "month", "in_force"),
)
"""What was signed, person by person. `in_force` is NULL once the month was opened again: of those
in force, a person has one a month at most."""
Index("ix_closed_months_month", closed_months.c.town_id, closed_months.c.month)

month_adjustments: Final = town_table(
    "month_adjustments",
    Column("id", id_text(), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("closing_id", id_text(), nullable=False),
    Column("person_id", id_text(), nullable=False),
    Column("month", String(7), nullable=False),
    Column("department_id", id_text(), nullable=False),
    Column("causes", Structured(tuple[AdjustmentCause, ...]), nullable=False),
    Column("figures", Structured(StoredFigures), nullable=False),
    Column("added", Structured(tuple[str, ...]), nullable=False),
    Column("removed", Structured(tuple[str, ...]), nullable=False),
    Column("days", Structured(tuple[ChangedDay, ...]), nullable=False),
    Column("state", Closed(AdjustmentState), nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("signed_by", String(_ACTOR)),
    Column("signed_at", UtcDateTime),
    Column("remark", String(_CAUSE), nullable=False),
    Column("carried_into", String(7)),
    Column("carried_by", id_text()),
    unique("seq"),
    belongs_to("closing_id", "closings"),
)
Index(
    "ix_month_adjustments_person",
    month_adjustments.c.town_id,
    month_adjustments.c.person_id,
    month_adjustments.c.month,
)
Index("ix_month_adjustments_state", month_adjustments.c.town_id, month_adjustments.c.state)
