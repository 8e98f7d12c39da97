"""Tables of key boxes, their secrets and logs, and of sealed codes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Text

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.keyboxes.domain import LockKind
from hub.sites.domain import SiteState

key_boxes: Final = town_table(
    "key_boxes",
    Column("id", id_text(), primary_key=True),
    Column("site_id", id_text(), nullable=False),
    Column("state", Closed(SiteState), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("name_kana", String(100), nullable=False),
    Column("profile", String(32), nullable=False),
    Column("place", String(200), nullable=False),
    Column("closing", String(200), nullable=False),
    Column("key_holder", String(200), nullable=False),
    Column("visit_every_days", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("device_version", BigInteger, nullable=False),
    Column("code_version", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("site_id", "sites"),
    unique("site_id", "name"),
)
"""Key boxes (`domain.KeyBox`); what a box told of itself stands in `key_box_states`."""

key_box_secrets: Final = town_table(
    "key_box_secrets",
    Column("key_box_id", id_text(), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("code_secret", LargeBinary),
    Column("maintenance", LargeBinary, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("given_at", UtcDateTime),
    Column("installed_at", UtcDateTime),
    belongs_to("key_box_id", "key_boxes"),
)
"""Secrets, each AES-GCM bound to its row. Version 0 is for the bench: a maintenance secret alone,
given once. The next ones reach the box in an envelope, together with the newest `generation` of
then; `installed_at` once its log says so, and those before it are deleted."""

key_box_tickets: Final = town_table(
    "key_box_tickets",
    Column("id", id_text(), primary_key=True),
    Column("key_box_id", id_text(), nullable=False),
    Column("day", Integer, nullable=False),
    Column("rights", Integer, nullable=False),
    Column("purpose", String(200), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("actor", String(80), nullable=False),
    belongs_to("key_box_id", "key_boxes"),
)
"""Tickets that were made, never what is in them. `day` counts from 2025-01-01 in Japan."""
Index("ix_key_box_tickets_box", key_box_tickets.c.town_id, key_box_tickets.c.key_box_id)

key_box_states: Final = town_table(
    "key_box_states",
    Column("key_box_id", id_text(), primary_key=True),
    Column("last_visit_at", UtcDateTime),
    Column("collected_by", id_text(), nullable=False),
    Column("log_epoch", BigInteger),
    Column("next_index", BigInteger),
    Column("seen_generation", Integer),
    Column("battery_mv", Integer),
    Column("battery_dc", Integer),
    Column("battery_at", UtcDateTime),
    Column("uses", BigInteger),
    Column("clock_set_at", UtcDateTime),
    Column("clock_offset_ms", BigInteger),
    Column("clock_error_ms", BigInteger),
    Column("firmware", String(64), nullable=False),
    Column("tamper_since", UtcDateTime),
    Column("jammed_since", UtcDateTime),
    Column("key_absent_since", UtcDateTime),
    Column("heard_at", UtcDateTime),
)
"""What a box told of itself (`domain.BoxState`): follows from events alone."""

key_box_visits: Final = town_table(
    "key_box_visits",
    Column("key_box_id", id_text(), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("collected_by", id_text(), primary_key=True),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("records", Integer, nullable=False),
    Column("clock_offset_ms", BigInteger),
    Column("lost", BigInteger, nullable=False),
)
"""One a day and controller that brought records of the box: what came of the visit."""

key_box_gaps: Final = town_table(
    "key_box_gaps",
    Column("key_box_id", id_text(), primary_key=True),
    Column("log_epoch", BigInteger, primary_key=True),
    Column("first_index", BigInteger, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""Records of a box's log that are lost: overwritten before anybody came, or unreadable."""

door_backups: Final = town_table(
    "door_backups",
    Column("door_id", id_text(), primary_key=True),
    Column("profile", String(32), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("grace_s", Integer, nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    belongs_to("door_id", "doors"),
)
"""Sealed codes of networked doors: the door's code secret as the hub keeps it, and sealed to the
controller it was made for. It is told to no other: a door that moved gets a new one."""

offline_codes: Final = town_table(
    "offline_codes",
    Column("id", id_text(), primary_key=True),
    Column("lock_kind", Closed(LockKind), nullable=False),
    Column("lock_id", id_text(), nullable=False),
    Column("booking_id", id_text(), nullable=False),
    Column("holder_id", id_text(), nullable=False),
    Column("profile", String(32), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("tag", String(32), nullable=False),
    Column("wanted_from", UtcDateTime, nullable=False),
    Column("wanted_until", UtcDateTime, nullable=False),
    Column("effective_from", UtcDateTime, nullable=False),
    Column("effective_until", UtcDateTime, nullable=False),
    Column("pin_changed", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("revealed_at", UtcDateTime),
    Column("superseded_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    unique("lock_id", "tag"),
)
"""Who has which sealed code (`domain.OfflineCode`). Only the tag is kept: shape, slot, generation
and variant; the digits follow from it and the lock's secret. Two holders never share one."""
Index("ix_offline_codes_booking", offline_codes.c.town_id, offline_codes.c.booking_id)
Index(
    "ix_offline_codes_lock",
    offline_codes.c.town_id,
    offline_codes.c.lock_id,
    offline_codes.c.effective_until,
)
