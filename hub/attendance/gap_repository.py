"""Reads what readers' devices and controllers said of themselves, for `reader_gaps`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.attendance.reader_gaps import ReaderSigns, Sign, SignKind
from hub.database.scope import Scope
from hub.entries.tables import entries
from hub.ingest.heard import last_heard
from hub.ingest.tables import raw_events, raw_watermarks
from hub.sites.tables import devices, readers
from wire.clock import utc
from wire.errors import WireError
from wire.events import EventKind, Gap, decode_row

_NOT_SERVED: Final = frozenset({"no_such_port", "secret_not_ours", "not_configured"})
"""Faults of a device that the agent does not serve at all; others are noise on its line."""

_KINDS: Final = {
    EventKind.DEVICE_ONLINE: SignKind.ONLINE,
    EventKind.DEVICE_OFFLINE: SignKind.OFFLINE,
    EventKind.DEVICE_FAULT: SignKind.OFFLINE,
    EventKind.AGENT_STOPPED: SignKind.AGENT_ENDED,
    EventKind.AGENT_STARTED: SignKind.AGENT_BEGAN,
}


def signs_of(scope: Scope, reader_id: str, start: datetime, end: datetime) -> ReaderSigns | None:
    """Give what is known of a reader in `[start, end)`; None for a reader that is not there."""
    query = scope.select(readers.c.device_id, devices.c.controller_id).where(
        readers.c.id == reader_id, devices.c.id == readers.c.device_id
    )
    row = scope.one(query)
    if row is None:
        return None
    device_id, controller_id = row.device_id, row.controller_id
    since = _begins(scope, device_id, controller_id, start)
    signs = tuple(_signs(scope, device_id, controller_id, since, end))
    return ReaderSigns(reader_id, signs, _told_through(scope, controller_id))


def _concerns(device_id: str, controller_id: str) -> sa.ColumnElement[bool]:
    """Entries of the device, and those of its controller's agent; what was collected from a log of
    its own tells of another time."""
    c = entries.c
    of_device = sa.and_(c.kind.in_(_DEVICE), c.device_id == device_id)
    of_agent = c.kind.in_(_AGENT)
    return sa.and_(
        c.controller_id == controller_id, c.origin_device.is_(None), sa.or_(of_device, of_agent)
    )


_DEVICE: Final = (EventKind.DEVICE_ONLINE, EventKind.DEVICE_OFFLINE, EventKind.DEVICE_FAULT)
_AGENT: Final = (EventKind.AGENT_STARTED, EventKind.AGENT_STOPPED)


def _begins(scope: Scope, device_id: str, controller_id: str, start: datetime) -> datetime | None:
    """When the device was last heard to answer before an instant: what was before has no part."""
    c = entries.c
    query = scope.select(sa.func.max(c.occurred_at)).where(
        c.kind == EventKind.DEVICE_ONLINE,
        c.device_id == device_id,
        c.controller_id == controller_id,
        c.origin_device.is_(None),
        c.occurred_at <= start,
    )
    found: datetime | None = scope.scalar(query)
    return found


def _signs(
    scope: Scope, device_id: str, controller_id: str, since: datetime | None, end: datetime
) -> Iterator[Sign]:
    c = entries.c
    where = [_concerns(device_id, controller_id), c.occurred_at < end]
    if since is not None:
        where.append(c.occurred_at >= since)
    query = scope.select(c.id, c.kind, c.cause, c.occurred_at).where(*where)
    for row in scope.all(query.order_by(c.occurred_at, c.id)):
        kind = EventKind(row.kind)
        if kind is EventKind.DEVICE_FAULT and row.cause not in _NOT_SERVED:
            continue
        last_sign = _row_before(scope, row.id) if kind is EventKind.AGENT_STARTED else None
        yield Sign(_KINDS[kind], row.occurred_at, last_sign)


def _row_before(scope: Scope, raw_id: int) -> datetime | None:
    """When the row that stands before one in its journal was written, telemetry among them."""
    r = raw_events.c
    own = scope.one(scope.select(r.controller_id, r.epoch, r.seq).where(r.id == raw_id))
    if own is None:
        return None
    return _newest_at(scope, own.controller_id, own.epoch, own.seq)


def _newest_at(scope: Scope, controller_id: str, epoch: int, before_seq: int) -> datetime | None:
    r = raw_events.c
    query = (
        scope.select(r.body)
        .where(r.controller_id == controller_id, r.epoch == epoch, r.seq < before_seq)
        .order_by(r.seq.desc())
        .limit(1)
    )
    return _instant(scope.one(query))


def _told_through(scope: Scope, controller_id: str) -> datetime | None:
    """Up to when everything that a controller journaled is here: it was last heard with nothing
    left to send, or the newest row behind which nothing is missing."""
    w = raw_watermarks.c
    query = (
        scope.select(w.epoch, w.through_seq, w.highest_seq, w.changed_at)
        .where(w.controller_id == controller_id)
        .order_by(w.changed_at.desc())
        .limit(1)
    )
    row = scope.one(query)
    heard = last_heard(scope).get(controller_id)
    if row is None:
        return heard
    if row.through_seq >= row.highest_seq:
        changed: datetime = row.changed_at
        return changed if heard is None else max(changed, heard)
    return _newest_at(scope, controller_id, row.epoch, row.through_seq + 1)


def _instant(row: sa.Row[Any] | None) -> datetime | None:
    if row is None:
        return None
    try:
        found = decode_row(bytes(row.body))
    except WireError:
        return None
    return None if isinstance(found, Gap) else utc(found.at)
