"""Holes in a numbering that stay: pure.

Rows may come early: what happens now goes ahead of a backlog, and a broker may delay. A hole fills
as the edge sends on from the watermark. One that does not, while its controller goes on sending, is
told: somebody holds messages back, or the edge lost rows without saying so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOLE_S: Final = 300.0
"""A backlog at the slowest pace sends a message more often than this."""


@dataclass(slots=True)
class _Hole:
    after: int
    since_s: float
    told: bool = False


class HoleWatch:
    """Watches the watermark of each (controller, epoch)."""

    def __init__(self) -> None:
        self._holes: dict[tuple[str, int], _Hole] = {}

    def look(self, stream: tuple[str, int], through: int, highest: int, now_s: float) -> bool:
        """Rows of a stream were stored: tell whether a hole behind them is to be told, once."""
        if highest <= through:
            self._holes.pop(stream, None)
            return False
        hole = self._holes.get(stream)
        if hole is None or hole.after != through:
            self._holes[stream] = _Hole(through, now_s)
            return False
        if hole.told or now_s - hole.since_s < HOLE_S:
            return False
        hole.told = True
        return True
