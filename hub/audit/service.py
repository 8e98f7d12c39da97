"""Writing, reading and verifying the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement

from hub.audit import repository
from hub.audit.domain import GENESIS, AuditEntry, ChainReport, chained, commitment, fits
from hub.audit.tables import audit_entries as log
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.web.paging import Page, beyond, page_of
from hub.web.rights import Principal

_SALT_BYTES: Final = 16


def record(
    scope: Scope,
    at: datetime,
    who: Principal,
    action: str,
    target: tuple[str, str],
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry in the caller's transaction and give it.

    `action` is `topic.verb_in_the_past` (`door.changed`); `target` is `(kind, id)`; `details` are
    JSON and hold no secret: never a PIN, a card number, a password or a token.
    """
    seq = repository.next_seq(scope)
    before = repository.last(scope)
    salt = secrets.token_hex(_SALT_BYTES)
    said = dict(details or {})
    name = who.name[:100]
    entry = AuditEntry(
        seq=seq,
        at=at,
        action=action,
        target_kind=target[0],
        target_id=target[1],
        came_from=who.came_from,
        actor=who.actor,
        actor_name=name,
        details=said,
        salt=salt,
        commitment=commitment(salt, who.actor, name, said),
        hash="",
    )
    entry = replace(entry, hash=chained(before.hash if before else GENESIS, entry))
    repository.append(scope, entry)
    return entry


def verify(scope: Scope) -> ChainReport:
    """Walk the whole chain. Truncation at the end shows only against a head kept elsewhere: keep
    `ChainReport.head` and its count off this machine."""
    before: AuditEntry | None = None
    for entry in repository.oldest_first(scope):
        if not fits(before, entry):
            return ChainReport(
                before.seq if before else 0, before.hash if before else GENESIS, entry.seq
            )
        before = entry
    return ChainReport(before.seq if before else 0, before.hash if before else GENESIS, None)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; None does not limit."""

    actor: str | None = None
    action: str | None = None
    target_kind: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the rows must satisfy."""
        found: list[ColumnElement[bool]] = []
        for name in ("actor", "action", "target_kind", "target_id"):
            if (value := getattr(self, name)) is not None:
                found.append(log.c[name] == value)
        if self.since is not None:
            found.append(log.c.at >= self.since)
        if self.until is not None:
            found.append(log.c.at < self.until)
        return found


class AuditService:
    """Reads the audit log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, wanted: AuditFilter, cursor: str | None, limit: int) -> Page[AuditEntry]:
        """Give entries, the newest first."""
        where = [*wanted.conditions(), beyond([log.c.seq], cursor, descending=True)]
        with self._db.read() as scope:
            found = repository.newest_first(scope, limit + 1, *where)
        return page_of(found, limit, lambda entry: [entry.seq])

    def verify(self) -> ChainReport:
        """Walk the whole chain in one snapshot."""
        with self._db.read() as scope:
            return verify(scope)
