"""SQL of bookings and their holders."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.bookings import parts
from hub.bookings.facility_repository import all_facilities as all_facilities
from hub.bookings.facility_repository import facility as facility
from hub.bookings.facility_repository import grouped
from hub.bookings.numbers import draw_number
from hub.bookings.records import Booking, Contact, HolderWish, Occurrence
from hub.bookings.tables import (
    BookingState,
    booking_doors,
    booking_holders,
    booking_key_boxes,
    bookings,
)
from hub.bookings.windows import BookedWindow, Margins
from hub.database.scope import Scope

STANDING = (BookingState.REQUESTED, BookingState.CONFIRMED)
NUMBER_RESTS: Final = timedelta(days=30)
"""So long after a booking's end nobody else gets its number."""


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
    limit: int | None,
) -> list[Booking]:
    """Give bookings that satisfy all conditions, in an order."""
    statement = scope.select(bookings).where(*conditions).order_by(*order).limit(limit)
    return _with_locks(scope, scope.all(statement))


def _with_locks(scope: Scope, rows: Sequence[Any]) -> list[Booking]:
    ids = [row.id for row in rows]
    d, b = booking_doors.c, booking_key_boxes.c
    doors = grouped(scope, d.booking_id, d.door_id, ids)
    boxes = grouped(scope, b.booking_id, b.key_box_id, ids)
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
        number=row.number,
        margins=Margins(row.margin_before_min, row.margin_after_min, row.handover),
        payment=row.payment,
        approved_at=row.approved_at,
        occurrence=Occurrence(row.series_id, row.occurs_on, row.detached)
        if row.series_id is not None
        else None,
        purpose=row.purpose,
        paid=row.paid,
        digits=row.digits,
        decision_reason=row.decision_reason,
        doors=tuple(doors),
        key_boxes=tuple(key_boxes),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def write(
    scope: Scope, kept: Booking, *, new: bool, takes_up: frozenset[str] | None = None
) -> None:
    """Insert or change a booking with its doors and key boxes, and with what it takes up: the parts
    named, or those it has; nothing once it does not stand."""
    at = kept.occurrence
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
        "number": kept.number,
        "margin_before_min": kept.margins.before_min,
        "margin_after_min": kept.margins.after_min,
        "handover": kept.margins.handover,
        "payment": kept.payment,
        "approved_at": kept.approved_at,
        "series_id": at.series_id if at else None,
        "occurs_on": at.on if at else None,
        "detached": at is not None and at.detached,
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
    if not kept.stands:
        parts.occupy(scope, kept.id, (), kept.booked)
    elif takes_up is not None:
        parts.occupy(scope, kept.id, takes_up, kept.booked)


def set_effective(scope: Scope, kept: Booking) -> None:
    """Write a booking's effective window alone."""
    window = kept.effective
    values = {"effective_from": window.starts_at, "effective_until": window.ends_at}
    scope.update(bookings, values, bookings.c.id == kept.id)


def new_number(scope: Scope, now: datetime) -> str:
    """Draw a number that no booking has which stands, or stood lately."""
    scope.lock("booking_numbers")
    b = bookings.c

    def is_taken(number: str) -> bool:
        lately = sa.and_(b.state.in_(STANDING), b.effective_until > now - NUMBER_RESTS)
        return scope.one(scope.select(b.id).where(b.number == number, lately)) is not None

    return draw_number(secrets.randbelow, is_taken)


def step_aside(scope: Scope, booking_id: str) -> None:
    """Let a booking leave its facility's time free within a transaction that gives it another."""
    scope.update(bookings, {"facility_id": None}, bookings.c.id == booking_id)
    parts.vacate(scope, booking_id)


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
    """Give id, name, person_id, duress, max_uses and soft_uses of who has a PIN of a booking now,
    in the order of joining."""
    h = booking_holders.c
    return list(
        scope.all(
            scope.select(h.id, h.name, h.person_id, h.duress, h.max_uses, h.soft_uses)
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
    scope: Scope, holder_id: str, booking_id: str, wish: HolderWish, *, duress: bool
) -> None:
    """Add somebody who is to have a PIN."""
    scope.insert(
        booking_holders,
        {
            "id": holder_id,
            "booking_id": booking_id,
            "name": wish.name,
            "person_id": wish.person_id,
            "duress": duress,
            "max_uses": wish.max_uses or None,
            "soft_uses": bool(wish.soft_uses),
        },
    )


def set_holders_pins(
    scope: Scope, holder_id: str, *, duress: bool, max_uses: int | None, soft_uses: bool
) -> None:
    """Change which PINs a holder is to have, and how often they open."""
    values = {"duress": duress, "max_uses": max_uses, "soft_uses": soft_uses}
    scope.update(booking_holders, values, booking_holders.c.id == holder_id)


def rename_holder(scope: Scope, holder_id: str, name: str) -> None:
    """Change the name under which a holder's PIN is shown."""
    scope.update(booking_holders, {"name": name}, booking_holders.c.id == holder_id)


def remove_holder(scope: Scope, holder_id: str, now: datetime) -> None:
    """Take somebody out of a booking; the row stays for the log."""
    scope.update(booking_holders, {"removed_at": now}, booking_holders.c.id == holder_id)
