"""Reading and writing punches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.attendance.domain import Punch
from hub.attendance.tables import punches
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from wire.events import PunchBody


def keep_punch(scope: Scope, event: ProjectedEvent, body: PunchBody) -> None:
    """Keep a punch; one that is there already stays as it is."""
    scope.upsert_ignore(
        punches,
        {
            "id": event.raw_id,
            "person_id": body.person,
            "reader_id": body.reader,
            "door_id": body.door,
            "credential_id": body.credential,
            "controller_id": event.controller,
            "direction": body.direction,
            "at": event.at,
            "corrected_at": event.corrected_at,
            "trusted": event.is_time_sure,
            "time_error_ms": event.time_error_ms,
            "boot": event.boot,
            "mono_ns": event.mono_ns,
            "received_at": event.received_at,
        },
    )


def retime_punches(scope: Scope, known: Retiming) -> None:
    """Give punches without a sure time the one that is known better now; those that are sure by it
    count from then on."""
    c = punches.c
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
        scope.update(punches, better, c.id == row.id)


def punches_between(
    scope: Scope, start: datetime, end: datetime, person_id: str | None = None
) -> Sequence[Punch]:
    """Give the punches of `[start, end)` by their corrected time, oldest first."""
    where = [punches.c.corrected_at >= start, punches.c.corrected_at < end]
    if person_id is not None:
        where.append(punches.c.person_id == person_id)
    rows = scope.all(
        scope.select(punches).where(*where).order_by(punches.c.corrected_at, punches.c.id)
    )
    return [_punch(row) for row in rows]


def forget_all(scope: Scope) -> None:
    """Remove every punch: the projection makes them again from raw events."""
    scope.delete(punches, sa.true())


def _punch(row: sa.Row[Any]) -> Punch:
    return Punch(
        id=row.id,
        person_id=row.person_id,
        reader_id=row.reader_id,
        door_id=row.door_id,
        credential_id=row.credential_id,
        direction=row.direction,
        at=row.at,
        corrected_at=row.corrected_at,
        trusted=row.trusted,
        received_at=row.received_at,
        time_error_ms=row.time_error_ms,
    )
