"""Reading and writing where people are, and how often that was forgiven."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.entries.domain import Entry
from hub.entries.search import entry_of_row
from hub.entries.tables import entries
from hub.people import repository as people_rows
from hub.people.domain import Person
from hub.people.tables import people
from hub.sites.domain import Zone
from hub.sites.tables import zones
from hub.zones.domain import Whereabouts, forgotten_until, is_remembered
from hub.zones.tables import whereabouts


def went(scope: Scope, where: Whereabouts) -> None:
    """Keep where a person went, unless it is known where they went since: events of two
    controllers come in any order."""
    t = whereabouts.c
    before = scope.scalar(scope.select(t.since).where(t.person_id == where.person_id))
    if before is not None and before > where.since:
        return
    row = {
        "person_id": where.person_id,
        "zone_id": where.zone_id,
        "since": where.since,
        "door_id": where.door_id,
    }
    scope.upsert(whereabouts, row, key=("person_id",))


def in_zone(scope: Scope, zone_id: str, since: datetime | None) -> tuple[Whereabouts, ...]:
    """Give who went into a zone last and is not known to have left, of those after `since`, the
    first one first."""
    t = whereabouts
    where = [t.c.zone_id == zone_id]
    if since is not None:
        where.append(t.c.since > since)
    query = sa.select(t).where(*where).order_by(t.c.since, t.c.person_id)
    return as_all(Whereabouts, scope.all(query))


def inside(scope: Scope, zone: Zone, now: datetime) -> tuple[Whereabouts, ...]:
    """Give who counts as inside a zone now, the one who went in first first."""
    until = forgotten_until(zone, now)
    found = in_zone(scope, zone.id, until)
    known = people_rows.people_by_id(scope, {each.person_id for each in found})
    forgiven = {each.id: each.forgiven_at for each in known.values()}
    return tuple(w for w in found if is_remembered(w, until, forgiven.get(w.person_id)))


def opened_by(scope: Scope, raw_id: int, door_id: str) -> Entry | None:
    """Give the release of a door that the leaf's opening, told by this raw event, followed from."""
    row = scope.one(
        scope.select(entries).where(
            entries.c.touched_by == raw_id,
            entries.c.door_id == door_id,
            entries.c.opened_at.is_not(None),
        )
    )
    return entry_of_row(row) if row else None


def forgive_zone(scope: Scope, zone: Zone, now: datetime) -> None:
    """Raise a zone's count by one."""
    values = {"forgiven": zones.c.forgiven + 1, "forgiven_at": now}
    scope.update(zones, values, zones.c.id == zone.id)


def forgive_person(scope: Scope, person: Person, now: datetime) -> None:
    """Raise a person's count by one."""
    values = {"forgiven": people.c.forgiven + 1, "forgiven_at": now}
    scope.update(people, values, people.c.id == person.id)


def forget_all(scope: Scope) -> None:
    """Remove everything that follows from events."""
    scope.delete(whereabouts, sa.true())
