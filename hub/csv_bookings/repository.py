"""SQL of profiles, lines and imports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.bookings.tables import BookingState, bookings
from hub.csv_bookings.profile import Shape
from hub.csv_bookings.tables import (
    ImportState,
    csv_imports,
    csv_lines,
    csv_profiles,
)
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.web.paging import Page, beyond, page_of

MISSING: Final = "missing"
"""Stands for the digest of a line that a complete file lacked, and whose booking was cancelled."""
_BATCH: Final = 500
_STANDING: Final = [BookingState.CONFIRMED, BookingState.REQUESTED]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as it is kept. `sites` limits what its files may book; None is the whole town."""

    id: str
    name: str
    shape: Shape
    created_at: datetime
    changed_at: datetime
    sites: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it is kept. `wrong` are `[row, key, code, field]`."""

    id: str
    profile_id: str
    file_name: str
    sha256: str
    state: ImportState
    actor: str
    started_at: datetime
    ended_at: datetime | None
    rows: int
    counts: dict[str, int]
    wrong: list[list[Any]]
    missing: list[str]


# --- profiles ------------------------------------------------------------------------------------


def profiles(scope: Scope) -> tuple[Profile, ...]:
    """Give every profile, by name."""
    return as_all(Profile, scope.all(scope.select(csv_profiles).order_by(csv_profiles.c.name)))


def profile(scope: Scope, profile_id: str) -> Profile | None:
    """Give one."""
    t = csv_profiles
    return as_one(Profile, scope.one(scope.select(t).where(t.c.id == profile_id)))


def write_profile(scope: Scope, kept: Profile, *, new: bool) -> None:
    """Insert or change a profile."""
    values = {each.name: getattr(kept, each.name) for each in fields(Profile)}
    if new:
        scope.insert(csv_profiles, values)
    else:
        scope.update(csv_profiles, values, csv_profiles.c.id == kept.id)


def drop_profile(scope: Scope, profile_id: str) -> None:
    """Remove a profile with what it knows of lines; its imports stay."""
    scope.delete(csv_lines, csv_lines.c.profile_id == profile_id)
    scope.delete(csv_profiles, csv_profiles.c.id == profile_id)


# --- lines ---------------------------------------------------------------------------------------


def digests(scope: Scope, profile_id: str) -> dict[str, str]:
    """Give what each key's line wanted last, by key."""
    t = csv_lines
    rows = scope.all(
        scope.select(t.c.reservation_key, t.c.digest).where(t.c.profile_id == profile_id)
    )
    return {row.reservation_key: row.digest for row in rows}


def booked(scope: Scope, keys: Collection[str]) -> set[str]:
    """Give those of these keys of which there is a booking, whatever its state."""
    listed, found = sorted(keys), set()
    for start in range(0, len(listed), _BATCH):
        part = listed[start : start + _BATCH]
        key = bookings.c.reservation_key
        found |= {row.reservation_key for row in scope.all(scope.select(key).where(key.in_(part)))}
    return found


def keep_line(scope: Scope, profile_id: str, key: str, digest: str, now: datetime) -> None:
    """Keep what a line wanted, in the transaction that did it."""
    row = {"profile_id": profile_id, "reservation_key": key, "digest": digest, "seen_at": now}
    scope.upsert(csv_lines, row, key=["profile_id", "reservation_key"])


def digest(scope: Scope, profile_id: str, key: str) -> str | None:
    """Give what a key's line wanted last; `MISSING` where its booking was cancelled for that."""
    t = csv_lines
    found: str | None = scope.scalar(
        scope.select(t.c.digest).where(t.c.profile_id == profile_id, t.c.reservation_key == key)
    )
    return found


def standing_keys(scope: Scope, profile_id: str, since: datetime, until: datetime) -> set[str]:
    """Give the keys of a profile's files whose bookings stand and begin within a span."""
    b, t = bookings, csv_lines
    same = sa.and_(b.c.town_id == t.c.town_id, b.c.reservation_key == t.c.reservation_key)
    rows = scope.all(
        scope.select(t.c.reservation_key)
        .select_from(t.join(b, same))
        .where(
            t.c.profile_id == profile_id,
            t.c.digest != MISSING,  # whoever made it stand again since meant it
            b.c.state.in_(_STANDING),
            b.c.starts_at >= since,
            b.c.starts_at < until,
        )
    )
    return {row.reservation_key for row in rows}


# --- imports -------------------------------------------------------------------------------------


def write_import(scope: Scope, kept: Import) -> None:
    """Make or change an import."""
    values = {each.name: getattr(kept, each.name) for each in fields(Import)}
    scope.upsert(csv_imports, values, key=["id"])


def import_of(scope: Scope, import_id: str) -> Import | None:
    """Give one."""
    t = csv_imports
    return as_one(Import, scope.one(scope.select(t).where(t.c.id == import_id)))


def newest_import(scope: Scope, profile_id: str) -> Import | None:
    """Give a profile's newest import."""
    t = csv_imports
    statement = scope.select(t).where(t.c.profile_id == profile_id)
    return as_one(Import, scope.one(statement.order_by(t.c.started_at.desc(), t.c.id.desc())))


def imports(
    scope: Scope, profile_ids: Collection[str] | None, cursor: str | None, limit: int
) -> Page[Import]:
    """Give imports of these profiles (None: of all, removed ones too), newest first."""
    t = csv_imports
    order = [t.c.started_at, t.c.id]
    theirs = sa.true() if profile_ids is None else t.c.profile_id.in_(sorted(profile_ids))
    statement = (
        scope.select(t)
        .where(theirs, beyond(order, cursor, descending=True))
        .order_by(t.c.started_at.desc(), t.c.id.desc())
        .limit(limit + 1)
    )
    found: Sequence[Import] = as_all(Import, scope.all(statement))
    return page_of(found, limit, lambda each: [each.started_at, each.id])
