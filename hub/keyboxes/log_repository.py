"""SQL of what key boxes told, how far their logs are in the hub, and the tickets made for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.ingest.tables import raw_origins
from hub.keyboxes.domain import BoxState
from hub.keyboxes.tables import key_box_gaps, key_box_states, key_box_tickets, key_box_visits

_STATE_FIELDS = tuple(each.name for each in fields(BoxState))


def box_states(scope: Scope, box_ids: Collection[str]) -> dict[str, BoxState]:
    """Give what these boxes told, by id; one that told nothing gives a blank state."""
    t = key_box_states
    rows = scope.all(scope.select(t).where(t.c.key_box_id.in_(list(box_ids))))
    told = {row.key_box_id: BoxState(**{n: getattr(row, n) for n in _STATE_FIELDS}) for row in rows}
    return {box_id: told.get(box_id, BoxState(box_id)) for box_id in box_ids}


def keep_state(scope: Scope, state: BoxState) -> None:
    """Keep what a box told."""
    values = {name: getattr(state, name) for name in _STATE_FIELDS}
    scope.upsert(key_box_states, values, key=["key_box_id"])


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one controller's visits on one day; `day` as the link counts days. Instants are
    the box's own, `received_at` is when the hub had the last of it."""

    key_box_id: str
    day: int
    collected_by: str
    first_at: datetime
    last_at: datetime
    received_at: datetime
    records: int
    clock_offset_ms: int | None = None
    lost: int = 0


def visit(scope: Scope, box_id: str, day: int, collected_by: str) -> Visit | None:
    """Give a visit."""
    t = key_box_visits
    where = (t.c.key_box_id == box_id, t.c.day == day, t.c.collected_by == collected_by)
    return as_one(Visit, scope.one(scope.select(t).where(*where)))


def visits(scope: Scope, box_id: str, limit: int) -> tuple[Visit, ...]:
    """Give a box's visits, newest first."""
    t = key_box_visits
    statement = scope.select(t).where(t.c.key_box_id == box_id)
    newest = statement.order_by(t.c.day.desc(), t.c.collected_by).limit(limit)
    return as_all(Visit, scope.all(newest))


def keep_visit(scope: Scope, kept: Visit) -> None:
    """Keep a visit."""
    values = {each.name: getattr(kept, each.name) for each in fields(Visit)}
    scope.upsert(key_box_visits, values, key=["key_box_id", "day", "collected_by"])


def keep_gap(scope: Scope, box_id: str, log_epoch: int, first: int, count: int) -> None:
    """Note that records of a box's log are lost."""
    row = {"key_box_id": box_id, "log_epoch": log_epoch, "first_index": first, "count": count}
    scope.upsert(key_box_gaps, row, key=["key_box_id", "log_epoch", "first_index"])


def forget_told(scope: Scope) -> None:
    """Remove everything that follows from events."""
    for table in (key_box_states, key_box_visits, key_box_gaps):
        scope.delete(table, sa.true())


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Everything of a box's log epoch through that index is in the hub, or declared as lost."""

    log_epoch: int
    through: int


_WALK = 2_000


def log_position(scope: Scope, box_id: str) -> LogPosition | None:
    """Give how far a box's present log is in the hub without a hole; None where nothing is."""
    t = raw_origins
    newest = scope.one(
        scope.select(t.c.log_epoch)
        .where(t.c.device_id == box_id)
        .order_by(t.c.raw_id.desc())
        .limit(1)
    )
    if newest is None:
        return None
    epoch = int(newest.log_epoch)
    whole = _whole(scope, box_id, epoch)
    if whole is not None:
        return LogPosition(epoch, whole)
    through, gaps = -1, _gaps(scope, box_id, epoch)
    while True:
        through = _over_gaps(through, gaps)
        rows = scope.all(
            scope.select(t.c.log_index)
            .where(t.c.device_id == box_id, t.c.log_epoch == epoch, t.c.log_index > through)
            .order_by(t.c.log_index)
            .limit(_WALK)
        )
        for row in rows:
            if row.log_index > through + 1:
                through = _over_gaps(through, gaps)
            if row.log_index > through + 1:
                return LogPosition(epoch, through) if through >= 0 else None
            through = max(through, int(row.log_index))
        if len(rows) < _WALK:
            through = _over_gaps(through, gaps)
            return LogPosition(epoch, through) if through >= 0 else None


def _whole(scope: Scope, box_id: str, log_epoch: int) -> int | None:
    """Give the newest index of a log of which nothing is missing: as many records as indexes."""
    t = raw_origins
    row = scope.one(
        scope.select(
            sa.func.count().label("records"), sa.func.max(t.c.log_index).label("newest")
        ).where(t.c.device_id == box_id, t.c.log_epoch == log_epoch)
    )
    if row is None or row.newest is None or row.records != row.newest + 1:
        return None
    return int(row.newest)


def _gaps(scope: Scope, box_id: str, log_epoch: int) -> list[tuple[int, int]]:
    t = key_box_gaps
    rows = scope.all(
        scope.select(t.c.first_index, t.c.count)
        .where(t.c.key_box_id == box_id, t.c.log_epoch == log_epoch)
        .order_by(t.c.first_index)
    )
    return [(int(row.first_index), int(row.first_index + row.count) - 1) for row in rows]


def _over_gaps(through: int, gaps: Sequence[tuple[int, int]]) -> int:
    """Go on over records that are declared as lost."""
    for first, last in gaps:
        if first <= through + 1:
            through = max(through, last)
    return through


# --- tickets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketMade:
    """A ticket that was made, never what is in it."""

    id: str
    key_box_id: str
    day: int
    rights: int
    purpose: str
    made_at: datetime
    actor: str


def add_ticket(scope: Scope, made: TicketMade) -> None:
    """Note that a ticket was made."""
    scope.insert(
        key_box_tickets, {each.name: getattr(made, each.name) for each in fields(TicketMade)}
    )


def tickets(scope: Scope, box_id: str, limit: int) -> tuple[TicketMade, ...]:
    """Give the tickets made for a box, newest first."""
    t = key_box_tickets
    statement = scope.select(t).where(t.c.key_box_id == box_id)
    return as_all(TicketMade, scope.all(statement.order_by(t.c.id.desc()).limit(limit)))
