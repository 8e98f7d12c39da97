"""An attendance terminal, as those who handle presentations need it."""

from __future__ import annotations

from typing import Protocol

from edge.core.attempts import Decision
from edge.core.clock_now import ClockNow
from edge.core.model import KeysPressed, PunchChosen, Source


class PunchDesk(Protocol):
    """Fulfilled by `edge.terminal.desk.Desk`, where there is a terminal. Called in the loop."""

    def keys(self, item: KeysPressed, now: ClockNow) -> bool:
        """Take the keys of a keypad, if they choose what a tap means; tell whether they do."""

    def choose(self, item: PunchChosen, now: ClockNow) -> None:
        """Take a key of the screen."""

    def conclude(self, decision: Decision, source: Source, at_ns: int, now: ClockNow) -> bool:
        """Carry out what was decided about a card at one of its readers, and show it; tell whether
        the reader is one of them. `at_ns` is the moment of the card."""

    def failed(self, source: Source, now: ClockNow) -> None:
        """Something broke on the way: say that nothing was recorded."""

    def tick(self, now: ClockNow) -> None:
        """Time passes."""
