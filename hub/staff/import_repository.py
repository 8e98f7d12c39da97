"""SQL of profiles and imports of staff."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.staff.profile import Shape
from hub.staff.tables import StaffImportState, staff_imports, staff_profiles
from hub.web.paging import Page, beyond, page_of


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as it is kept."""

    id: str
    name: str
    shape: Shape
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StaffImport:
    """A file that was tried; while it waits its bytes are with `hub.tabular.staged`."""

    id: str
    profile_id: str
    file_name: str
    sha256: str
    effective_on: date
    state: StaffImportState
    actor: str
    tried_at: datetime
    done_at: datetime | None
    expires_at: datetime
    rows: int
    counts: dict[str, int]


def profiles(scope: Scope) -> tuple[Profile, ...]:
    """Give every profile, by name."""
    return as_all(Profile, scope.all(scope.select(staff_profiles).order_by(staff_profiles.c.name)))


def profile(scope: Scope, profile_id: str) -> Profile | None:
    """Give one."""
    t = staff_profiles
    return as_one(Profile, scope.one(scope.select(t).where(t.c.id == profile_id)))


def write_profile(scope: Scope, kept: Profile, *, new: bool) -> None:
    """Insert or change a profile."""
    values = {each.name: getattr(kept, each.name) for each in fields(Profile)}
    if new:
        scope.insert(staff_profiles, values)
    else:
        scope.update(staff_profiles, values, staff_profiles.c.id == kept.id)


def drop_profile(scope: Scope, profile_id: str) -> None:
    """Remove a profile; its imports stay."""
    scope.delete(staff_profiles, staff_profiles.c.id == profile_id)


def write_import(scope: Scope, kept: StaffImport) -> None:
    """Make or change an import."""
    values = {each.name: getattr(kept, each.name) for each in fields(StaffImport)}
    scope.upsert(staff_imports, values, key=["id"])


def import_of(scope: Scope, import_id: str, *, lock: bool = False) -> StaffImport | None:
    """Give one; with `lock` nobody else can change it until the transaction ends."""
    t = staff_imports
    statement = scope.select(t).where(t.c.id == import_id)
    return as_one(StaffImport, scope.one(statement.with_for_update() if lock else statement))


def imports(scope: Scope, cursor: str | None, limit: int) -> Page[StaffImport]:
    """Give imports, newest first."""
    t = staff_imports
    order = [t.c.tried_at, t.c.id]
    statement = (
        scope.select(t)
        .where(beyond(order, cursor, descending=True))
        .order_by(t.c.tried_at.desc(), t.c.id.desc())
        .limit(limit + 1)
    )
    found = as_all(StaffImport, scope.all(statement))
    return page_of(found, limit, lambda each: [each.tried_at, each.id])
