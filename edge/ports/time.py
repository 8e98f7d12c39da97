"""What time it is, as the machine tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel says of its clock: whether NTP disciplines it, and its error bound."""

    synchronised: bool
    error_ms: int


class TimeSource(Protocol):
    """The machine's clocks, and the randomness ids are made of."""

    @property
    def boot(self) -> str:
        """Names the boot of the machine."""

    def mono_ns(self) -> int:
        """Time since boot, sleep included, that nobody can set or slew: the clock that drivers
        stamp with (`edge.running_clock`)."""

    def wall(self) -> datetime:
        """The system's wall clock, UTC."""

    def kernel(self) -> KernelClock:
        """The kernel's word on NTP."""

    def rtc(self) -> datetime | None:
        """What the battery RTC itself shows, in whole seconds; None where there is none or it says
        that its time is no good. Asked only where the settings name one."""

    def entropy(self, count: int) -> bytes:
        """Random bytes."""
