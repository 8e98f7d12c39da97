"""Commands waiting for their turn and the one under way, each ending in exactly one result."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from firmware_bridge.osdp.channel import Sealed
from firmware_bridge.osdp.commands import (
    AskCapabilities,
    AskIdentity,
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    Command,
    ComSet,
    KeySet,
    SetLed,
    SetOutput,
    ShowText,
)
from firmware_bridge.osdp.events import CommandFinished, Outcome
from firmware_bridge.osdp.replies import Reply

MAX_PENDING: Final = 64
# What changes nothing that lasts: it waits for what moves a door, and may be repeated late.
HARMLESS: Final = (
    AskCapabilities,
    AskIdentity,
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    SetLed,
    ShowText,
)
SUBMITTABLE: Final = (*HARMLESS, ComSet, KeySet, SetOutput)


@dataclass(frozen=True, slots=True)
class Pending:
    """A command of the application; past `deadline_ns` it is not sent, nor sent again."""

    command_id: int
    command: Command
    deadline_ns: int

    def finished(
        self, address: int, outcome: Outcome, sent: bool, reply: Reply | None = None
    ) -> CommandFinished:
        """The one result of this command."""
        return CommandFinished(address, self.command_id, self.command, outcome, sent, reply)


@dataclass(slots=True)
class Flight:
    """The command that waits for its answer, and how often it was sent."""

    sealed: Sealed
    command: Command
    pending: Pending | None
    first_sent_ns: int
    transmissions: int = 0
    retry_ns: int = 0
    on_wire: bool = False


class CommandQueue:
    """What moves a door before lights, tones and questions; else first in, first out.

    Expired commands leave it whatever the state of the wire.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[Pending] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, pending: Pending) -> bool:
        """Whether there was room."""
        if len(self._waiting) >= MAX_PENDING:
            return False
        place = len(self._waiting)
        if not isinstance(pending.command, HARMLESS):
            while place and isinstance(self._waiting[place - 1].command, HARMLESS):
                place -= 1
        self._waiting.insert(place, pending)
        return True

    def put_back(self, pending: Pending) -> None:
        """Lets a command that was not taken have the next turn."""
        self._waiting.appendleft(pending)

    def pop(self) -> Pending:
        """The oldest command."""
        return self._waiting.popleft()

    def take_expired(self, now_ns: int) -> list[Pending]:
        """Removes and returns the commands whose deadline has passed."""
        expired = [pending for pending in self._waiting if pending.deadline_ns <= now_ns]
        if expired:
            self._waiting = deque(p for p in self._waiting if p.deadline_ns > now_ns)
        return expired

    def take_all(self) -> list[Pending]:
        """Removes and returns everything."""
        everything = list(self._waiting)
        self._waiting.clear()
        return everything

    def first_deadline_ns(self) -> int | None:
        """When the next command expires."""
        return min((pending.deadline_ns for pending in self._waiting), default=None)
