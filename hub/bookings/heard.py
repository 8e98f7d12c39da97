"""How far a controller, or a key box, is heard without a gap: before that nothing is missing.

The edge sends events in the order in which they happened, but what happens now ahead of a backlog.
So a controller is heard through the last event of an unbroken row that reaches what its last hello
announced, once that event is projected too.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from hub.database.scope import Scope
from hub.entries.domain import GAP
from hub.entries.tables import entries
from hub.ingest.tables import raw_events, raw_watermarks
from hub.keyboxes import log_repository as log_rows
from hub.link.tables import SessionState, controller_sessions
from hub.projection import repository as projection
from wire.clock import ClockState
from wire.errors import WireError
from wire.events import Gap, decode_row

_SLACK: Final = timedelta(minutes=5)
"""Where a controller does not know the time: its last event was underway for no longer than that,
for a link that is silent for so long is lost."""


def heard_through(scope: Scope, controller_id: str) -> datetime | None:
    """Give the instant through which everything of a controller is in the log; None where rows are
    missing or nothing was ever heard."""
    s, w, r = controller_sessions.c, raw_watermarks.c, raw_events.c
    sessions = scope.all(
        scope.select(s.epoch, s.last_seq).where(
            s.controller_id == controller_id, s.state != SessionState.PAST
        )
    )
    mark = scope.one(
        scope.select(w.epoch, w.through_seq, w.highest_seq)
        .where(w.controller_id == controller_id)
        .order_by(w.epoch.desc())
        .limit(1)
    )
    if mark is None or not sessions or mark.through_seq < mark.highest_seq:
        return None
    reached = (mark.epoch, mark.through_seq)
    if any(reached < (each.epoch, each.last_seq) for each in sessions):
        return None
    last = scope.one(
        scope.select(r.id, r.body, r.received_at).where(
            r.controller_id == controller_id,
            r.epoch == mark.epoch,
            r.seq <= mark.through_seq,
            r.last_seq >= mark.through_seq,
        )
    )
    if last is None or projection.watermark(scope) < last.id:
        return None
    return _time_of(bytes(last.body), last.received_at)


def _time_of(body: bytes, received_at: datetime) -> datetime:
    """When an event happened, or before when it surely did not, where its clock is not known."""
    try:
        event = decode_row(body)
    except WireError:
        return received_at - _SLACK
    if isinstance(event, Gap) or event.clock is ClockState.UNTRUSTED:
        return received_at - _SLACK
    return min(event.at, received_at)


def box_heard_through(scope: Scope, box_id: str) -> datetime | None:
    """Give the instant through which a key box's own log is in the hub, that of its newest record;
    None where nobody has brought any. A visit alone says nothing: what it brought may be underway.
    """
    return log_rows.box_states(scope, [box_id])[box_id].heard_at


def lost_since(scope: Scope, controller_ids: Collection[str], since: datetime) -> frozenset[str]:
    """Give the controllers that told since an instant that rows of theirs are lost."""
    e = entries.c
    rows = scope.all(
        scope.select(e.controller_id)
        .where(e.kind == GAP, e.controller_id.in_(sorted(controller_ids)), e.occurred_at >= since)
        .distinct()
    )
    return frozenset(row.controller_id for row in rows)
