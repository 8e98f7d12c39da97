"""SQL of files between their trial run and the real one."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime

import sqlalchemy as sa

from hub.database.rows import as_one
from hub.database.scope import Scope
from hub.tabular.tables import staged_files


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that waits, as it is kept: `data` is sealed for `row`."""

    purpose: str
    owner_id: str
    key: str
    file_name: str
    sha256: str
    plan_digest: str
    data: bytes = field(repr=False)
    expires_at: datetime


def staged_row(purpose: str, owner_id: str, key: str) -> str:
    """Give the name by which a file is sealed."""
    return f"staged_files:{purpose}:{owner_id}:{key}"


def write(scope: Scope, kept: Kept) -> None:
    """Keep a file; the same again waits anew."""
    values = {each.name: getattr(kept, each.name) for each in fields(Kept)}
    scope.upsert(staged_files, values, key=["purpose", "owner_id", "key"])


def read(scope: Scope, purpose: str, owner_id: str, key: str, now: datetime) -> Kept | None:
    """Give a file that waits and whose time is not over."""
    t = staged_files
    where = (t.c.purpose == purpose, t.c.owner_id == owner_id, t.c.key == key, t.c.expires_at > now)
    return as_one(Kept, scope.one(scope.select(t).where(*where)))


def drop(scope: Scope, purpose: str, owner_id: str, key: str | None) -> None:
    """Delete one of an owner's files; with None all of them."""
    t = staged_files.c
    ours = sa.and_(t.purpose == purpose, t.owner_id == owner_id)
    scope.delete(staged_files, ours if key is None else sa.and_(ours, t.key == key))


def has_expired(scope: Scope, now: datetime) -> bool:
    """Tell whether the time of a file that waits is over."""
    t = staged_files.c
    return scope.one(scope.select(t.key).where(t.expires_at <= now).limit(1)) is not None


def forget_expired(scope: Scope, now: datetime) -> None:
    """Delete files whose time is over."""
    scope.delete(staged_files, staged_files.c.expires_at <= now)
