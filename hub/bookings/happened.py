"""Tells what happened to a booking: for webhooks, notices and whoever else listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from hub.bookings.records import Booking
from hub.bookings.tables import BookingState
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell

_COMPARED: Final[dict[str, Callable[[Booking], object]]] = {
    "window": lambda booking: booking.booked,
    "effective": lambda booking: booking.effective,
    "facility": lambda booking: booking.facility_id,
    "doors": lambda booking: booking.doors,
    "key_boxes": lambda booking: booking.key_boxes,
    "contact": lambda booking: booking.contact,
    "paid": lambda booking: booking.paid,
    "released": lambda booking: booking.released,
    "purpose": lambda booking: booking.purpose,
}


def tell_of(
    scope: Scope,
    at: datetime,
    kind: HappeningKind,
    booking: Booking,
    cause: str,
    details: Mapping[str, object] | None = None,
) -> None:
    """Tell something of a booking."""
    subject = Subject(site_id=booking.site_id, booking_id=booking.id)
    tell(scope, at, kind, subject, cause, details)


def put(
    scope: Scope,
    at: datetime,
    before: Booking | None,
    after: Booking,
    actor: str,
    *,
    holders: bool,
) -> None:
    """Tell what a PUT made of a booking; nothing where it changed nothing. `holders`: whether
    those are others now."""
    confirmed = after.state is BookingState.CONFIRMED
    if before is None or not before.stands:
        kind = HappeningKind.BOOKING_CONFIRMED if confirmed else HappeningKind.BOOKING_REQUESTED
        tell_of(scope, at, kind, after, f"{actor} put")
        return
    if confirmed and before.state is not BookingState.CONFIRMED:
        tell_of(scope, at, HappeningKind.BOOKING_CONFIRMED, after, f"{actor} put")
    changed = [name for name, of in _COMPARED.items() if of(before) != of(after)]
    if holders:
        changed.append("holders")
    tell_changed(scope, at, before, after, changed, f"{actor} put")


def tell_changed(
    scope: Scope, at: datetime, before: Booking, after: Booking, changed: list[str], cause: str
) -> None:
    """Tell what is another now; nothing for nothing."""
    if changed:
        details: dict[str, object] = {"changed": changed}
        if "window" in changed:
            details["was"] = [
                before.booked.starts_at.isoformat(),
                before.booked.ends_at.isoformat(),
            ]
        if "effective" in changed:
            details["was_effective"] = [
                before.effective.starts_at.isoformat(),
                before.effective.ends_at.isoformat(),
            ]
        tell_of(scope, at, HappeningKind.BOOKING_CHANGED, after, cause, details)
