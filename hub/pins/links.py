"""PIN links: a 128-bit token that shows one booking, exchanged for a cookie on first use.

Tokens and cookies are stored hashed and die with the booking. A link works once: whoever finds it
later in a mailbox or a browser's history finds nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.pins.tables import pin_links

TOKEN_BYTES: Final = 16
MAX_TOKEN_CHARS: Final = 64
AFTER_END: Final = timedelta(hours=1)
"""The page stays a little longer than the window, to say that it is over."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A link turned into a cookie."""

    booking_id: str
    cookie: str = field(repr=False)
    expires_at: datetime


class PinLinks:
    """Makes links and reads cookies. Neither token nor cookie is kept or logged."""

    def __init__(self, clock: Clock, ids: Ids, keys: HubKeys) -> None:
        self._clock = clock
        self._ids = ids
        self._keys = keys

    def make(self, scope: Scope, booking_id: str, ends_at: datetime) -> str:
        """Give the token of a new link to a booking, good until shortly after `ends_at`."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        scope.insert(
            pin_links,
            {
                "id": self._ids.new(),
                "booking_id": booking_id,
                "token_hash": self._hash("pin-link", token),
                "created_at": self._clock.now(),
                "expires_at": ends_at + AFTER_END,
            },
        )
        return token

    def exchange(self, scope: Scope, token: str) -> Exchanged | None:
        """Give the cookie for a link used for the first time; None for any other text."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        now, cookie = self._clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
        t = pin_links
        hashed = self._hash("pin-link", token)
        used = scope.update(
            t,
            {"used_at": now, "cookie_hash": self._hash("pin-cookie", cookie)},
            t.c.token_hash == hashed,
            t.c.used_at.is_(None),
            t.c.expires_at > now,
        )
        if not used:
            return None
        row = scope.one(scope.select(t).where(t.c.token_hash == hashed))
        return Exchanged(row.booking_id, cookie, row.expires_at) if row else None

    def booking_of(self, scope: Scope, cookie: str) -> str | None:
        """Give the booking a cookie shows; None if it is none of ours or has expired."""
        if not cookie or len(cookie) > MAX_TOKEN_CHARS:
            return None
        booking_id: str | None = scope.scalar(
            scope.select(pin_links.c.booking_id).where(
                pin_links.c.cookie_hash == self._hash("pin-cookie", cookie),
                pin_links.c.expires_at > self._clock.now(),
            )
        )
        return booking_id

    def move(self, scope: Scope, booking_id: str, ends_at: datetime) -> None:
        """Let a booking's links live as long as the booking does now."""
        scope.update(
            pin_links, {"expires_at": ends_at + AFTER_END}, pin_links.c.booking_id == booking_id
        )

    def kill(self, scope: Scope, booking_id: str) -> None:
        """End every link and cookie of a booking."""
        scope.delete(pin_links, pin_links.c.booking_id == booking_id)

    def _hash(self, label: str, token: str) -> str:
        return self._keys.token_hash(label, token)
