"""Where people are, and when that is forgotten: pure.

Only persons have whereabouts: a booking's PIN may be shared. Somebody is inside from the passage
that led in until one that leads out, or until the zone's rules forget it, since people also leave
by doors that nobody watches. The edge reckons alike for the doors of its own controller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.sites.domain import Door, Zone
from wire.policy_bodies import Side


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a person went last: into `zone_id`, or out of every zone (None), at `since` by a
    door."""

    person_id: str
    zone_id: str | None
    since: datetime
    door_id: str


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is inside a zone as of an instant, the one who went in first first.

    `away` are the zone's controllers that cannot be reached: what happened at their doors since is
    not known. `unwatched` are its doors without a reader on the way out: who leaves there is
    counted until the zone forgets.
    """

    zone: Zone
    inside: tuple[Whereabouts, ...]
    as_of: datetime
    away: frozenset[str]
    doors: tuple[Door, ...]
    unwatched: tuple[Door, ...]

    @property
    def count(self) -> int:
        """How many are inside."""
        return len(self.inside)

    @property
    def known(self) -> bool:
        """Whether everything that counts was heard of."""
        return not self.away

    @property
    def is_full(self) -> bool:
        """Whether nobody more is let in."""
        return self.zone.occupancy_max is not None and self.count >= self.zone.occupancy_max


def leads(door: Door, side: Side) -> tuple[str | None, str | None] | None:
    """Give `(from, into)` for somebody let in at a reader on this side of a door; None where the
    door parts no zones. Outside every zone is None."""
    if not door.zones or side is Side.TERMINAL:
        return None
    inward = (door.zone_out, door.zone_in)
    return inward if side is Side.ENTRY else (door.zone_in, door.zone_out)


def forgotten_until(zone: Zone, now: datetime) -> datetime | None:
    """Give the instant up to which passages into a zone are forgotten by now; None for none."""
    limits = [zone.forgiven_at, last_reset(zone, now)]
    if zone.forget_after_s is not None:
        limits.append(now - timedelta(seconds=zone.forget_after_s))
    return max((limit for limit in limits if limit is not None), default=None)


def last_reset(zone: Zone, now: datetime) -> datetime | None:
    """Give when everybody in a zone was forgotten last by the daily rule; None without one."""
    if zone.reset_min is None:
        return None
    local = now.astimezone(ZoneInfo(zone.tz))
    hour, minute = divmod(zone.reset_min, 60)
    reset = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    while reset > now:
        before = reset.date() - timedelta(days=1)
        reset = reset.replace(year=before.year, month=before.month, day=before.day)
    return reset.astimezone(now.tzinfo)


def is_remembered(where: Whereabouts, until: datetime | None, forgiven_at: datetime | None) -> bool:
    """Tell whether somebody still counts as inside: went in after everything that was forgotten,
    of the zone (`until`) or of this person (`forgiven_at`)."""
    return all(limit is None or where.since > limit for limit in (until, forgiven_at))
