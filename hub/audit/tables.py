"""The table of the audit log. The database itself refuses to change or delete its rows; only the
personal part may be erased, together with its salt."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, event

from hub.database.columns import Closed, UtcDateTime, json_document
from hub.database.tables import ddl, town_table
from hub.web.addresses import AddressKind

audit_entries: Final = town_table(
    "audit_entries",
    Column("seq", BigInteger, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(64), nullable=False),
    Column("target_kind", String(32), nullable=False),
    Column("target_id", String(128), nullable=False),
    Column("came_from", Closed(AddressKind), nullable=False),
    Column("actor", String(80)),
    Column("actor_name", String(100)),
    Column("details", json_document()),
    Column("salt", String(32)),
    Column("commitment", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
Index(
    "ix_audit_entries_target",
    audit_entries.c.town_id,
    audit_entries.c.target_kind,
    audit_entries.c.target_id,
    audit_entries.c.seq,
)
Index("ix_audit_entries_actor", audit_entries.c.town_id, audit_entries.c.actor, "seq")

_FIXED: Final = ("town_id", "seq", "at", "action", "target_kind", "target_id", "came_from")
_KEPT: Final = (*_FIXED, "commitment", "hash")
_ERASED: Final = " AND ".join(
    f"NEW.{name} IS NULL" for name in ("actor", "actor_name", "details", "salt")
)
_SAME_SQLITE: Final = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)
_SAME_PG: Final = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _KEPT)

_TRIGGERS: Final = (
    (
        "sqlite",
        (
            "CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        ),
    ),
    (
        "sqlite",
        (
            "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries "
            f"WHEN NOT ({_SAME_SQLITE} AND {_ERASED}) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        ),
    ),
    (
        "postgresql",
        (
            "CREATE FUNCTION audit_entries_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' AND {_SAME_PG} AND {_ERASED} THEN RETURN NEW; END IF; "
            "RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = '23000'; END $$"
        ),
    ),
    (
        "postgresql",
        (
            "CREATE TRIGGER audit_entries_guard BEFORE UPDATE OR DELETE ON audit_entries "
            "FOR EACH ROW EXECUTE FUNCTION audit_entries_guard()"
        ),
    ),
    (
        "postgresql",
        (
            "CREATE TRIGGER audit_entries_keep BEFORE TRUNCATE ON audit_entries "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_guard()"
        ),
    ),
)
for _dialect, _statement in _TRIGGERS:
    event.listen(audit_entries, "after_create", ddl(_statement, dialect=_dialect))
