"""Commands that came: of this session, once each, and as old as they certainly are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from edge.ports import CommandArrived, CommandRefused
from edge.uplink.hub_time import HubTime
from wire.messages import Command

_REMEMBERED: Final = 1_024
_MS: Final = 1_000_000


class CommandInbox:
    """Judges commands on one connection. `late` tells that one has outlived its life on its way:
    it was held back, or the hub's clock was set since its welcome."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._time: HubTime | None = None
        self.late = False

    def begin(self) -> None:
        """A new connection."""
        self._ids.clear()
        self._time = None

    def welcomed(self, hub_time: datetime, got_ns: int) -> None:
        """Take the time of a welcome, by which ages are reckoned."""
        self._time, self.late = HubTime(hub_time, got_ns), False

    def judge(self, command: Command, session: str, at_ns: int) -> CommandArrived | CommandRefused:
        """Give a command that came at `at_ns` with the begin of its life, or why it must not run;
        `session` is the one that was welcomed."""
        if self._time is None or not session or command.session != session:
            return CommandRefused(command, "session")
        if command.command_id in self._ids:
            return CommandRefused(command, "repeated")
        self._ids[command.command_id] = None
        if len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]
        age_ns = self._time.certain_age_ns(command.sent_at, at_ns)
        self.late = self.late or age_ns >= command.life_ms * _MS
        return CommandArrived(command, at_ns - age_ns)
