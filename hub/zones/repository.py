"""Reading and writing where people are, and how often that was forgiven."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.entries.domain import Entry
from hub.entries.search import entry_of_row
from hub.entries.tables import entries
from hub.people import repository as people_rows
from hub.people.domain import Person
from hub.people.tables import people
from hub.sites import repository as sites
from hub.sites.domain import Zone
from hub.sites.tables import zones
from hub.zones.domain import (
    Passage,
    Whereabouts,
    forgotten_until,
    is_remembered,
    trail_after,
)
from hub.zones.tables import last_passages, whereabouts, zone_beginnings

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def went(scope: Scope, gone: Passage) -> None:
    """Keep where a person went, unless it is known where they went since: events of two
    controllers come in any order."""
    p, w = last_passages.c, whereabouts.c
    before = scope.scalar(scope.select(p.at).where(p.person_id == gone.person_id))
    if before is not None and before > gone.at:
        return
    row = {"person_id": gone.person_id, "at": gone.at}
    scope.upsert(last_passages, row, key=("person_id",))
    after = trail_after(_trail(scope, gone.person_id, gone.at), gone)
    begun = _beginnings(scope, {mark.zone_id for mark in after})
    scope.delete(whereabouts, w.person_id == gone.person_id)
    known = [mark for mark in after if mark.since > begun.get(mark.zone_id, _NEVER)]
    scope.insert(whereabouts, [asdict(mark) for mark in known])


def _beginnings(scope: Scope, zone_ids: set[str]) -> dict[str, datetime]:
    b = zone_beginnings.c
    rows = scope.all(scope.select(b.zone_id, b.at).where(b.zone_id.in_(sorted(zone_ids))))
    return {row.zone_id: row.at for row in rows}


def _trail(scope: Scope, person_id: str, at: datetime) -> tuple[Whereabouts, ...]:
    """Give the zones that a person is in, outermost first, as far as they are not forgotten."""
    query = sa.select(whereabouts).where(whereabouts.c.person_id == person_id)
    found = as_all(Whereabouts, scope.all(query.order_by(whereabouts.c.depth)))
    if not found:
        return ()
    person = people_rows.person(scope, person_id)
    forgiven_at = person.forgiven_at if person else None
    known = {mark.zone_id: sites.zone(scope, mark.zone_id) for mark in found}
    return tuple(
        mark
        for mark in found
        if (zone := known[mark.zone_id]) is not None
        and is_remembered(mark, forgotten_until(zone, at), forgiven_at)
    )


def begin_anew(scope: Scope, zone_id: str, at: datetime) -> None:
    """Forget who went into a zone until an instant: a door of it stood open to everybody."""
    w, b = whereabouts.c, zone_beginnings.c
    before = scope.scalar(scope.select(b.at).where(b.zone_id == zone_id))
    if before is None or before < at:
        scope.upsert(zone_beginnings, {"zone_id": zone_id, "at": at}, key=("zone_id",))
    scope.delete(whereabouts, w.zone_id == zone_id, w.since <= at)


def in_zone(scope: Scope, zone_id: str, since: datetime | None) -> tuple[Whereabouts, ...]:
    """Give who went into a zone after `since` and is not known to have left, the first first."""
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
    scope.delete(last_passages, sa.true())
    scope.delete(zone_beginnings, sa.true())
