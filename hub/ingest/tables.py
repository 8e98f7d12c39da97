"""Raw events as the edge journaled them, how far each epoch is complete, and what did not fit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String

from hub.database.columns import UtcDateTime, id_text
from hub.database.tables import town_table, unique

raw_events: Final = town_table(
    "raw_events",
    Column("id", BigInteger, primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("repeated", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    unique("controller_id", "epoch", "seq"),
    sqlite_with_rowid=False,
)
"""`body` are the event's bytes, never re-encoded; `body_hash` their SHA-256. `last_seq` differs
from `seq` for a gap only. `id` is drawn from a counter whose row stays locked until the commit, so
ids become visible in their own order. `repeated`: its origin was already collected by somebody,
or the same row came under an earlier epoch; the row holds its seq and is not projected. `late`: a
higher seq of its epoch was here already, since an edge with a backlog sends what happens now ahead
of it."""

raw_passed: Final = town_table(
    "raw_passed",
    Column("id", BigInteger, primary_key=True),
    Column("raw_id", BigInteger, nullable=False),
)
"""Rows that came ahead of late ones, once those are all here: what they say of how things stand is
projected again, at this `id` of the same counter, so that the newest word is the last."""
Index("ix_raw_passed_raw", raw_passed.c.town_id, raw_passed.c.raw_id)

raw_watermarks: Final = town_table(
    "raw_watermarks",
    Column("controller_id", id_text(), primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("through_seq", BigInteger, nullable=False),
    Column("highest_seq", BigInteger, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""Everything through `through_seq` is here; rows between it and `highest_seq` arrived early."""

raw_origins: Final = town_table(
    "raw_origins",
    Column("device_id", String(128), primary_key=True),
    Column("log_epoch", BigInteger, primary_key=True),
    Column("log_index", BigInteger, primary_key=True),
    Column("raw_id", BigInteger, nullable=False),
)
"""Records collected from offline devices: each is taken once, whoever brought it."""

raw_conflicts: Final = town_table(
    "raw_conflicts",
    Column("controller_id", id_text(), primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("body_hash", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
"""A second body under a key that was taken, kept so that it can be looked at: a cloned controller,
a journal put back, or a fault. Each comes with an alarm."""
