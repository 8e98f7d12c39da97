"""Tables of readiness: each window's deadline and what came of it, door by door, and latencies.

They outlast bookings, placements and a replay: ids only, no reference.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from hub.database.columns import Closed, UtcDateTime, id_text, json_document
from hub.database.tables import town_table
from hub.readiness.domain import Outcome


class RuleOf(StrEnum):
    """What a rule of its own is for."""

    SITE = "site"
    FACILITY = "facility"


class Latency(StrEnum):
    """What was timed."""

    ISSUE = "issue"
    """From the change that a door had to learn, to its controller's digest."""
    REVOKE = "revoke"
    """From the revocation to the digest that no longer holds the PIN."""


readiness_rules: Final = town_table(
    "readiness_rules",
    Column("kind", Closed(RuleOf), primary_key=True),
    Column("target", id_text(), primary_key=True),
    Column("lead_min", Integer, nullable=False),
    Column("grace_min", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""Deadlines of a site or a facility of its own, instead of the settings'."""

readiness_watches: Final = town_table(
    "readiness_watches",
    Column("booking_id", id_text(), primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True),
    Column("ends_at", UtcDateTime, primary_key=True),
    Column("site_id", id_text(), nullable=False),
    Column("facility_id", id_text()),
    Column("revision", String(64), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("deadline", UtcDateTime, nullable=False),
    Column("outcome", Closed(Outcome), nullable=False),
    Column("judged", Boolean, nullable=False),
    Column("ready_at", UtcDateTime),
    Column("told_revision", String(64), nullable=False),
    Column("late_at", UtcDateTime),
    Column("late_door_id", id_text()),
    Column("late_controller_id", id_text()),
    Column("step", Integer, nullable=False),
    Column("stepped_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
)
"""One row for each effective window that a booking ever had within the horizon (`domain.Watch`)."""
Index("ix_readiness_watches_open", readiness_watches.c.town_id, readiness_watches.c.closed_at)
Index("ix_readiness_watches_deadline", readiness_watches.c.town_id, readiness_watches.c.deadline)
Index("ix_readiness_watches_late", readiness_watches.c.town_id, readiness_watches.c.late_at)

readiness_doors: Final = town_table(
    "readiness_doors",
    Column("booking_id", id_text(), primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True),
    Column("ends_at", UtcDateTime, primary_key=True),
    Column("lock_id", id_text(), primary_key=True),
    Column("can_confirm", Boolean, nullable=False),
    Column("met_at", UtcDateTime),
    Column("missed", Boolean, nullable=False),
    Column("wrong", json_document(), nullable=False),
)
"""How each door stood at the deadline: when it had confirmed, or what was wrong with it then
(codes of `findings.Finding`). Key boxes have a row each and are never met nor missed."""
Index("ix_readiness_doors_lock", readiness_doors.c.town_id, readiness_doors.c.lock_id)

readiness_latencies: Final = town_table(
    "readiness_latencies",
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Closed(Latency), nullable=False),
    Column("credential_id", id_text(), nullable=False),
    Column("door_id", id_text(), nullable=False),
    Column("site_id", id_text(), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
    Column("connected", Boolean, nullable=False),
)
"""How long doors took, worked out of `placement_history`; `seq` is that of the happening which
told, so that none counts twice. `connected`: the controller had the hub all the while."""
Index("ix_readiness_latencies_done", readiness_latencies.c.town_id, readiness_latencies.c.done_at)
