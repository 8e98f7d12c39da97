"""How long to wait before the next try: doubling, with a bound, spread by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits of `first_s`, twice that, and so on up to `longest_s`; `chance` gives [0, 1) and
    spreads each over its upper half, so that a fleet does not come back all at once."""

    first_s: float
    longest_s: float
    chance: Callable[[], float] = lambda: 1.0
    _next_s: float = 0.0

    def next_s(self) -> float:
        """Give the next wait in seconds."""
        wait = self._next_s or self.first_s
        self._next_s = min(wait * 2, self.longest_s)
        return wait * (0.5 + self.chance() / 2)

    def reset(self) -> None:
        """Begin again with the first wait."""
        self._next_s = 0.0
