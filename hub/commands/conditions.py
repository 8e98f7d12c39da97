"""What may still refuse somebody whom a grant lets in: the door's and its zone's rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub.sites.domain import Door, Zone
from wire.policy_bodies import AntiPassback, FirstPerson, Side
from wire.reasons import Reason


@dataclass(frozen=True, slots=True)
class Condition:
    """The denial that somebody would be told. `soft`: they are let in, and it is reported."""

    reason: Reason
    soft: bool = False


@dataclass(frozen=True, slots=True)
class ZoneNow:
    """The zone that a door leads into, as it is known now. `gone_on` are those inside who went on
    from there to where the door begins: they come back. `spans`: its doors are on several
    controllers, so that a limit is reported, not enforced."""

    zone: Zone
    inside: frozenset[str]
    spans: bool
    gone_on: frozenset[str] = frozenset()


def of_hold(door: Door) -> tuple[Condition, ...]:
    """What a hold by schedule waits for."""
    waits = door.first_person is not FirstPerson.NONE
    return (Condition(Reason.FIRST_PERSON_MISSING),) if waits else ()


def of_way(
    door: Door,
    zone: ZoneNow | None,
    person_id: str | None,
    *,
    side: Side = Side.ENTRY,
    first_person: bool = False,
    exempt: bool = False,
    used_up: bool = False,
    escorted: bool = False,
) -> tuple[Condition, ...]:
    """What may refuse one way in, in the order in which the edge asks. Only somebody known by name
    (`person_id`) has whereabouts; `exempt` is from anti-passback. The zone and the first person are
    asked of those who go in, at side entry."""
    found: list[Condition] = []
    goes_in = side is Side.ENTRY
    if used_up:
        found.append(Condition(Reason.USED_UP))
    if escorted:
        found.append(Condition(Reason.ESCORT_MISSING))
    if goes_in and zone is not None and person_id is not None:
        found += _of_zone(zone, person_id, exempt=exempt)
    if goes_in and door.first_person is FirstPerson.ENTRY and not first_person:
        found.append(Condition(Reason.FIRST_PERSON_MISSING))
    if door.two_person:
        found.append(Condition(Reason.SECOND_PERSON_MISSING))
    if door.interlock is not None:
        found.append(Condition(Reason.INTERLOCKED))
    return tuple(found)


def _of_zone(now: ZoneNow, person_id: str, *, exempt: bool) -> list[Condition]:
    zone, is_inside = now.zone, person_id in now.inside
    found: list[Condition] = []
    again = is_inside and person_id not in now.gone_on
    if again and not exempt and zone.anti_passback is not AntiPassback.NONE:
        soft = zone.anti_passback is AntiPassback.SOFT
        found.append(Condition(Reason.ANTI_PASSBACK, soft))
    full = zone.occupancy_max is not None and len(now.inside) >= zone.occupancy_max
    if full and not is_inside:
        found.append(Condition(Reason.ZONE_FULL, now.spans))
    return found
