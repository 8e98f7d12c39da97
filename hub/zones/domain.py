"""Where people are, and when that is forgotten: pure.

Only persons have whereabouts: a booking's PIN may be shared. Of each a trail is kept: the zones
gone into and not yet left, outermost first, for zones lie within one another. Somebody is inside
until a passage leads out, or until the zone's rules forget it, since people also leave by doors
that nobody watches. The edge reckons alike for the doors of its own controller (docs/policy.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.sites.domain import Door, Zone
from wire.policy_bodies import DoorMode, Side

OPEN_TO_EVERYBODY: Final = frozenset({DoorMode.HOLD_OPEN, DoorMode.EMERGENCY_OPEN})
"""The modes in which a door asks nobody who they are."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A zone that a person went into, at `since` by a door; `depth` counts the zones around it."""

    person_id: str
    zone_id: str
    depth: int
    since: datetime
    door_id: str


@dataclass(frozen=True, slots=True)
class Way:
    """The way through a door, from one zone into another (None: outside every zone); `inward` at a
    reader on the entry side."""

    leaving: str | None
    into: str | None
    inward: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """That a person went a way, when and by which door."""

    person_id: str
    way: Way
    at: datetime
    door_id: str


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who is inside a zone as of an instant, the one who went in first first.

    `away` are the zone's controllers that cannot be reached: what happened at their doors since is
    not known. `standing_open` are its doors by which anybody may go in now. `unwatched` are its
    doors without a reader on the way out: who leaves there is counted until the zone forgets.
    """

    zone: Zone
    inside: tuple[Whereabouts, ...]
    as_of: datetime
    away: frozenset[str]
    doors: tuple[Door, ...]
    standing_open: tuple[Door, ...]
    unwatched: tuple[Door, ...]

    @property
    def count(self) -> int:
        """How many are inside."""
        return len(self.inside)

    @property
    def known(self) -> bool:
        """Whether everything that counts was seen and heard of."""
        return not self.away and not self.standing_open

    @property
    def is_full(self) -> bool:
        """Whether nobody more is let in."""
        return self.zone.occupancy_max is not None and self.count >= self.zone.occupancy_max


def way_through(door: Door, side: Side) -> Way | None:
    """Give the way of somebody let in at a reader on this side of a door; None where the door parts
    no zones."""
    if not door.zones or side is Side.TERMINAL:
        return None
    if side is Side.ENTRY:
        return Way(door.zone_out, door.zone_in, inward=True)
    return Way(door.zone_in, door.zone_out, inward=False)


def laid_open(door: Door) -> str | None:
    """Give the zone of which nobody's whereabouts are known while this door stands open to
    everybody: the one it leads into, or out of where it leads into none."""
    return door.zone_in or door.zone_out


def trail_after(trail: tuple[Whereabouts, ...], gone: Passage) -> tuple[Whereabouts, ...]:
    """Give somebody's trail, outermost first, after a passage. Who goes in from a zone of the trail
    is within it; from outside of all, in the new one alone; from a zone that the trail does not
    know, in both. Who goes out into a zone of the trail has left what lies within."""
    way, zones = gone.way, [mark.zone_id for mark in trail]
    if way.into is None:
        return ()
    if way.into in zones:
        kept = trail[: zones.index(way.into)]
    elif not way.inward or way.leaving is None:
        kept = ()
    elif way.leaving in zones:
        kept = trail[: zones.index(way.leaving) + 1]
    else:
        kept = (_mark(gone, way.leaving, 0),)
    return (*kept, _mark(gone, way.into, len(kept)))


def _mark(gone: Passage, zone_id: str, depth: int) -> Whereabouts:
    return Whereabouts(gone.person_id, zone_id, depth, gone.at, gone.door_id)


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
