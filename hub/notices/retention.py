"""A chore: addresses leave the outbox some time after the booking ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.clock import Clock
from hub.database.scope import Scope
from hub.notices import repository
from hub.notices.tables import line_link_codes, line_link_tries

_EVERY: Final = timedelta(minutes=15)


class ForgetAddresses:
    """Deletes addresses, and codes that have expired."""

    def __init__(self, clock: Clock, keep_days: int) -> None:
        self._clock = clock
        self._kept = timedelta(days=keep_days)
        self._next: datetime | None = None

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a quarter of an hour has passed and something is to be forgotten."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return False
        self._next = now + _EVERY
        c, t = line_link_codes.c, line_link_tries.c
        return (
            repository.has_addresses(scope, now - self._kept)
            or scope.one(scope.select(c.code_hash).where(c.expires_at <= now).limit(1)) is not None
            or scope.one(scope.select(t.subject).where(t.until <= now).limit(1)) is not None
        )

    def run(self, scope: Scope) -> int:
        """Delete; give from how many rows an address was taken."""
        now = self._clock.now()
        scope.delete(line_link_codes, line_link_codes.c.expires_at <= now)
        scope.delete(line_link_tries, line_link_tries.c.until <= now)
        return repository.forget_addresses(scope, now - self._kept)
