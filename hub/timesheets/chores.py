"""Reckons in the background what stands no longer, so that pages find it done."""

from __future__ import annotations

from hub.clock import Clock
from hub.database.scope import Scope
from hub.timesheets import repository
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService

_PEOPLE = 10


class ReckonStale:
    """A few people at a time: whoever writes meanwhile on SQLite waits. What was reckoned by other
    ordinances than today's is looked for once, when the hub starts."""

    def __init__(self, service: TimesheetsService, reckoner: Reckoner, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._reckoner = reckoner
        self._outdated = False

    def is_due(self, scope: Scope) -> bool:
        """Whether somebody's month stands no longer."""
        return not self._outdated or bool(repository.waiting(scope, 1))

    def run(self, scope: Scope) -> object:
        """Reckon it."""
        if not self._outdated:
            self._outdated = True
            repository.outdate(scope, self._reckoner.rules_print, self._clock.now())
        return self._service.refresh_in(scope, _PEOPLE)
