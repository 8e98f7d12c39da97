"""What the MQTT client puts on the queue, and all that reaches the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from edge.core.model import DeviceEvent, Presentation, PunchChosen


@dataclass(frozen=True, slots=True)
class LinkConnected:
    """The broker took us and our subscription stands. `generation` counts connections."""

    generation: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection is gone, or could not be made: `cause` is one of the link's named causes."""

    generation: int
    cause: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message as the broker gave it, nothing of it checked yet."""

    topic: str
    payload: bytes = field(repr=False)
    retained: bool
    at_ns: int


LinkEvent: TypeAlias = LinkConnected | LinkLost | MessageArrived

Incoming: TypeAlias = Presentation | PunchChosen | DeviceEvent | LinkEvent

Emit: TypeAlias = Callable[[Incoming], None]
"""Hands something to the loop; called from any thread, never blocks, never raises."""
