"""A use limit over the doors of several controllers: pure.

Each controller counts the uses of its own grants. Somebody with limited grants on two could go in
twice as often as was meant while those are apart, so it is refused unless the grants say `soft`. A
door that moves takes no count along: with a limited grant on it, it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.people.domain import Grant
from hub.policy.horizon import Phase, Window
from wire.policy_bodies import EntryState


def is_limited(grant: Grant, now: datetime) -> bool:
    """Tell whether a grant has a limit that must be kept exactly, now or later."""
    counts = grant.max_uses is not None and not grant.soft
    over = Window(grant.start_at, grant.end_at).phase(now) is Phase.OVER
    return counts and grant.state is not EntryState.REVOKED and not over


def controllers_counting(
    grant: Grant, others: Iterable[Grant], controller_of: Mapping[str, str], now: datetime
) -> frozenset[str]:
    """Give the controllers that would count the uses of one subject at the same time: that of the
    `grant`, and of `others` those of the same subject whose windows overlap with its own.
    `controller_of` gives a door's controller. Empty for a grant that needs no exact count; one
    of a zone never does."""
    if not is_limited(grant, now):
        return frozenset()
    window = Window(grant.start_at, grant.end_at)
    meant = [
        other
        for other in others
        if other.id != grant.id
        and other.subject == grant.subject
        and is_limited(other, now)
        and window.overlaps(Window(other.start_at, other.end_at))
    ]
    return frozenset(controller_of[each.door_id] for each in [grant, *meant] if each.door_id)
