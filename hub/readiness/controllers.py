"""What is known of a controller's clock, and of whether it had the hub through a span of time."""

from __future__ import annotations

from datetime import datetime

from hub.database.scope import Scope
from hub.entries.tables import entries
from hub.link.tables import SessionState, controller_presence, controller_sessions
from wire.clock import ClockState
from wire.events import EventKind


def clock_untrusted(scope: Scope, controller_id: str) -> bool:
    """Tell whether a controller's clock is untrusted by what it said last: in its hello, or in the
    log when that changed."""
    s, e = controller_sessions.c, entries.c
    hello = scope.one(
        scope.select(s.clock_state, s.greeted_at)
        .where(s.controller_id == controller_id, s.state == SessionState.CURRENT)
        .order_by(s.number.desc())
        .limit(1)
    )
    told = scope.one(
        scope.select(e.clock, e.received_at)
        .where(e.kind == EventKind.CLOCK_STATE.value, e.controller_id == controller_id)
        .order_by(e.occurred_at.desc(), e.id.desc())
        .limit(1)
    )
    if told is not None and (hello is None or told.received_at >= hello.greeted_at):
        return bool(told.clock is ClockState.UNTRUSTED)
    return hello is not None and hello.clock_state == ClockState.UNTRUSTED.value


def had_hub_since(scope: Scope, controller_id: str, since: datetime) -> bool:
    """Tell whether a controller that is heard now has had the hub since an instant: its session is
    older, and its status did not say otherwise meanwhile."""
    s, p = controller_sessions.c, controller_presence.c
    began = scope.scalar(
        scope.select(s.confirmed_at)
        .where(s.controller_id == controller_id, s.state == SessionState.CURRENT)
        .order_by(s.number.desc())
        .limit(1)
    )
    said = scope.one(scope.select(p.online, p.said_at).where(p.controller_id == controller_id))
    if began is None or began > since:
        return False
    return said is None or (bool(said.online) and said.said_at <= since)
