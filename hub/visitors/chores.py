"""Forgets the names of visits that are long over, and has PINs follow the keypads of doors."""

from __future__ import annotations

from datetime import timedelta

import structlog

from hub.clock import Clock
from hub.database.scope import Scope
from hub.visitors import repository
from hub.visitors.domain import Visit
from hub.visitors.pins import VisitorPins, keypad_doors, outdated
from hub.web.problems import Problem
from hub.web.rights import SYSTEM

_log = structlog.get_logger(__name__)


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


class FollowKeypads:
    """A chore: a door with a keypad that is added to a visit's zone gets the visit's PINs, and one
    that is taken out of it loses them, without anybody touching the visit."""

    def __init__(self, clock: Clock, pins: VisitorPins) -> None:
        self._clock = clock
        self._pins = pins
        self._refused: set[tuple[Visit, tuple[str, ...]]] = set()

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a PIN stands at other doors than it should."""
        return bool(self._outdated(scope))

    def run(self, scope: Scope) -> None:
        """Place them. A PIN that a new keypad cannot take stays where it is; the log says so."""
        for visit in self._outdated(scope):
            try:
                with scope.savepoint():
                    self._pins.follow_in(scope, visit, SYSTEM.actor)
            except Problem as problem:
                self._refused.add((visit, keypad_doors(scope, visit)))
                _log.warning("visitor_pins_not_followed", visit=visit.id, why=problem.detail)

    def _outdated(self, scope: Scope) -> tuple[Visit, ...]:
        found = outdated(scope, self._clock.now())
        return tuple(v for v in found if (v, keypad_doors(scope, v)) not in self._refused)
