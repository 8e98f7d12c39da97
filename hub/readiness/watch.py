"""The chore that notices: deadlines met and missed, bookings that are ready or late, latencies.

It looks at everything every few seconds, and at once when something happened to a booking or a PIN.
What it finds is told in the transaction that keeps it, so that each is told once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking
from hub.bookings.tables import bookings
from hub.clock import Clock
from hub.database.scope import Scope
from hub.happenings import repository as happenings
from hub.happenings.domain import Happening, HappeningKind, Subject
from hub.policy.connections import Connections
from hub.readiness import repository
from hub.readiness.controllers import had_hub_since
from hub.readiness.domain import Followed, Outcome, Seen, Tell, Watch, close, follow
from hub.readiness.facts import Around, Pins, pins_of
from hub.readiness.figures import Took, issue_began, revoke_began
from hub.readiness.findings import LockReadiness, Severity
from hub.readiness.meters import ReadinessMeters
from hub.readiness.repository import LockResult
from hub.readiness.rules import RuleBook
from hub.readiness.settings import ReadinessSettings
from hub.readiness.tables import Latency
from hub.sites import repository as sites

READER: Final = "readiness"
LOOK_EVERY: Final = timedelta(seconds=5)
_NEWS: Final = 500
_AT_ONCE: Final = 50
"""So many bookings are kept in one transaction; the others have their turn at the next look."""
_MOST: Final = 20_000
_CAUSE: Final = "readiness"
_TIMED: Final = {
    HappeningKind.PIN_PLACED: Latency.ISSUE,
    HappeningKind.PIN_REVOKED: Latency.REVOKE,
}
_STIRRING: Final = frozenset(
    kind for kind in HappeningKind if kind.startswith(("booking.", "pin."))
) - {HappeningKind.BOOKING_READY, HappeningKind.BOOKING_LATE}


@dataclass(frozen=True, slots=True)
class _Look:
    """One booking with its watch before and after."""

    booking: Booking
    pins: Pins
    followed: Followed


class ReadinessWatch:
    """A chore of the policy worker."""

    def __init__(
        self,
        clock: Clock,
        settings: ReadinessSettings,
        connections: Connections,
        meters: ReadinessMeters,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._connections = connections
        self._meters = meters
        self._looked_at: datetime | None = None
        self._reads = False

    def is_due(self, scope: Scope) -> bool:
        """Tell whether something happened, or time has changed something."""
        if not self._reads or self._news(scope):
            return True
        now = self._clock.now()
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        looks, closed = self._looks(scope, now)
        return bool(looks or closed)

    def run(self, scope: Scope) -> None:
        """Keep and tell what was found."""
        scope.lock("readiness")
        now = self._clock.now()
        self._take_news(scope)
        looks, closed = self._looks(scope, now)
        for watch in closed:
            repository.keep_watch(scope, watch)
        around = Around(scope, self._connections, now)
        for look in looks[:_AT_ONCE]:
            self._keep(scope, around, look, now)
        left = len(looks) > _AT_ONCE
        scope.after_commit(lambda: self._begin(left=left))

    def _begin(self, *, left: bool) -> None:
        self._reads = True
        if left:
            self._looked_at = None

    # --- what happened ---------------------------------------------------------------------------

    def _news(self, scope: Scope) -> bool:
        return happenings.has_any(scope, happenings.mark(scope, READER), _STIRRING)

    def _take_news(self, scope: Scope) -> None:
        found = happenings.after(scope, happenings.through(scope, READER), _NEWS)
        for each in found:
            kind = _TIMED.get(each.kind)
            if kind is not None:
                self._time(scope, each, kind)
        if found:
            happenings.move_on(scope, READER, found[-1].seq)

    def _time(self, scope: Scope, told: Happening, kind: Latency) -> None:
        """Keep how long a placement or a revocation took."""
        credential_id, door_id = told.subject.credential_id, told.subject.door_id
        door = sites.door(scope, door_id) if door_id else None
        if credential_id is None or door is None:
            return
        steps = repository.steps_of(scope, credential_id, door.id)
        if kind is Latency.ISSUE:
            site = sites.site(scope, door.site_id)
            horizon = timedelta(hours=site.horizon_hours if site else 0)
            starts_at = repository.window_start(scope, credential_id, door.id)
            within = (starts_at or told.at) - horizon
            began = issue_began(steps, told.at, within)
        else:
            began = revoke_began(steps, told.at)
        if began is None:
            return
        connected = had_hub_since(scope, door.controller_id, began)
        took = Took(kind, credential_id, door.id, door.site_id, began, told.at, connected)
        if repository.keep_latency(scope, told.seq, took):
            scope.after_commit(lambda: self._meters.took(took))

    # --- what time and doors say -----------------------------------------------------------------

    def _looks(self, scope: Scope, now: datetime) -> tuple[list[_Look], list[Watch]]:
        """Give the bookings whose watch changes, and the watches that close."""
        book = RuleBook.read(scope, self._settings)
        until = now + book.longest_horizon
        c = bookings.c
        conditions = repository.watched_bookings(until, now)
        found = booking_rows.search(scope, conditions, [c.effective_from, c.id], _MOST)
        opened = {watch.key: watch for watch in repository.open_watches(scope)}
        pins = pins_of(scope, [booking.id for booking in found])
        around = Around(scope, self._connections, now)
        around.load(door for booking in found for door in booking.doors)
        looks, current = [], set()
        missing = [each for each in found if _key(each) not in opened]
        earlier = {w.key: w for w in repository.watches_of(scope, [each.id for each in missing])}
        for booking in found:
            key = _key(booking)
            current.add(key)
            before = opened.get(key) or earlier.get(key)
            seen = _seen(around, booking, pins[booking.id])
            followed = follow(before, seen, book.of(booking), now)
            if followed.watch != before or followed.tells:
                looks.append(_Look(booking, pins[booking.id], followed))
        ids = {booking.id for booking in found}
        closed = [
            close(watch, now, moved=watch.booking_id in ids or _moved(scope, watch))
            for key, watch in opened.items()
            if key not in current
        ]
        return looks, closed

    def _keep(self, scope: Scope, around: Around, look: _Look, now: datetime) -> None:
        watch, tells = look.followed.watch, look.followed.tells
        judged = look.followed.judged_now
        boxes_alone = watch.outcome is Outcome.UNCONFIRMABLE
        needed = judged or boxes_alone or Tell.LATE in tells
        locks = around.judge(look.booking, look.pins) if needed else ()
        if judged or boxes_alone:
            repository.keep_results(scope, _results(watch, locks))
        if judged:
            met = watch.outcome is Outcome.MET
            scope.after_commit((self._meters.met if met else self._meters.missed).inc)
        if Tell.LATE in tells:
            watch = _with_late_door(watch, around, locks)
        repository.keep_watch(scope, watch)
        subject = Subject(site_id=watch.site_id, booking_id=watch.booking_id)
        if Tell.READY in tells:
            details: dict[str, object] = {"deadline": watch.deadline.isoformat()}
            happenings.tell(scope, now, HappeningKind.BOOKING_READY, subject, _CAUSE, details)
        if Tell.LATE in tells:
            late = replace(subject, door_id=watch.late_door_id)
            details = _told_late(watch, locks)
            happenings.tell(scope, now, HappeningKind.BOOKING_LATE, late, _CAUSE, details)


def _key(booking: Booking) -> tuple[str, datetime, datetime]:
    return booking.id, booking.effective.starts_at, booking.effective.ends_at


def _moved(scope: Scope, watch: Watch) -> bool:
    """Whether the booking of a watch that is to be closed stands, with another window."""
    booking = booking_rows.by_id(scope, watch.booking_id)
    return booking is not None and booking.stands and _key(booking) != watch.key


def _seen(around: Around, booking: Booking, pins: Pins) -> Seen:
    proven = [around.confirmed(pins, door) for door in booking.doors]
    confirmed = bool(proven) and all(is_so for is_so, _ in proven)
    times = [at for _, at in proven if at is not None]
    changed = [booking.changed_at, pins.changed_at or booking.changed_at]
    return Seen(
        booking_id=booking.id,
        site_id=booking.site_id,
        facility_id=booking.facility_id,
        starts_at=booking.effective.starts_at,
        ends_at=booking.effective.ends_at,
        revision=pins.revision(booking),
        since=max(changed),
        has_doors=bool(booking.doors),
        confirmed=confirmed,
        confirmed_at=max(times) if confirmed and times else None,
    )


def _results(watch: Watch, locks: tuple[LockReadiness, ...]) -> list[LockResult]:
    results = []
    for lock in locks:
        at = lock.confirmed_at
        met_at = at if lock.confirmed and at is not None and at <= watch.deadline else None
        wrong = tuple(
            each.code.value
            for each in lock.findings
            if met_at is None or each.severity is not Severity.NOTE
        )
        missed = lock.can_confirm and met_at is None
        results.append(
            LockResult(*watch.key, lock.lock_id, lock.can_confirm, met_at, missed, wrong)
        )
    return results


def _with_late_door(watch: Watch, around: Around, locks: tuple[LockReadiness, ...]) -> Watch:
    waiting = [lock.lock_id for lock in locks if lock.can_confirm and not lock.confirmed]
    door = around.door(waiting[0]) if waiting else None
    if door is None:
        return watch
    return replace(watch, late_door_id=door.id, late_controller_id=door.controller_id)


def _told_late(watch: Watch, locks: tuple[LockReadiness, ...]) -> dict[str, object]:
    waiting = [lock for lock in locks if lock.can_confirm and not lock.confirmed]
    return {
        "step": watch.step,
        "deadline": watch.deadline.isoformat(),
        "starts_at": watch.starts_at.isoformat(),
        "doors": [
            {
                "door_id": lock.lock_id,
                "findings": [each.code.value for each in lock.findings],
                "remedies": [each.value for each in lock.remedies],
            }
            for lock in waiting
        ],
    }
