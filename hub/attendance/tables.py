"""Punches, written once by the projection and never changed but for a better time; corrections,
written once and never changed at all; and which work dates anything was written about since."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, String, Table, event

from hub.attendance.domain import CorrectionAction
from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import ddl, town_table, unique
from wire.events import PunchDirection
from wire.policy_bodies import Assurance
from wire.reasons import Reason

punches: Final = town_table(
    "punches",
    Column("id", BigInteger, primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("reader_id", id_text(), nullable=False),
    Column("door_id", id_text()),
    Column("credential_id", id_text(), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("direction", Closed(PunchDirection), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("time_error_ms", BigInteger),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""Raw punches; `id` is the raw event's, so that none can be there twice. `at` stays what the
reader's clock showed; an anchor may give `corrected_at`, its error and `trusted` later."""
Index("ix_punches_time", punches.c.town_id, punches.c.corrected_at, punches.c.id)
Index(
    "ix_punches_person",
    punches.c.town_id,
    punches.c.person_id,
    punches.c.corrected_at,
    punches.c.id,
)

refused_punches: Final = town_table(
    "refused_punches",
    Column("id", BigInteger, primary_key=True),
    Column("person_id", id_text()),
    Column("reader_id", id_text(), nullable=False),
    Column("door_id", id_text()),
    Column("credential_id", id_text()),
    Column("controller_id", id_text(), nullable=False),
    Column("reason", Closed(Reason), nullable=False),
    Column("assurance", Closed(Assurance)),
    Column("at", UtcDateTime, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("time_error_ms", BigInteger),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""Taps that were to be punches and are none (`domain.RefusedPunch`); nothing is derived from them.
`id` and the times are as those of `punches`."""
Index(
    "ix_refused_punches_time",
    refused_punches.c.town_id,
    refused_punches.c.corrected_at,
    refused_punches.c.id,
)

punch_corrections: Final = town_table(
    "punch_corrections",
    Column("id", id_text(), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("person_id", id_text(), nullable=False),
    Column("punch_id", BigInteger, nullable=False),
    Column("action", Closed(CorrectionAction), nullable=False),
    Column("at", UtcDateTime),
    Column("direction", Closed(PunchDirection)),
    Column("original_at", UtcDateTime),
    Column("original_direction", Closed(PunchDirection)),
    Column("cause", String(500), nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("approved_by", String(80), nullable=False),
    Column("application_id", id_text()),
    Column("recorded_at", UtcDateTime, nullable=False),
    unique("seq"),
)
"""Corrections (`domain.Correction`). No reference to `punches`: a replay makes those anew."""
Index("ix_punch_corrections_punch", punch_corrections.c.town_id, punch_corrections.c.punch_id)
Index("ix_punch_corrections_at", punch_corrections.c.town_id, punch_corrections.c.at)
Index(
    "ix_punch_corrections_person", punch_corrections.c.town_id, punch_corrections.c.person_id, "seq"
)

touched_days: Final = town_table(
    "touched_days",
    Column("person_id", id_text(), primary_key=True),
    Column("work_date", Date, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Dates about which something was written in the same transaction (`touched.touch`): whoever
derives from them takes the marks away and derives anew."""

touched_spans: Final = town_table(
    "touched_spans",
    Column("id", id_text(), primary_key=True),
    Column("person_id", id_text(), nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""The same for what is held against closed months. Rows are only added and taken away, so that
nobody who writes one waits for anybody else."""
Index("ix_touched_spans_at", touched_spans.c.town_id, touched_spans.c.at, touched_spans.c.id)

_PUNCH_SAME: Final = (
    *("town_id", "id", "person_id", "reader_id", "door_id", "credential_id", "controller_id"),
    *("direction", "at", "boot", "mono_ns", "received_at"),
)
_SAID: Final = "what was punched is never changed"
_SAME_SQLITE: Final = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _PUNCH_SAME)
_SAME_PG: Final = " AND ".join(
    f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _PUNCH_SAME
)


def _guard(table: Table, *what: str, unless: tuple[str, str] = ("FALSE", "FALSE")) -> None:
    """Have the database refuse to do `what` to a table's rows, unless a condition holds (as SQLite
    and as PostgreSQL write it)."""
    name = table.name
    for each in what:
        made = (
            f"CREATE TRIGGER {name}_no_{each.lower()} BEFORE {each} ON {name} "
            f"WHEN NOT ({unless[0]}) BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        )
        event.listen(table, "after_create", ddl(made, dialect="sqlite"))
    function = (
        f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {unless[1]} THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{_SAID}' USING ERRCODE = '23000'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name}_guard BEFORE {' OR '.join(what)} ON {name} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
    )
    for statement in (function, trigger):
        event.listen(table, "after_create", ddl(statement, dialect="postgresql"))


_guard(punches, "UPDATE", unless=(_SAME_SQLITE, _SAME_PG))
_guard(punch_corrections, "UPDATE", "DELETE")
