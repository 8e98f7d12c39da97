"""The members of a club: each has a PIN and a name in the log of their own.

Who joins or leaves touches nobody else's PIN.
"""

from __future__ import annotations

from hub.bookings import repository
from hub.bookings.naming_refusals import named_refusals
from hub.bookings.records import BookingView, BookingWish, HolderWish
from hub.bookings.refusals import Refusal, refused
from hub.bookings.service import BookingsService
from hub.bookings.tables import BookingSource
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.web.rights import Principal


class MembersService:
    """Adds and removes one holder of a booking at a time."""

    def __init__(self, db: Database, bookings: BookingsService) -> None:
        self._db = db
        self._bookings = bookings

    def add(self, who: Principal, reservation_key: str, member: HolderWish) -> BookingView:
        """Give one more person a PIN. Somebody of that name and person who has one already is the
        same, and keeps it: asking again adds nobody. Refused (`too_many_holders`) beyond the
        facility's limit."""

        def write(scope: Scope) -> BookingView:
            present = self._present(scope, who, reservation_key)
            known = {(each.person_id, each.name) for each in present}
            joined = () if (member.person_id, member.name) in known else (member,)
            return self._make(scope, who, reservation_key, (*present, *joined))

        with named_refusals():
            return self._db.write(write)

    def remove(self, who: Principal, reservation_key: str, holder_id: str) -> BookingView:
        """Take one person's PIN from every door. The last one stays: cancel the booking instead."""

        def write(scope: Scope) -> BookingView:
            present = self._present(scope, who, reservation_key)
            left = tuple(each for each in present if each.id != holder_id)
            if len(left) == len(present):
                raise refused(Refusal.HOLDER_UNKNOWN, "no such holder")
            if not left:
                raise refused(Refusal.LAST_HOLDER, "a booking has at least one holder")
            return self._make(scope, who, reservation_key, left)

        with named_refusals():
            return self._db.write(write)

    def _present(
        self, scope: Scope, who: Principal, reservation_key: str
    ) -> tuple[HolderWish, ...]:
        scope.lock(f"booking:{reservation_key}")
        found = repository.by_key(scope, reservation_key)
        if found is None or not who.reaches(found.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        rows = repository.holders(scope, found.id)
        return tuple(HolderWish(row.name, row.person_id, row.id) for row in rows)

    def _make(
        self, scope: Scope, who: Principal, reservation_key: str, members: tuple[HolderWish, ...]
    ) -> BookingView:
        wish = BookingWish(holders=members)
        source = BookingSource.API
        return self._bookings.put_within(scope, who, reservation_key, wish, source)[0]
