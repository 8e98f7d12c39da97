"""Tables of feeds, their events and their fetches."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)

from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.feeds.domain import (
    AuthKind,
    ContactRule,
    EventState,
    EventStatus,
    FetchResult,
    GoneBy,
    PlaceRule,
    SaidContact,
    Unread,
)


class Said(msgspec.Struct, frozen=True):
    """What the calendar said of an event last, besides its window."""

    status: EventStatus
    sequence: int
    modified_at: str
    is_override: bool
    summary: str
    contact: SaidContact
    facility_id: str | None

    def __repr__(self) -> str:
        """Tells nothing: it holds personal data."""
        return "Said(…)"


feeds: Final = town_table(
    "feeds",
    Column("id", id_text(), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("shown_url", String(300), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("auth", Closed(AuthKind), nullable=False),
    Column("facility_id", id_text()),
    Column("places", Structured(tuple[PlaceRule, ...]), nullable=False),
    Column("contact", Structured(ContactRule), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("etag", String(500), nullable=False),
    Column("last_modified", String(100), nullable=False),
    Column("content", LargeBinary),
    Column("content_hash", String(64), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_told", Boolean, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("last_try_at", UtcDateTime),
    Column("last_good_at", UtcDateTime),
    Column("last_result", Closed(FetchResult)),
    Column("expanded_at", UtcDateTime),
    Column("shrank_at", UtcDateTime),
    Column("unread", Structured(tuple[Unread, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("facility_id", "facilities"),
)
"""A calendar that is polled. `secret` is its sealed address and password; `content` the last whole
calendar, packed and sealed, since an answer of 304 means the same once more."""

feed_events: Final = town_table(
    "feed_events",
    Column("id", id_text(), primary_key=True),
    Column("feed_id", id_text(), nullable=False),
    Column("uid", Text, nullable=False),
    Column("uid_hash", String(64), nullable=False),
    Column("rid", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("reservation_key", String(128), nullable=False),
    Column("times", Integer, nullable=False),
    Column("state", Closed(EventState), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("said", Structured(Said), nullable=False),
    Column("problem", String(64), nullable=False),
    Column("problem_detail", String(200), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("absent_since", UtcDateTime),
    Column("waits", Boolean, nullable=False),
    Column("gone_at", UtcDateTime),
    Column("gone_by", Closed(GoneBy)),
    unique("feed_id", "uid_hash", "rid"),
    belongs_to("feed_id", "feeds", ondelete="CASCADE"),
)
"""An event of a feed and what was made of it. `reservation_key` stays when `rid` changes; `times`
counts how often it came back after the calendar had cancelled it."""
Index("ix_feed_events_feed", feed_events.c.town_id, feed_events.c.feed_id, feed_events.c.ends_at)
Index("ix_feed_events_key", feed_events.c.town_id, feed_events.c.reservation_key)

feed_runs: Final = town_table(
    "feed_runs",
    Column("id", id_text(), primary_key=True),
    Column("feed_id", id_text(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("by", String(120), nullable=False),
    Column("result", Closed(FetchResult), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("http_status", Integer),
    Column("size", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("absent", Integer, nullable=False),
    belongs_to("feed_id", "feeds", ondelete="CASCADE"),
)
"""Every fetch and what came of it."""
Index("ix_feed_runs_feed", feed_runs.c.town_id, feed_runs.c.feed_id, feed_runs.c.at)
