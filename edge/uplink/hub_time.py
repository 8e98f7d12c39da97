"""What time it certainly is at the hub, on the monotonic clock alone: no wall clock can mislead it.

The hub stamped its welcome before we had it, so its time is at least the stamp plus what has gone
by here since, less what a crystal may stray. From that follows how old a message certainly is,
however long a broker held it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge.core.clock_anchors import ClockBounds

HUB_CLOCKS_MS: Final = 2_000
"""How far the clocks of two processes of one hub may differ: another one may have sent."""

_MILLION: Final = 1_000_000
_US: Final = timedelta(microseconds=1)
_DRIFT_PPM: Final = ClockBounds().drift_ppm


@dataclass(frozen=True, slots=True)
class HubTime:
    """The hub's time in a welcome, and when the welcome came in."""

    at: datetime
    got_ns: int

    def certain_age_ns(self, sent_at: datetime, mono_ns: int) -> int:
        """Give how long ago something was certainly sent; 0 where nothing is certain."""
        gone_ns = mono_ns - self.got_ns
        gone_ns -= gone_ns * _DRIFT_PPM // _MILLION
        age_ns = (self.at - sent_at) // _US * 1_000 + gone_ns - HUB_CLOCKS_MS * _MILLION
        return max(age_ns, 0)
