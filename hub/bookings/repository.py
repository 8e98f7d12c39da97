"""SQL of facilities and bookings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.bookings.records import Booking, Contact, Facility, opening_of
from hub.bookings.tables import (
    BookingState,
    booking_doors,
    booking_holders,
    booking_key_boxes,
    bookings,
    facilities,
    facility_doors,
    facility_key_boxes,
)
from hub.bookings.windows import JAPAN, BookedWindow, BookingRules
from hub.database.scope import Scope

STANDING = (BookingState.REQUESTED, BookingState.CONFIRMED)


# --- facilities ----------------------------------------------------------------------------------


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
    doors = _grouped(scope, f.facility_id, f.door_id, ids)
    boxes = _grouped(scope, b.facility_id, b.key_box_id, ids)
    return [_facility(row, doors[row.id], boxes[row.id]) for row in rows]


def _grouped(
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
    row: Any, doors: Sequence[str], key_boxes: Sequence[str], zone: ZoneInfo = JAPAN
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
            zone=zone,
        ),
        phone=row.phone,
        active=row.active,
    )


def write_facility(scope: Scope, kept: Facility, now: datetime, *, new: bool) -> None:
    """Insert or change a facility with its doors and key boxes."""
    values = {
        "site_id": kept.site_id,
        "name_ja": kept.name_ja,
        "name_easy": kept.name_easy,
        "name_en": kept.name_en,
        "phone": kept.phone,
        "approval": kept.approval,
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


# --- bookings ------------------------------------------------------------------------------------


def by_key(scope: Scope, reservation_key: str, *, to_change: bool = False) -> Booking | None:
    """Give a booking by its key; `to_change` holds its row until the transaction ends."""
    statement = scope.select(bookings).where(bookings.c.reservation_key == reservation_key)
    return _one(scope, statement.with_for_update() if to_change else statement)


def by_id(scope: Scope, booking_id: str) -> Booking | None:
    """Give a booking by its id."""
    return _one(scope, scope.select(bookings).where(bookings.c.id == booking_id))


def _one(scope: Scope, statement: sa.Select[Any]) -> Booking | None:
    row = scope.one(statement)
    return None if row is None else _with_locks(scope, [row])[0]


def search(
    scope: Scope,
    conditions: Sequence[sa.ColumnElement[bool]],
    order: Sequence[sa.ColumnElement[Any]],
    limit: int,
) -> list[Booking]:
    """Give bookings that satisfy all conditions, in an order."""
    statement = scope.select(bookings).where(*conditions).order_by(*order).limit(limit)
    return _with_locks(scope, scope.all(statement))


def _with_locks(scope: Scope, rows: Sequence[Any]) -> list[Booking]:
    ids = [row.id for row in rows]
    d, b = booking_doors.c, booking_key_boxes.c
    doors = _grouped(scope, d.booking_id, d.door_id, ids)
    boxes = _grouped(scope, b.booking_id, b.key_box_id, ids)
    return [_booking(row, doors[row.id], boxes[row.id]) for row in rows]


def _booking(row: Any, doors: Sequence[str], key_boxes: Sequence[str]) -> Booking:
    return Booking(
        id=row.id,
        reservation_key=row.reservation_key,
        facility_id=row.facility_id,
        site_id=row.site_id,
        state=row.state,
        source=row.source,
        booked=BookedWindow(row.starts_at, row.ends_at),
        effective=BookedWindow(row.effective_from, row.effective_until),
        contact=Contact(
            name=row.contact_name,
            email=row.contact_email,
            phone=row.contact_phone,
            line=row.contact_line,
            language=row.contact_language,
        ),
        purpose=row.purpose,
        paid=row.paid,
        digits=row.digits,
        decision_reason=row.decision_reason,
        doors=tuple(doors),
        key_boxes=tuple(key_boxes),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def write(scope: Scope, kept: Booking, *, new: bool) -> None:
    """Insert or change a booking with its doors and key boxes."""
    values = {
        "reservation_key": kept.reservation_key,
        "facility_id": kept.facility_id,
        "site_id": kept.site_id,
        "state": kept.state,
        "source": kept.source,
        "starts_at": kept.booked.starts_at,
        "ends_at": kept.booked.ends_at,
        "effective_from": kept.effective.starts_at,
        "effective_until": kept.effective.ends_at,
        "contact_name": kept.contact.name,
        "contact_email": kept.contact.email,
        "contact_phone": kept.contact.phone,
        "contact_line": kept.contact.line,
        "contact_language": kept.contact.language,
        "purpose": kept.purpose,
        "paid": kept.paid,
        "digits": kept.digits,
        "decision_reason": kept.decision_reason,
        "changed_at": kept.changed_at,
    }
    if new:
        scope.insert(bookings, {**values, "id": kept.id, "created_at": kept.created_at})
    else:
        scope.update(bookings, values, bookings.c.id == kept.id)
        scope.delete(booking_doors, booking_doors.c.booking_id == kept.id)
        scope.delete(booking_key_boxes, booking_key_boxes.c.booking_id == kept.id)
    rows = [{"booking_id": kept.id, "door_id": door} for door in kept.doors]
    scope.insert(booking_doors, rows)
    boxes = [{"booking_id": kept.id, "key_box_id": box} for box in kept.key_boxes]
    scope.insert(booking_key_boxes, boxes)


def step_aside(scope: Scope, booking_id: str) -> None:
    """Let a booking leave its facility's time free within a transaction that gives it another."""
    scope.update(bookings, {"facility_id": None}, bookings.c.id == booking_id)


def taken(
    scope: Scope, facility_id: str, window: BookedWindow, but_not: str = ""
) -> list[BookedWindow]:
    """Give the windows of other standing bookings of a facility that overlap this one."""
    rows = scope.all(
        scope.select(bookings.c.starts_at, bookings.c.ends_at)
        .where(
            bookings.c.facility_id == facility_id,
            bookings.c.state.in_(STANDING),
            bookings.c.starts_at < window.ends_at,
            bookings.c.ends_at > window.starts_at,
            bookings.c.id != but_not,
        )
        .order_by(bookings.c.starts_at)
    )
    return [BookedWindow(row.starts_at, row.ends_at) for row in rows]


def count_ahead(scope: Scope, phone: str, now: datetime) -> int:
    """Count the standing bookings of a telephone number that are not over."""
    count: int = scope.scalar(
        scope.select(sa.func.count(bookings.c.id)).where(
            bookings.c.contact_phone == phone,
            bookings.c.state.in_(STANDING),
            bookings.c.ends_at > now,
        )
    )
    return count


# --- holders -------------------------------------------------------------------------------------


def holders(scope: Scope, booking_id: str) -> list[sa.Row[Any]]:
    """Give id, name and person_id of who has a PIN of a booking now, in the order of joining."""
    return list(
        scope.all(
            scope.select(booking_holders.c.id, booking_holders.c.name, booking_holders.c.person_id)
            .where(
                booking_holders.c.booking_id == booking_id,
                booking_holders.c.removed_at.is_(None),
            )
            .order_by(booking_holders.c.id)
        )
    )


def holder_names(scope: Scope, holder_ids: Iterable[str]) -> dict[str, str]:
    """Give the names of holders, those who left as well, by id."""
    h = booking_holders.c
    rows = scope.all(scope.select(h.id, h.name).where(h.id.in_(sorted(holder_ids))))
    return {row.id: row.name for row in rows if row.name}


def add_holder(
    scope: Scope, holder_id: str, booking_id: str, name: str, person_id: str | None
) -> None:
    """Add somebody who is to have a PIN."""
    scope.insert(
        booking_holders,
        {"id": holder_id, "booking_id": booking_id, "name": name, "person_id": person_id},
    )


def rename_holder(scope: Scope, holder_id: str, name: str) -> None:
    """Change the name under which a holder's PIN is shown."""
    scope.update(booking_holders, {"name": name}, booking_holders.c.id == holder_id)


def remove_holder(scope: Scope, holder_id: str, now: datetime) -> None:
    """Take somebody out of a booking; the row stays for the log."""
    scope.update(booking_holders, {"removed_at": now}, booking_holders.c.id == holder_id)
