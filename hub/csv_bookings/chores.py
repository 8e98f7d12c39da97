"""Forgets uploaded files that nobody did: they hold personal data and would wait for ever."""

from __future__ import annotations

from hub.clock import Clock
from hub.csv_bookings import repository
from hub.database.scope import Scope


class ForgetStaged:
    """A chore: deletes files of trial runs whose time is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a file's time is over."""
        return repository.has_expired(scope, self._clock.now())

    def run(self, scope: Scope) -> None:
        """Delete."""
        repository.forget_staged(scope, self._clock.now())
