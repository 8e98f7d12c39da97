"""Tables of the policy: marks of what changed, what controllers should hold, what they reported."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table
from wire.topics import Channel


class Touched(StrEnum):
    """What a mark says has changed."""

    CONTROLLER = "controller"
    DOOR = "door"
    READER = "reader"
    DEVICE = "device"
    PERSON = "person"
    CARD = "card"
    GRANT = "grant"
    SCHEDULE = "schedule"
    CALENDAR = "calendar"
    CREDENTIAL = "credential"
    MODE = "mode"
    ENROLMENT = "enrolment"


policy_dirty: Final = town_table(
    "policy_dirty",
    Column("id", String(32), primary_key=True),
    Column("kind", Closed(Touched), nullable=False),
    Column("target", id_text(), nullable=False),
)
"""Marks not compiled yet. Each is a row of its own, so that the compiler removes exactly the marks
that it saw and a change made meanwhile keeps its mark."""

policy_entries: Final = town_table(
    "policy_entries",
    Column("controller_id", id_text(), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("entry_id", String(128), primary_key=True),
    Column("rev", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("person_id", id_text()),
    Column("pin_id", id_text()),
    Column("expires_at", UtcDateTime),
)
"""What each controller should hold now. `data` are the entry's bytes, made once for each `rev`,
which is the version that put them; `expires_at` is when it leaves by itself; `person_id` and
`pin_id` name the person or the PIN's credential that it is about."""
Index(
    "ix_policy_entries_person",
    policy_entries.c.town_id,
    policy_entries.c.person_id,
)
Index(
    "ix_policy_entries_key",
    policy_entries.c.town_id,
    policy_entries.c.kind,
    policy_entries.c.entry_id,
)
Index("ix_policy_entries_pin", policy_entries.c.town_id, policy_entries.c.pin_id)
Index("ix_policy_entries_expires", policy_entries.c.town_id, policy_entries.c.expires_at)

policy_versions: Final = town_table(
    "policy_versions",
    Column("controller_id", id_text(), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
"""The digest of each version kept; the highest is what the controller should hold."""

policy_changes: Final = town_table(
    "policy_changes",
    Column("controller_id", id_text(), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("entry_id", String(128), primary_key=True),
    Column("hash", LargeBinary),
)
"""What each version changed; `hash` is that of the bytes put (rev = version), NULL for a drop."""

policy_reports: Final = town_table(
    "policy_reports",
    Column("controller_id", id_text(), primary_key=True),
    Column("hub_epoch", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("matches", Boolean, nullable=False),
    Column("mismatches", Integer, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("confirmed_version", BigInteger, nullable=False),
)
"""What each controller said last. `matches`: its digest is the desired one of its version, less
what it rejected; `mismatches` in a row bounds how often a snapshot is sent for that."""

policy_rejections: Final = town_table(
    "policy_rejections",
    Column("controller_id", id_text(), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("entry_id", String(128), primary_key=True),
    Column("rev", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
)
"""Entries a controller left out of its index, as last reported."""

policy_keys: Final = town_table(
    "policy_keys",
    Column("controller_id", id_text(), primary_key=True),
    Column("print", String(64), nullable=False),
)
"""With which keys a controller's entries were made, as a keyed print: other keys (a controller was
enrolled, or enrolled anew) make all its digests anew."""

policy_sweeps: Final = town_table(
    "policy_sweeps",
    Column("name", String(32), primary_key=True),
    Column("swept_to", UtcDateTime, nullable=False),
)
"""How far the horizon's sweep has come."""

policy_alarms: Final = town_table(
    "policy_alarms",
    Column("id", id_text(), primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("expected", String(64), nullable=False),
    Column("reported", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""A controller's digest was not the one its version demands."""

policy_failures: Final = town_table(
    "policy_failures",
    Column("controller_id", id_text(), primary_key=True),
    Column("cause", String(64), nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("cleared_at", UtcDateTime),
)
"""A controller's policy could not be compiled as it should be (`hub.policy.failures`)."""

policy_outbox: Final = town_table(
    "policy_outbox",
    Column("seq", BigInteger, primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("channel", Closed(Channel), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""Messages of processes without a link, for one that has it. What expired is never sent."""

hub_epochs: Final = town_table(
    "hub_epochs",
    Column("hub_epoch", BigInteger, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("signature", String(200), nullable=False),
)
"""The lives of this database, each with the CA's proof; the highest is the present one."""
