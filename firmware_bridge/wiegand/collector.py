"""Bits and the gaps between them, made into bursts.

SIA AC-01 sends a bit as a low pulse of 20 to 100 us on DATA0 or DATA1, 200 us to 20 ms apart. A
frame has no end mark: it is over when no bit follows for longer than two bits can be apart.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from typing import Final

GAP_NS: Final = 25_000_000
LONGEST: Final = 512
"""No format is longer; a wire that chatters is cut off here."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Bits that came together: the first is the highest of `count` bits of `value`. Of more than
    `LONGEST` bits, `value` holds those heard first."""

    value: int
    count: int
    at_ns: int
    """When the last bit came."""


class BitCollector:
    """Gathers the bits of one reader. Of a burst beyond `LONGEST` bits only the length is true.

    What belongs together, and in which order, is told by the times of the bits: the two lines are
    heard separately, and their bits need not reach us in turn. That a burst is over is told by the
    time since a bit was last heard, twice the gap: bits may wait on their way to us.
    """

    def __init__(self, gap_ns: int = GAP_NS) -> None:
        self._gap_ns = gap_ns
        self._bits: list[tuple[int, int]] = []
        self._count, self._heard_ns = 0, 0

    def bit(self, value: int, at_ns: int, heard_ns: int) -> Burst | None:
        """Take a bit that came at `at_ns`; give the burst before it, where the gap says that this
        one begins another. A time before the burst under way begins another as well."""
        over = None
        if self._bits and not self._belongs(at_ns):
            over = self._take()
        if len(self._bits) < LONGEST:
            insort(self._bits, (at_ns, value), key=_time)
        self._count += 1
        self._heard_ns = heard_ns
        return over

    def flush(self, now_ns: int) -> Burst | None:
        """Give the burst that is over by now, if one is."""
        due_ns = self.due_ns
        return self._take() if due_ns is not None and now_ns >= due_ns else None

    @property
    def due_ns(self) -> int | None:
        """When the burst under way is over, if no bit follows."""
        return self._heard_ns + 2 * self._gap_ns if self._count else None

    def _belongs(self, at_ns: int) -> bool:
        first_ns, last_ns = self._bits[0][0], self._bits[-1][0]
        return first_ns - self._gap_ns <= at_ns <= last_ns + self._gap_ns

    def _take(self) -> Burst:
        value = 0
        for _, bit in self._bits:
            value = value << 1 | bit
        burst = Burst(value, self._count, self._bits[-1][0])
        self._bits, self._count = [], 0
        return burst


def _time(bit: tuple[int, int]) -> int:
    return bit[0]
