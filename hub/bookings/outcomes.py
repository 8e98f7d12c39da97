"""The chore that settles what became of bookings, and tells each thing of it exactly once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.bookings import happened, outcome_repository, repository
from hub.bookings.outcome import ASKED_FOR, Outcome, outcome_of
from hub.bookings.records import Booking
from hub.bookings.tables import Attendance, BookingState, booking_outcomes, bookings
from hub.bookings.watching import watched_of
from hub.clock import Clock
from hub.database.scope import Scope
from hub.entries.tables import entries
from hub.happenings.domain import HappeningKind as H

LOOK_EVERY: Final = timedelta(seconds=5)
AGAIN_AFTER: Final = timedelta(seconds=30)
"""What waits for a controller is looked at again so long after."""
GIVEN_UP_WITHIN: Final = timedelta(days=7)
"""What is older is history from before somebody kept outcomes: nothing is told of it."""
BATCH: Final = 50
_CAUSE: Final = "entry log"


class SettleOutcomes:
    """A chore of the policy worker: looks at bookings that run, as soon as somebody uses them, and
    at those that are over, until nothing more can come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked_at: datetime | None = None
        self._touched: int | None = None
        """The raw event up to which entries were looked through in this process."""

    def is_due(self, scope: Scope) -> bool:
        """Tell whether some booking is to be looked at."""
        now = self._clock.now()
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        fresh = self._touched is None
        return fresh or bool(self._used(scope)[0] or _over(scope, now, 1))

    def run(self, scope: Scope) -> int:
        """Look at them; give how many were."""
        now = self._clock.now()
        scope.lock("booking_outcomes")
        used, through = self._used(scope)
        running = _running(scope, used, now)
        chosen = {each.id: each for each in (*running, *_over(scope, now, BATCH))}
        for booking in chosen.values():
            settle(scope, booking, now)
        self._touched = through
        return len(chosen)

    def _used(self, scope: Scope) -> tuple[list[str], int]:
        """The bookings of entries that were written or added to since we looked, and how far."""
        e, b = entries.c, bookings.c
        if self._touched is None:  # this process has just begun: those that run now
            now = self._clock.now()
            near = sa.and_(b.starts_at < now + timedelta(days=1), b.effective_until > now)
            stands = b.state == BookingState.CONFIRMED
            found = scope.all(scope.select(b.id).where(stands, near))
            newest = scope.scalar(scope.select(sa.func.max(e.touched_by)))
            return [row.id for row in found], int(newest or 0)
        rows = scope.all(
            scope.select(e.booking_id, sa.func.max(e.touched_by).label("through"))
            .where(e.touched_by > self._touched, e.booking_id.is_not(None))
            .group_by(e.booking_id)
        )
        through = max([self._touched, *(int(row.through) for row in rows)])
        return [row.booking_id for row in rows], through


def settle(scope: Scope, booking: Booking, now: datetime) -> Outcome:
    """Work out what became of a booking, keep it, and tell what was not told yet."""
    outcome = outcome_of(watched_of(scope, booking), now)
    told = outcome_repository.told_of(scope, booking.id)
    due = [kind for kind in kinds_of(outcome) if kind.value not in told]
    for kind in due:
        happened.tell_of(scope, now, kind, booking, _CAUSE, _details(kind, outcome))
    told_now = {*told, *(kind.value for kind in due)}
    outcome_repository.keep(scope, booking.id, outcome, told_now, now)
    return outcome


def kinds_of(outcome: Outcome) -> list[H]:
    """Give what there is to tell of an outcome."""
    found = {
        H.BOOKING_USED: outcome.attendance is Attendance.USED,
        H.BOOKING_EARLY: outcome.early_at is not None,
        H.BOOKING_OVERSTAYED: outcome.overstayed_at is not None,
        H.BOOKING_LEFT_OPEN: bool(outcome.left_open),
        H.BOOKING_KEY_MISSING: bool(outcome.keys_missing),
        H.BOOKING_NO_SHOW: outcome.attendance is Attendance.NO_SHOW,
    }
    return [kind for kind, holds in found.items() if holds]


def _details(kind: H, outcome: Outcome) -> dict[str, object]:
    at = {
        H.BOOKING_USED: outcome.first_entry_at,
        H.BOOKING_EARLY: outcome.early_at,
        H.BOOKING_OVERSTAYED: outcome.overstayed_at,
    }.get(kind)
    if at is not None:
        return {"at": at.isoformat()}
    if kind is H.BOOKING_LEFT_OPEN:
        return {"doors": list(outcome.left_open)}
    return {"key_boxes": list(outcome.keys_missing)} if kind is H.BOOKING_KEY_MISSING else {}


def _running(scope: Scope, used: Collection[str], now: datetime) -> list[Booking]:
    """Those that were used and are not settled: also some time before their window."""
    if not used:
        return []
    t = booking_outcomes.c
    settled = sa.select(t.booking_id).where(t.settled_at.is_not(None))
    conditions = [
        bookings.c.id.in_(sorted(used)),
        bookings.c.state == BookingState.CONFIRMED,
        bookings.c.effective_until > now - ASKED_FOR,
        bookings.c.id.not_in(settled),
    ]
    return repository.search(scope, conditions, [bookings.c.starts_at], None)


def _over(scope: Scope, now: datetime, limit: int) -> list[Booking]:
    """Those whose window ended and of which something is still open, those first that were not
    looked at for longest."""
    t = booking_outcomes.c
    waits = sa.select(t.booking_id).where(
        sa.or_(
            t.settled_at.is_not(None),
            # one that was looked at within its window alone is due at once
            sa.and_(t.changed_at > now - AGAIN_AFTER, t.changed_at >= bookings.c.effective_until),
        ),
        t.booking_id == bookings.c.id,
    )
    conditions = [
        bookings.c.state == BookingState.CONFIRMED,
        bookings.c.effective_until <= now,
        bookings.c.effective_until > now - ASKED_FOR - GIVEN_UP_WITHIN,
        ~sa.exists(waits),
    ]
    return repository.search(scope, conditions, [bookings.c.effective_until], limit)
