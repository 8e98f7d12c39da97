"""Forgets the names of visits that are long over."""

from __future__ import annotations

from datetime import timedelta

from hub.clock import Clock
from hub.database.scope import Scope
from hub.visitors import repository


class ForgetVisitors:
    """A chore: `keep_days` after a visit's end nobody can say any more who came."""

    def __init__(self, clock: Clock, keep_days: int) -> None:
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    def is_due(self, scope: Scope) -> bool:
        """Tell whether names have to be forgotten."""
        return bool(repository.forgettable(scope, self._clock.now() - self._keep))

    def run(self, scope: Scope) -> None:
        """Forget."""
        now = self._clock.now()
        repository.forget(scope, repository.forgettable(scope, now - self._keep), now)
