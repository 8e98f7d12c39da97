"""The machine's clocks and randomness: the one file of the agent that asks for them.

`kernel` asks adjtimex(2), which says whether NTP disciplines the clock and how far it may be off.
`rtc` asks the chip, never the system's time: at boot that may come from fake-hwclock or systemd,
which put it to when the machine was last alive, plausible and wrong.
"""

from __future__ import annotations

import ctypes
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.ports import KernelClock
from edge.running_clock import running_ns

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_STA_UNSYNC: Final = 0x40
_TIME_ERROR: Final = 5
_UNKNOWN_MS: Final = 16_000
_REST: Final = 256
_RTC: Final = Path("/sys/class/rtc/rtc0/since_epoch")


class _Timex(ctypes.Structure):
    """The head of struct timex; what follows it is padding here."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * _REST),
    )


class Machine:
    """Fulfils `ports.TimeSource`."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._boot = _BOOT_ID.read_text(encoding="ascii").strip()

    @property
    def boot(self) -> str:
        """The kernel's id of this boot."""
        return self._boot

    def mono_ns(self) -> int:
        """Time since boot, sleep included."""
        return running_ns()

    def wall(self) -> datetime:
        """The system's wall clock."""
        return datetime.now(UTC)

    def kernel(self) -> KernelClock:
        """Whether NTP disciplines the clock, by adjtimex(2); no where it cannot be asked."""
        timex = _Timex()
        state = self._libc.adjtimex(ctypes.byref(timex))
        if state in (-1, _TIME_ERROR) or timex.status & _STA_UNSYNC:
            return KernelClock(synchronised=False, error_ms=_UNKNOWN_MS)
        return KernelClock(synchronised=True, error_ms=-(-timex.maxerror // 1_000))

    def rtc(self) -> datetime | None:
        """What the first RTC shows. Its driver refuses where the oscillator has stopped."""
        try:
            return datetime.fromtimestamp(int(_RTC.read_text(encoding="ascii")), UTC)
        except (OSError, ValueError, OverflowError):
            return None

    def entropy(self, count: int) -> bytes:
        """Random bytes of the kernel."""
        return os.urandom(count)
