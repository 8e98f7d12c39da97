"""SQL of payroll: profiles and what was handed out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.payroll.profile import Profile
from hub.payroll.tables import export_profiles, handovers
from hub.web.paging import Page, beyond, page_of


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """A town's own profile."""

    id: str
    name: str
    profile: Profile
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """A file that was handed out. `what` names the profile or format; `month` is its first day."""

    id: str
    at: datetime
    actor: str
    what: str
    month: date
    department_id: str | None
    people: int
    bytes: int
    sha256: str
    draft: bool


def profiles(scope: Scope) -> tuple[KeptProfile, ...]:
    """Give all of a town's profiles by name: there are few."""
    t = export_profiles
    return as_all(KeptProfile, scope.all(scope.select(t).order_by(t.c.name)))


def profile(scope: Scope, profile_id: str, *, to_change: bool = False) -> KeptProfile | None:
    """Give one; `to_change` holds its row until the transaction ends."""
    query = scope.select(export_profiles).where(export_profiles.c.id == profile_id)
    return as_one(KeptProfile, scope.one(query.with_for_update() if to_change else query))


def write_profile(scope: Scope, kept: KeptProfile, *, new: bool = False) -> None:
    """Insert or change a profile; a name that is taken is a `ConstraintError`."""
    values = {each.name: getattr(kept, each.name) for each in fields(KeptProfile)}
    if new:
        scope.insert(export_profiles, values)
    else:
        del values["id"]
        scope.update(export_profiles, values, export_profiles.c.id == kept.id)


def delete_profile(scope: Scope, profile_id: str) -> int:
    """Remove one; give how many."""
    return scope.delete(export_profiles, export_profiles.c.id == profile_id)


def keep_handover(scope: Scope, kept: Handover) -> None:
    """Keep that a file was handed out."""
    scope.insert(handovers, {each.name: getattr(kept, each.name) for each in fields(Handover)})


def handover_page(scope: Scope, cursor: str | None, limit: int) -> Page[Handover]:
    """Give what was handed out, newest first."""
    t = handovers
    order = [t.c.at, t.c.id]
    query = (
        scope.select(t)
        .where(beyond(order, cursor, descending=True))
        .order_by(t.c.at.desc(), t.c.id.desc())
        .limit(limit + 1)
    )
    return page_of(as_all(Handover, scope.all(query)), limit, lambda each: [each.at, each.id])


def same_file(scope: Scope, sha256: str) -> Handover | None:
    """Give the last handing out of exactly this file."""
    t = handovers
    query = scope.select(t).where(t.c.sha256 == sha256).order_by(sa.desc(t.c.at)).limit(1)
    return as_one(Handover, scope.one(query))
