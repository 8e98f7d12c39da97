"""Tables of shift codes, patterns, assignments, and departments' rosters."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, String

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.rosters.domain import PatternKind, Stretch, SubjectKind


def _id() -> Column[Any]:
    return Column("id", id_text(), primary_key=True)


def _written() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    )


shift_codes: Final = town_table(
    "shift_codes",
    _id(),
    Column("code", String(8), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("stretches", Structured(tuple[Stretch, ...]), nullable=False),
    Column("breaks", Structured(tuple[Stretch, ...]), nullable=False),
    *_written(),
    Column("retired", Boolean, nullable=False, default=False),
    unique("code"),
)

work_patterns: Final = town_table(
    "work_patterns",
    _id(),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("kind", Closed(PatternKind), nullable=False),
    Column("anchor", Date, nullable=False),
    Column("codes", Structured(tuple[str | None, ...]), nullable=False),
    Column("rostered", Boolean, nullable=False),
    *_written(),
    Column("retired", Boolean, nullable=False, default=False),
    unique("name"),
)

pattern_assignments: Final = town_table(
    "pattern_assignments",
    _id(),
    Column("subject_kind", Closed(SubjectKind), nullable=False),
    Column("subject_id", id_text(), nullable=False),
    Column("pattern_id", id_text(), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    *_written(),
    belongs_to("pattern_id", "work_patterns"),
    unique("subject_kind", "subject_id", "starts_on"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="span"),
)

rosters: Final = town_table(
    "rosters",
    Column("department_id", id_text(), primary_key=True),
    Column("starts_on", Date, primary_key=True),
    Column("published_at", UtcDateTime),
    Column("published_by", String(80)),
)
"""A department's four weeks from a Sunday on."""

roster_days: Final = town_table(
    "roster_days",
    Column("person_id", id_text(), primary_key=True),
    Column("work_date", Date, primary_key=True),
    Column("code_id", id_text()),
    belongs_to("code_id", "shift_codes"),
)
"""What is published: it holds whatever the person's pattern says."""
Index("ix_roster_days_date", roster_days.c.town_id, roster_days.c.work_date)

roster_day_changes: Final = town_table(
    "roster_day_changes",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("work_date", Date, nullable=False),
    Column("code_id", id_text()),
    Column("released", Boolean, nullable=False),
    Column("cause", String(400), nullable=False),
    Column("changed_by", String(80), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""Why single days were changed or let go, in whose words: what is published says none of it, and
the audit log has more readers than it concerns."""
Index(
    "ix_roster_day_changes_person",
    roster_day_changes.c.town_id,
    roster_day_changes.c.person_id,
    roster_day_changes.c.work_date,
)

roster_drafts: Final = town_table(
    "roster_drafts",
    Column("department_id", id_text(), primary_key=True),
    Column("person_id", id_text(), primary_key=True),
    Column("work_date", Date, primary_key=True),
    Column("code_id", id_text()),
    belongs_to("code_id", "shift_codes"),
)
"""What a department drafts, until it is published."""
Index("ix_roster_drafts_date", roster_drafts.c.town_id, roster_drafts.c.work_date)

working_calendars: Final = town_table(
    "working_calendars",
    _id(),
    Column("calendar_id", id_text(), nullable=False),
    belongs_to("calendar_id", "calendars"),
)
"""At most one row, `town`: the calendar that says on which dates offices are closed. Without it,
national holidays and 29 December to 3 January."""
