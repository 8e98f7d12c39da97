"""The time as it is handed to everything in the core, and how far it may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wire.clock import ClockState


@dataclass(frozen=True, slots=True)
class ClockNow:
    """One reading of the agent's clock.

    `boot` names the boot of the machine, `mono_ns` is its monotonic clock, `at` the best wall time
    (UTC) with its `state` and error bound (ms; None where nothing is known). `floor` is the newest
    instant that is certainly past.
    """

    boot: str
    mono_ns: int
    at: datetime
    state: ClockState
    error_ms: int | None
    floor: datetime

    @property
    def relied_on(self) -> bool:
        """Whether windows may be judged by `at`: trusted, or held over within its bound."""
        return self.state is not ClockState.UNTRUSTED
