"""Reading and writing the taps that were to be punches and are none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.attendance import repository
from hub.attendance.domain import RefusedPunch
from hub.attendance.tables import refused_punches
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from wire.events import AccessBody
from wire.reasons import Reason

MADE_GOOD_WITHIN: Final = timedelta(minutes=10)
"""A punch of the same person so near to a refused tap is what they did about it: with another card,
or by a correction."""
_MOST: Final = 2_000


def keep(scope: Scope, event: ProjectedEvent, body: AccessBody, reason: Reason) -> None:
    """Keep one; one that is there already stays as it is."""
    if body.reader is None:
        return  # no reader of ours: nobody could say where it was
    scope.upsert_ignore(
        refused_punches,
        {
            "id": event.raw_id,
            "person_id": body.person,
            "reader_id": body.reader,
            "door_id": body.door,
            "credential_id": body.credential,
            "controller_id": event.controller,
            "reason": reason,
            "assurance": body.assurance,
            "at": event.at,
            "corrected_at": event.corrected_at,
            "trusted": event.is_time_sure,
            "time_error_ms": event.time_error_ms,
            "boot": event.boot,
            "mono_ns": event.mono_ns,
            "received_at": event.received_at,
        },
    )


def retime(scope: Scope, known: Retiming) -> None:
    """Give those without a sure time the one that is known better now."""
    c = refused_punches.c
    rows = scope.all(
        scope.select(c.id, c.boot, c.mono_ns, c.received_at, c.time_error_ms).where(
            c.controller_id == known.controller,
            c.boot.in_(sorted(known.boots)),
            c.trusted.is_(False),
        )
    )
    for row in rows:
        time = known.time_of(row.boot, int(row.mono_ns), row.received_at)
        if time is None or (row.time_error_ms is not None and time.error_ms >= row.time_error_ms):
            continue
        better = {"corrected_at": time.at, "time_error_ms": time.error_ms, "trusted": time.is_sure}
        scope.update(refused_punches, better, c.id == row.id)


def between(
    scope: Scope, start: datetime, end: datetime, person_id: str | None, limit: int
) -> Sequence[RefusedPunch]:
    """Give those of `[start, end)`, oldest first; everybody's where nobody is named, those whose
    owner is not known among them."""
    t = refused_punches
    where = [t.c.corrected_at >= start, t.c.corrected_at < end]
    if person_id is not None:
        where.append(t.c.person_id == person_id)
    columns = (t.c[one.name] for one in fields(RefusedPunch))
    query = scope.select(*columns).where(*where).order_by(t.c.corrected_at, t.c.id).limit(limit)
    return as_all(RefusedPunch, scope.all(query))


def uncounted(
    scope: Scope, start: datetime, end: datetime, person_ids: Collection[str] | None = None
) -> list[RefusedPunch]:
    """Give those of `[start, end)`, oldest first, whose owner is known and has no punch about that
    time that counts: they are missing something, and may not know it."""
    taps = [
        each
        for each in between(scope, start, end, None, _MOST)
        if each.person_id is not None and (person_ids is None or each.person_id in person_ids)
    ]
    if not taps:
        return []
    whose = {each.person_id for each in taps if each.person_id is not None}
    around = start - MADE_GOOD_WITHIN, end + MADE_GOOD_WITHIN
    made = [
        (each.person_id, each.corrected_at)
        for each in repository.punches_between(scope, *around, person_ids=whose)
        if not each.voided
    ]

    def is_made_good(tap: RefusedPunch) -> bool:
        return any(
            person == tap.person_id and abs(at - tap.corrected_at) <= MADE_GOOD_WITHIN
            for person, at in made
        )

    return [each for each in taps if not is_made_good(each)]


def forget_all(scope: Scope) -> None:
    """Remove every one: the projection makes them again from raw events."""
    scope.delete(refused_punches, sa.true())
