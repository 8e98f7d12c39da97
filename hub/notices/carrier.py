"""What a channel is to the sender: takes one message, says how it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.catalogue import Language
from hub.notices.domain import Channel, Sent
from hub.notices.texts import Said


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """What a mail brings for the calendar (`hub.bookings.ics`)."""

    method: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way. `id` is the row's: what is sent again under it is the same message."""

    id: str
    to: str = field(repr=False)
    at: datetime
    language: Language
    said: Said = field(repr=False)
    entry: CalendarFile | None = field(default=None, repr=False)
    stop_link: str = field(default="", repr=False)


class Carrier(Protocol):
    """A channel that is set up. `send` raises nothing: whatever goes wrong is an outcome."""

    @property
    def channel(self) -> Channel:
        """Which one it is."""
        ...

    def address(self, text: str) -> str | None:
        """Give an address as the channel takes it; None for what is none."""
        ...

    def send(self, message: Outgoing) -> Sent:
        """Hand one message over."""
        ...

    def close(self) -> None:
        """End what was kept open between messages."""
        ...
