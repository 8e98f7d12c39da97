"""Joins bookings with what their doors have confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from hub.bookings import repository
from hub.bookings.records import Booking, BookingView, CredentialView, PlacementView
from hub.database.scope import Scope
from hub.pins import placements
from hub.pins import repository as pin_rows
from hub.pins.placement import PENDING, Standing, readiness
from hub.pins.placements import Placement


def views(scope: Scope, found: Sequence[Booking]) -> list[BookingView]:
    """Give bookings with their credentials, never their digits."""
    credentials = pin_rows.of_bookings(scope, [booking.id for booking in found])
    ids = [each.id for listed in credentials.values() for each in listed]
    by_credential: dict[str, list[Placement]] = {credential_id: [] for credential_id in ids}
    for placement in placements.of_credentials(scope, ids):
        by_credential[placement.credential_id].append(placement)
    made = []
    for booking in found:
        names = {row.id: row.name for row in repository.holders(scope, booking.id)}
        shown = tuple(
            CredentialView(
                credential_id=each.id,
                holder_id=each.holder_id,
                holder=names[each.holder_id],
                digits=each.digits,
                readiness=readiness(_standing(by_credential[each.id])),
                placements=tuple(_view(placement) for placement in by_credential[each.id]),
            )
            for each in credentials[booking.id]
            if each.holder_id in names
        )
        everywhere = [p for each in shown for p in by_credential[each.credential_id]]
        made.append(BookingView(booking, shown, readiness(_standing(everywhere))))
    return made


def view(scope: Scope, booking: Booking) -> BookingView:
    """Give one booking with its credentials."""
    return views(scope, [booking])[0]


def _standing(found: Sequence[Placement]) -> list[Standing]:
    return [Standing(placement.state, placement.problems) for placement in found]


def _view(placement: Placement) -> PlacementView:
    pending = PENDING.get(placement.state)
    return PlacementView(
        door_id=placement.door_id,
        state=placement.state,
        problems=tuple(sorted(placement.problems)),
        pending=() if pending is None else (pending,),
        placed_at=placement.placed_at,
    )
