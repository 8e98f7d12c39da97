"""What is asked of somebody whose credential opens the door: zones, persons, the interlock.

The order is docs/policy.md's: anti-passback, the zone is full, first person, second person,
interlock. The first two are asked of persons who go in; nobody is kept inside for where he was
thought to be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.core.attempts import Decision
from edge.core.circumstances import Circumstances, FirstOfTwo
from edge.core.place import Access
from edge.core.presence import Presence, way_through
from edge.core.whereabouts import Way
from wire.policy_bodies import (
    AntiPassback,
    FirstPerson,
    GrantBody,
    PersonFlagsBody,
    Side,
    ZoneBody,
)
from wire.reasons import Reason

REASONS: Final = frozenset(
    {
        Reason.ANTI_PASSBACK,
        Reason.ZONE_FULL,
        Reason.FIRST_PERSON_MISSING,
        Reason.SECOND_PERSON_MISSING,
        Reason.INTERLOCKED,
    }
)
"""Why a credential that opens the door does not open it now."""


def let_through(
    granted: Decision,
    access: Access,
    who: str | None,
    flags: PersonFlagsBody | None,
    grant: GrantBody | None,
    about: Circumstances,
) -> Decision:
    """Give the opening as it is to be carried out, or the denial instead of it. `who` is the person
    whose whereabouts count; a credential that may be shared has none. `grant` is what opens."""
    way = way_through(about.index, access.door_id, access.door, access.side)
    partner = _partner(access, who, about)
    if partner is not None and _needs_last_use(granted, grant, partner, about):
        return _refused(granted, Reason.USED_UP)
    first_person = grant is not None and grant.first_person
    enters = access.side is Side.ENTRY
    soft: Reason | None = None
    if way is not None and who is not None and enters:
        zone = about.index.zones.get(way.into) if way.into is not None else None
        if zone is not None:
            broken, enforced = _against_zone(zone, who, flags, way, partner, about.presence)
            if broken is not None and enforced:
                return _refused(granted, broken)
            soft = broken
    rule = access.door.first_person
    counts_as_first = enters and first_person and rule is not FirstPerson.NONE
    if rule is FirstPerson.ENTRY and enters and not first_person:
        came = partner is not None and partner.first_person
        if not came and not about.first_came(access.door_id):
            return _refused(granted, Reason.FIRST_PERSON_MISSING)
    opening = replace(
        granted,
        soft=soft,
        way=way if who is not None else None,
        first_person=counts_as_first,
        partner=partner.credential if partner is not None else None,
    )
    if not access.door.two_person or partner is not None:
        shut = about.interlocked(access.door_id)
        return _refused(granted, Reason.INTERLOCKED) if shut else opening
    alone = _refused(granted, Reason.SECOND_PERSON_MISSING)
    return alone if who is None else replace(alone, joined=opening)


def _partner(access: Access, who: str | None, about: Circumstances) -> FirstOfTwo | None:
    """Who waits at a door that wants two, if it is somebody else."""
    if not access.door.two_person or who is None:
        return None
    first = about.waiting(access.door_id, access.side)
    return None if first is None or first.person == who else first


def _needs_last_use(
    granted: Decision, grant: GrantBody | None, partner: FirstOfTwo, about: Circumstances
) -> bool:
    """Whether both of two live on the last use of one grant."""
    if grant is None or grant.max_uses is None or granted.counts_use != partner.counts_use:
        return False
    return about.uses.get(granted.counts_use or "", 0) + 2 > grant.max_uses


def _against_zone(
    zone: ZoneBody,
    who: str,
    flags: PersonFlagsBody | None,
    way: Way,
    partner: FirstOfTwo | None,
    presence: Presence,
) -> tuple[Reason | None, bool]:
    """The zone's rule that somebody's going in breaks, and whether it is enforced: one that is
    comes before one that is only reported."""
    twice, full = False, False
    exempt = flags is not None and flags.anti_passback_exempt
    if zone.anti_passback is not AntiPassback.NONE and not exempt:
        twice = presence.goes_in_twice(who, way)
    if twice and zone.anti_passback is AntiPassback.HARD:
        return Reason.ANTI_PASSBACK, True
    if zone.occupancy_max is not None and way.into is not None:
        full = _is_full(zone.occupancy_max, who, way.into, partner, presence)
    if full and not zone.spans:
        return Reason.ZONE_FULL, True
    if twice:
        return Reason.ANTI_PASSBACK, False
    return (Reason.ZONE_FULL if full else None), False


def _is_full(
    most: int, who: str, zone: str, partner: FirstOfTwo | None, presence: Presence
) -> bool:
    """Whether there is no room for somebody, and for the other one of two who go in together."""
    if presence.is_in(who, zone):
        return False
    together = (who,) if partner is None else (who, partner.person)
    return presence.is_beyond(most - len(together), zone, together)


def _refused(granted: Decision, reason: Reason) -> Decision:
    """The denial of what would have opened. A duress PIN raises its silent alarm all the same."""
    return replace(granted, reason=reason, release_ms=None, counts_use=None, takes_code=False)
