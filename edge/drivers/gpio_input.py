"""An input's level, with its bounces taken off. Pure: edges and levels in, changes out.

An edge is a hint, the level is the truth: whoever reads the level now and then feeds it in as well,
so that an edge that was lost costs a moment and no more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settled:
    """The input is now active or not, since `at_ns`."""

    active: bool
    at_ns: int


class Debounce:
    """One input, known to be `active` or not; another level counts once it has stood."""

    def __init__(self, active: bool, debounce_ns: int) -> None:
        self.active = active
        self._debounce_ns = debounce_ns
        self._since_ns: int | None = None

    def level(self, active: bool, at_ns: int) -> None:
        """Take a level that was seen at a moment."""
        if active == self.active:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = at_ns

    def settle(self, now_ns: int) -> Settled | None:
        """Give the change, if the other level has stood long enough by now."""
        due_ns = self.due_ns
        if due_ns is None or self._since_ns is None or now_ns < due_ns:
            return None
        self.active, since_ns, self._since_ns = not self.active, self._since_ns, None
        return Settled(self.active, since_ns)

    @property
    def due_ns(self) -> int | None:
        """When the other level will have stood long enough."""
        return None if self._since_ns is None else self._since_ns + self._debounce_ns
