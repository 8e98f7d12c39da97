"""What an output is to be at a moment: held on, on for a pulse, or off. Pure.

| told | held on | on for a pulse | off |
| ON | - | held on | held on |
| PULSE | held on (a pulse ends no hold) | to the later of the two ends | on for the pulse |
| OFF | off | off | - |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.core.model import OutputMode

_MS: Final = 1_000_000


@dataclass(slots=True)
class Output:
    """One output as it was told to be."""

    held: bool = False
    pulse_end_ns: int | None = None

    def drive(self, mode: OutputMode, pulse_ms: int, now_ns: int) -> None:
        """Take an act."""
        match mode:
            case OutputMode.PULSE:
                end_ns = now_ns + pulse_ms * _MS
                self.pulse_end_ns = max(self.pulse_end_ns or end_ns, end_ns)
            case OutputMode.ON:
                self.held, self.pulse_end_ns = True, None
            case OutputMode.OFF:
                self.held, self.pulse_end_ns = False, None

    def on(self, now_ns: int) -> bool:
        """Whether it is to be on; a pulse whose time is over is forgotten."""
        if self.pulse_end_ns is not None and now_ns >= self.pulse_end_ns:
            self.pulse_end_ns = None
        return self.held or self.pulse_end_ns is not None
