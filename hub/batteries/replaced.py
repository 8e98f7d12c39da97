"""New cells that nobody recorded: found where the voltage jumps up and stays up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from hub.batteries.chemistries import chemistries
from hub.batteries.domain import Profile, Reading
from hub.batteries.evidence import levels

_BEFORE: Final = 5
_AFTER: Final = 3
_SPREADS: Final = 4.0
"""A jump is more than so many times what one cell differs from another."""
_DEPTH: Final = 0.15
"""And wins back at least so much of the depth."""


def replaced_at(readings: Iterable[Reading], profile: Profile) -> tuple[datetime, ...]:
    """Give the first readings of new cells, oldest first. One reading alone, however high, is no
    change: two or three after it have to stay up. Charging a pack counts as new cells."""
    chemistry = chemistries()[profile.chemistry]
    found = sorted(set(readings), key=lambda each: (each.at, each.millivolts))
    shown = levels(found, profile.cells, chemistry.sag_mv_per_k)
    jump = max(_SPREADS * chemistry.spread_mv, 60.0)
    changes: list[datetime] = []
    begun = 0
    i = 2
    while i < len(found) - 1:
        before = median(shown[max(begun, i - _BEFORE) : i])
        after = shown[i : i + _AFTER]
        up = min(after) - before > jump / 2 and median(after) - before > jump
        won = chemistry.depth_at(before) - chemistry.depth_at(median(after))
        if up and won > _DEPTH:
            changes.append(found[i].at)
            begun, i = i, i + _AFTER
        else:
            i += 1
    return tuple(changes)


def lives_days(changes: Sequence[datetime]) -> tuple[float, ...]:
    """Give how long the cells between these changes lasted, in days."""
    ordered = sorted(changes)
    return tuple((b - a).total_seconds() / 86400 for a, b in pairwise(ordered))
