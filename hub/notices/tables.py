"""Tables of notices: the outbox, its attempts, who wants none, rules, codes that link LINE."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String

from hub.catalogue import Language
from hub.database.columns import Closed, UtcDateTime, id_text, json_document
from hub.database.tables import belongs_to, town_table, unique
from hub.notices.domain import Channel, NoticeKind, NoticeState, Outcome, PinInNotice, Why

notices: Final = town_table(
    "notices",
    Column("id", id_text(), primary_key=True),
    Column("booking_id", id_text(), nullable=False),
    Column("site_id", id_text(), nullable=False),
    Column("kind", Closed(NoticeKind), nullable=False),
    Column("cause_seq", BigInteger, nullable=False),
    Column("channel", Closed(Channel), nullable=False),
    Column("state", Closed(NoticeState), nullable=False),
    Column("why", Closed(Why)),
    Column("changed", json_document(), nullable=False),
    Column("was_starts_at", UtcDateTime),
    Column("was_ends_at", UtcDateTime),
    Column("window_start", UtcDateTime),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("address", String(254), nullable=False),
    Column("language", Closed(Language), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("first_tried_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("carried_pin", Boolean, nullable=False),
    Column("truth_hash", String(64), nullable=False),
    Column("pin_hash", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("needs_call", Boolean, nullable=False),
    Column("handled_at", UtcDateTime),
    unique("booking_id", "kind", "cause_seq", "channel"),
)
"""One message about one cause by one channel. Neither its body nor its digits are kept:
`truth_hash` and `pin_hash` are keyed hashes salted with the row's id. `address` is deleted some
time after the booking ended."""
Index("ix_notices_due", notices.c.town_id, notices.c.state, notices.c.next_at)
Index("ix_notices_booking", notices.c.town_id, notices.c.booking_id)

notice_attempts: Final = town_table(
    "notice_attempts",
    Column("notice_id", id_text(), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", Closed(Outcome), nullable=False),
    Column("code", String(40), nullable=False),
    belongs_to("notice_id", "notices", ondelete="CASCADE"),
)
"""Each try. `code` is a number or a word of ours: what servers write may repeat an address."""

notice_subscriptions: Final = town_table(
    "notice_subscriptions",
    Column("address_index", String(64), primary_key=True),
    Column("channel", Closed(Channel), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("stopped_at", UtcDateTime),
    unique("token_hash"),
)
"""Addresses that were written to, by keyed blind index, and whether they want no more."""

notice_rules: Final = town_table(
    "notice_rules",
    Column("of_id", id_text(), primary_key=True),
    Column("reminder_h", Integer),
    Column("pin_in_notice", Closed(PinInNotice)),
    Column("closing_ja", String(300), nullable=False),
    Column("closing_easy", String(300), nullable=False),
    Column("closing_en", String(300), nullable=False),
)
"""What a site or a facility has otherwise than the town; NULL and empty: as it has it."""

line_link_codes: Final = town_table(
    "line_link_codes",
    Column("code_hash", String(64), primary_key=True),
    Column("booking_id", id_text(), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    belongs_to("booking_id", "bookings", ondelete="CASCADE"),
)
"""Codes that a resident sends to the town's LINE account to have a booking's notices there; each
is deleted when it is used."""

line_link_tries: Final = town_table(
    "line_link_tries",
    Column("subject", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Wrong codes of a LINE account; `subject` is a keyed hash of its id."""
