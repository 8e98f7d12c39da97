"""The table of reckoned months, kept so that reading one reckons nothing."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, String, Text

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import town_table
from hub.worktime.domain import CapType

timesheet_months: Final = town_table(
    "timesheet_months",
    Column("person_id", id_text(), primary_key=True),
    Column("month", Integer, primary_key=True),
    Column("file", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("rules", String(64), nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("good_until", UtcDateTime),
    Column("tail", Structured(tuple[int, ...]), nullable=False),
    Column("cap_type", Closed(CapType)),
    Column("cap_month_min", Integer),
    Column("cap_average_min", Integer),
    Column("reckoned_at", UtcDateTime, nullable=False),
)
"""`month` as 202611. `file` is what it was reckoned from, `result` what came of it, as
`hub.timesheets.kept` writes them: days and totals are always written and mostly read together.
`fingerprint` is that of what it was reckoned from,
`rules` of the ordinances. `partial`: its caps look at months that nobody had reckoned then.
`good_until`: somebody is in, and their shift counts as unfinished from then on. `tail`: credited
minutes of the last six dates, for the week that reaches into the next month. The caps' minutes
stand apart for the months that come after."""
Index("ix_timesheet_months_month", timesheet_months.c.town_id, timesheet_months.c.month)
Index("ix_timesheet_months_stale", timesheet_months.c.town_id, timesheet_months.c.stale)
