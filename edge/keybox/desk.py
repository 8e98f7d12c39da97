"""What a visit's thread gets from the agent's loop: its clock, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.ports import JournalError
from edge.service.loop import Parts

AskLoop = Callable[[Callable[[Parts, ClockNow], object]], object]
"""Has something answered in the loop's thread; raises `TimeoutError` where it does not answer."""


class AgentDesk:
    """Fulfils `edge.keybox.visits.Desk` by questions to the loop."""

    def __init__(self, ask: AskLoop) -> None:
        self._ask = ask

    def look(self) -> ClockNow:
        """The agent's clock."""
        now = self._asked(lambda _parts, now: now)
        if not isinstance(now, ClockNow):
            raise TypeError("the loop answered something else")
        return now

    def state(self, prefix: str) -> dict[str, bytes]:
        """The journal's named values."""
        found = self._asked(lambda parts, _now: parts.recorder.journal.state(prefix))
        return dict(found) if isinstance(found, dict) else {}

    def commit(self, events: tuple[NewEvent, ...], state: Mapping[str, bytes | None]) -> None:
        """Journal in one transaction; raise `JournalError`. What the agent holds back because the
        journal failed goes first, or nothing goes."""

        def write(parts: Parts, now: ClockNow) -> object:
            if not parts.recorder.commit(events, now, state):
                raise JournalError(parts.recorder.failure or "not_written")
            return None

        self._asked(write)

    def _asked(self, ask: Callable[[Parts, ClockNow], object]) -> object:
        try:
            return self._ask(ask)
        except (TimeoutError, CancelledError) as error:
            raise JournalError("agent_stopping") from error
