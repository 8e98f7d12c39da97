"""Tables of facilities and bookings."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Text, column, false, func
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from hub.bookings.steps import Step
from hub.catalogue import Language
from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique


class Approval(StrEnum):
    """Whether a resident's booking holds at once."""

    AUTOMATIC = "automatic"
    REQUIRED = "required"


class Payment(StrEnum):
    """What has to be paid before a PIN is shown, placed or sent."""

    NONE = "none"
    BEFORE_PIN = "before_pin"
    """Only `paid` lets a PIN out."""
    BEFORE_PIN_OR_APPROVED = "before_pin_or_approved"
    """`paid`, or somebody of staff who approves it unpaid."""


class Handover(StrEnum):
    """What becomes of the margins of two bookings that follow each other closely."""

    OVERLAP = "overlap"
    """Both keep their margins: for a while both PINs open."""
    TRIM = "trim"
    """The windows meet: the next PIN does not open while the former one does."""


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
    Column("payment", Closed(Payment), nullable=False),
    Column("handover", Closed(Handover), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("holders_max", Integer, nullable=False),
    Column("steps", Structured(tuple[Step, ...]), nullable=False),
    Column("calendar_id", id_text()),
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
"""What can be booked: rooms and halls. `opening` is a list of [weekday, start_min, end_min];
`calendar_id` a holiday calendar of `hub.people` on whose days it is closed."""

facility_excludes: Final = town_table(
    "facility_excludes",
    Column("facility_id", id_text(), primary_key=True),
    Column("other_id", id_text(), primary_key=True),
    belongs_to("facility_id", "facilities", ondelete="CASCADE"),
    belongs_to("other_id", "facilities", ondelete="CASCADE"),
)
"""Facilities that cannot be used at the same time, as the whole gym and its half. Written once, in
either direction, and meant in both."""
Index("ix_facility_excludes_other", facility_excludes.c.town_id, facility_excludes.c.other_id)

closures: Final = town_table(
    "closures",
    Column("id", id_text(), primary_key=True),
    Column("site_id", id_text(), nullable=False),
    Column("facility_id", id_text()),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("reason_ja", String(200), nullable=False),
    Column("reason_easy", String(200), nullable=False),
    Column("reason_en", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    belongs_to("site_id", "sites"),
    belongs_to("facility_id", "facilities", ondelete="CASCADE"),
)
"""Days on which a facility, or every facility of a site, is closed: both ends included, local to
the facility."""
Index("ix_closures_site", closures.c.town_id, closures.c.site_id, closures.c.last_day)

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
    Column("number", String(8), nullable=False),
    Column("margin_before_min", Integer, nullable=False),
    Column("margin_after_min", Integer, nullable=False),
    Column("handover", Closed(Handover), nullable=False),
    Column("payment", Closed(Payment), nullable=False),
    Column("approved_at", UtcDateTime),
    Column("series_id", id_text()),
    Column("occurs_on", Date),
    Column("detached", Boolean, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("paid", Boolean),
    Column("digits", Integer),
    Column("decision_reason", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("reservation_key"),
    belongs_to("facility_id", "facilities"),
    belongs_to("site_id", "sites"),
)
"""A booking. Margins, handover and payment are its facility's as it was made or moved last, so that
a facility's new rules leave standing bookings alone. `digits` is a PIN length asked for.
`detached`: an occurrence of a series that was changed by itself and no longer follows it."""
Index("ix_bookings_facility", bookings.c.town_id, bookings.c.facility_id, bookings.c.starts_at)
Index("ix_bookings_starts", bookings.c.town_id, bookings.c.starts_at)
Index("ix_bookings_until", bookings.c.town_id, bookings.c.effective_until)
Index("ix_bookings_number", bookings.c.town_id, bookings.c.number)
Index("ix_bookings_series", bookings.c.town_id, bookings.c.series_id, bookings.c.occurs_on)

booking_parts: Final = town_table(
    "booking_parts",
    Column("booking_id", id_text(), primary_key=True),
    Column("part_id", String(80), primary_key=True),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
    ExcludeConstraint(
        (column("town_id"), "="),
        (column("part_id"), "="),
        (func.tstzrange(column("starts_at"), column("ends_at")), "&&"),
        using="gist",
        name="ex_booking_parts_once",
    ).ddl_if(dialect="postgresql"),
)
"""What a booking that stands takes up: its facility and, for each facility that excludes it, the
pair of both (`parts.parts_of`). Of one part no two windows overlap: the exclusion constraint says
so on PostgreSQL, the one writer looks before it writes on SQLite."""
Index(
    "ix_booking_parts_part",
    booking_parts.c.town_id,
    booking_parts.c.part_id,
    booking_parts.c.starts_at,
)

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


class SeriesState(StrEnum):
    """Whether a series goes on."""

    STANDS = "stands"
    CANCELLED = "cancelled"


class OnConflict(StrEnum):
    """What a series does about an occurrence that cannot be made."""

    SKIP = "skip"
    """The others are made, and the report says which are not."""
    REFUSE = "refuse"
    """None is made or changed, and the report says why."""


booking_series: Final = town_table(
    "booking_series",
    Column("id", id_text(), primary_key=True),
    Column("series_key", String(110), nullable=False),
    Column("site_id", id_text(), nullable=False),
    Column("facility_id", id_text(), nullable=False),
    Column("state", Closed(SeriesState), nullable=False),
    Column("rule", String(400), nullable=False),
    Column("first_start", String(26), nullable=False),
    Column("first_end", String(26), nullable=False),
    Column("except_on", json_document(), nullable=False),
    Column("on_conflict", Closed(OnConflict), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    unique("series_key"),
    belongs_to("facility_id", "facilities"),
    belongs_to("site_id", "sites"),
)
"""Bookings that repeat: an RFC 5545 rule over local times, which stand as ISO text without offset.
Each occurrence is a booking of its own."""


class Attendance(StrEnum):
    """Whether a booking was used."""

    EXPECTED = "expected"
    """Its window is not over, and nobody came yet."""
    USED = "used"
    NO_SHOW = "no_show"
    """Its window is over, every controller was heard through its end, and nobody came."""
    UNKNOWN = "unknown"
    """Its window is over and nobody came as far as is known: something was not heard, or a door was
    opened that nobody's credential had released."""


booking_outcomes: Final = town_table(
    "booking_outcomes",
    Column("booking_id", id_text(), primary_key=True),
    Column("attendance", Closed(Attendance), nullable=False),
    Column("first_entry_at", UtcDateTime),
    Column("last_entry_at", UtcDateTime),
    Column("entries", Integer, nullable=False),
    Column("early_at", UtcDateTime),
    Column("early_denied", Integer, nullable=False),
    Column("late_denied", Integer, nullable=False),
    Column("overstayed_at", UtcDateTime),
    Column("left_open", json_document(), nullable=False),
    Column("keys_missing", json_document(), nullable=False),
    Column("unheard", json_document(), nullable=False),
    Column("told", json_document(), nullable=False),
    Column("settled_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
)
"""What became of a booking (`outcome.Outcome`), and which happenings were told of it already."""
