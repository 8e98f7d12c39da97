"""Forgets what nobody looks at any more: deliveries, and what was received."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.clock import Clock
from hub.database.scope import Scope
from hub.webhooks import repository, source_repository
from hub.webhooks.settings import WebhooksSettings

STAMPS_KEPT: Final = timedelta(days=800)
"""As long as a booking can lie ahead: what is older than its newest state stays stale."""


class ForgetWebhooks:
    """A chore: once an hour deletes what is older than `webhooks.keep_days`."""

    _EVERY: Final = timedelta(hours=1)

    def __init__(self, clock: Clock, settings: WebhooksSettings) -> None:
        self._clock = clock
        self._kept = timedelta(days=settings.keep_days)
        self._next: datetime | None = None

    def is_due(self, scope: Scope) -> bool:  # noqa: ARG002  # time alone decides
        """Tell whether an hour has passed."""
        if self._next is None:
            return True
        # A clock that ran ahead and was put back does not keep it waiting until then.
        return not self._next - self._EVERY <= self._clock.now() < self._next

    def run(self, scope: Scope) -> int:
        """Delete; give how many rows."""
        now = self._clock.now()
        self._next = now + self._EVERY
        gone = repository.forget_before(scope, now - self._kept)
        return gone + source_repository.forget_before(scope, now - self._kept, now - STAMPS_KEPT)
