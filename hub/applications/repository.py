"""SQL of applications, their versions and trail, delegations and chains."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.applications.bodies import ApplicationKind, Body
from hub.applications.domain import (
    ACTIVE,
    HOLDS,
    WAITING,
    Application,
    ChainRule,
    Delegation,
    TrailEntry,
)
from hub.applications.tables import (
    application_trail,
    application_versions,
    applications,
    chain_rules,
    delegations,
)
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope

_AT_ONCE = 400


def person_lock(person_id: str) -> str:
    """The lock of whoever hands something in for a person: two at once could overlap."""
    return f"applications:{person_id}"


# --- applications --------------------------------------------------------------------------------


def application(scope: Scope, application_id: str, *, lock: bool = False) -> Application | None:
    """Give one; with `lock` its row is held until the transaction ends."""
    query = sa.select(applications).where(applications.c.id == application_id)
    return as_one(Application, scope.one(query.with_for_update() if lock else query))


def add(scope: Scope, made: Application) -> None:
    """Add one."""
    scope.insert(applications, _row(made))


def keep(scope: Scope, changed: Application) -> None:
    """Write one as it is now."""
    scope.update(applications, _row(changed), applications.c.id == changed.id)


def listed(scope: Scope, where: Sequence[ColumnElement[bool]]) -> tuple[Application, ...]:
    """Give those that satisfy conditions, in the order in which they were made."""
    query = sa.select(applications).where(*where).order_by(applications.c.id)
    return as_all(Application, scope.all(query))


def newest(
    scope: Scope, where: Sequence[ColumnElement[bool]], limit: int
) -> tuple[Application, ...]:
    """Give those that satisfy conditions, the newest first."""
    query = sa.select(applications).where(*where).order_by(applications.c.id.desc())
    return as_all(Application, scope.all(query.limit(limit)))


def waiting(scope: Scope) -> tuple[Application, ...]:
    """Give all that wait for somebody's decision, the longest first."""
    query = sa.select(applications).where(applications.c.state.in_(WAITING))
    ordered = query.order_by(applications.c.waiting_since, applications.c.id)
    return as_all(Application, scope.all(ordered))


def active_around(
    scope: Scope, person_id: str, first: date, last: date, but: str | None
) -> tuple[Application, ...]:
    """Give a person's applications that count or wait and reach into a range."""
    a = applications.c
    where = [a.person_id == person_id, a.state.in_(ACTIVE), a.first <= last, a.last >= first]
    if but is not None:
        where.append(a.id != but)
    return listed(scope, where)


def holding_between(
    scope: Scope,
    person_ids: Collection[str] | None,
    first: date,
    last: date,
    kinds: Collection[ApplicationKind] | None = None,
) -> tuple[Application, ...]:
    """Give approved applications that reach into a range, of some people (None: everybody)."""
    a = applications.c
    where = [a.state.in_(HOLDS), a.first <= last, a.last >= first]
    if kinds is not None:
        where.append(a.kind.in_(sorted(kinds)))
    if person_ids is None:
        return listed(scope, where)
    wanted = sorted(person_ids)
    found: list[Application] = []
    for at in range(0, len(wanted), _AT_ONCE):
        found += listed(scope, [*where, a.person_id.in_(wanted[at : at + _AT_ONCE])])
    return tuple(found)


def add_version(scope: Scope, made: Application, actor: str) -> None:
    """Keep what a version says."""
    row = {
        "application_id": made.id,
        "version": made.version,
        "body": made.body,
        "made_by": actor,
        "made_at": made.updated_at,
    }
    scope.insert(application_versions, row)


def versions(scope: Scope, application_id: str) -> dict[int, Body]:
    """Give what each version of an application said."""
    v = application_versions.c
    rows = scope.all(
        sa.select(v.version, v.body).where(v.application_id == application_id).order_by(v.version)
    )
    return {row.version: row.body for row in rows}


def _row(made: Application) -> dict[str, Any]:
    # Not `asdict`: it would take the structs' own types from them.
    return {one.name: getattr(made, one.name) for one in fields(Application)}


# --- the trail -----------------------------------------------------------------------------------


def trail(scope: Scope, application_id: str) -> tuple[TrailEntry, ...]:
    """Give an application's trail, in order."""
    t = application_trail.c
    query = sa.select(application_trail).where(t.application_id == application_id)
    return as_all(TrailEntry, scope.all(query.order_by(t.seq)))


def trails(scope: Scope, application_ids: Collection[str]) -> dict[str, list[TrailEntry]]:
    """Give the trails of several, by application."""
    t, found = application_trail.c, dict[str, list[TrailEntry]]()
    wanted = sorted(application_ids)
    for at in range(0, len(wanted), _AT_ONCE):
        part = t.application_id.in_(wanted[at : at + _AT_ONCE])
        query = sa.select(application_trail).where(part).order_by(t.application_id, t.seq)
        for each in as_all(TrailEntry, scope.all(query)):
            found.setdefault(each.application_id, []).append(each)
    return found


def add_to_trail(scope: Scope, entries: Sequence[TrailEntry]) -> None:
    """Add entries; the caller holds the application's row, and so knows the next number."""
    scope.insert(application_trail, [asdict(each) for each in entries])


def last_seq(scope: Scope, application_id: str) -> int:
    """Give the number of the last entry, 0 if there is none."""
    t = application_trail.c
    newest = sa.select(sa.func.max(t.seq)).where(t.application_id == application_id)
    return int(scope.scalar(newest) or 0)


# --- delegations and chains ---------------------------------------------------------------------


def delegations_on(scope: Scope, day: date) -> tuple[Delegation, ...]:
    """Give the delegations in force on a date."""
    d = delegations.c
    where = (d.starts_on <= day, d.ends_on >= day, d.revoked_at.is_(None))
    return as_all(Delegation, scope.all(sa.select(delegations).where(*where).order_by(d.id)))


def delegations_of(scope: Scope, person_id: str | None) -> tuple[Delegation, ...]:
    """Give those that somebody gave or was given (None: everybody's), the newest first."""
    d, query = delegations.c, sa.select(delegations)
    if person_id is not None:
        query = query.where(sa.or_(d.from_person_id == person_id, d.to_person_id == person_id))
    return as_all(Delegation, scope.all(query.order_by(d.id.desc()).limit(200)))


def delegation(scope: Scope, delegation_id: str) -> Delegation | None:
    """Give one, its row held."""
    query = sa.select(delegations).where(delegations.c.id == delegation_id).with_for_update()
    return as_one(Delegation, scope.one(query))


def add_delegation(scope: Scope, made: Delegation) -> None:
    """Add one."""
    scope.insert(delegations, {one.name: getattr(made, one.name) for one in fields(Delegation)})


def change_delegation(scope: Scope, delegation_id: str, values: Mapping[str, Any]) -> None:
    """Change columns of one."""
    scope.update(delegations, values, delegations.c.id == delegation_id)


def rules(scope: Scope) -> tuple[ChainRule, ...]:
    """Give every rule, in the order in which they are tried."""
    r = chain_rules.c
    return as_all(ChainRule, scope.all(sa.select(chain_rules).order_by(r.position, r.id)))
