"""Who went in by a door that leads out of a zone into none: they are in the building still, where
no zone counts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.entries.domain import Result
from hub.entries.tables import entries
from hub.sites import repository as sites
from hub.sites.domain import Door, SiteState
from hub.sites.tables import doors, readers
from wire.policy_bodies import Side

COUNTS_FOR: Final = timedelta(hours=16)
"""So long somebody is looked for behind such a door, unless they were let in elsewhere since or
punched out: most such doors have no reader on the other side."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Since when somebody is behind a door."""

    since: datetime
    door: Door


def beyond_zones(
    scope: Scope, now: datetime, went_home: Mapping[str, datetime]
) -> dict[str, Beyond]:
    """Give who was last let in at the entry side of such a door, by person; `went_home`: when some
    of them punched out."""
    d, e, r = doors.c, entries.c, readers.c
    query = scope.select(d.id).where(
        d.zone_in.is_(None), d.zone_out.is_not(None), d.state == SiteState.ACTIVE
    )
    ids = [row.id for row in scope.all(query)]
    if not ids:
        return {}
    known = sites.doors_by_id(scope, ids)
    let_in = (
        scope.select(e.person_id, e.partner_person_id, e.door_id, e.occurred_at, r.side)
        .join(readers, sa.and_(r.town_id == e.town_id, r.id == e.reader_id))
        .where(e.result == Result.GRANTED, e.occurred_at > now - COUNTS_FOR)
        .order_by(e.occurred_at, e.id)
    )
    last = {
        person_id: row
        for row in scope.all(let_in)
        for person_id in (row.person_id, row.partner_person_id)
        if person_id is not None
    }
    return {
        person_id: Beyond(row.occurred_at, known[row.door_id])
        for person_id, row in last.items()
        if row.door_id in known
        and row.side is Side.ENTRY
        and went_home.get(person_id, row.occurred_at) <= row.occurred_at
    }
