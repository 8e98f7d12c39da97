"""What becomes of a row that is due: sent now, later, or not at all. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from hub.bookings.records import Booking
from hub.bookings.tables import BookingState
from hub.notices.domain import ENDINGS, Notice, NoticeKind, PinInNotice, Rules, Why
from hub.notices.timing import QuietHours
from hub.pins.placement import Readiness

K = NoticeKind

QUIET_KINDS: Final = frozenset({K.REMINDER, K.CHANGED, K.PIN_CHANGED})
"""What waits until morning unless it is urgent; the rest answers what somebody has just done."""
PIN_KINDS: Final = frozenset({K.CONFIRMED, K.REMINDER, K.CHANGED, K.PIN_CHANGED, K.PAID})
"""What may carry digits, once the reminder is due or digits were told before."""
SURE: Final = frozenset({Readiness.PLACED, Readiness.ACTIVE, Readiness.OFFLINE})
"""Every door has confirmed the PIN, or there is none that could."""
LOOK_AGAIN: Final = timedelta(seconds=60)
PIN_CHANGED_WAITS: Final = timedelta(minutes=10)
"""Digits that replace told ones wait so long for their doors; then they are told, and that."""


@dataclass(frozen=True, slots=True)
class Present:
    """How things stand when a row is due."""

    now: datetime
    booking: Booking | None
    readiness: Readiness
    told_before: bool
    """Whether a message that carried digits was sent about this booking."""
    rules: Rules
    quiet: QuietHours
    last_moment: timedelta
    """So long before the window begins a reminder goes out whether or not every door confirmed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Nobody needs it."""

    why: Why


@dataclass(frozen=True, slots=True)
class Later:
    """Not before that instant."""

    at: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Send:
    """Now. `pin`: with digits, if they may be shown; `must`: not without them. `unsure`: a door
    has not confirmed, and the message says so."""

    pin: bool
    must: bool
    unsure: bool


Verdict: TypeAlias = Drop | Later | Send

_NEEDS: Final = {
    K.REQUESTED: BookingState.REQUESTED,
    K.CONFIRMED: BookingState.CONFIRMED,
    K.PIN_CHANGED: BookingState.CONFIRMED,
    K.CANCELLED: BookingState.CANCELLED,
    K.REJECTED: BookingState.REJECTED,
}
"""The state of the booking in which a kind is true."""


def reminder_due(booking: Booking, rules: Rules) -> datetime:
    """Give when the reminder of a booking is due."""
    return booking.booked.starts_at - timedelta(hours=rules.reminder_h)


def decide(notice: Notice, seen: Present) -> Verdict:
    """Say what becomes of a row that is due now."""
    booking = seen.booking
    if booking is None:
        return Drop(Why.GONE)
    if booking.state is not _NEEDS.get(notice.kind, booking.state):
        return Drop(Why.SUPERSEDED)
    if notice.kind not in ENDINGS and not booking.stands:
        return Drop(Why.SUPERSEDED)
    over = booking.effective if notice.kind not in ENDINGS else booking.booked
    if over.ends_at <= seen.now:
        return Drop(Why.OVER)
    if notice.kind is K.REMINDER:
        if notice.window_start != booking.booked.starts_at and not notice.explicit:
            return Drop(Why.SUPERSEDED)
        if not booking.released:
            return Later(seen.now + LOOK_AGAIN, Why.NOT_SHOWN)
        due = reminder_due(booking, seen.rules)
        if seen.now < due and not notice.explicit:
            return Later(due, Why.TOO_EARLY)
    if notice.kind in QUIET_KINDS and not notice.explicit:
        until = seen.quiet.until(seen.now, booking.booked.starts_at)
        if until is not None:
            return Later(until, Why.QUIET)
    return _with_pin(notice, booking, seen)


def _with_pin(notice: Notice, booking: Booking, seen: Present) -> Verdict:
    if notice.kind not in PIN_KINDS or not booking.released:
        return Send(pin=False, must=False, unsure=False)
    sure = seen.readiness in SURE
    is_due = seen.now >= reminder_due(booking, seen.rules)
    reminder = notice.kind is K.REMINDER
    if not sure and not notice.explicit:
        last = booking.effective.starts_at - seen.last_moment
        if reminder and seen.now < last:
            return Later(min(last, seen.now + LOOK_AGAIN), Why.NOT_PLACED)
        patience = notice.created_at + PIN_CHANGED_WAITS
        if notice.kind is K.PIN_CHANGED and is_due and seen.now < min(last, patience):
            return Later(min(last, patience, seen.now + LOOK_AGAIN), Why.NOT_PLACED)
    may = seen.rules.pin_in_notice is PinInNotice.REMINDER
    carries = reminder or seen.told_before or (is_due and sure)
    pin = may and carries
    unsure = not sure and (reminder or (is_due and pin))
    return Send(pin=pin, must=reminder and may, unsure=unsure)
