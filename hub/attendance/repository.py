"""Reading and writing punches and their corrections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.attendance.corrected import corrected
from hub.attendance.domain import Correction, Punch, Rules, work_date_of
from hub.attendance.tables import punch_corrections, punches
from hub.attendance.touched import touch
from hub.database.columns import SecondsBetween
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from wire.events import PunchBody

_EARLIEST: Final = datetime(1970, 1, 3, tzinfo=UTC)
_LATEST: Final = datetime(9998, 1, 1, tzinfo=UTC)


def keep_punch(scope: Scope, event: ProjectedEvent, body: PunchBody) -> None:
    """Keep a punch, and mark its date; one that is there already stays as it is."""
    new = scope.upsert_ignore(
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
    if new:
        mark(scope, body.person, event.corrected_at, event.received_at)


def mark(scope: Scope, person_id: str, at: datetime, written_at: datetime) -> None:
    """Mark the dates that a punch at an instant can belong to: its own, and the one before, whose
    shift it may end."""
    if not _EARLIEST <= at <= _LATEST:
        return  # a clock that shows no such date; the punch waits for a person
    day = work_date_of(at)
    touch(scope, person_id, day - timedelta(days=1), day, written_at)


def retime_punches(scope: Scope, known: Retiming) -> None:
    """Give punches without a sure time the one that is known better now; those that are sure by it
    count from then on."""
    c = punches.c
    rows = scope.all(
        scope.select(
            *(c.id, c.person_id, c.corrected_at, c.boot, c.mono_ns, c.received_at, c.time_error_ms)
        ).where(
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
        for moment in (row.corrected_at, time.at):
            mark(scope, row.person_id, moment, known.anchor.at)


def punches_between(
    scope: Scope,
    start: datetime,
    end: datetime,
    person_id: str | None = None,
    person_ids: Collection[str] | None = None,
) -> Sequence[Punch]:
    """Give the punches of `[start, end)` by the time they count at, oldest first: raw ones with
    corrections applied, those that were moved into it, and those that were added. Voided ones are
    among them and say so. `person_ids` names several people, `person_id` one."""
    p, c = punches.c, punch_corrections.c
    whose = None if person_id is None else [person_id]
    whose = whose if person_ids is None else sorted(person_ids)
    of_punch = [p.person_id.in_(whose)] if whose is not None else []
    of_correction = [c.person_id.in_(whose)] if whose is not None else []
    raw = scope.all(
        scope.select(punches).where(p.corrected_at >= start, p.corrected_at < end, *of_punch)
    )
    within = scope.select(p.id).where(p.corrected_at >= start, p.corrected_at < end, *of_punch)
    moved = scope.select(c.punch_id).where(c.at >= start, c.at < end, *of_correction)
    touched = sa.or_(c.punch_id.in_(within), c.punch_id.in_(moved))
    found = corrections(scope, touched, *of_correction)
    if not found:
        return sorted((_punch(row) for row in raw), key=_in_time)
    known = {row.id for row in raw}
    elsewhere = {each.punch_id for each in found if each.punch_id > 0} - known
    more = scope.all(scope.select(punches).where(p.id.in_(sorted(elsewhere)))) if elsewhere else []
    read = corrected((_punch(row) for row in (*raw, *more)), found)
    return sorted((one for one in read.values() if start <= one.corrected_at < end), key=_in_time)


def corrected_punch(scope: Scope, punch_id: int) -> Punch | None:
    """Give one punch as it counts now; None where there is none."""
    row = scope.one(scope.select(punches).where(punches.c.id == punch_id))
    raw = [_punch(row)] if row is not None else []
    return corrected(raw, corrections_of(scope, punch_id)).get(punch_id)


def unsure_punches(
    scope: Scope, limit: int, person_id: str | None = None, ahead_s: int = Rules().ahead_s
) -> tuple[Punch, ...]:
    """Give punches that wait for a person's word, oldest arrival first: no trusted time is known,
    or they claim a time more than `ahead_s` after that at which they came in. A clock that is a
    moment ahead of the hub's is no reason to ask anybody."""
    p = punches.c
    said = scope.select(punch_corrections.c.punch_id)
    ahead = SecondsBetween(p.received_at, p.corrected_at) > ahead_s
    where = [sa.or_(p.trusted.is_(False), ahead), p.id.not_in(said)]
    if person_id is not None:
        where.append(p.person_id == person_id)
    query = scope.select(punches).where(*where).order_by(p.received_at, p.id).limit(limit)
    return tuple(_punch(row) for row in scope.all(query))


def corrections(scope: Scope, *where: sa.ColumnElement[bool]) -> tuple[Correction, ...]:
    """Give corrections in the order they were recorded."""
    query = scope.select(punch_corrections).where(*where).order_by(punch_corrections.c.seq)
    return as_all(Correction, scope.all(query))


def corrections_of(scope: Scope, punch_id: int) -> tuple[Correction, ...]:
    """Give those of one punch."""
    return corrections(scope, punch_corrections.c.punch_id == punch_id)


def keep_correction(scope: Scope, made: Correction) -> None:
    """Write a correction."""
    scope.insert(punch_corrections, asdict(made))


def _in_time(punch: Punch) -> tuple[datetime, int]:
    return punch.corrected_at, punch.id


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
