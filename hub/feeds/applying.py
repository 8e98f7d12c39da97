"""Carries out what was decided about events: bookings made, changed and cancelled.

Each event stands for itself: what our rules refuse is kept with its reason and tried again at every
poll. Events that wait for each other's time are tried until nothing moves any more; those that take
each other's time (a swap) step aside together, in one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from hub.bookings.records import BookingWish
from hub.bookings.refusals import Refusal, refused
from hub.bookings.repository import by_key, step_aside
from hub.bookings.service import BookingsService, named_refusals
from hub.bookings.tables import BookingSource, BookingState
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.domain import EventProblem, EventState, Feed, GoneBy, reservation_key
from hub.feeds.following import Intent, Step, wish_of
from hub.feeds.records import FeedEvent
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role

T = TypeVar("T")

_BATCH: Final = 5
"""So many events a transaction: others wait for it on SQLite."""
_PASSES: Final = 6


def feed_principal(feed: Feed) -> Principal:
    """In whose name a feed books: its own, so that the audit log names it."""
    return Principal(PrincipalKind.SYSTEM, f"feed.{feed.id}", feed.wish.name, Role.ADMIN)


@dataclass(slots=True)
class Done:
    """What came of it."""

    made: int = 0
    changed: int = 0
    cancelled: int = 0
    refused: int = 0


class Applier:
    """Writes bookings of feeds, and what is kept of their events."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, bookings: BookingsService) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._bookings = bookings

    def cancel_gone(
        self, feed: Feed, gone: Sequence[FeedEvent], by: GoneBy, who: Principal | None = None
    ) -> int:
        """Cancel the bookings of events that are gone; give how many there were. Each is looked at
        again in its transaction: what began or was cancelled meanwhile is left alone."""

        def cancel(some: Sequence[FeedEvent]) -> int:
            return self._db.write(lambda scope: self._cancel_some(scope, feed, some, by, who))

        return sum(cancel(some) for some in _batches(gone))

    def apply(self, feed: Feed, intents: Iterable[Intent]) -> Done:
        """Carry out intents: what frees time first, then the rest as often as it helps."""
        done, who = Done(), feed_principal(feed)

        def write(some: Sequence[Intent]) -> list[Intent]:
            return self._db.write(lambda scope: self._write_some(scope, feed, who, some))

        waiting = sorted(
            (each for each in intents if each.step is not Step.NONE),
            key=lambda each: (each.step is not Step.CANCEL, each.occurrence.starts_at),
        )
        for _ in range(_PASSES):
            left: list[Intent] = []
            for some in _batches(waiting):
                left += write(some)
            _count(done, waiting, left)
            moved = len(left) < len(waiting)
            waiting = [each for each in left if self._may_help(each)]
            done.refused += len(left) - len(waiting)
            if not waiting or not moved:
                break
        left = self._swap(feed, who, waiting)
        _count(done, waiting, left)
        done.refused += len(left)
        return done

    def rehearse(self, scope: Scope, feed: Feed, intents: Sequence[Intent]) -> dict[str, str]:
        """Carry out intents within a transaction that will be undone; give the codes of those
        refused, by their keys."""
        left = self._write_some(scope, feed, feed_principal(feed), intents)
        return {each.key: each.event.problem for each in left if each.event is not None}

    # --- cancelling --------------------------------------------------------------------------

    def _cancel_some(
        self,
        scope: Scope,
        feed: Feed,
        some: Sequence[FeedEvent],
        by: GoneBy,
        who: Principal | None,
    ) -> int:
        now, cancelled = self._clock.now(), 0
        _hold_keys(scope, (each.reservation_key for each in some))
        for gone in some:
            kept = repository.event(scope, gone.id)
            if kept is None or kept.state is not EventState.BOOKED or kept.starts_at <= now:
                continue
            booking = by_key(scope, kept.reservation_key)
            if booking is None or not booking.stands or booking.booked.starts_at <= now:
                continue
            self._end(scope, who or feed_principal(feed), kept)
            ended = replace(
                kept, state=EventState.GONE, gone_at=now, gone_by=by, changed_at=now, problem=""
            )
            repository.write_event(scope, ended, new=False)
            cancelled += 1
        return cancelled

    def _end(self, scope: Scope, who: Principal, event: FeedEvent) -> None:
        wish = BookingWish(state=BookingState.CANCELLED)
        self._bookings.put_within(scope, who, event.reservation_key, wish, BookingSource.FEED)

    # --- making and changing -----------------------------------------------------------------

    def _write_some(
        self, scope: Scope, feed: Feed, who: Principal, some: Sequence[Intent]
    ) -> list[Intent]:
        """Carry out some intents; give those refused."""
        left: list[Intent] = []
        _hold_keys(scope, (each.event.reservation_key for each in some if each.event))
        for intent in some:
            try:
                with named_refusals(), scope.savepoint():
                    self._one(scope, feed, who, intent)
            except Problem as problem:
                event = self._keep_refused(scope, feed, intent, problem)
                step = Step.MAKE if intent.step is Step.AGAIN else intent.step
                left.append(replace(intent, event=event, step=step))
        return left

    def _one(self, scope: Scope, feed: Feed, who: Principal, intent: Intent) -> None:
        now, event = self._clock.now(), intent.event
        if intent.step is Step.NOTE_CANCELLED_HERE and event is not None:
            noted = replace(event, state=EventState.CANCELLED_HERE, problem="", absent_since=None)
            repository.write_event(scope, replace(noted, changed_at=now), new=False)
            return
        if intent.step is Step.CANCEL and event is not None:
            if event.state is EventState.BOOKED:
                self._end(scope, who, event)
            said = replace(event, state=EventState.CANCELLED, said=intent.said, problem="")
            said = replace(said, digest=intent.digest, absent_since=None, changed_at=now)
            repository.write_event(scope, said, new=False)
            return
        if intent.said.facility_id is None:
            raise refused(Refusal.DOORS_MISSING, "no facility is named for its place")
        kept = self._event(scope, feed, intent, now)
        self._put(scope, who, kept.reservation_key, wish_of(intent))
        repository.write_event(scope, kept, new=event is None)

    def _put(self, scope: Scope, who: Principal, key: str, wish: BookingWish) -> None:
        """Put a booking; where its PIN would be too easy to guess, with as many digits as are
        safe: a calendar cannot be asked."""
        try:
            with named_refusals(), scope.savepoint():
                self._bookings.put_within(scope, who, key, wish, BookingSource.FEED)
        except Problem as problem:
            digits = problem.extra.get("digits")
            if problem.kind.code != Refusal.GUESS_RISK.value or not isinstance(digits, int):
                raise
            wish = replace(wish, digits=digits)
            self._bookings.put_within(scope, who, key, wish, BookingSource.FEED)

    def _event(self, scope: Scope, feed: Feed, intent: Intent, now: datetime) -> FeedEvent:
        """Give what is kept of an event that has a booking."""
        occurrence, before = intent.occurrence, intent.event
        key, times = self._key(scope, feed, intent)
        return FeedEvent(
            id=before.id if before else self._ids.new(),
            feed_id=feed.id,
            uid=occurrence.name.uid,
            uid_hash=occurrence.name.uid_hash,
            rid=occurrence.name.rid,
            day=occurrence.day,
            reservation_key=key,
            times=times,
            state=EventState.BOOKED,
            starts_at=occurrence.starts_at,
            ends_at=occurrence.ends_at,
            digest=intent.digest,
            said=intent.said,
            problem="",
            problem_detail="",
            first_seen_at=before.first_seen_at if before else now,
            changed_at=now,
        )

    def _key(self, scope: Scope, feed: Feed, intent: Intent) -> tuple[str, int]:
        """Give the key of an event's booking and which of its name it is. A new booking never gets
        one that is taken: an event that was renamed keeps the key of its old name, and of one that
        is long over the booking remains. One that stands and that no event claims is its own."""
        name, before, now = intent.occurrence.name, intent.event, self._clock.now()
        if before is not None and intent.step is Step.CHANGE:
            return before.reservation_key, before.times
        times = before.times + (intent.step is Step.AGAIN) if before else 1
        known = before.reservation_key if before and intent.step is not Step.AGAIN else None
        key = known or reservation_key(feed.id, name, times)
        event_id = before.id if before else ""
        while repository.is_key_taken(scope, key, event_id, now):
            times += 1
            key = reservation_key(feed.id, name, times)
        return key, times

    def _keep_refused(
        self, scope: Scope, feed: Feed, intent: Intent, problem: Problem
    ) -> FeedEvent | None:
        """Keep an event that is refused, with the reason; a booking that stands is left as it was.
        The same refusal once more is not written again."""
        now, before = self._clock.now(), intent.event
        code, detail = _reason(intent, problem)
        is_known = before is not None and (
            (before.problem, before.problem_detail) == (code, detail)
            and (before.state is not EventState.REFUSED or before.digest == intent.digest)
        )
        if is_known:
            return before
        if before is not None and before.state is EventState.BOOKED and intent.step is Step.CHANGE:
            kept = replace(before, problem=code, problem_detail=detail, changed_at=now)
        else:
            kept = replace(
                self._event(scope, feed, intent, now),
                state=EventState.REFUSED,
                problem=code,
                problem_detail=detail,
            )
        repository.write_event(scope, kept, new=before is None)
        return kept

    # --- those that wait for each other ------------------------------------------------------

    @staticmethod
    def _may_help(intent: Intent) -> bool:
        return intent.event is not None and intent.event.problem == Refusal.DOUBLE_BOOKED.value

    def _swap(self, feed: Feed, who: Principal, waiting: Sequence[Intent]) -> list[Intent]:
        """Move the bookings of a facility that take each other's time, all or none; give those that
        are still refused."""
        groups: dict[str | None, list[Intent]] = defaultdict(list)
        left: list[Intent] = []
        for intent in waiting:
            movable = intent.step is Step.CHANGE and intent.booked is not None
            (groups[intent.said.facility_id] if movable else left).append(intent)
        for some in groups.values():
            if len(some) < 2 or not self._swapped(feed, who, some):
                left += some
        return left

    def _swapped(self, feed: Feed, who: Principal, some: Sequence[Intent]) -> bool:
        def write(scope: Scope) -> None:
            _hold_keys(scope, (each.event.reservation_key for each in some if each.event))
            for intent in some:
                if intent.booked is not None:
                    step_aside(scope, intent.booked.id)
            for intent in some:
                self._one(scope, feed, who, intent)

        try:
            with named_refusals():
                self._db.write(write)
        except Problem:
            return False
        return True


def _hold_keys(scope: Scope, keys: Iterable[str]) -> None:
    """Every key before anything else: who holds one of them may wait for what we hold then."""
    for key in sorted(set(keys)):
        scope.lock(f"booking:{key}")


def _reason(intent: Intent, problem: Problem) -> tuple[str, str]:
    """Give the code and the detail of a refusal. An event at no facility of ours says so."""
    if intent.said.facility_id is None and problem.kind.code == Refusal.DOORS_MISSING.value:
        place = next((text for _, text in intent.occurrence.places), "")
        return EventProblem.NO_FACILITY.value, place[:200]
    return problem.kind.code[:64], problem.detail[:200]


def _count(done: Done, tried: Sequence[Intent], refused: Sequence[Intent]) -> None:
    """Count what was carried out: tried, less refused."""
    failed = {each.key for each in refused}
    for intent in tried:
        if intent.key in failed:
            continue
        if intent.step in (Step.MAKE, Step.AGAIN):
            done.made += 1
        elif intent.step is Step.CHANGE:
            done.changed += 1
        elif intent.step is Step.CANCEL:
            done.cancelled += 1


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
