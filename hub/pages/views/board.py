"""The today board."""

from __future__ import annotations

from dataclasses import dataclass

from hub.pages.views.booking import BookingLine
from hub.pages.views.door import AlarmLine, DoorCard
from hub.pages.views.entry import EntryLine
from hub.pages.views.key_box import BoxLine


@dataclass(frozen=True, slots=True)
class StaffChip:
    """Somebody who is in."""

    name: str
    since: str


@dataclass(frozen=True, slots=True)
class Board:
    """What is red first, then today. `since` is where the live stream takes over; `staff` is None
    for those who may not see attendance."""

    date: str
    since: int
    alarms: tuple[AlarmLine, ...]
    bookings: tuple[BookingLine, ...]
    requests: int
    doors: tuple[DoorCard, ...]
    entries: tuple[EntryLine, ...]
    staff: tuple[StaffChip, ...] | None
    batteries: int = 0
    """How many have to be replaced this month, for those who may see them."""
    feeds: int = 0
    """How many calendar feeds ask for somebody, for those who may answer."""
    boxes_due: tuple[BoxLine, ...] = ()
