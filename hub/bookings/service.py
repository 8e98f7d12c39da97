"""Bookings: made, changed, decided, cancelled, shown. One transaction a call, doors included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

import sqlalchemy as sa

from hub.audit.service import record
from hub.bookings import happened, merge, repository
from hub.bookings.facilities import known_doors, known_key_boxes
from hub.bookings.holders import HolderPins
from hub.bookings.merge import Frame
from hub.bookings.records import Booking, BookingView, BookingWish, Facility, Revealed
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import BookingSource, BookingState, bookings
from hub.bookings.views import view, views
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.errors import OverlapError
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind as H
from hub.keyboxes.domain import NoCodeLeftError
from hub.pins.draw import DigitsIncompatibleError, NoPinLeftError
from hub.pins.lengths import GuessRiskError
from hub.pins.links import PinLinks
from hub.pins.service import CredentialGoneError
from hub.web.paging import Page, beyond, page_of
from hub.web.rights import Principal, Right

T = TypeVar("T")

_ENDED_BY: Final = {
    BookingState.CANCELLED: H.BOOKING_CANCELLED,
    BookingState.REJECTED: H.BOOKING_REJECTED,
}


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings are asked for; None does not limit."""

    since: datetime | None = None
    until: datetime | None = None
    facility_id: str | None = None
    state: BookingState | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What the rows must satisfy: those that touch the time from `since` until `until`."""
        found: list[sa.ColumnElement[bool]] = []
        if self.since is not None:
            found.append(bookings.c.ends_at > self.since)
        if self.until is not None:
            found.append(bookings.c.starts_at < self.until)
        if self.facility_id is not None:
            found.append(bookings.c.facility_id == self.facility_id)
        if self.state is not None:
            found.append(bookings.c.state == self.state)
        return found


@contextmanager
def named_refusals() -> Iterator[None]:
    """Turn what PINs and the database refuse into the booking's own refusals."""
    try:
        yield
    except DigitsIncompatibleError as error:
        raise refused(Refusal.DIGITS_INCOMPATIBLE, str(error)) from error
    except GuessRiskError as error:
        raise refused(
            Refusal.GUESS_RISK, str(error), digits=error.digits, door=error.door_id
        ) from error
    except NoPinLeftError as error:
        raise refused(Refusal.NO_PIN_LEFT, str(error)) from error
    except NoCodeLeftError as error:
        raise refused(Refusal.NO_CODE_LEFT, str(error), key_box=error.lock_id) from error
    except CredentialGoneError as error:
        raise refused(Refusal.PIN_REVOKED, str(error)) from error
    except OverlapError as error:
        raise refused(Refusal.DOUBLE_BOOKED, "the facility is booked in that time") from error


class BookingsService:
    """What clerks and booking systems do with bookings."""

    def __init__(
        self, db: Database, clock: Clock, ids: Ids, holders: HolderPins, links: PinLinks
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._holders = holders
        self._links = links

    # --- writing -----------------------------------------------------------------------------

    def put(
        self,
        who: Principal,
        reservation_key: str,
        wish: BookingWish,
        source: BookingSource = BookingSource.API,
    ) -> tuple[BookingView, bool]:
        """Make or change the booking of that key; give it and whether it is new. Idempotent."""

        def write(scope: Scope) -> tuple[BookingView, bool]:
            return self.put_within(scope, who, reservation_key, wish, source)

        return self._write(write)

    def put_within(
        self,
        scope: Scope,
        who: Principal,
        reservation_key: str,
        wish: BookingWish,
        source: BookingSource,
    ) -> tuple[BookingView, bool]:
        """The same within a transaction; residents' requests come in here."""
        scope.lock(f"booking:{reservation_key}")
        before = repository.by_key(scope, reservation_key)
        if before is not None and not who.reaches(before.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        if before is None:
            kept = merge.made(
                self._ids.new(), reservation_key, wish, self._frame(scope, who, wish, None, source)
            )
        elif wish.state is BookingState.CANCELLED:
            return self._end(scope, who, before, BookingState.CANCELLED, "booking.cancelled"), False
        else:
            kept = merge.changed(before, wish, self._frame(scope, who, wish, before, source))
        self._refuse_double(scope, kept)
        now = self._clock.now()
        if kept != before:
            kept = replace(kept, changed_at=now)
            repository.write(scope, kept, new=before is None)
            action = "booking.created" if before is None else "booking.changed"
            record(scope, now, who, action, ("booking", kept.id), _told(kept))
        self._holders.follow(scope, before, kept, wish.holders, f"{who.actor} put")
        happened.put(scope, now, before, kept, who.actor, holders=wish.holders is not None)
        if before is not None and before.booked != kept.booked:
            self._links.move(scope, kept.id, kept.effective.ends_at)
        return view(scope, kept, self._clock.now()), before is None

    def decide(
        self, who: Principal, reservation_key: str, *, approve: bool, reason: str = ""
    ) -> BookingView:
        """Approve or reject a request; deciding the same again changes nothing."""

        def write(scope: Scope) -> BookingView:
            before = self._get(scope, who, reservation_key)
            if not approve:
                kept = replace(before, decision_reason=reason)
                return self._end(scope, who, kept, BookingState.REJECTED, "booking.rejected")
            if before.state is BookingState.CONFIRMED:
                return view(scope, before, self._clock.now())
            if before.state is not BookingState.REQUESTED:
                raise refused(Refusal.STATE_CHANGE, f"it is {before.state.value}")
            now = self._clock.now()
            kept = replace(
                before, state=BookingState.CONFIRMED, decision_reason=reason, changed_at=now
            )
            repository.write(scope, kept, new=False)
            record(scope, now, who, "booking.approved", ("booking", kept.id))
            self._holders.follow(scope, before, kept, None, f"{who.actor} approved")
            happened.tell_of(scope, now, H.BOOKING_CONFIRMED, kept, f"{who.actor} approved")
            return view(scope, kept, self._clock.now())

        return self._write(write)

    def cancel(self, who: Principal, reservation_key: str) -> BookingView:
        """Cancel a booking: its PINs are taken from every door at once, its links die."""

        def write(scope: Scope) -> BookingView:
            before = self._get(scope, who, reservation_key)
            return self._end(scope, who, before, BookingState.CANCELLED, "booking.cancelled")

        return self._write(write)

    def reissue(
        self, who: Principal, reservation_key: str, holder_id: str | None = None
    ) -> BookingView:
        """Give the holders of a booking, or one of them, other digits."""

        def write(scope: Scope) -> BookingView:
            booking = self._get(scope, who, reservation_key)
            self._holders.reissue(scope, booking, holder_id, f"{who.actor} reissued")
            target = ("booking", booking.id)
            record(scope, self._clock.now(), who, "pin.reissued", target, {"holder": holder_id})
            return view(scope, booking, self._clock.now())

        return self._write(write)

    # --- reading -----------------------------------------------------------------------------

    def get(self, who: Principal, reservation_key: str) -> BookingView:
        """Give a booking with what its doors have confirmed."""
        with self._db.read() as scope:
            return view(scope, self._get(scope, who, reservation_key), self._clock.now())

    def by_id(self, who: Principal, booking_id: str) -> BookingView:
        """The same by its id, as the console's addresses name it."""
        with self._db.read() as scope:
            found = repository.by_id(scope, booking_id)
            if found is None or not who.reaches(found.site_id):
                raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
            return view(scope, found, self._clock.now())

    def page(
        self, who: Principal, wanted: BookingFilter, cursor: str | None, limit: int
    ) -> Page[BookingView]:
        """Give bookings by their beginning."""
        order = [bookings.c.starts_at, bookings.c.id]
        conditions = [*wanted.conditions(), beyond(order, cursor)]
        if who.sites is not None:
            conditions.append(bookings.c.site_id.in_(sorted(who.sites)))
        with self._db.read() as scope:
            found = repository.search(scope, conditions, order, limit + 1)
            shown = views(scope, found, self._clock.now())
        return page_of(shown, limit, lambda each: [each.booking.booked.starts_at, each.booking.id])

    def reveal(self, who: Principal, reservation_key: str) -> list[Revealed]:
        """Give what each holder types; the look-up is in the audit log."""

        def look(scope: Scope) -> list[Revealed]:
            booking = self._get(scope, who, reservation_key)
            return self._holders.show(scope, booking, who)

        return self._write(look)

    # --- inside ------------------------------------------------------------------------------

    def _write(self, work: Callable[[Scope], T]) -> T:
        with named_refusals():
            return self._db.write(work)

    def _get(self, scope: Scope, who: Principal, reservation_key: str) -> Booking:
        found = repository.by_key(scope, reservation_key)
        if found is None or not who.reaches(found.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        return found

    def _end(
        self, scope: Scope, who: Principal, before: Booking, state: BookingState, action: str
    ) -> BookingView:
        if before.state is state:
            return view(scope, before, self._clock.now())
        if not before.stands:
            raise refused(Refusal.STATE_CHANGE, f"it is {before.state.value}")
        now = self._clock.now()
        kept = replace(before, state=state, changed_at=now)
        repository.write(scope, kept, new=False)
        self._holders.revoke(scope, kept, f"{who.actor} {action}")
        self._links.kill(scope, kept.id)
        record(scope, now, who, action, ("booking", kept.id))
        happened.tell_of(scope, now, _ENDED_BY[state], kept, f"{who.actor} {action}")
        return view(scope, kept, self._clock.now())

    def _frame(
        self,
        scope: Scope,
        who: Principal,
        wish: BookingWish,
        before: Booking | None,
        source: BookingSource,
    ) -> Frame:
        facility_id = wish.facility_id or (before.facility_id if before else None)
        facility = repository.facility(scope, facility_id) if facility_id else None
        usable = facility is not None and facility.active and who.reaches(facility.site_id)
        if wish.facility_id and not usable:
            raise refused(Refusal.FACILITY_UNKNOWN, "no such facility")
        door_ids, box_ids = wish.doors, wish.key_boxes
        if before is not None and wish.facility_id in (None, facility_id):
            door_ids = before.doors if door_ids is None else door_ids
            box_ids = before.key_boxes if box_ids is None else box_ids
        if facility is not None:
            door_ids = facility.doors if door_ids is None else door_ids
            box_ids = facility.key_boxes if box_ids is None else box_ids
        doors, boxes = tuple(sorted(set(door_ids or ()))), tuple(sorted(set(box_ids or ())))
        return Frame(
            facility=facility,
            doors=doors,
            key_boxes=boxes,
            site_id=self._site_of(scope, who, before, facility, doors, boxes),
            source=before.source if before else source,
            may_approve=who.may(Right.BOOKINGS_APPROVE) and source is not BookingSource.RESIDENT,
            now=self._clock.now(),
        )

    def _site_of(
        self,
        scope: Scope,
        who: Principal,
        before: Booking | None,
        facility: Facility | None,
        doors: tuple[str, ...],
        boxes: tuple[str, ...],
    ) -> str:
        """Give the site of a booking; refuse doors and boxes that nobody may book. One removed
        meanwhile does not block a change of time."""
        if before is not None and (doors, boxes) == (before.doors, before.key_boxes):
            return facility.site_id if facility else before.site_id
        sites = [each.site_id for each in known_doors(scope, who, doors)]
        sites += [each.site_id for each in known_key_boxes(scope, who, boxes)]
        if not sites:
            raise refused(Refusal.DOORS_MISSING, "name a facility, doors or key boxes")
        return facility.site_id if facility else sites[0]

    def _refuse_double(self, scope: Scope, kept: Booking) -> None:
        """Look before writing; on PostgreSQL the constraint refuses what is not to be seen yet."""
        if kept.facility_id and repository.taken(scope, kept.facility_id, kept.booked, kept.id):
            raise refused(Refusal.DOUBLE_BOOKED, "the facility is booked in that time")


def _told(booking: Booking) -> dict[str, object]:
    """What the audit log keeps of a booking: nothing about who."""
    return {
        "state": booking.state.value,
        "starts_at": booking.booked.starts_at.isoformat(),
        "ends_at": booking.booked.ends_at.isoformat(),
        "facility": booking.facility_id,
        "doors": list(booking.doors),
        "key_boxes": list(booking.key_boxes),
    }
