"""SQL of key boxes and their secrets, and of doors' own sealed codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.keyboxes.domain import KeyBox
from hub.keyboxes.tables import (
    door_backups,
    key_box_secrets,
    key_boxes,
)
from hub.sites.domain import SiteState

# --- boxes ---------------------------------------------------------------------------------------


def key_box(scope: Scope, box_id: str) -> KeyBox | None:
    """Give a box, removed or not."""
    return as_one(KeyBox, scope.one(scope.select(key_boxes).where(key_boxes.c.id == box_id)))


def boxes_by_id(scope: Scope, box_ids: Collection[str]) -> dict[str, KeyBox]:
    """Give the boxes of these ids, removed ones included, by id; unknown ids are left out."""
    rows = scope.all(scope.select(key_boxes).where(key_boxes.c.id.in_(list(box_ids))))
    return {each.id: each for each in as_all(KeyBox, rows)}


def active_boxes(scope: Scope, site_ids: Iterable[str] | None = None) -> tuple[KeyBox, ...]:
    """Give the boxes in use, of some sites or of the town, by name."""
    statement = scope.select(key_boxes).where(key_boxes.c.state == SiteState.ACTIVE)
    if site_ids is not None:
        statement = statement.where(key_boxes.c.site_id.in_(sorted(site_ids)))
    return as_all(KeyBox, scope.all(statement.order_by(key_boxes.c.name, key_boxes.c.id)))


def change_box(scope: Scope, box_id: str, **values: Any) -> None:
    """Set columns of a box."""
    scope.update(key_boxes, values, key_boxes.c.id == box_id)


# --- secrets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoxSecret:
    """One version of a box's secrets, still sealed."""

    key_box_id: str
    version: int
    code_secret: bytes | None = field(repr=False)
    maintenance: bytes = field(repr=False)
    generation: int
    drawn_at: datetime
    given_at: datetime | None = None
    installed_at: datetime | None = None


def secret(scope: Scope, box_id: str, version: int) -> BoxSecret | None:
    """Give one version of a box's secrets."""
    t = key_box_secrets
    where = (t.c.key_box_id == box_id, t.c.version == version)
    return as_one(BoxSecret, scope.one(scope.select(t).where(*where)))


def newest_version(scope: Scope, box_id: str) -> int:
    """Give the number of the newest secret drawn for a box."""
    t = key_box_secrets
    found = scope.scalar(scope.select(sa.func.max(t.c.version)).where(t.c.key_box_id == box_id))
    return int(found or 0)


def add_secret(scope: Scope, made: BoxSecret) -> None:
    """Keep a new version."""
    names = [each.name for each in fields(BoxSecret)]
    scope.insert(key_box_secrets, {name: getattr(made, name) for name in names})


def mark_secret(scope: Scope, box_id: str, version: int, **values: Any) -> None:
    """Note when a version was given or installed."""
    t = key_box_secrets
    scope.update(t, values, t.c.key_box_id == box_id, t.c.version == version)


def forget_secrets_before(scope: Scope, box_id: str, version: int) -> None:
    """Delete what a box has no more."""
    t = key_box_secrets
    scope.delete(t, t.c.key_box_id == box_id, t.c.version < version)


# --- doors' own codes ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoorBackup:
    """A networked door's own sealed codes."""

    door_id: str
    profile: str
    secret: bytes = field(repr=False)
    version: int
    generation: int
    grace_s: int
    controller_id: str
    sealed: str = field(repr=False)
    changed_at: datetime


def door_backup(scope: Scope, door_id: str) -> DoorBackup | None:
    """Give a door's backup codes, None where it has none."""
    t = door_backups
    return as_one(DoorBackup, scope.one(scope.select(t).where(t.c.door_id == door_id)))


def backups_of(scope: Scope, door_ids: Collection[str]) -> dict[str, DoorBackup]:
    """Give those of several doors, by door."""
    t = door_backups
    rows = scope.all(scope.select(t).where(t.c.door_id.in_(list(door_ids))))
    return {each.door_id: each for each in as_all(DoorBackup, rows)}


def keep_backup(scope: Scope, kept: DoorBackup) -> None:
    """Set a door's backup codes."""
    names = [each.name for each in fields(DoorBackup)]
    scope.upsert(door_backups, {name: getattr(kept, name) for name in names}, key=["door_id"])


def drop_backup(scope: Scope, door_id: str) -> None:
    """Take a door's backup codes away."""
    scope.delete(door_backups, door_backups.c.door_id == door_id)
