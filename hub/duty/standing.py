"""Reads what of a digest still stands when it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking
from hub.database.scope import Scope
from hub.duty.domain import DutyNote, LateLock, Standing
from hub.feeds import repository as feeds
from hub.happenings.domain import HappeningKind
from hub.keyboxes import repository as box_rows
from hub.notices import repository as notices
from hub.readiness.board import BookingReadiness, Level
from hub.sites import repository as sites
from hub.webhooks import repository as webhooks
from hub.webhooks.domain import EndpointState

H = HappeningKind
Readiness = Callable[[str], BookingReadiness | None]
"""A booking's readiness by its id; None for one that is gone."""


def standing(scope: Scope, notes: Iterable[DutyNote], readiness: Readiness) -> list[Standing]:
    """Give each thing once that is still so, late bookings first."""
    found: dict[tuple[HappeningKind, str], Standing | None] = {}
    for each in notes:
        of = each.booking_id if each.kind is H.BOOKING_LATE else each.other_id
        key = each.kind, of or ""
        if key not in found:
            found[key] = _STILL[each.kind](scope, each, readiness)
    left = [each for each in found.values() if each is not None]
    return sorted(left, key=lambda each: each.kind is not H.BOOKING_LATE)


def _late(scope: Scope, note: DutyNote, readiness: Readiness) -> Standing | None:
    found = readiness(note.booking_id or "")
    if found is None or found.level is not Level.LATE:
        return None
    booking = found.booking
    wrong = [each for each in found.locks if not each.confirmed or each.blocked]
    doors = {each.id: each.name for each in sites.doors_by_id(scope, booking.doors).values()}
    boxes = box_rows.boxes_by_id(scope, booking.key_boxes) if booking.key_boxes else {}
    names = doors | {key: each.name for key, each in boxes.items()}
    locks = tuple(
        LateLock(
            names.get(each.lock_id, ""),
            tuple(one.code.value for one in each.findings),
            tuple(one.value for one in each.remedies),
        )
        for each in wrong
        if each.can_confirm or each.blocked
    )
    window = booking.booked.starts_at, booking.booked.ends_at
    facts = _facts(scope, booking)
    return Standing(note.kind, facts, f"/bookings/{booking.id}", window, locks)


def _facts(scope: Scope, booking: Booking) -> tuple[tuple[str, str], ...]:
    site = sites.site(scope, booking.site_id)
    facility = booking_rows.facility(scope, booking.facility_id) if booking.facility_id else None
    place = facility.name_ja if facility else (site.name if site else "")
    return (("notice.facility", place), ("booking.number", booking.number))


def _feed(scope: Scope, note: DutyNote, _: Readiness) -> Standing | None:
    feed = feeds.feed(scope, note.other_id or "")
    if feed is None or not feed.wish.active:
        return None
    stands = feed.shrank_at is not None if note.kind is H.FEED_SHRANK else feed.failures > 0
    if not stands:
        return None
    return Standing(note.kind, (("duty.feed", feed.wish.name),), f"/joins/feeds/{feed.id}")


def _webhook(scope: Scope, note: DutyNote, _: Readiness) -> Standing | None:
    endpoint = webhooks.endpoint(scope, note.other_id or "")
    if endpoint is None or endpoint.state is EndpointState.ACTIVE:
        return None
    facts = (("duty.webhook", endpoint.description or endpoint.id),)
    return Standing(note.kind, facts, f"/joins/webhooks/{endpoint.id}")


def _notice(scope: Scope, note: DutyNote, _: Readiness) -> Standing | None:
    notice = notices.by_id(scope, note.other_id or "")
    booking = booking_rows.by_id(scope, notice.booking_id) if notice else None
    if notice is None or booking is None or not notice.needs_call:
        return None
    window = booking.booked.starts_at, booking.booked.ends_at
    return Standing(note.kind, _facts(scope, booking), "/notices", window)


_STILL: Final = {
    H.BOOKING_LATE: _late,
    H.FEED_SHRANK: _feed,
    H.FEED_FAILING: _feed,
    H.WEBHOOK_FAILING: _webhook,
    H.NOTICE_FAILED: _notice,
}
