"""What became of a tap at a terminal, as the agent journaled it.

Whose card it was, and whether it was tapped twice, the hub knows; the agent does not.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from deploy.demo.api import WaitedTooLongError, wait_until
from edge.control_socket import AgentAbsentError, Request, ask_agent

_DEADLINE_S: Final = 3.0
_LOOK_BACK: Final = 20


class TapAnswer(StrEnum):
    """What is shown after a tap."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    SILENT = "silent"


_DENIALS: Final = {
    "unknown_card": TapAnswer.UNKNOWN,
    "card_unreadable": TapAnswer.UNREADABLE,
}


class TapAnswers:
    """Asks the agent at a control socket."""

    def __init__(self, socket: Path, deadline_s: float = _DEADLINE_S) -> None:
        self._socket = socket
        self._deadline_s = deadline_s

    def to(self, tap: Callable[[], None], deadline_s: float | None = None) -> TapAnswer:
        """Tap, and give what the agent made of it, within the deadline; one tap at a time."""
        try:
            before = max((row["seq"] for row in self._rows()), default=0)
        except AgentAbsentError:
            tap()
            return TapAnswer.SILENT
        tap()

        def look() -> TapAnswer | None:
            new = (row["event"] for row in self._rows() if row["seq"] > before)
            return next((said for event in new if (said := answer_of(event))), None)

        try:
            return wait_until("the agent's answer", look, deadline_s or self._deadline_s)
        except (AgentAbsentError, WaitedTooLongError):
            return TapAnswer.SILENT

    def _rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask_agent(self._socket, Request("journal", _LOOK_BACK))
        return found


def answer_of(event: dict[str, Any]) -> TapAnswer | None:
    """Tell what a journaled event says of a tap at a terminal; None for any other event."""
    body = event.get("body", {})
    if body.get("door") is not None:
        return None
    if event.get("kind") == "punch":
        return TapAnswer.ACCEPTED
    if event.get("kind") == "access_denied":
        return _DENIALS.get(body.get("reason", ""), TapAnswer.REFUSED)
    return None
