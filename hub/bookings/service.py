"""Bookings: made, changed, decided, cancelled, shown. One transaction a call, doors included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from hub.audit.service import record
from hub.bookings import closures, happened, merge, neighbours, parts, repository
from hub.bookings.framing import frame_of
from hub.bookings.holders import HolderPins, ShownBy
from hub.bookings.holding import hold, hold_sites
from hub.bookings.merge import Frame
from hub.bookings.naming_refusals import named_refusals as named_refusals
from hub.bookings.records import Booking, BookingView, BookingWish, Occurrence, Revealed
from hub.bookings.refusals import Refusal, refused
from hub.bookings.search import BookingFilter as BookingFilter
from hub.bookings.tables import BookingSource, BookingState, bookings
from hub.bookings.views import view, views
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind as H
from hub.pins.links import PinLinks
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import CHANGED_MEANWHILE, Problem
from hub.web.rights import Principal, Right

T = TypeVar("T")

_ENDED_BY: Final = {
    BookingState.CANCELLED: H.BOOKING_CANCELLED,
    BookingState.REJECTED: H.BOOKING_REJECTED,
}


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
        *,
        if_unchanged_since: datetime | None = None,
    ) -> tuple[BookingView, bool]:
        """Make or change the booking of that key; give it and whether it is new. Idempotent.

        With `if_unchanged_since` it is refused (`changed_meanwhile`) unless the booking is there
        and was changed last at that instant.
        """

        def write(scope: Scope) -> tuple[BookingView, bool]:
            if if_unchanged_since is not None:
                known = hold(scope, reservation_key, facility_id=wish.facility_id)
                if known is None or known.changed_at != if_unchanged_since:
                    raise Problem(CHANGED_MEANWHILE, "read it again, then change it")
            return self.put_within(scope, who, reservation_key, wish, source)

        return self._write(write)

    def put_within(
        self,
        scope: Scope,
        who: Principal,
        reservation_key: str,
        wish: BookingWish,
        source: BookingSource,
        occurrence: Occurrence | None = None,
    ) -> tuple[BookingView, bool]:
        """The same within a transaction: for residents' requests, and for series, whose
        `occurrence` the booking is."""
        before = hold(scope, reservation_key, facility_id=wish.facility_id)
        if before is not None and not who.reaches(before.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        if before is not None and wish.state is BookingState.CANCELLED:
            return self._end(scope, who, before, BookingState.CANCELLED, "booking.cancelled"), False
        now = self._clock.now()
        frame = frame_of(scope, who, wish, before, source, now, occurrence)
        kept = self._merged(scope, reservation_key, before, wish, frame)
        self._check_room(scope, who, before, kept, wish, frame)
        if kept != before:
            kept = replace(kept, changed_at=now)
            takes_up = (
                parts.parts_of(frame.facility.id, frame.facility.excludes)
                if (frame.facility)
                else None
            )
            repository.write(scope, kept, new=before is None, takes_up=takes_up)
            action = "booking.created" if before is None else "booking.changed"
            record(scope, now, who, action, ("booking", kept.id), _told(kept))
        cause = f"{who.actor} put"
        others = self._holders.follow(scope, before, kept, wish.holders, cause)
        happened.put(scope, now, before, kept, who.actor, holders=others)
        if before is not None and before.effective != kept.effective:
            self._links.move(scope, kept.id, kept.effective.ends_at)
        if (
            before is None
            or not before.stands
            or before.booked != kept.booked
            or (before.facility_id != kept.facility_id)
        ):
            self._resettle(scope, [each for each in (before, kept) if each], cause)
        return view(scope, kept, now), before is None

    def decide(
        self, who: Principal, reservation_key: str, *, approve: bool, reason: str = ""
    ) -> BookingView:
        """Approve or reject a request; deciding the same again changes nothing. Where a facility
        lets a PIN out unpaid if somebody approves it, that is said here as well."""

        def write(scope: Scope) -> BookingView:
            before = self._held(scope, who, reservation_key)
            if not approve:
                ended = BookingState.REJECTED
                return self._end(scope, who, before, ended, "booking.rejected", reason=reason)
            if not before.stands:
                raise refused(Refusal.STATE_CHANGE, f"it is {before.state.value}")
            requested = before.state is BookingState.REQUESTED
            if not requested and before.approved_at is not None:
                return view(scope, before, self._clock.now())
            now = self._clock.now()
            kept = replace(
                before,
                state=BookingState.CONFIRMED,
                decision_reason=reason,
                approved_at=now,
                changed_at=now,
            )
            if not requested and before.released == kept.released:
                return view(scope, before, now)
            repository.write(scope, kept, new=False)
            record(scope, now, who, "booking.approved", ("booking", kept.id))
            cause = f"{who.actor} approved"
            self._holders.follow(scope, before, kept, None, cause)
            if requested:
                happened.tell_of(scope, now, H.BOOKING_CONFIRMED, kept, cause)
            else:
                happened.tell_changed(scope, now, before, kept, ["released"], cause)
            return view(scope, kept, now)

        return self._write(write)

    def cancel(self, who: Principal, reservation_key: str) -> BookingView:
        """Cancel a booking: its PINs are taken from every door at once, its links die."""

        def write(scope: Scope) -> BookingView:
            before = self._held(scope, who, reservation_key)
            return self._end(scope, who, before, BookingState.CANCELLED, "booking.cancelled")

        return self._write(write)

    def cancel_within(self, scope: Scope, booking: Booking, who: Principal) -> BookingView:
        """The same within a transaction, for a series: it does not count as a change of the
        occurrence alone."""
        ended = BookingState.CANCELLED
        return self._end(scope, who, booking, ended, "booking.cancelled", alone=False)

    def reissue(
        self, who: Principal, reservation_key: str, holder_id: str | None = None
    ) -> BookingView:
        """Give the holders of a booking, or one of them, other digits."""

        def write(scope: Scope) -> BookingView:
            booking = self._held(scope, who, reservation_key)
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

    def reveal(
        self, who: Principal, reservation_key: str, by: ShownBy = ShownBy.LOOK
    ) -> list[Revealed]:
        """Give what each holder types; the look-up is in the audit log."""

        def look(scope: Scope) -> list[Revealed]:
            booking = self._get(scope, who, reservation_key)
            return self._holders.show(scope, booking, who, by)

        return self._write(look)

    # --- inside ------------------------------------------------------------------------------

    def _write(self, work: Callable[[Scope], T]) -> T:
        with named_refusals():
            return self._db.write(work)

    def _get(self, scope: Scope, who: Principal, reservation_key: str) -> Booking:
        return self._seen(who, repository.by_key(scope, reservation_key))

    def _held(self, scope: Scope, who: Principal, reservation_key: str) -> Booking:
        return self._seen(who, hold(scope, reservation_key))

    @staticmethod
    def _seen(who: Principal, found: Booking | None) -> Booking:
        if found is None or not who.reaches(found.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        return found

    def _merged(
        self,
        scope: Scope,
        reservation_key: str,
        before: Booking | None,
        wish: BookingWish,
        frame: Frame,
    ) -> Booking:
        """Give the booking as it is to be, its effective window beside its neighbours' included."""
        if before is None:
            number = repository.new_number(scope, frame.now)
            kept = merge.made(self._ids.new(), reservation_key, number, wish, frame)
        else:
            kept = merge.changed(before, wish, frame)
            if not before.stands:
                kept = replace(kept, number=repository.new_number(scope, frame.now))
        return replace(kept, effective=neighbours.trimmed(scope, kept))

    def _check_room(
        self,
        scope: Scope,
        who: Principal,
        before: Booking | None,
        kept: Booking,
        wish: BookingWish,
        frame: Frame,
    ) -> None:
        """Look before writing whether the facility is open and free; on PostgreSQL the constraint
        refuses what is not to be seen yet."""
        if frame.facility is None:
            return
        takes_up = parts.parts_of(frame.facility.id, frame.facility.excludes)
        if parts.taken(scope, takes_up, kept.booked, kept.id):
            raise refused(Refusal.DOUBLE_BOOKED, "the facility is booked in that time")
        stays = before is not None and before.stands and before.booked == kept.booked
        same = stays and before is not None and before.facility_id == kept.facility_id
        if same or (wish.override_closed and who.may(Right.BOOKINGS_APPROVE)):
            return
        closures.check_open(scope, frame.facility, kept.booked)

    def _end(
        self,
        scope: Scope,
        who: Principal,
        before: Booking,
        state: BookingState,
        action: str,
        *,
        alone: bool = True,
        reason: str | None = None,
    ) -> BookingView:
        before = hold_sites(scope, before)
        if before.state is state:
            return view(scope, before, self._clock.now())
        if not before.stands:
            raise refused(Refusal.STATE_CHANGE, f"it is {before.state.value}")
        now = self._clock.now()
        at = before.occurrence
        if at is not None and alone:
            at = replace(at, detached=True)
        kept = replace(before, state=state, changed_at=now, occurrence=at)
        if reason is not None:
            kept = replace(kept, decision_reason=reason)
        repository.write(scope, kept, new=False)
        cause = f"{who.actor} {action}"
        self._holders.revoke(scope, kept, cause)
        self._links.kill(scope, kept.id)
        record(scope, now, who, action, ("booking", kept.id))
        happened.tell_of(scope, now, _ENDED_BY[state], kept, cause)
        self._resettle(scope, [before], cause)
        return view(scope, kept, now)

    def _resettle(self, scope: Scope, around: list[Booking], cause: str) -> None:
        """Let the neighbours of a booking that came, moved or went have the margins they have now:
        their doors follow, and they keep their PINs."""
        facility_ids = {each.facility_id for each in around if each.facility_id is not None}
        windows = [each.booked for each in around]
        now = self._clock.now()
        for before, after in neighbours.resettled(scope, facility_ids, windows, now):
            if not self._holders.rewiden(scope, before, after, cause):
                continue
            repository.set_effective(scope, after)
            self._links.move(scope, after.id, after.effective.ends_at)
            happened.tell_changed(scope, now, before, after, ["effective"], cause)


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
