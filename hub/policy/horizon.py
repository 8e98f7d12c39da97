"""Whether a window concerns a controller now: only what starts soon is sent, nothing that is over.

A stolen controller yields the PINs of the horizon, not of the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

DEFAULT_HORIZON: Final = timedelta(hours=72)

LINGER: Final = timedelta(hours=1)
"""So long a PIN's entries stay at the door after its window: whoever comes back a little late is
told `expired` by the window itself. Were they gone, the same digits would be unknown there, and
cost everybody at that reader a try. No PIN is used again within 30 days, so nobody else's is meant.
"""


class Phase(StrEnum):
    """Where now stands to a window and the horizon."""

    AHEAD = "ahead"
    WITHIN = "within"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open `[start, end)`; None is without bound."""

    start: datetime | None = None
    end: datetime | None = None

    def phase(self, now: datetime, horizon: timedelta = DEFAULT_HORIZON) -> Phase:
        """Tell where now stands: over from its end on, within from one horizon before its start."""
        if self.end is not None and self.end <= now:
            return Phase.OVER
        if self.start is not None and self.start > now + horizon:
            return Phase.AHEAD
        return Phase.WITHIN

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies inside."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def overlaps(self, other: Window) -> bool:
        """Tell whether some instant lies in both; windows that only touch do not overlap."""
        return (self.start is None or other.end is None or self.start < other.end) and (
            other.start is None or self.end is None or other.start < self.end
        )
