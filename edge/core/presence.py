"""Who is in a zone now: what is remembered, less what is forgotten or forgiven.

Remembering is the safe side: a time is only taken as passed when it certainly is. The uptime counts
on over reboots without what a power cut takes, and the wall clock counts by its floor. So neither a
power cut nor a wrong clock lets anybody in twice, and a machine that runs forgets in the end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from edge.core.clock_now import ClockNow
from edge.core.days import LONGEST_DAY, day_of
from edge.core.policy_index import PolicyIndex
from edge.core.whereabouts import Mark, Stay, Way, Whereabouts
from wire.policy_bodies import DoorBody, Side


def way_through(index: PolicyIndex, door_id: str, door: DoorBody, side: Side) -> Way | None:
    """The way a reader of that side leads; None where both ends are one. A zone that the policy
    does not hold is none."""
    inner = door.zone_in if door.zone_in in index.zones else None
    outer = door.zone_out if door.zone_out in index.zones else None
    if inner == outer or side is Side.TERMINAL:
        return None
    if side is Side.ENTRY:
        return Way(door_id, outer, inner, inward=True)
    return Way(door_id, inner, outer, inward=False)


@dataclass(frozen=True, slots=True)
class Presence:
    """What counts now of everybody's whereabouts. `ran_ns` is the uptime's."""

    index: PolicyIndex
    whereabouts: Whereabouts
    now: ClockNow
    ran_ns: int

    def trail(self, person: str) -> tuple[Mark, ...]:
        """The zones that somebody is in, outermost first."""
        stay = self.whereabouts.of(person)
        if stay.forgiven != self._forgiven(person):
            return ()
        return tuple(mark for mark in stay.marks if self._counts(mark))

    def is_in(self, person: str, zone: str) -> bool:
        """Whether somebody is in a zone."""
        return any(mark.zone == zone for mark in self.trail(person))

    def goes_in_twice(self, person: str, way: Way) -> bool:
        """Whether somebody is in the zone already that the way leads into: known to be, and not to
        have gone on from it to where the way begins; or let in there at another door just now."""
        for one in self.whereabouts.of(person).pending:
            elsewhere = one.inward and one.into == way.into and one.door != way.door
            if elsewhere and self.now.mono_ns <= one.until_ns:
                return True
        zones = [mark.zone for mark in self.trail(person)]
        if way.into not in zones:
            return False
        return way.leaving not in zones[zones.index(way.into) :]

    def count(self, zone: str, but: Collection[str] = ()) -> int:
        """How many persons are in a zone or on the way into it, some not counted."""
        persons = self.whereabouts.in_zone(zone).difference(but)
        return sum(self._is_or_goes_in(person, zone) for person in persons)

    def is_beyond(self, most: int, zone: str, but: Collection[str]) -> bool:
        """Whether more than `most` are; looks at each only where that might be so."""
        return self.whereabouts.at_most_in(zone) > most and self.count(zone, but) > most

    def after(self, person: str, way: Way) -> Stay:
        """What is to be remembered of somebody who has gone a way."""
        stay = self.whereabouts.of(person).without_pending(way.door)
        return msgspec.structs.replace(
            stay, marks=self._trail_after(person, way), forgiven=self._forgiven(person)
        )

    def kept(self, person: str) -> Stay:
        """What of somebody's stay still counts."""
        stay, trail = self.whereabouts.of(person), self.trail(person)
        if trail == stay.marks:
            return stay
        return msgspec.structs.replace(stay, marks=trail, forgiven=self._forgiven(person))

    # --- inside ----------------------------------------------------------------------------------

    def _trail_after(self, person: str, way: Way) -> tuple[Mark, ...]:
        if way.into is None:
            return ()
        trail = self.trail(person)
        if way.into not in self.index.zones:  # it was when the way was let go
            return trail
        zones = [mark.zone for mark in trail]
        into = self._mark(way.into)
        if way.into in zones:
            return (*trail[: zones.index(way.into)], into)
        if not way.inward or way.leaving not in self.index.zones:
            return (into,)
        if way.leaving in zones:
            return (*trail[: zones.index(way.leaving) + 1], into)
        return (self._mark(way.leaving), into)

    def _mark(self, zone: str) -> Mark:
        latest = self.now.at + timedelta(milliseconds=self.now.error_ms or 0)
        at = latest if self.now.relied_on else None
        return Mark(zone, self.ran_ns, at, self.index.zones[zone].forgiven)

    def _forgiven(self, person: str) -> int:
        flags = self.index.person(person)
        return 0 if flags is None else flags.forgiven

    def _is_or_goes_in(self, person: str, zone: str) -> bool:
        pending = self.whereabouts.of(person).pending
        going = any(one.into == zone and self.now.mono_ns <= one.until_ns for one in pending)
        return going or self.is_in(person, zone)

    def _counts(self, mark: Mark) -> bool:
        zone = self.index.zones.get(mark.zone)
        if zone is None or zone.forgiven != mark.forgiven:
            return False
        ran = timedelta(microseconds=(self.ran_ns - mark.ran_ns) // 1_000)
        since = self._no_later_than(mark, ran)
        age = ran if since is None else max(ran, self.now.floor - since)
        if zone.forget_after_s is not None and age >= timedelta(seconds=zone.forget_after_s):
            return False
        if zone.reset_min is None:
            return True
        if age >= LONGEST_DAY:
            return False
        tz = ZoneInfo(zone.tz)
        return since is None or day_of(since, tz, zone.reset_min) >= day_of(
            self.now.floor, tz, zone.reset_min
        )

    def _no_later_than(self, mark: Mark, ran: timedelta) -> datetime | None:
        """The latest instant at which a mark can have been made."""
        if not self.now.relied_on:
            return mark.at
        latest = self.now.at + timedelta(milliseconds=self.now.error_ms or 0) - ran
        return latest if mark.at is None else min(mark.at, latest)
