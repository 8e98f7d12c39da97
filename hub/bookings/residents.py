"""What residents do: ask for a booking, open its PIN link, see it, cancel it. No login."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from hub.audit.service import record
from hub.bookings import repository
from hub.bookings.holders import HolderPins, ShownBy
from hub.bookings.records import Booking, BookingView, BookingWish, Contact, Revealed
from hub.bookings.refusals import Refusal, refused
from hub.bookings.service import BookingsService, named_refusals
from hub.bookings.tables import BookingSource
from hub.bookings.throttle import AddressThrottle
from hub.bookings.views import view
from hub.bookings.windows import BookedWindow
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.pins.links import Exchanged, PinLinks
from hub.web.addresses import AddressKind
from hub.web.rights import Principal, PrincipalKind, Role

RESIDENT: Final = Principal(PrincipalKind.SYSTEM, "resident", "resident", Role.VIEWER)
"""How the audit log names somebody who has no account."""

_MAX_OPEN: Final = 5
"""So many requests of one telephone number may wait for approval or lie ahead at once."""


_PHONE_DIGITS_MIN: Final = 9


def is_phone(text: str) -> bool:
    """Whether somebody can be called there: nine digits or more, with + - ( ) and spaces."""
    digits = sum(each in "0123456789" for each in text)
    return digits >= _PHONE_DIGITS_MIN and all(each in "0123456789+-() " for each in text)


@dataclass(frozen=True, slots=True)
class Requested:
    """A booking just asked for, and the token of its link: shown once, kept hashed."""

    view: BookingView
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A booking as its holder sees it; `revealed` only while its PIN is released and not over."""

    view: BookingView
    revealed: tuple[Revealed, ...] = field(repr=False)


class ResidentsService:
    """Serves the residents' pages."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        bookings: BookingsService,
        holders: HolderPins,
        links: PinLinks,
        throttle: AddressThrottle,
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._bookings = bookings
        self._holders = holders
        self._links = links
        self._throttle = throttle

    def request_booking(
        self,
        facility_id: str,
        window: BookedWindow,
        contact: Contact,
        purpose: str = "",
        *,
        address: str = "",
    ) -> Requested:
        """Ask for a facility: confirmed at once, or requested where it wants approval.

        Raises a `Problem` with a code of `hub.bookings.refusals`, or `too_many_tries` for an
        address that asked too often within an hour; requests that are refused count too.
        """
        self._db.write(lambda scope: self._throttle.count(scope, address))
        wish = BookingWish(
            facility_id=facility_id,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            contact=contact,
            purpose=purpose,
        )
        key = f"resident-{self._ids.new()}"

        def write(scope: Scope) -> Requested:
            if repository.count_ahead(scope, contact.phone, self._clock.now()) >= _MAX_OPEN:
                raise refused(Refusal.TOO_MANY, "too many bookings of this number lie ahead")
            made, _ = self._bookings.put_within(scope, RESIDENT, key, wish, BookingSource.RESIDENT)
            booking = made.booking
            token = self._links.make(scope, booking.id, booking.effective.ends_at)
            return Requested(made, token)

        with named_refusals():
            return self._db.write(write)

    def open_link(self, token: str) -> Exchanged | None:
        """Exchange a link for a cookie, once; None for a link that is dead or none of ours."""
        return self._db.write(lambda scope: self._links.exchange(scope, token))

    def new_link(self, who: Principal, reservation_key: str) -> str:
        """Give a new link to a booking's contact, for somebody who may reveal its PIN; that it was
        made is in the audit log, as a look at the PIN would be."""
        found = self._bookings.get(who, reservation_key).booking
        if not found.stands:
            raise refused(Refusal.BOOKING_OVER, f"it is {found.state.value}")

        def write(scope: Scope) -> str:
            record(scope, self._clock.now(), who, "pin.link_made", ("booking", found.id))
            return self._links.make(scope, found.id, found.effective.ends_at)

        return self._db.write(write)

    def holds(self, cookie: str) -> bool:
        """Tell whether a cookie shows a booking, without looking at its PIN."""
        with self._db.read() as scope:
            return self._of(scope, cookie) is not None

    def seen(self, cookie: str) -> BookingView | None:
        """Give the booking a cookie shows, without its PIN; None for a cookie that is none of
        ours."""
        with self._db.read() as scope:
            booking = self._of(scope, cookie)
            return None if booking is None else view(scope, booking, self._clock.now())

    def shown(self, cookie: str, came_from: AddressKind = AddressKind.UNKNOWN) -> Shown | None:
        """The same with its PIN, for whoever `came_from` such an address; the look-up is in the
        audit log."""
        seen = self.seen(cookie)
        if seen is None:
            return None
        booking = seen.booking
        if not self._is_shown(booking):
            return Shown(seen, ())
        who = replace(RESIDENT, came_from=came_from)
        revealed = self._db.write(
            lambda scope: self._holders.show(scope, booking, who, ShownBy.PIN_PAGE)
        )
        shown = Shown(seen, tuple(revealed))
        if shown.revealed and seen.problems:
            self._db.write(lambda scope: self._holders.told(scope, booking))
        return shown

    def _is_shown(self, booking: Booking) -> bool:
        over = booking.effective.ends_at <= self._clock.now()
        return booking.released and not over

    def cancel(self, cookie: str) -> BookingView | None:
        """Cancel the booking a cookie shows; its PIN and its links die. None as for `shown`."""
        with self._db.read() as scope:
            booking = self._of(scope, cookie)
        if booking is None:
            return None
        return self._bookings.cancel(RESIDENT, booking.reservation_key)

    def _of(self, scope: Scope, cookie: str) -> Booking | None:
        booking_id = self._links.booking_of(scope, cookie)
        return repository.by_id(scope, booking_id) if booking_id else None
