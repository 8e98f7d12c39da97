"""Holding a booking: whoever changes one reads it once nobody else can change it.

On PostgreSQL a row that is read before its lock is held may be another by the time it is written.
First the key, which lets nobody else make or change a booking of it, then the bookings of its site:
a neighbour's change, and a series that ends, change bookings with the site alone.
"""

from __future__ import annotations

from hub.bookings import repository
from hub.bookings.neighbours import lock_sites
from hub.bookings.records import Booking
from hub.database.scope import Scope


def hold(scope: Scope, reservation_key: str, *, facility_id: str | None = None) -> Booking | None:
    """Give the booking of a key, held until the transaction ends; None where there is none, the key
    held all the same. `facility_id`: where it is to be, whose site is held with its own."""
    scope.lock(f"booking:{reservation_key}")
    found = repository.by_key(scope, reservation_key)
    return None if found is None else hold_sites(scope, found, facility_id=facility_id)


def hold_sites(scope: Scope, found: Booking, *, facility_id: str | None = None) -> Booking:
    """Hold the bookings of a booking's site; give it as it is then."""
    facility = repository.facility(scope, facility_id) if facility_id else None
    sites = {facility.site_id} if facility else set()
    while True:
        sites.add(found.site_id)
        lock_sites(scope, sites)
        found = repository.by_id(scope, found.id) or found
        if found.site_id in sites:  # else it was moved to another site while we waited
            return found
