"""Reads what was seen at a booking's locks: from the entry log, the states of doors, the links."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.bookings import repository
from hub.bookings.heard import box_heard_through, heard_through, lost_since
from hub.bookings.outcome import WATCHED_FOR, Seen, SeenKind, Watched
from hub.bookings.records import Booking
from hub.bookings.steps import returns_key_to
from hub.bookings.tables import booking_doors, bookings
from hub.database.scope import Scope
from hub.entries import repository as states
from hub.entries.domain import Result
from hub.entries.doors import Bolt
from hub.entries.tables import entries
from hub.sites import repository as site_rows
from wire.events import EventKind
from wire.policy_bodies import DoorMode
from wire.reasons import Reason

_BEFORE: Final = timedelta(hours=24)
"""A leaf that opened longer before, and was not closed since, is somebody else's business."""
_TRIED_FOR: Final = timedelta(days=4)
"""A PIN lies at its door for three days before its window, and can be tried too early."""
_EARLY: Final = frozenset({Reason.NOT_YET_VALID})
_LATE: Final = frozenset({Reason.EXPIRED, Reason.BELOW_FLOOR})
_OPENED: Final = frozenset({EventKind.DOOR_OPENED, EventKind.DOOR_FORCED})
_KEYS: Final = {
    EventKind.KEY_TAKEN.value: SeenKind.KEY_TAKEN,
    EventKind.KEY_RETURNED.value: SeenKind.KEY_RETURNED,
}
_OPEN_MODES: Final = frozenset({DoorMode.HOLD_OPEN, DoorMode.EMERGENCY_OPEN})


def watched_of(scope: Scope, booking: Booking) -> Watched:
    """Give everything known of a booking's locks."""
    facility = repository.facility(scope, booking.facility_id) if booking.facility_id else None
    until = _watch_until(scope, booking)
    rows = _rows(scope, booking, until)
    explained = _explained(rows)
    seen = [found for row in rows if (found := _seen(row, booking, explained)) is not None]
    controllers = _controllers(scope, booking.doors)
    heard = {door: heard_through(scope, each) for door, each in controllers.items()}
    heard |= {box: box_heard_through(scope, box) for box in booking.key_boxes}
    lost = lost_since(scope, set(controllers.values()), booking.effective.starts_at)
    known = [states.door_state(scope, door) for door in booking.doors]
    return Watched(
        booked=booking.booked,
        effective=booking.effective,
        doors=booking.doors,
        key_boxes=booking.key_boxes,
        returns_to=returns_key_to(facility.steps) if facility else frozenset(),
        watch_until=until,
        seen=tuple(seen),
        heard=heard,
        lost=frozenset(door for door, each in controllers.items() if each in lost),
        unlocked=frozenset(
            state.door_id
            for state in known
            if state.bolt is Bolt.RETRACTED
            and state.bolt_since is not None
            and state.bolt_since <= booking.effective.ends_at
        ),
        ordered_open=frozenset(
            state.door_id
            for state in known
            if any(
                mode.mode in _OPEN_MODES and mode.since < booking.effective.ends_at
                for mode in state.modes
            )
        )
        | _held_open(rows),
    )


def _watch_until(scope: Scope, booking: Booking) -> datetime:
    """The end of the time after the window that is still this party's: until the next booking of
    any of its doors, and not for long."""
    end = booking.effective.ends_at
    b, d = bookings.c, booking_doors.c
    following = scope.scalar(
        scope.select(sa.func.min(b.effective_from))
        .select_from(
            bookings.join(booking_doors, sa.and_(b.town_id == d.town_id, b.id == d.booking_id))
        )
        .where(
            d.door_id.in_(list(booking.doors)),
            b.state.in_(repository.STANDING),
            b.id != booking.id,
            b.starts_at >= booking.booked.ends_at,
        )
    )
    last = end + WATCHED_FOR
    return last if following is None else max(end, min(last, following))


def _rows(scope: Scope, booking: Booking, until: datetime) -> list[Any]:
    """The entries of a booking and those at its locks, in order of time."""
    e = entries.c
    since = booking.effective.starts_at
    ours = sa.and_(e.booking_id == booking.id, e.occurred_at >= since - _TRIED_FOR)
    locks = [*booking.doors, *booking.key_boxes]
    there = sa.and_(e.door_id.in_(locks), e.occurred_at >= since - _BEFORE)
    return list(
        scope.all(
            scope.select(
                e.id,
                e.kind,
                e.occurred_at,
                e.door_id,
                e.result,
                e.reason,
                e.booking_id,
                e.opened_at,
                e.cause,
            )
            .where(sa.or_(ours, there), e.occurred_at <= until + _BEFORE)
            .order_by(e.occurred_at, e.id)
        )
    )


def _explained(rows: Iterable[Any]) -> frozenset[tuple[str, datetime]]:
    """The openings that followed from a release: the release says when its leaf opened."""
    return frozenset((row.door_id, row.opened_at) for row in rows if row.opened_at is not None)


def _seen(row: Any, booking: Booking, explained: frozenset[tuple[str, datetime]]) -> Seen | None:
    kind = _kind_of(row, booking)
    if kind is None or row.door_id is None:
        return None
    at = row.occurred_at
    return Seen(at, kind, row.door_id, (row.door_id, at) in explained)


def _kind_of(row: Any, booking: Booking) -> SeenKind | None:
    if row.result is Result.GRANTED:
        return SeenKind.CAME if row.booking_id == booking.id else SeenKind.OTHERS
    if row.result is Result.DENIED:
        if row.booking_id != booking.id:
            return None
        if row.reason in _EARLY:
            return SeenKind.TOO_EARLY
        return SeenKind.TOO_LATE if row.reason in _LATE else None
    if row.kind in _OPENED:
        return SeenKind.OPENED
    if row.kind == EventKind.DOOR_CLOSED:
        return SeenKind.CLOSED
    if row.kind == EventKind.DOOR_FOUND:
        return {"open": SeenKind.OPENED, "closed": SeenKind.CLOSED}.get(row.cause)
    return _KEYS.get(row.kind)


def _held_open(rows: Iterable[Any]) -> frozenset[str]:
    """The doors that were ordered to stand open at some time: nobody needs a PIN there then."""
    open_modes = {mode.value for mode in _OPEN_MODES}
    return frozenset(
        row.door_id
        for row in rows
        if row.kind in (EventKind.MODE_APPLIED, EventKind.MODE_ENDED) and row.cause in open_modes
    )


def _controllers(scope: Scope, door_ids: Iterable[str]) -> dict[str, str]:
    found = site_rows.doors_by_id(scope, list(door_ids))
    return {door.id: door.controller_id for door in found.values()}
