"""SQL of facilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.bookings import parts
from hub.bookings.records import Facility, opening_of
from hub.bookings.tables import facilities, facility_doors, facility_key_boxes
from hub.bookings.windows import BookingRules
from hub.database.scope import Scope


def facility(scope: Scope, facility_id: str) -> Facility | None:
    """Give a facility, active or not."""
    rows = scope.all(scope.select(facilities).where(facilities.c.id == facility_id))
    return next(iter(_with_locks_of(scope, rows)), None)


def all_facilities(scope: Scope, site_ids: Iterable[str] | None = None) -> list[Facility]:
    """Give the facilities of some sites, or of the town, in the order of their Japanese names."""
    statement = scope.select(facilities).order_by(facilities.c.name_ja, facilities.c.id)
    if site_ids is not None:
        statement = statement.where(facilities.c.site_id.in_(sorted(site_ids)))
    return _with_locks_of(scope, scope.all(statement))


def _with_locks_of(scope: Scope, rows: Sequence[Any]) -> list[Facility]:
    ids = [row.id for row in rows]
    f, b = facility_doors.c, facility_key_boxes.c
    doors = grouped(scope, f.facility_id, f.door_id, ids)
    boxes = grouped(scope, b.facility_id, b.key_box_id, ids)
    others = parts.excluded_by(scope, ids) if ids else {}
    return [_facility(row, doors[row.id], boxes[row.id], others[row.id]) for row in rows]


def grouped(
    scope: Scope, owner: sa.Column[Any], lock: sa.Column[Any], owner_ids: Sequence[str]
) -> dict[str, list[str]]:
    """Give the doors or key boxes of several facilities or bookings, by their id."""
    found: dict[str, list[str]] = {owner_id: [] for owner_id in owner_ids}
    columns = (owner.label("owner_id"), lock.label("lock_id"))
    statement = scope.select(*columns).where(owner.in_(owner_ids)).order_by(lock)
    for row in scope.all(statement):
        found[row.owner_id].append(row.lock_id)
    return found


def _facility(
    row: Any, doors: Sequence[str], key_boxes: Sequence[str], excludes: tuple[str, ...]
) -> Facility:
    return Facility(
        id=row.id,
        site_id=row.site_id,
        name_ja=row.name_ja,
        name_easy=row.name_easy,
        name_en=row.name_en,
        doors=tuple(doors),
        key_boxes=tuple(key_boxes),
        approval=row.approval,
        rules=BookingRules(
            margin_before_min=row.margin_before_min,
            margin_after_min=row.margin_after_min,
            slot_min=row.slot_min,
            longest_min=row.longest_min,
            ahead_days=row.ahead_days,
            opening=opening_of(row.opening),
            zone=ZoneInfo(row.timezone),
            handover=row.handover,
        ),
        phone=row.phone,
        duress=row.duress,
        active=row.active,
        payment=row.payment,
        holders_max=row.holders_max,
        steps=row.steps,
        calendar_id=row.calendar_id,
        excludes=excludes,
    )


def write_facility(scope: Scope, kept: Facility, now: datetime, *, new: bool) -> None:
    """Insert or change a facility with its doors and key boxes."""
    values = {
        "site_id": kept.site_id,
        "name_ja": kept.name_ja,
        "name_easy": kept.name_easy,
        "name_en": kept.name_en,
        "phone": kept.phone,
        "duress": kept.duress,
        "approval": kept.approval,
        "payment": kept.payment,
        "handover": kept.rules.handover,
        "timezone": kept.rules.zone.key,
        "holders_max": kept.holders_max,
        "steps": kept.steps,
        "calendar_id": kept.calendar_id,
        "margin_before_min": kept.rules.margin_before_min,
        "margin_after_min": kept.rules.margin_after_min,
        "slot_min": kept.rules.slot_min,
        "longest_min": kept.rules.longest_min,
        "ahead_days": kept.rules.ahead_days,
        "opening": [[s.weekday, s.start_min, s.end_min] for s in kept.rules.opening],
        "active": kept.active,
        "changed_at": now,
    }
    if new:
        scope.insert(facilities, {**values, "id": kept.id, "created_at": now})
    else:
        scope.update(facilities, values, facilities.c.id == kept.id)
        scope.delete(facility_doors, facility_doors.c.facility_id == kept.id)
        scope.delete(facility_key_boxes, facility_key_boxes.c.facility_id == kept.id)
    rows = [{"facility_id": kept.id, "door_id": door} for door in kept.doors]
    scope.insert(facility_doors, rows)
    boxes = [{"facility_id": kept.id, "key_box_id": box} for box in kept.key_boxes]
    scope.insert(facility_key_boxes, boxes)
    parts.write_excludes(scope, kept.id, kept.excludes)
