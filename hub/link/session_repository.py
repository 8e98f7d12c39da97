"""Which controllers have a session that answered our welcome."""

from __future__ import annotations

from collections.abc import Collection

from hub.database.scope import Scope
from hub.link.tables import SessionState, controller_sessions


def with_current_session(scope: Scope, controller_ids: Collection[str]) -> frozenset[str]:
    """Give those of these controllers that have one, with one query for all of them."""
    c = controller_sessions.c
    rows = scope.all(
        scope.select(c.controller_id).where(
            c.controller_id.in_(sorted(controller_ids)), c.state == SessionState.CURRENT
        )
    )
    return frozenset(row.controller_id for row in rows)
