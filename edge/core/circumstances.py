"""Everything besides the attempt that a decision depends on, handed in at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge.core.backup import DoorCodes
from edge.core.clock_now import ClockNow
from edge.core.modes import in_force
from edge.core.policy_index import PolicyIndex
from wire.events import TryKind
from wire.policy_bodies import ModeBody


def no_codes(_door: str) -> DoorCodes | None:
    """No door has backup codes."""
    return None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The policy, the time, and what the agent remembers.

    `uses` counts openings by grant, `throttled` tells whether a reader's try budget of a
    kind is spent, `fire` whether the fire alarm releases a door, `codes` gives a door's backup
    codes, and `away_ns` is how long ago the controller was last without its hub: 0 while it is,
    None where it never was.
    """

    index: PolicyIndex
    now: ClockNow
    uses: Mapping[str, int]
    throttled: Callable[[str, TryKind], bool]
    fire: Callable[[str], bool]
    codes: Callable[[str], DoorCodes | None] = no_codes
    away_ns: int | None = None

    def mode(self, door: str) -> ModeBody | None:
        """The mode that rules a door now."""
        return in_force(self.index.modes(door), self.now)
