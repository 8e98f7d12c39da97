"""Tables of the web: answers kept for Idempotency-Key."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, String

from hub.database.columns import UtcDateTime, json_document
from hub.database.tables import town_table

idempotency_keys: Final = town_table(
    "idempotency_keys",
    Column("actor", String(80), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", json_document(), nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
)
"""What was answered to a request that named itself; kept for a day."""
Index("ix_idempotency_keys_kept_at", idempotency_keys.c.town_id, idempotency_keys.c.kept_at)
