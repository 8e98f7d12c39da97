"""Tables of facilities and bookings."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, String, Text, column, false, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from hub.catalogue import Language
from hub.database.columns import Closed, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique


class Approval(StrEnum):
    """Whether a resident's booking holds at once."""

    AUTOMATIC = "automatic"
    REQUIRED = "required"


class BookingState(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class BookingSource(StrEnum):
    """Who made it."""

    API = "api"
    CONSOLE = "console"
    RESIDENT = "resident"
    FEED = "feed"
    """A calendar that is polled."""
    CSV = "csv"
    WEBHOOK = "webhook"


facilities: Final = town_table(
    "facilities",
    Column("id", id_text(), primary_key=True),
    Column("site_id", id_text(), nullable=False),
    Column("name_ja", String(120), nullable=False),
    Column("name_easy", String(120), nullable=False),
    Column("name_en", String(120), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("approval", Closed(Approval), nullable=False),
    Column("margin_before_min", Integer, nullable=False),
    Column("margin_after_min", Integer, nullable=False),
    Column("slot_min", Integer, nullable=False),
    Column("longest_min", Integer, nullable=False),
    Column("ahead_days", Integer, nullable=False),
    Column("opening", json_document(), nullable=False),
    Column("duress", Boolean, nullable=False, server_default=false()),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    belongs_to("site_id", "sites"),
)
"""What can be booked: rooms and halls. `opening` is a list of [weekday, start_min, end_min]."""

facility_doors: Final = town_table(
    "facility_doors",
    Column("facility_id", id_text(), primary_key=True),
    Column("door_id", id_text(), primary_key=True),
    belongs_to("facility_id", "facilities", ondelete="CASCADE"),
    belongs_to("door_id", "doors"),
)
"""The doors somebody needs who uses a facility."""

facility_key_boxes: Final = town_table(
    "facility_key_boxes",
    Column("facility_id", id_text(), primary_key=True),
    Column("key_box_id", id_text(), primary_key=True),
    belongs_to("facility_id", "facilities", ondelete="CASCADE"),
    belongs_to("key_box_id", "key_boxes"),
)
"""The key boxes somebody needs who uses a facility."""

bookings: Final = town_table(
    "bookings",
    Column("id", id_text(), primary_key=True),
    Column("reservation_key", String(128), nullable=False),
    Column("facility_id", id_text()),
    Column("site_id", id_text(), nullable=False),
    Column("state", Closed(BookingState), nullable=False),
    Column("source", Closed(BookingSource), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("effective_from", UtcDateTime, nullable=False),
    Column("effective_until", UtcDateTime, nullable=False),
    Column("contact_name", String(120), nullable=False),
    Column("contact_email", String(254), nullable=False),
    Column("contact_phone", String(40), nullable=False),
    Column("contact_line", String(64), nullable=False, server_default=""),
    Column("contact_language", Closed(Language), nullable=False, server_default=Language.JA.value),
    Column("purpose", Text, nullable=False),
    Column("paid", Boolean),
    Column("digits", Integer),
    Column("decision_reason", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("reservation_key"),
    belongs_to("facility_id", "facilities"),
    belongs_to("site_id", "sites"),
    ExcludeConstraint(
        (column("town_id"), "="),
        (column("facility_id"), "="),
        (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
        using="gist",
        where=text("state IN ('requested', 'confirmed')"),
        name="ex_bookings_once",
    ).ddl_if(dialect="postgresql"),
)
"""A booking. Of one facility no two that stand overlap: the exclusion constraint says so on
PostgreSQL, the one writer looks before it writes on SQLite. `digits` is a PIN length asked for."""
Index("ix_bookings_facility", bookings.c.town_id, bookings.c.facility_id, bookings.c.starts_at)
Index("ix_bookings_starts", bookings.c.town_id, bookings.c.starts_at)

booking_doors: Final = town_table(
    "booking_doors",
    Column("booking_id", id_text(), primary_key=True),
    Column("door_id", id_text(), primary_key=True),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
    belongs_to("door_id", "doors"),
)
"""The doors a booking opens, as they were when it was made or changed last."""

booking_key_boxes: Final = town_table(
    "booking_key_boxes",
    Column("booking_id", id_text(), primary_key=True),
    Column("key_box_id", id_text(), primary_key=True),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
    belongs_to("key_box_id", "key_boxes"),
)
"""The key boxes a booking opens, likewise."""

booking_holders: Final = town_table(
    "booking_holders",
    Column("id", id_text(), primary_key=True),
    Column("booking_id", id_text(), nullable=False),
    Column("name", String(120), nullable=False),
    Column("person_id", id_text()),
    Column("duress", Boolean, nullable=False, server_default=false()),
    Column("max_uses", Integer),
    Column("soft_uses", Boolean, nullable=False, server_default=false()),
    Column("removed_at", UtcDateTime),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
)
"""Who has a PIN of a booking: one each, so that the log tells who came, and a second one where they
are to have a `duress` PIN. `soft_uses`: each controller counts `max_uses` for itself."""
Index("ix_booking_holders_booking", booking_holders.c.town_id, booking_holders.c.booking_id)

booking_requests: Final = town_table(
    "booking_requests",
    Column("subject", String(64), primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Requests of residents within an hour; `subject` is a keyed hash of their address."""
