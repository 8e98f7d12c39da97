"""Effective windows of bookings that follow each other closely: who may open until when. Pure.

With `trim` the windows of two bookings that clash (see `parts`) never overlap: the party that
leaves keeps its margin as far as the next one's booked start, and the next one's margin begins
where that ends. Of exactly adjacent bookings both end and begin at the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.bookings.tables import Handover
from hub.bookings.windows import BookedWindow, Margins

REACH: Final = timedelta(hours=24)
"""No booking's margins change for another that is further away: two margins of twelve hours."""


@dataclass(frozen=True, slots=True)
class Slotted:
    """A standing booking among its neighbours; `parts` are what it takes up."""

    id: str
    booked: BookedWindow
    margins: Margins
    parts: frozenset[str]

    def meets(self, other: Slotted) -> bool:
        """Whether the two may not be inside at once, and one of them wants that kept apart."""
        trims = Handover.TRIM in (self.margins.handover, other.margins.handover)
        return trims and not self.parts.isdisjoint(other.parts)


def effective_windows(slotted: Sequence[Slotted]) -> dict[str, BookedWindow]:
    """Give each booking's effective window. It always contains the booked one; bookings that meet
    and do not overlap as booked do not overlap as effective either."""
    in_order = sorted(slotted, key=lambda each: (each.booked.starts_at, each.booked.ends_at))
    ends = {}
    for each in in_order:
        later = [
            other.booked.starts_at
            for other in in_order
            if other.booked.starts_at >= each.booked.ends_at and each.meets(other)
        ]
        ends[each.id] = min([each.margins.widen(each.booked).ends_at, *later])
    found = {}
    for each in in_order:
        earlier = [
            ends[other.id]
            for other in in_order
            if other.booked.ends_at <= each.booked.starts_at and each.meets(other)
        ]
        start = max([each.margins.widen(each.booked).starts_at, *earlier])
        found[each.id] = BookedWindow(start, ends[each.id])
    return found
