"""SQL of what controllers should hold: entries, versions, changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.policy.tables import (
    Touched,
    policy_changes,
    policy_dirty,
    policy_entries,
    policy_versions,
)
from wire.messages import HeldPolicy
from wire.policy import EMPTY_DIGEST, EntryKey, EntryKind

IN_ONE_STATEMENT = 500
"""Values in one IN list: SQLite takes 32,766 parameters, planners like fewer."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that changed and is not compiled yet."""

    id: str
    kind: Touched
    target: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry that a controller should hold now."""

    key: EntryKey
    rev: int
    data: bytes
    hash: bytes
    person_id: str | None
    pin_id: str | None
    expires_at: datetime | None


def batches(values: Iterable[str]) -> list[list[str]]:
    """Cut values into lists short enough for one statement, in a settled order."""
    listed = sorted(set(values))
    return [listed[at : at + IN_ONE_STATEMENT] for at in range(0, len(listed), IN_ONE_STATEMENT)]


def marks(scope: Scope, leave: Collection[str], at_most: int) -> list[Mark]:
    """Give marks, except those of whole controllers that are to be left for later."""
    t = policy_dirty
    left = sa.and_(t.c.kind == Touched.CONTROLLER, t.c.target.in_(list(leave)))
    rows = scope.all(scope.select(t).where(sa.not_(left)).limit(at_most))
    return [Mark(row.id, row.kind, row.target) for row in rows]


def any_mark(scope: Scope, leave: Collection[str]) -> bool:
    """Tell whether there is something to compile."""
    return bool(marks(scope, leave, 1))


def remove_marks(scope: Scope, seen: Sequence[Mark]) -> None:
    """Remove exactly these marks."""
    for batch in batches(mark.id for mark in seen):
        scope.delete(policy_dirty, policy_dirty.c.id.in_(batch))


def held(scope: Scope, controller_id: str) -> HeldPolicy:
    """Give the version and digest a controller should hold: 0 and the empty one at first."""
    row = scope.one(
        scope.select(policy_versions.c.version, policy_versions.c.digest)
        .where(policy_versions.c.controller_id == controller_id)
        .order_by(policy_versions.c.version.desc())
        .limit(1)
    )
    if row is None:
        return HeldPolicy(version=0, digest=EMPTY_DIGEST)
    return HeldPolicy(version=row.version, digest=row.digest)


def digest_at(scope: Scope, controller_id: str, version: int) -> str | None:
    """Give the digest of a version; None where it is not kept."""
    if version == 0:
        return EMPTY_DIGEST
    digest: str | None = scope.scalar(
        scope.select(policy_versions.c.digest).where(
            policy_versions.c.controller_id == controller_id,
            policy_versions.c.version == version,
        )
    )
    return digest


def entries(
    scope: Scope, controller_id: str, keys: Iterable[EntryKey] | None = None
) -> list[StoredEntry]:
    """Give a controller's entries, all or those of some keys, in the order of their keys."""
    table = policy_entries
    base = (
        scope.select(table)
        .where(table.c.controller_id == controller_id)
        .order_by(table.c.kind, table.c.entry_id)
    )
    if keys is None:
        return [_stored(row) for row in scope.all(base)]
    by_kind: dict[str, set[str]] = {}
    for key in keys:
        by_kind.setdefault(key.kind, set()).add(key.id)
    found: list[StoredEntry] = []
    for kind in sorted(by_kind):
        for batch in batches(by_kind[kind]):
            rows = scope.all(base.where(table.c.kind == kind, table.c.entry_id.in_(batch)))
            found.extend(_stored(row) for row in rows)
    return found


def count(scope: Scope, controller_id: str) -> int:
    """Give how many entries a controller should hold."""
    t = policy_entries
    found = scope.select(sa.func.count()).select_from(t).where(t.c.controller_id == controller_id)
    return int(scope.scalar(found))


def _stored(row: Any) -> StoredEntry:
    return StoredEntry(
        key=EntryKey(row.kind, row.entry_id),
        rev=row.rev,
        data=bytes(row.data),
        hash=bytes(row.hash),
        person_id=row.person_id,
        pin_id=row.pin_id,
        expires_at=row.expires_at,
    )


def entries_of_kind(scope: Scope, controller_id: str, kind: EntryKind) -> list[StoredEntry]:
    """Give a controller's entries of one kind."""
    t = policy_entries
    return _found(scope, controller_id, t.c.kind == kind.value)


def entries_of_people(
    scope: Scope, controller_id: str, person_ids: Iterable[str]
) -> list[StoredEntry]:
    """Give a controller's entries about people: their flags and cards."""
    found: list[StoredEntry] = []
    for batch in batches(person_ids):
        found.extend(_found(scope, controller_id, policy_entries.c.person_id.in_(batch)))
    return found


def pin_entries(
    scope: Scope, controller_id: str, credential_ids: Iterable[str]
) -> list[StoredEntry]:
    """Give a controller's entries of PINs and of the grants that let them in. Their rows name
    the credential as `pin_id`."""
    found: list[StoredEntry] = []
    for batch in batches(credential_ids):
        found.extend(_found(scope, controller_id, policy_entries.c.pin_id.in_(batch)))
    return found


def _found(
    scope: Scope, controller_id: str, condition: sa.ColumnElement[bool]
) -> list[StoredEntry]:
    statement = scope.select(policy_entries).where(
        policy_entries.c.controller_id == controller_id, condition
    )
    return [_stored(row) for row in scope.all(statement)]


def expired(scope: Scope, now: datetime) -> list[tuple[str, StoredEntry]]:
    """Give the entries whose time has run out, with their controllers."""
    t = policy_entries
    rows = scope.all(scope.select(t).where(t.c.expires_at <= now))
    return [(row.controller_id, _stored(row)) for row in rows]


def holders_of(scope: Scope, kind: str, entry_ids: Iterable[str]) -> set[str]:
    """Give the controllers that should hold one of these entries."""
    found: set[str] = set()
    for batch in batches(entry_ids):
        statement = (
            scope.select(policy_entries.c.controller_id)
            .where(policy_entries.c.kind == kind, policy_entries.c.entry_id.in_(batch))
            .distinct()
        )
        found.update(row.controller_id for row in scope.all(statement))
    return found


def put(scope: Scope, controller_id: str, changed: Sequence[StoredEntry]) -> None:
    """Write new and changed entries."""
    rows = [
        {
            "controller_id": controller_id,
            "kind": entry.key.kind,
            "entry_id": entry.key.id,
            "rev": entry.rev,
            "data": entry.data,
            "hash": entry.hash,
            "person_id": entry.person_id,
            "pin_id": entry.pin_id,
            "expires_at": entry.expires_at,
        }
        for entry in changed
    ]
    scope.upsert(policy_entries, rows, key=("controller_id", "kind", "entry_id"))


def set_expiry(scope: Scope, controller_id: str, key: EntryKey, at: datetime | None) -> None:
    """Change when an entry leaves, its bytes being the same."""
    scope.update(
        policy_entries,
        {"expires_at": at},
        policy_entries.c.controller_id == controller_id,
        policy_entries.c.kind == key.kind,
        policy_entries.c.entry_id == key.id,
    )


def drop(scope: Scope, controller_id: str, keys: Iterable[EntryKey]) -> None:
    """Forget entries."""
    by_kind: dict[str, set[str]] = {}
    for key in keys:
        by_kind.setdefault(key.kind, set()).add(key.id)
    for kind, ids in by_kind.items():
        for batch in batches(ids):
            scope.delete(
                policy_entries,
                policy_entries.c.controller_id == controller_id,
                policy_entries.c.kind == kind,
                policy_entries.c.entry_id.in_(batch),
            )


def add_version(
    scope: Scope,
    controller_id: str,
    held_now: HeldPolicy,
    changes: Iterable[tuple[EntryKey, bytes | None]],
    now: datetime,
) -> None:
    """Keep a new version and what it changed."""
    scope.insert(
        policy_versions,
        {
            "controller_id": controller_id,
            "version": held_now.version,
            "digest": held_now.digest,
            "made_at": now,
        },
    )
    rows = [
        {
            "controller_id": controller_id,
            "version": held_now.version,
            "kind": key.kind,
            "entry_id": key.id,
            "hash": entry_hash,
        }
        for key, entry_hash in changes
    ]
    scope.insert(policy_changes, rows)


def changed_since(scope: Scope, controller_id: str, version: int) -> set[EntryKey]:
    """Give the keys that changed after a version."""
    statement = (
        scope.select(policy_changes.c.kind, policy_changes.c.entry_id)
        .where(
            policy_changes.c.controller_id == controller_id,
            policy_changes.c.version > version,
        )
        .distinct()
    )
    return {EntryKey(row.kind, row.entry_id) for row in scope.all(statement)}


def hash_of(scope: Scope, controller_id: str, key: EntryKey, rev: int) -> bytes | None:
    """Give the hash of an entry as a version put it; None where that is not kept."""
    kept = scope.scalar(
        scope.select(policy_changes.c.hash).where(
            policy_changes.c.controller_id == controller_id,
            policy_changes.c.version == rev,
            policy_changes.c.kind == key.kind,
            policy_changes.c.entry_id == key.id,
        )
    )
    if kept is None:
        kept = next((e.hash for e in entries(scope, controller_id, [key]) if e.rev == rev), None)
    return None if kept is None else bytes(kept)


def forget_versions(scope: Scope, made_before: datetime) -> int:
    """Drop history older than that, never a controller's present version; give how many versions.

    A controller that asks from a version no longer kept gets a snapshot.
    """
    newest = (
        sa.select(
            policy_versions.c.controller_id, sa.func.max(policy_versions.c.version).label("v")
        )
        .group_by(policy_versions.c.controller_id)
        .subquery()
    )
    old = scope.all(
        scope.select(
            policy_versions.c.controller_id, sa.func.max(policy_versions.c.version).label("v")
        )
        .join(newest, newest.c.controller_id == policy_versions.c.controller_id)
        .where(policy_versions.c.made_at < made_before, policy_versions.c.version < newest.c.v)
        .group_by(policy_versions.c.controller_id)
    )
    count = 0
    for row in old:
        for table in (policy_changes, policy_versions):
            gone = scope.delete(
                table, table.c.controller_id == row.controller_id, table.c.version <= row.v
            )
        count += gone
    return count
