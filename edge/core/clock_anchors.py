"""What the clock reckons from: moments when wall time was known, and what is kept of them.

An anchor is (monotonic, wall, error). From it the time is reckoned on the monotonic clock, its
error growing by the stated drift. Two statements contradict each other where they lie further apart
than both their errors and a leap second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from wire.clock import drift_bound_ms

_NS_IN_US: Final = 1_000
_SECOND: Final = 1_000_000_000
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No wall time before this is plausible: it is the floor of a store that knows nothing, and an RTC
that shows less was never set, or lost its battery (they begin at 1970 or 2000)."""


class ClockSource(StrEnum):
    """Where an anchor came from."""

    NTP = "ntp"
    WELCOME = "welcome"
    RTC = "rtc"


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """How far a clock may stray. 100 ppm is twice what a Pi's crystal does in the cold."""

    drift_ppm: int = 100
    trusted_ms: int = 2_000
    holdover_ms: int = 60_000
    anchor_every_s: int = 3_600
    leap_s: int = 30 * 86_400
    """Further beyond the floor only the hub's signature is believed, and further beyond a time that
    is relied on not even that."""
    slack_ms: int = 1_000
    """A leap second, or its smear over a day: no contradiction."""
    ntp_least_ms: int = 100
    """NTP daemons state 0 right after a poll, whatever the way there and back did to it."""
    rtc_tick_ms: int = 1_000
    """An RTC tells whole seconds."""


class Anchor(msgspec.Struct, frozen=True):
    """A moment when wall time was known within `error_ms`; `kept`: by an earlier run of the agent
    in the same boot."""

    boot: str
    mono_ns: int
    at: datetime
    error_ms: int
    source: ClockSource
    kept: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether the hub vouched for it."""
        return self.source is ClockSource.WELCOME

    @property
    def is_disciplined(self) -> bool:
        """Whether hub or NTP said it, no RTC."""
        return self.source is not ClockSource.RTC

    def at_mono(self, mono_ns: int) -> datetime:
        """Give the wall time that follows for a monotonic moment."""
        return self.at + timedelta(microseconds=(mono_ns - self.mono_ns) // _NS_IN_US)

    def error_at(self, mono_ns: int, drift_ppm: int) -> int:
        """Give the error bound (ms) at a monotonic moment."""
        elapsed_s = -(-max(mono_ns - self.mono_ns, 0) // _SECOND)
        return drift_bound_ms(elapsed_s, drift_ppm, self.error_ms)


class RtcCheck(msgspec.Struct, frozen=True):
    """A comparison of the RTC with a clock that was trusted: it showed `shown` (whole seconds) when
    it was `at`, within `error_ms`."""

    shown: datetime
    at: datetime
    error_ms: int

    def strays_from(self, newer: RtcCheck, bounds: ClockBounds) -> bool:
        """Whether a later comparison says that the RTC was set meanwhile, or strays more than it
        may."""
        elapsed_s = max(int((newer.at - self.at).total_seconds()), 0)
        allowed_ms = drift_bound_ms(elapsed_s, bounds.drift_ppm, self.error_ms + newer.error_ms)
        moved = (newer.shown - newer.at) - (self.shown - self.at)
        return abs(moved) > timedelta(milliseconds=allowed_ms)


class KeptClock(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the journal keeps of the clock over a restart."""

    anchor: Anchor | None = None
    floor: datetime | None = None
    rtc: RtcCheck | None = None


def rtc_anchor(
    check: RtcCheck, boot: str, mono_ns: int, shown: datetime, bounds: ClockBounds
) -> Anchor:
    """Give the anchor that an RTC makes which was compared earlier: what it was off then it is off
    now, and it has drifted since."""
    gone = shown - check.shown
    elapsed_s = -(-gone // timedelta(seconds=1))
    error_ms = drift_bound_ms(elapsed_s, bounds.drift_ppm, check.error_ms + bounds.rtc_tick_ms)
    return Anchor(boot, mono_ns, check.at + gone, error_ms, ClockSource.RTC)
