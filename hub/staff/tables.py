"""Tables of departments, their terms, employments, contacts, departures, and imports of staff."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    column,
    event,
    func,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from hub.catalogue import Language
from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, ddl, town_table, unique
from hub.staff.profile import Shape
from hub.worktime.domain import CapType

departments: Final = town_table(
    "departments",
    Column("id", id_text(), primary_key=True),
    Column("code", String(40), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_kana", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("parent_id", id_text(), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("parent_id", "departments"),
    unique("code"),
)

department_terms: Final = town_table(
    "department_terms",
    Column("department_id", id_text(), primary_key=True),
    Column("starts_on", Date, primary_key=True),
    Column("cap_type", Closed(CapType), nullable=False),
    Column("article_36", Boolean, nullable=False),
    belongs_to("department_id", "departments", ondelete="CASCADE"),
)
"""Which caps hold for a department from a day on; before its first, those of `domain.NO_TERMS`."""

employments: Final = town_table(
    "employments",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("department_id", id_text(), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("post", String(100), nullable=False),
    Column("heads", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("person_id", "people"),
    belongs_to("department_id", "departments"),
    CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="in_order"),
    ExcludeConstraint(
        (column("town_id"), "="),
        (column("person_id"), "="),
        (func.daterange(column("starts_on"), column("ends_on"), "[]"), "&&"),
        using="gist",
        name="ex_employments_once",
    ).ddl_if(dialect="postgresql"),
)
"""Who is employed where, `ends_on` the last day. Both databases refuse two of one person on one
day: PostgreSQL by its exclusion constraint, SQLite by triggers."""
Index("ix_employments_person", employments.c.town_id, employments.c.person_id, "starts_on")
Index("ix_employments_ends", employments.c.town_id, employments.c.ends_on)

_ONCE: Final = (
    "WHEN EXISTS (SELECT 1 FROM employments AS other WHERE other.town_id = NEW.town_id"
    " AND other.person_id = NEW.person_id AND other.id <> NEW.id"
    " AND (NEW.ends_on IS NULL OR other.starts_on <= NEW.ends_on)"
    " AND (other.ends_on IS NULL OR NEW.starts_on <= other.ends_on))"
    " BEGIN SELECT RAISE(ABORT, 'OVERLAP constraint failed: employments.person_id'); END"
)
for _when in ("INSERT", "UPDATE"):
    _statement = (
        f"CREATE TRIGGER employments_once_{_when.lower()} BEFORE {_when} ON employments {_ONCE}"
    )
    event.listen(employments, "after_create", ddl(_statement, dialect="sqlite"))

staff_contacts: Final = town_table(
    "staff_contacts",
    Column("person_id", id_text(), primary_key=True),
    Column("mail", String(254)),
    Column("language", Closed(Language), nullable=False),
    belongs_to("person_id", "people", ondelete="CASCADE"),
)

staff_departures: Final = town_table(
    "staff_departures",
    Column("person_id", id_text(), primary_key=True),
    Column("left_on", Date, primary_key=True),
    Column("blocked", Boolean, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    belongs_to("person_id", "people", ondelete="CASCADE"),
)
"""Last days that were dealt with once they were over: whoever is let in again by hand stays so."""


class StaffImportState(StrEnum):
    """Where an import of staff stands."""

    TRIED = "tried"
    """Read and planned; nothing of it is done. Its file waits until it expires."""
    DONE = "done"
    FAILED = "failed"
    """The file has errors, or could not be read: nothing of it was or will be done."""


staff_profiles: Final = town_table(
    "staff_profiles",
    Column("id", id_text(), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("shape", Structured(Shape), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    unique("name"),
)
"""How a town's files of staff are written."""

staff_imports: Final = town_table(
    "staff_imports",
    Column("id", id_text(), primary_key=True),
    Column("profile_id", id_text(), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("state", Closed(StaffImportState), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("counts", json_document(), nullable=False),
)
"""Every file that was tried; while it waits its bytes stand in `staged_files`."""
Index("ix_staff_imports_tried", staff_imports.c.town_id, staff_imports.c.tried_at)
