"""The one monotonic clock of the agent: what everything is stamped with.

CLOCK_MONOTONIC stands still while the machine sleeps, and NTP slews it and CLOCK_BOOTTIME alike:
chrony by up to 8 %, so that a false NTP server could drag along a clock that is reckoned on either.
Taken are the ticks of the crystal (CLOCK_MONOTONIC_RAW), which nobody can steer, and on top of them
the time that the machine slept (CLOCK_BOOTTIME less CLOCK_MONOTONIC).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final


class RunningClock:
    """Nanoseconds since the machine's boot, sleep included. May be asked from any thread."""

    def __init__(self, read: Callable[[int], int] = time.clock_gettime_ns) -> None:
        self._read = read
        self._slept_ns = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        """Give the nanoseconds since boot; never less than before."""
        read = self._read
        with self._lock:
            # MONOTONIC is asked after BOOTTIME: the difference never exceeds what was slept, and
            # the largest that was ever seen is closest to it.
            since_boot = read(time.CLOCK_BOOTTIME)
            self._slept_ns = max(self._slept_ns, since_boot - read(time.CLOCK_MONOTONIC))
            return read(time.CLOCK_MONOTONIC_RAW) + self._slept_ns

    def offset_ns(self) -> int:
        """Give how far this clock is ahead of CLOCK_MONOTONIC now: what the kernel stamped by that
        one is told by this one. Of three looks the quickest counts: a thread may be held up."""
        looks = []
        for _ in range(3):
            begun = self._read(time.CLOCK_MONOTONIC)
            own = self()
            ended = self._read(time.CLOCK_MONOTONIC)
            looks.append((ended - begun, own - (begun + ended) // 2))
        return min(looks)[1]


running_ns: Final = RunningClock()
"""The process's own."""


def in_running_ns(monotonic_ns: int) -> int:
    """Tell a recent reading of CLOCK_MONOTONIC, by which lines to devices count, in our own."""
    return running_ns() - (time.monotonic_ns() - monotonic_ns)
