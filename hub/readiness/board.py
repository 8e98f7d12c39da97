"""A booking's readiness as one thing: its level from its doors and its deadline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.bookings.records import Booking
from hub.readiness.findings import LockReadiness


class Level(StrEnum):
    """How a booking stands, the worst first."""

    LATE = "late"
    """Its deadline passed, and some door has not confirmed or would not open."""
    BLOCKED = "blocked"
    WAITING = "waiting"
    """Some door has not confirmed; its deadline is still to come."""
    WARNED = "warned"
    UNCONFIRMABLE = "unconfirmable"
    """Key boxes alone, and nothing is wrong with them."""
    READY = "ready"


URGENT = frozenset({Level.LATE, Level.BLOCKED})


@dataclass(frozen=True, slots=True)
class BookingReadiness:
    """A booking, its locks, and by when its doors are to have confirmed (None where it has no door,
    or waits for approval). `ready_at` is when the last of them did."""

    booking: Booking
    locks: tuple[LockReadiness, ...]
    deadline: datetime | None
    late_at: datetime | None
    step: int
    level: Level

    @property
    def ready_at(self) -> datetime | None:
        """When every door had confirmed; None while one has not."""
        doors = [lock for lock in self.locks if lock.can_confirm]
        if not doors or not all(lock.confirmed for lock in doors):
            return None
        return max((lock.confirmed_at for lock in doors if lock.confirmed_at), default=None)


def level_of(locks: Sequence[LockReadiness], deadline: datetime | None, now: datetime) -> Level:
    """Give a booking's level."""
    doors = [lock for lock in locks if lock.can_confirm]
    open_to_pin = all(lock.confirmed and not lock.blocked for lock in doors)
    if not open_to_pin and deadline is not None and now >= deadline:
        return Level.LATE
    if any(lock.blocked for lock in locks):
        return Level.BLOCKED
    if not open_to_pin:
        return Level.WAITING
    if any(lock.warned for lock in locks):
        return Level.WARNED
    return Level.READY if doors else Level.UNCONFIRMABLE


def worst_first(found: Iterable[BookingReadiness]) -> tuple[BookingReadiness, ...]:
    """Order a board: what somebody must see to comes first, then the others; each by its time."""
    return tuple(
        sorted(
            found,
            key=lambda each: (
                each.level not in URGENT,
                each.booking.effective.starts_at,
                each.booking.id,
            ),
        )
    )
