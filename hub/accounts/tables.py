"""Tables of users, tokens, sessions and wrong logins."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, String

from hub.accounts.domain import UserState
from hub.database.columns import Closed, Structured, UtcDateTime, id_text
from hub.database.tables import belongs_to, town_table, unique
from hub.web.rights import Role

users: Final = town_table(
    "users",
    Column("id", id_text(), primary_key=True),
    Column("login", String(100), nullable=False),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("role", Closed(Role), nullable=False),
    Column("sites", Structured(tuple[str, ...])),
    Column("person_id", id_text()),
    Column("state", Closed(UserState), nullable=False),
    Column("last_login_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    belongs_to("person_id", "people"),
    unique("login"),
)

tokens: Final = town_table(
    "api_tokens",
    Column("id", id_text(), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("role", Closed(Role), nullable=False),
    Column("sites", Structured(tuple[str, ...])),
    Column("created_by", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    unique("token_hash"),
)

sessions: Final = town_table(
    "sessions",
    Column("id", String(64), primary_key=True),
    Column("user_id", id_text(), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    belongs_to("user_id", "users", ondelete="CASCADE"),
)

login_tries: Final = town_table(
    "login_tries",
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("wait_until", UtcDateTime),
)
"""`subject` is a keyed hash of account or address or both: no address is kept."""
