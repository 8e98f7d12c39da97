"""Tables of what the duty person is mailed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String

from hub.database.columns import Closed, UtcDateTime, id_text
from hub.database.tables import town_table, unique
from hub.happenings.domain import HappeningKind
from hub.notices.domain import NoticeState

duty_notes: Final = town_table(
    "duty_notes",
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Closed(HappeningKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("booking_id", id_text()),
    Column("other_id", id_text()),
    Column("digest", Integer),
)
"""A happening (`seq`) to be told, and in which digest it is; NULL while it waits for one."""
Index("ix_duty_notes_digest", duty_notes.c.town_id, duty_notes.c.digest)

duty_mails: Final = town_table(
    "duty_mails",
    Column("id", id_text(), primary_key=True),
    Column("digest", Integer, nullable=False),
    Column("address", String(254), nullable=False),
    Column("state", Closed(NoticeState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("first_tried_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("ended_at", UtcDateTime),
    unique("digest", "address"),
)
"""A digest to one address of the settings. Its text is kept nowhere."""
Index("ix_duty_mails_due", duty_mails.c.town_id, duty_mails.c.state, duty_mails.c.next_at)
