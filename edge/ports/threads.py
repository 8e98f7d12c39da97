"""What whoever owns threads shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ThreadSign:
    """A thread, as its owner sees it: whether it is there, and when it last showed that it goes
    round (`beat_ns`, by the running clock), which it has to do every `patience_s`. Where it
    `must_live`, doors depend upon it; `devices` are those that nobody serves while it does not."""

    name: str
    is_alive: bool
    beat_ns: int
    patience_s: float
    must_live: bool = True
    devices: tuple[str, ...] = ()


@runtime_checkable
class Threaded(Protocol):
    """What whoever owns threads has on top, so that they can be watched. Called from any thread;
    blocks nowhere."""

    def threads(self) -> tuple[ThreadSign, ...]:
        """The threads that should be running now."""

    def revive(self) -> None:
        """Start anew what died of them. What was under way has failed; nothing is repeated."""
