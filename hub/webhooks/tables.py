"""Tables of webhooks: endpoints with their outbox, and sources with what came from them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)

from hub.database.columns import Closed, Structured, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique
from hub.entries.alarms import AlarmKind
from hub.webhooks.domain import DeliveryState, EndpointState, Fault
from hub.webhooks.mapping import Profile
from hub.webhooks.source_domain import About, ReceivedResult, SourceState

webhook_endpoints: Final = town_table(
    "webhook_endpoints",
    Column("id", id_text(), primary_key=True),
    Column("url", String(500), nullable=False),
    Column("description", String(200), nullable=False),
    Column("kinds", json_document(), nullable=False),
    Column("sites", json_document()),
    Column("insecure", Boolean, nullable=False),
    Column("include_contact", Boolean, nullable=False),
    Column("state", Closed(EndpointState), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("last_success_at", UtcDateTime),
    Column("last_failure_at", UtcDateTime),
)
"""Where messages go (`domain.Endpoint`); secrets are sealed for their row."""

webhook_deliveries: Final = town_table(
    "webhook_deliveries",
    Column("id", id_text(), primary_key=True),
    Column("endpoint_id", id_text(), nullable=False),
    Column("message_id", id_text(), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Closed(DeliveryState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    unique("endpoint_id", "message_id"),
    belongs_to("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
)
"""The outbox, and afterwards the log (`domain.Delivery`): each message once an endpoint. Whoever
sends one sets `next_at` ahead first, so that nobody else does meanwhile."""
_PENDING = text("state = 'pending'")
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.town_id,
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.next_at,
    sqlite_where=_PENDING,
    postgresql_where=_PENDING,
)
Index(
    "ix_webhook_deliveries_created", webhook_deliveries.c.town_id, webhook_deliveries.c.created_at
)

webhook_attempts: Final = town_table(
    "webhook_attempts",
    Column("delivery_id", id_text(), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("latency_ms", Integer, nullable=False),
    Column("fault", Closed(Fault)),
    Column("answer", Text, nullable=False),
    belongs_to("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
)
"""Each try of a delivery (`domain.Attempt`)."""

webhook_marks: Final = town_table(
    "webhook_marks",
    Column("name", String(32), primary_key=True),
    Column("through", BigInteger, nullable=False),
)
"""How far the entry log was looked through for those who want to hear of it."""

webhook_alarms: Final = town_table(
    "webhook_alarms",
    Column("id", BigInteger, primary_key=True),
    Column("kind", Closed(AlarmKind), nullable=False),
    Column("controller_id", id_text(), nullable=False),
    Column("door_id", id_text()),
    Column("device_id", id_text()),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("over", Boolean, nullable=False),
)
"""The alarms that stand and that endpoints know of; `over` once their end was told too."""

webhook_sources: Final = town_table(
    "webhook_sources",
    Column("id", id_text(), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("sites", json_document()),
    Column("profile", Structured(Profile), nullable=False),
    Column("state", Closed(SourceState), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""Who may send bookings in, and how theirs are read (`source_domain.Source`)."""

webhook_received: Final = town_table(
    "webhook_received",
    Column("id", id_text(), primary_key=True),
    Column("source_id", id_text(), nullable=False),
    Column("message_id", String(128), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("result", Closed(ReceivedResult), nullable=False),
    Column("reservation_key", String(128)),
    Column("booking_id", id_text()),
    Column("code", String(64), nullable=False),
    Column("field", String(200), nullable=False),
    Column("times", Integer, nullable=False),
    unique("source_id", "message_id"),
    belongs_to("source_id", "webhook_sources", ondelete="CASCADE"),
)
"""What came from a source and what became of it (`source_domain.Received`); never its body."""
Index(
    "ix_webhook_received_at",
    webhook_received.c.town_id,
    webhook_received.c.source_id,
    webhook_received.c.received_at,
)

webhook_stamps: Final = town_table(
    "webhook_stamps",
    Column("source_id", id_text(), primary_key=True),
    Column("reservation_key", String(128), primary_key=True),
    Column("about", Closed(About), primary_key=True),
    Column("stamp", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    belongs_to("source_id", "webhook_sources", ondelete="CASCADE"),
)
"""The newest state of each booking that a source told of, and of its payment: what is older says
nothing."""
Index("ix_webhook_stamps_at", webhook_stamps.c.town_id, webhook_stamps.c.at)
