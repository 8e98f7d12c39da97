"""When each controller was heard last, by an authenticated message of its own."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.ingest.tables import raw_watermarks
from hub.link.tables import SessionState, controller_sessions


def last_heard(scope: Scope) -> dict[str, datetime]:
    """Give it for every controller that has a session: when the session began, or its last events
    came."""
    s, w = controller_sessions.c, raw_watermarks.c
    began = scope.select(
        s.controller_id, sa.func.max(sa.func.coalesce(s.confirmed_at, s.greeted_at)).label("at")
    ).where(s.state == SessionState.CURRENT)
    stored = scope.select(w.controller_id, sa.func.max(w.changed_at).label("at"))
    found = {row.controller_id: row.at for row in scope.all(began.group_by(s.controller_id))}
    for row in scope.all(stored.group_by(w.controller_id)):
        if row.controller_id in found:
            found[row.controller_id] = max(found[row.controller_id], row.at)
    return found
