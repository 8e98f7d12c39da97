"""Sessions of controllers, and alarms about what came over the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table


class SessionState(StrEnum):
    """How sure the hub is that a session is alive."""

    GREETED = "greeted"
    """Its hello came and was answered; a broker may have kept that hello."""
    CURRENT = "current"
    """It answered the welcome: somebody with the keys lives behind it now."""
    PAST = "past"
    """A newer session took its place; it never comes back."""


class LinkAlarm(StrEnum):
    """What was refused or noticed on the way up."""

    UNKNOWN_CONTROLLER = "unknown_controller"
    FORGED_MESSAGE = "forged_message"
    MALFORMED_MESSAGE = "malformed_message"
    MISPLACED_MESSAGE = "misplaced_message"
    RETAINED_MESSAGE = "retained_message"
    REPLAYED_HELLO = "replayed_hello"
    REPLAYED_WANT = "replayed_want"
    STALE_REPORT = "stale_report"
    MALFORMED_EVENT = "malformed_event"
    TWO_BODIES = "two_bodies"
    REPLAYED_EVENTS = "replayed_events"
    CLONED_CONTROLLER = "cloned_controller"
    JOURNAL_ROLLED_BACK = "journal_rolled_back"
    SEQ_HOLE = "seq_hole"


controller_sessions: Final = town_table(
    "controller_sessions",
    Column("controller_id", id_text(), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("session", String(32), nullable=False),
    Column("state", Closed(SessionState), nullable=False),
    Column("boot_id", String(36), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("hub_epoch", BigInteger, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("clock_state", String(16), nullable=False),
    Column("greeted_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
)
"""`number` counts a controller's sessions from 1. `hub_epoch` and `policy_version` are the policy
that the hello told of."""

session_prints: Final = town_table(
    "session_prints",
    Column("controller_id", id_text(), primary_key=True),
    Column("print", String(16), primary_key=True),
    Column("greeted_at", UtcDateTime, nullable=False),
)
"""The first 8 bytes of the SHA-256 of each session greeted within `PRINTS_KEPT`: a hello that a
broker kept must not be taken for a new one once its session's row is gone."""
Index(
    "ix_session_prints_greeted_at",
    session_prints.c.town_id,
    session_prints.c.controller_id,
    session_prints.c.greeted_at,
)

link_alarms: Final = town_table(
    "link_alarms",
    Column("controller_id", id_text(), primary_key=True),
    Column("alarm", Closed(LinkAlarm), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("cause", String(64), primary_key=True),
    Column("first_at", UtcDateTime, primary_key=True),
    Column("last_at", UtcDateTime, nullable=False),
    Column("count", BigInteger, nullable=False),
)
"""One row a kind and hour, with its count: a flood of forgeries cannot fill the database. The
controller is empty for messages of controllers nobody knows."""

controller_presence: Final = town_table(
    "controller_presence",
    Column("controller_id", id_text(), primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)
"""What each controller's retained status says, and since when: a hint for people."""

link_beats: Final = town_table(
    "link_beats",
    Column("name", String(16), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("beat_at", UtcDateTime, nullable=False),
)
"""One row: that some process of the hub has the broker, and since when without a pause."""

controller_losses: Final = town_table(
    "controller_losses",
    Column("controller_id", id_text(), primary_key=True),
    Column("first_at", UtcDateTime, nullable=False),
    Column("lost_at", UtcDateTime, nullable=False),
    Column("times", Integer, nullable=False),
    Column("cleared_at", UtcDateTime),
)
"""One row a controller that was ever lost (`losses.Loss`)."""
