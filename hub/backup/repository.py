"""The rows of restores, and what a restore ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.accounts.tables import sessions as logins
from hub.backup.tables import restores
from hub.database.rows import as_one
from hub.database.scope import Scope
from hub.link.tables import SessionState, controller_sessions
from hub.policy.tables import policy_outbox
from hub.web.tables import idempotency_keys


@dataclass(frozen=True, slots=True)
class Restore:
    """One restore."""

    hub_epoch: int
    taken_at: datetime | None
    restored_at: datetime
    released_at: datetime | None


def under_review(scope: Scope) -> Restore | None:
    """The restore that nobody has released yet."""
    c = restores.c
    query = scope.select(c.hub_epoch, c.taken_at, c.restored_at, c.released_at)
    return as_one(
        Restore,
        scope.one(query.where(c.released_at.is_(None)).order_by(c.hub_epoch.desc()).limit(1)),
    )


def note(scope: Scope, restore: Restore) -> None:
    """Keep a restore."""
    scope.insert(
        restores,
        {
            "hub_epoch": restore.hub_epoch,
            "taken_at": restore.taken_at,
            "restored_at": restore.restored_at,
            "released_at": restore.released_at,
        },
    )


def release(scope: Scope, now: datetime) -> int:
    """Release every restore that waits; give how many."""
    return scope.update(restores, {"released_at": now}, restores.c.released_at.is_(None))


def end_former_life(scope: Scope) -> dict[str, int]:
    """End what may not outlive the life it belonged to: logins (some may have been ended since),
    messages on their way, sessions of controllers. Give how many of each."""
    current = controller_sessions.c.state != SessionState.PAST
    return {
        "logins_ended": scope.delete(logins, logins.c.id.is_not(None)),
        "messages_dropped": scope.delete(policy_outbox, policy_outbox.c.seq.is_not(None)),
        "answers_forgotten": scope.delete(idempotency_keys, idempotency_keys.c.key.is_not(None)),
        "sessions_ended": scope.update(controller_sessions, {"state": SessionState.PAST}, current),
    }
