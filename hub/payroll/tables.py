"""Tables of payroll: a town's own profiles, and what was handed out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, String

from hub.database.columns import Structured, UtcDateTime, id_text
from hub.database.tables import town_table, unique
from hub.payroll.profile import Profile

export_profiles: Final = town_table(
    "export_profiles",
    Column("id", id_text(), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("profile", Structured(Profile), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("name"),
)
"""How a town's payroll systems want their files."""

handovers: Final = town_table(
    "payroll_handovers",
    Column("id", id_text(), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("what", String(80), nullable=False),
    Column("month", Date, nullable=False),
    Column("department_id", id_text()),
    Column("people", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("draft", Boolean, nullable=False),
)
"""Every file that was handed out: of which month, by whom, and its hash, so that the file that a
payroll system took in can be told from another. `draft`: some month in it was still open."""
Index("ix_payroll_handovers_at", handovers.c.town_id, handovers.c.at)
