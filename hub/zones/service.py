"""Says who is inside a zone, and forgets it when staff ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.rows import as_one
from hub.database.scope import Scope
from hub.entries import repository as log
from hub.ingest.heard import last_heard
from hub.people.domain import Person
from hub.people.kinds import PERSON
from hub.policy.connections import Connections
from hub.policy.touch import touch_person
from hub.sites import repository as sites
from hub.sites.domain import Controller, Door, SiteState, Zone
from hub.sites.kinds import ZONE, touch_zone
from hub.sites.spanning import controllers_of
from hub.web.core import Core
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal
from hub.zones import repository
from hub.zones.domain import OPEN_TO_EVERYBODY, Occupancy, laid_open
from wire.policy_bodies import Side


@dataclass(frozen=True, slots=True)
class _Told:
    """What all zones' controllers told: when each was heard last, and which have a fire alarm."""

    heard: Mapping[str, datetime]
    burning: frozenset[str]

    @classmethod
    def read(cls, scope: Scope) -> _Told:
        states = log.all_device_states(scope).values()
        burning = frozenset(each.controller_id for each in states if each.fire_since is not None)
        return cls(last_heard(scope), burning)


class ZonesService:
    """Reads occupancies, and forgives."""

    def __init__(self, core: Core, rows: AuditedRows, connections: Connections) -> None:
        self._core = core
        self._rows = rows
        self._connections = connections

    def occupancy(self, who: Principal, zone_id: str) -> Occupancy:
        """Give who is inside a zone; raise `404 not_found` also for one beyond somebody's reach."""
        zone = self._rows.get(who, ZONE, zone_id)
        with self._core.db.read() as scope:
            return self._occupancy(scope, zone, _Told.read(scope))

    def occupancies(self, who: Principal, limit: int = 200) -> tuple[Occupancy, ...]:
        """Give those of the zones that somebody may see."""
        zones = self._rows.page(who, ZONE, None, limit).items
        with self._core.db.read() as scope:
            told = _Told.read(scope)
            return tuple(self._occupancy(scope, zone, told) for zone in zones)

    def unheard(self, scope: Scope, controllers: Collection[Controller]) -> dict[str, datetime]:
        """Give those of these controllers that cannot be reached, by id, and since when nothing is
        known of each."""
        heard = last_heard(scope)
        reached = self._connections.of(scope, {each.id for each in controllers})
        return {
            each.id: heard.get(each.id, each.created_at)
            for each in controllers
            if each.id not in reached
        }

    def forgive_zone(self, who: Principal, zone_id: str, reason: str) -> None:
        """Forget everybody in a zone, here and at its doors: the count that their controllers hold
        what they remember under is raised."""
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            zone = self._rows.change_in(scope, who, ZONE, zone_id, {})
            repository.forgive_zone(scope, zone, now)
            touch_zone(scope, zone.id)
            said = {"reason": reason, "forgiven": zone.forgiven + 1}
            record(scope, now, who, "zone.forgiven", ("zone", zone.id), said)

        self._core.db.write(work)

    def forgive_person(self, who: Principal, person_id: str, reason: str) -> Person:
        """Forget where somebody is; raise `404 not_found` for one beyond reach."""
        now = self._core.clock.now()

        def work(scope: Scope) -> Person:
            person = _person(scope, who, person_id)
            repository.forgive_person(scope, person, now)
            touch_person(scope, person.id)
            said = {"reason": reason, "forgiven": person.forgiven + 1}
            record(scope, now, who, "person.forgiven", ("person", person.id), said)
            return _person(scope, who, person_id)

        return self._core.db.write(work)

    def _occupancy(self, scope: Scope, zone: Zone, told: _Told) -> Occupancy:
        now = self._core.clock.now()
        doors = sites.doors_of_zone(scope, zone.id)
        controllers = controllers_of(doors)
        away = controllers - self._connections.of(scope, controllers)
        return Occupancy(
            zone=zone,
            inside=repository.inside(scope, zone, now),
            as_of=min((told.heard.get(each, zone.created_at) for each in away), default=now),
            away=frozenset(away),
            doors=doors,
            standing_open=_standing_open(scope, zone, doors, told.burning),
            unwatched=_unwatched(scope, zone, doors),
        )


def _person(scope: Scope, who: Principal, person_id: str) -> Person:
    """Give somebody within reach, their row held still: whoever serves one site may forgive those
    who go in and out there, though people belong to the whole town."""
    table = PERSON.table
    query = sa.select(table).where(table.c.id == person_id, PERSON.reach(who)).with_for_update()
    found = as_one(Person, scope.one(query))
    if found is None:
        raise Problem(NOT_FOUND, "no such person")
    return found


def _standing_open(
    scope: Scope, zone: Zone, doors: Collection[Door], burning: Collection[str]
) -> tuple[Door, ...]:
    """The doors by which anybody may go into a zone now: by their mode, or for a fire alarm."""
    found = []
    for door in doors:
        modes = {each.mode for each in log.door_state(scope, door.id).modes}
        is_open = bool(modes & OPEN_TO_EVERYBODY) or door.controller_id in burning
        if is_open and laid_open(door) == zone.id:
            found.append(door)
    return tuple(found)


def _unwatched(scope: Scope, zone: Zone, doors: Collection[Door]) -> tuple[Door, ...]:
    """The doors by which one leaves a zone without a reader that notes it."""
    return tuple(
        door
        for door in doors
        if not any(
            reader.state is SiteState.ACTIVE
            and reader.side is (Side.EXIT if door.zone_in == zone.id else Side.ENTRY)
            for reader in sites.readers_of_door(scope, door.id)
        )
    )
