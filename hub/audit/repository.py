"""The rows of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.domain import AuditEntry
from hub.audit.tables import audit_entries as log
from hub.database.rows import as_all, as_one
from hub.database.scope import STORY, Scope

_BATCH = 500


def next_seq(scope: Scope) -> int:
    """Take the next number. Its lock is held until the commit: entries chain in their order."""
    scope.lock(STORY)
    return scope.take_numbers("audit")[0]


def last(scope: Scope) -> AuditEntry | None:
    """Give the newest entry."""
    return as_one(AuditEntry, scope.one(sa.select(log).order_by(log.c.seq.desc()).limit(1)))


def append(scope: Scope, entry: AuditEntry) -> None:
    """Write an entry."""
    scope.insert(log, asdict(entry))


def newest_first(scope: Scope, limit: int, *where: ColumnElement[bool]) -> tuple[AuditEntry, ...]:
    """Give up to `limit` entries, the newest first."""
    query = sa.select(log).where(*where).order_by(log.c.seq.desc()).limit(limit)
    return as_all(AuditEntry, scope.all(query))


def oldest_first(scope: Scope) -> Iterator[AuditEntry]:
    """Give every entry in order, some hundred at a time."""
    after = 0
    while True:
        query = sa.select(log).where(log.c.seq > after).order_by(log.c.seq).limit(_BATCH)
        found = as_all(AuditEntry, scope.all(query))
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].seq


def erase_before(scope: Scope, before: datetime) -> int:
    """Erase the personal part of entries older than an instant; give how many."""
    nothing = {"actor": None, "actor_name": None, "details": None, "salt": None}
    return scope.update(log, nothing, log.c.at < before, log.c.salt.is_not(None))
