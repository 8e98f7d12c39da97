"""Tables of the entry log. All but the acknowledgements can be made again from raw events."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, text

from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import town_table
from hub.entries.alarms import AlarmKind
from hub.entries.devices import Contact
from hub.entries.domain import Result, Topic
from hub.entries.doors import Bolt, Leaf
from wire.clock import ClockState
from wire.events import ActOutcome, Factor, Observed, Origin
from wire.reasons import Reason

entries: Final = town_table(
    "entries",
    Column("id", BigInteger, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("topic", Closed(Topic), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("clock", Closed(ClockState), nullable=False),
    Column("boot", String(36), nullable=False),
    Column("mono_ns", BigInteger, nullable=False),
    Column("touched_by", BigInteger, nullable=False),
    Column("result", Closed(Result)),
    Column("reason", Closed(Reason)),
    Column("factor", Closed(Factor)),
    Column("door_id", id_text()),
    Column("reader_id", id_text()),
    Column("device_id", id_text()),
    Column("person_id", id_text()),
    Column("credential_id", id_text()),
    Column("grant_id", id_text()),
    Column("booking_id", id_text()),
    Column("actor_id", id_text()),
    Column("command_id", id_text()),
    Column("act", id_text()),
    Column("outcome", Closed(ActOutcome)),
    Column("observed", Closed(Observed)),
    Column("opened_at", UtcDateTime),
    Column("card_namespace", String(32)),
    Column("card_digest", String(64)),
    Column("cause", String(64), nullable=False),
    Column("code", String(32)),
    Column("holder_id", id_text()),
    Column("soft", Closed(Reason)),
    Column("partner_id", id_text()),
    Column("partner_person_id", id_text()),
    Column("origin_device", id_text()),
    Column("error_ms", BigInteger),
    Column("time_error_ms", BigInteger),
    Column("amount", BigInteger),
)
"""One row a happening; `id` is the raw event's. Columns are those of `domain.Entry`."""

_TIME = (entries.c.occurred_at, entries.c.id)
Index("ix_entries_time", entries.c.town_id, *_TIME)
Index("ix_entries_door", entries.c.town_id, entries.c.door_id, *_TIME)
Index("ix_entries_person", entries.c.town_id, entries.c.person_id, *_TIME)
Index("ix_entries_kind", entries.c.town_id, entries.c.kind, *_TIME)
Index("ix_entries_topic", entries.c.town_id, entries.c.topic, *_TIME)
Index("ix_entries_booking", entries.c.town_id, entries.c.booking_id, *_TIME)
Index("ix_entries_touched", entries.c.town_id, entries.c.touched_by)
_HAS_ACT = text("act IS NOT NULL")
Index(
    "ix_entries_act",
    entries.c.town_id,
    entries.c.controller_id,
    entries.c.act,
    sqlite_where=_HAS_ACT,
    postgresql_where=_HAS_ACT,
)
_UNSURE = text("clock <> 'trusted'")
_IS_SOFT = text("soft IS NOT NULL")
Index(
    "ix_entries_soft",
    entries.c.town_id,
    *_TIME,
    sqlite_where=_IS_SOFT,
    postgresql_where=_IS_SOFT,
)
Index(
    "ix_entries_unsure",
    entries.c.town_id,
    entries.c.controller_id,
    entries.c.boot,
    sqlite_where=_UNSURE,
    postgresql_where=_UNSURE,
)

door_states: Final = town_table(
    "door_states",
    Column("door_id", id_text(), primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("leaf", Closed(Leaf), nullable=False),
    Column("leaf_since", UtcDateTime),
    Column("bolt", Closed(Bolt), nullable=False),
    Column("bolt_since", UtcDateTime),
    Column("held_since", UtcDateTime),
    Column("forced_since", UtcDateTime),
    Column("modes", json_document(), nullable=False),
    Column("heard_at", UtcDateTime),
    Column("heard_origin", Structured(Origin)),
    Column("touched_by", BigInteger, nullable=False),
)
"""The last known state of each door (`doors.DoorState`); no row: never heard of."""
Index("ix_door_states_touched", door_states.c.town_id, door_states.c.touched_by)

device_states: Final = town_table(
    "device_states",
    Column("device_id", id_text(), primary_key=True),
    Column("controller_id", id_text(), nullable=False),
    Column("contact", Closed(Contact), nullable=False),
    Column("contact_since", UtcDateTime),
    Column("cause", String(64), nullable=False),
    Column("tamper_since", UtcDateTime),
    Column("power_failed_since", UtcDateTime),
    Column("fire_since", UtcDateTime),
    Column("battery_mv", Integer),
    Column("battery_dc", Integer),
    Column("battery_at", UtcDateTime),
    Column("list_count", Integer),
    Column("list_placed", Boolean, nullable=False),
    Column("list_at", UtcDateTime),
    Column("heard_at", UtcDateTime),
    Column("heard_origin", Structured(Origin)),
)
"""The last known state of each device (`devices.DeviceState`)."""

alarms: Final = town_table(
    "alarms",
    Column("id", BigInteger, primary_key=True),
    Column("kind", Closed(AlarmKind), nullable=False),
    Column("subject", id_text(), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("door_id", id_text()),
    Column("device_id", id_text()),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("last_received_at", UtcDateTime, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("cause", String(64), nullable=False),
    Column("cleared_at", UtcDateTime),
)
"""Alarms raised; `id` is the raw event that raised it. One stands for each kind and subject."""
Index("ix_alarms_subject", alarms.c.town_id, alarms.c.kind, alarms.c.subject, alarms.c.id)
Index("ix_alarms_raised", alarms.c.town_id, alarms.c.raised_at)

alarm_acknowledgements: Final = town_table(
    "alarm_acknowledgements",
    Column("alarm_id", BigInteger, primary_key=True),
    Column("user_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("note", String(500), nullable=False),
)
"""Who took note of an alarm, when, and what they said: never made again by a replay."""
