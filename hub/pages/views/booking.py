"""A booking as people read it: state and readiness as one chip, its placements and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.bookings.numbers import grouped
from hub.bookings.records import BookingView, Facility, PlacementView
from hub.bookings.tables import BookingState
from hub.keyboxes.domain import CodeState
from hub.pages.views.door import Chip
from hub.pages.views.happened import PlacementLine, happened_lines
from hub.pages.words import Words
from hub.pins.placement import PlacementState, Readiness

_READY: Mapping[Readiness, tuple[str, str]] = {
    Readiness.PROBLEM: ("bad", "alert"),
    Readiness.DRAFT: ("warn", "bell"),
    Readiness.SCHEDULED: ("", "clock"),
    Readiness.PLACING: ("wait", "clock"),
    Readiness.PLACED: ("good", "check"),
    Readiness.ACTIVE: ("good", "check"),
    Readiness.OFFLINE: ("", "key"),
    Readiness.OVER: ("", "check"),
}
_PLACED: Mapping[PlacementState, tuple[str, str]] = {
    PlacementState.DRAFT: ("warn", "bell"),
    PlacementState.SCHEDULED: ("", "clock"),
    PlacementState.PLACING: ("wait", "clock"),
    PlacementState.PLACED: ("good", "check"),
    PlacementState.ACTIVE: ("good", "check"),
    PlacementState.ENDED: ("", "clock"),
    PlacementState.REMOVED: ("", "check"),
    PlacementState.REVOKING: ("wait", "clock"),
    PlacementState.REVOKED: ("", "cross"),
}


_CODES: Mapping[CodeState, tuple[str, str]] = {
    CodeState.COMPUTED: ("", "key"),
    CodeState.ACTIVE: ("", "key"),
    CodeState.ENDED: ("", "check"),
    CodeState.SUPERSEDED: ("", "cross"),
    CodeState.WITHDRAWN: ("", "cross"),
}


@dataclass(frozen=True, slots=True)
class BookingLine:
    """A booking in a list, and what its own page adds."""

    id: str
    key: str
    facility: str
    day: str
    span: str
    usable: str
    contact: str
    phone: str
    email: str
    purpose: str
    tone: str
    icon: str
    status: str
    is_now: bool
    problems: tuple[str, ...]
    placements: tuple[PlacementLine, ...]
    codes: tuple[PlacementLine, ...]
    still_opens: tuple[str, ...]
    waits: bool
    stands: bool
    confirmed: bool
    number: str
    awaits_payment: bool
    repeats: bool
    happened: tuple[PlacementLine, ...]


def facility_name(facility: Facility, words: Words) -> str:
    """A facility's name in the page's language."""
    return facility.name_in(words.t.language)


def booking_chip(view: BookingView, words: Words) -> Chip:
    """What to know first: an undecided, ended or problematic booking, else how far its PIN is."""
    state = view.booking.state
    if state is BookingState.REQUESTED:
        return Chip("warn", "bell", words.t("booking_state.requested"))
    if state is not BookingState.CONFIRMED:
        return Chip("", "cross", words.t(f"booking_state.{state}"))
    if view.booking.awaits_payment and view.readiness is Readiness.DRAFT:
        return Chip("warn", "bell", words.t("booking.awaits_payment"))
    tone, icon = _READY[view.readiness]
    return Chip(tone, icon, words.t(f"readiness.{view.readiness}"))


def _old_digits(view: BookingView, doors: Mapping[str, str], words: Words) -> tuple[str, ...]:
    """Say at which doors digits open that somebody was to forget."""
    still = {
        place.door_id
        for credential in view.credentials
        for place in credential.placements
        if place.old_digits_since is not None
    }
    if not still:
        return ()
    names = words.t("words.comma").join(sorted(doors.get(door_id, "") for door_id in still))
    return (words.t("old_digits.still", doors=names),)


def booking_line(
    view: BookingView, facility: str, doors: Mapping[str, str], words: Words, now: datetime
) -> BookingLine:
    """Give a booking's line; `doors` are names by id, of key boxes as well."""
    booking, chip = view.booking, booking_chip(view, words)
    placed = [place for each in view.credentials for place in each.placements]
    day = words.day_of(booking.booked.starts_at)
    return BookingLine(
        id=booking.id,
        key=booking.reservation_key,
        facility=facility
        or words.t("words.comma").join(
            doors.get(lock, "") for lock in (*booking.doors, *booking.key_boxes)
        ),
        day=words.day(day),
        span=words.span(booking.booked.starts_at, booking.booked.ends_at),
        usable=words.span(booking.effective.starts_at, booking.effective.ends_at, day),
        contact=booking.contact.name,
        phone=booking.contact.phone,
        email=booking.contact.email,
        purpose=booking.purpose,
        tone=chip.tone,
        icon=chip.icon,
        status=chip.text,
        is_now=booking.stands and booking.booked.starts_at <= now < booking.booked.ends_at,
        problems=(
            *(words.t(f"placement_problem.{problem}") for problem in view.problems),
            *_old_digits(view, doors, words),
        ),
        placements=tuple(
            dict.fromkeys(
                PlacementLine(
                    doors.get(p.door_id, ""), *_PLACED[p.state], _placed_text(p, view, words)
                )
                for p in placed
            )
        ),
        codes=tuple(
            PlacementLine(
                doors.get(code.key_box_id, ""),
                *_CODES[code.state],
                words.t(
                    f"code_state.{code.state}",
                    span=words.span(code.effective.starts_at, code.effective.ends_at, day),
                ),
            )
            for code in view.codes
        ),
        still_opens=tuple(
            words.t(
                "booking.still_opens",
                lock=doors.get(each.lock_id, ""),
                time=words.when(each.opens.ends_at),
            )
            for each in view.still_opens
        ),
        waits=booking.state is BookingState.REQUESTED,
        stands=booking.stands,
        confirmed=booking.state is BookingState.CONFIRMED,
        number=grouped(booking.number),
        awaits_payment=booking.stands and booking.awaits_payment,
        repeats=booking.occurrence is not None,
        happened=happened_lines(view.outcome, doors, words),
    )


def _placed_text(place: PlacementView, view: BookingView, words: Words) -> str:
    unpaid = place.state is PlacementState.DRAFT and view.booking.awaits_payment
    confirmed = view.booking.state is BookingState.CONFIRMED
    return words.t("booking.awaits_payment" if unpaid and confirmed else f"placement.{place.state}")
