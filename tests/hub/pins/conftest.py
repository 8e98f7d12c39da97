"""A door as its agent knows it: the policy that the hub compiled, decided by the edge's core."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from edge.core.attempts import Decision, PinAttempt
from edge.core.circumstances import Circumstances
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.model import Source
from edge.core.policy_index import PolicyIndex
from hub.pins.confirmation import confirm
from hub.policy import repository as policy_rows
from wire.clock import ClockState
from wire.pins import pin_digest


class AtTheDoor:
    """What a controller's agent makes of the policy it holds; `learn` brings it the newest."""

    def __init__(self, town: Any, controller: str) -> None:
        self.town, self.controller = town, controller
        self.index = PolicyIndex()
        self.uses: dict[str, int] = {}
        self._known: frozenset[Any] = frozenset()

    def learn(self) -> None:
        self.town.compile()
        with self.town.db.read() as scope:
            held = policy_rows.entries(scope, self.controller)
        keys = frozenset(entry.key for entry in held)
        change = self.index.prepare([entry.data for entry in held], self._known - keys)
        assert not change.rejected
        self.index.swap(change)
        self._known = keys

    def prove(self) -> None:
        """Learn, and have the hub take the digest of the index that decides here."""
        self.learn()

        def take(scope: Any) -> None:
            held = policy_rows.held(scope, self.controller)
            assert self.index.digest == held.digest
            confirm(scope, self.controller, held.version, (), self.town.clock.now())

        self.town.db.write(take)

    def type(self, digits: str, door: str) -> Decision:
        """Somebody confirms digits at a door's keypad."""
        key = self.town.keys.controller(self.controller).pin
        (reader,) = (each for each in self.index.readers.values() if each.door == door)
        at = self.town.clock.now()
        now = ClockNow("boot", 10**12, at, ClockState.TRUSTED, 5, at - timedelta(minutes=1))
        about = Circumstances(
            self.index, now, self.uses, lambda _reader, _kind: False, lambda _door: False
        )
        source = Source(reader.device, reader.channel)
        attempt = PinAttempt(source, len(digits), lambda at_door: pin_digest(key, at_door, digits))
        decision = decide(attempt, about)
        if decision.granted and decision.counts_use is not None:
            self.uses[decision.counts_use] = self.uses.get(decision.counts_use, 0) + 1
        return decision


@pytest.fixture
def agent() -> Callable[..., AtTheDoor]:
    """`agent(town, controller)` stands at a controller's doors."""
    return AtTheDoor
