"""What a booking becomes when a wish meets what is kept. Pure: nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from hub.bookings.records import Booking, BookingWish, Contact, Facility, Occurrence
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import Approval, BookingSource, BookingState, Payment
from hub.bookings.windows import BookedWindow, BookingRules, check_residents_window, check_window


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a wish: the facility if one is named, doors and key boxes that
    were found, who asks, when."""

    facility: Facility | None
    doors: tuple[str, ...]
    site_id: str
    source: BookingSource
    may_approve: bool
    now: datetime
    key_boxes: tuple[str, ...] = ()
    occurrence: Occurrence | None = None
    """The date of a series that the booking is, where the series itself asks."""

    @property
    def payment(self) -> Payment:
        """What the facility wants paid; nothing for doors alone."""
        return self.facility.payment if self.facility else Payment.NONE

    @property
    def rules(self) -> BookingRules:
        """The facility's rules, or the ordinary ones for doors alone."""
        return self.facility.rules if self.facility else BookingRules()


def made(
    booking_id: str, reservation_key: str, number: str, wish: BookingWish, frame: Frame
) -> Booking:
    """Give the booking that a wish makes where there was none; raise a `Problem` if refused. Its
    effective window is still that with both margins."""
    if wish.starts_at is None or wish.ends_at is None:
        raise refused(Refusal.WINDOW_MISSING, "a new booking has starts_at and ends_at")
    booked = BookedWindow(wish.starts_at, wish.ends_at)
    _check(booked, frame)
    return Booking(
        id=booking_id,
        reservation_key=reservation_key,
        facility_id=frame.facility.id if frame.facility else None,
        site_id=frame.site_id,
        state=_first_state(wish.state, frame),
        source=frame.source,
        booked=booked,
        effective=frame.rules.effective(booked),
        number=number,
        margins=frame.rules.margins,
        payment=frame.payment,
        approved_at=_approved_at(None, wish, frame),
        occurrence=frame.occurrence,
        contact=wish.contact.over(Contact()) if wish.contact else Contact(),
        purpose=wish.purpose or "",
        paid=wish.paid,
        digits=wish.digits,
        decision_reason="",
        doors=frame.doors,
        key_boxes=frame.key_boxes,
        created_at=frame.now,
        changed_at=frame.now,
    )


def changed(before: Booking, wish: BookingWish, frame: Frame) -> Booking:
    """Give the booking that a wish makes of an earlier one; what it leaves out stays, each end of
    the window for itself. One that was cancelled stands again if the wish says in which state.
    Raise a `Problem` if refused."""
    revived = before.state is BookingState.CANCELLED and wish.state is not None
    if not before.stands and not revived:
        raise refused(Refusal.BOOKING_OVER, f"it is {before.state.value}; use a new key")
    booked = BookedWindow(
        wish.starts_at or before.booked.starts_at, wish.ends_at or before.booked.ends_at
    )
    facility_id = frame.facility.id if frame.facility else before.facility_id
    rewidened = booked != before.booked or facility_id != before.facility_id or revived
    relocked = (frame.doors, frame.key_boxes) != (before.doors, before.key_boxes)
    if rewidened or relocked:
        if before.effective.ends_at <= frame.now and not revived:
            raise refused(Refusal.BOOKING_OVER, "its window has ended")
        _check(booked, frame)
    margins = frame.rules.margins if rewidened else before.margins
    moved = facility_id != before.facility_id or revived
    return replace(
        before,
        facility_id=facility_id,
        site_id=frame.site_id,
        state=_first_state(wish.state, frame)
        if revived
        else _next_state(before.state, wish.state, frame),
        booked=booked,
        effective=margins.widen(booked) if rewidened else before.effective,
        margins=margins,
        payment=frame.payment if moved else before.payment,
        approved_at=_approved_at(None if revived else before.approved_at, wish, frame),
        occurrence=_occurrence(before, booked, facility_id, relocked, frame),
        contact=before.contact if wish.contact is None else wish.contact.over(before.contact),
        purpose=before.purpose if wish.purpose is None else wish.purpose,
        paid=before.paid if wish.paid is None else wish.paid,
        digits=before.digits if wish.digits is None else wish.digits,
        doors=frame.doors,
        key_boxes=frame.key_boxes,
    )


def _occurrence(
    before: Booking, booked: BookedWindow, facility_id: str | None, relocked: bool, frame: Frame
) -> Occurrence | None:
    """A change by the series itself; or one that moved an occurrence alone, which from then on no
    longer follows its series."""
    if frame.occurrence is not None or before.occurrence is None:
        return frame.occurrence or before.occurrence
    alone = booked != before.booked or facility_id != before.facility_id or relocked
    return replace(before.occurrence, detached=before.occurrence.detached or alone)


def _approved_at(before: datetime | None, wish: BookingWish, frame: Frame) -> datetime | None:
    """When somebody who may said that it holds: the first time counts."""
    said = wish.state is BookingState.CONFIRMED and frame.may_approve
    return frame.now if before is None and said else before


def _check(booked: BookedWindow, frame: Frame) -> None:
    if frame.source is BookingSource.RESIDENT:
        check_residents_window(booked, frame.rules, frame.now)
    else:
        check_window(booked, frame.rules, frame.now)


def _first_state(wanted: BookingState | None, frame: Frame) -> BookingState:
    needs = frame.facility is not None and frame.facility.approval is Approval.REQUIRED
    if wanted is None:
        return BookingState.REQUESTED if needs else BookingState.CONFIRMED
    if wanted is BookingState.CONFIRMED and needs and not frame.may_approve:
        raise refused(Refusal.STATE_CHANGE, "the facility wants bookings approved")
    if wanted not in (BookingState.REQUESTED, BookingState.CONFIRMED):
        raise refused(Refusal.STATE_CHANGE, "a new booking is requested or confirmed")
    return wanted


def _next_state(before: BookingState, wanted: BookingState | None, frame: Frame) -> BookingState:
    """Cancelling and rejecting have calls of their own, which take the PINs away."""
    if wanted is None or wanted is before:
        return before
    if wanted is BookingState.CONFIRMED and frame.may_approve:
        return wanted
    raise refused(Refusal.STATE_CHANGE, f"from {before.value} to {wanted.value}")
