"""What a visit wants done, one after the other: who performs it sends the outcome back."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from edge.core.model import NewEvent
from firmware_bridge.keybox.requests import Request


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Open a session; sent back: `HelloAnswer`."""


@dataclass(frozen=True, slots=True)
class Renew:
    """Open a session under the ticket of the box's new secrets; sent back: `HelloAnswer`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the box; sent back: the answer. `KeyboxError` is thrown where it does not do it."""

    request: Request


@dataclass(frozen=True, slots=True)
class SendImage:
    """Send the firmware image; sent back: None."""


@dataclass(frozen=True, slots=True)
class Look:
    """Look at the agent's clock, and at how far this device's log was journaled; sent back:
    `(ClockNow, Journaled | None)`."""

    device: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Journal events and named values in one transaction; sent back: None, once it is durable."""

    events: tuple[NewEvent, ...]
    state: Mapping[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the person who waits; sent back: None."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Let a second pass, or less where the agent is stopping; sent back: None."""


Want: TypeAlias = OpenSession | Renew | Ask | SendImage | Look | Commit | Tell | Pause
Steps: TypeAlias = Generator[Want, Any, None]
