"""The first person of a day: until one who counts as such has opened the door, it waits.

Forgetting is the safe side here. Without a clock that is relied on, whoever came counts for a day
of the monotonic clock; after a reboot without one, nobody has come yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge.core.clock_now import ClockNow
from edge.core.days import TOWN, TURNS_MIN, day_of

_DAY: Final = timedelta(hours=24)


class FirstSeen(msgspec.Struct, frozen=True):
    """When a first person opened a door; `at` is None where no clock was relied on."""

    boot: str
    mono_ns: int
    at: datetime | None

    @classmethod
    def of(cls, now: ClockNow) -> FirstSeen:
        """A first person opens a door now."""
        return cls(now.boot, now.mono_ns, now.at if now.relied_on else None)

    def save(self) -> bytes:
        """Give the bytes to keep."""
        return msgspec.json.encode(self)

    @classmethod
    def load(cls, data: bytes) -> FirstSeen:
        """Read it; raise `ValueError` for bytes that are none."""
        return msgspec.json.decode(data, type=cls)

    def counts(self, now: ClockNow) -> bool:
        """Whether the day is still that day."""
        since, here = self.at, now.at
        if self.boot == now.boot:
            passed = timedelta(microseconds=(now.mono_ns - self.mono_ns) // 1_000)
            if since is None and not now.relied_on:
                return passed < _DAY
            if since is None:
                since = here - passed
            elif not now.relied_on:
                here = since + passed
        elif since is None or not now.relied_on:
            return False
        return day_of(since, TOWN, TURNS_MIN) == day_of(here, TOWN, TURNS_MIN)
