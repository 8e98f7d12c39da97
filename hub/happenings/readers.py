"""How a reader goes through happenings: in order, each handled in the transaction of its mark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.happenings import repository
from hub.happenings.domain import Happening

Handle: TypeAlias = Callable[[Scope, Happening], None]
"""Does what a reader has to do about one happening, within the transaction: it writes to an outbox
of its own, and never speaks to the network here."""

BATCH: Final = 100


def read_on(db: Database, reader: str, handle: Handle) -> int:
    """Hand a reader what it has not had yet, a batch a transaction; give how many there were.

    Each happening reaches a reader's tables once: the mark moves in the same transaction. What
    `handle` raises undoes its batch and is raised here.
    """
    total = 0
    while True:
        taken = db.write(lambda scope: _batch(scope, reader, handle))
        total += taken
        if taken < BATCH:
            return total


def _batch(scope: Scope, reader: str, handle: Handle) -> int:
    scope.lock(f"happenings:{reader}")
    found = repository.after(scope, repository.through(scope, reader), BATCH)
    for each in found:
        handle(scope, each)
    if found:
        repository.move_on(scope, reader, found[-1].seq)
    return len(found)


class ForgetHappenings:
    """A chore: once an hour deletes what nobody will read any more."""

    _EVERY: Final = timedelta(hours=1)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
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
        return repository.forget_before(scope, now - repository.KEPT)
