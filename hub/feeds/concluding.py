"""From a whole calendar to what becomes of its events: matched with what is kept, judged, carried
out. Nothing here speaks to the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.absence import KeptEvent, judge
from hub.feeds.adopting import adopted
from hub.feeds.applying import Applier, Done
from hub.feeds.calendar import horizon
from hub.feeds.domain import (
    EventName,
    EventProblem,
    EventState,
    Feed,
    FetchResult,
    GoneBy,
    Occurrence,
    ReadCalendar,
    Unread,
)
from hub.feeds.following import Intent, decide, is_stale
from hub.feeds.records import BookedNow, FeedEvent
from hub.feeds.texts import facility_of
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell

MAX_UNREAD = 200


@dataclass(frozen=True, slots=True)
class Matched:
    """The events of a calendar beside what is kept of them."""

    intents: tuple[Intent, ...]
    seen: frozenset[str]
    """Ids of kept events that the calendar has, or may have: their UID could not be read."""
    stale: tuple[Unread, ...]
    events: Mapping[EventName, FeedEvent]
    renamed: tuple[FeedEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What came of a calendar."""

    result: FetchResult
    done: Done = field(default_factory=Done)
    absent: int = 0


def match(
    feed: Feed,
    calendar: ReadCalendar,
    kept: Iterable[FeedEvent],
    booked: Mapping[str, BookedNow],
    now: datetime,
) -> Matched:
    """Match a calendar with what is kept, and decide about each of its events. Pure."""
    events = {each.name: each for each in kept}
    said = {each.name: each for each in calendar.occurrences}
    known_days = {
        name: each.day
        for name, each in events.items()
        if each.ends_at > now and each.state in (EventState.BOOKED, EventState.CANCELLED_HERE)
    }
    readable = {n: d for n, d in known_days.items() if n.uid not in calendar.unread_uids}
    new_days = {n: o.day for n, o in said.items() if n not in events or n in known_days}
    renamed = [
        replace(events.pop(old), rid=new.rid, uid=new.uid, uid_hash=new.uid_hash)
        for old, new in adopted(readable, new_days).items()
    ]
    events |= {each.name: each for each in renamed}
    intents, seen, stale = list[Intent](), set[str](), list[Unread]()
    for name, occurrence in said.items():
        event = events.get(name)
        facility_id, is_ours = facility_of(
            occurrence.places, feed.wish.places, feed.wish.facility_id
        )
        if not is_ours:
            continue
        if event is not None:
            seen.add(event.id)
        standing = booked.get(event.reservation_key) if event else None
        intent = decide(occurrence, facility_id, event, standing, now)
        if event is not None and is_stale(event, intent.said):
            stale.append(_stale(occurrence))
        intents.append(intent)
    seen |= {each.id for each in events.values() if each.uid in calendar.unread_uids}
    return Matched(tuple(intents), frozenset(seen), tuple(stale), events, tuple(renamed))


def _stale(occurrence: Occurrence) -> Unread:
    starts = f"{occurrence.starts_at:%Y%m%dT%H%M%SZ}"
    return Unread(occurrence.name.uid[:255], EventProblem.STALE, "", starts)


class Concluder:
    """Carries out what follows from a calendar."""

    def __init__(self, db: Database, clock: Clock, applier: Applier) -> None:
        self._db = db
        self._clock = clock
        self._applier = applier

    def conclude(self, feed: Feed, calendar: ReadCalendar) -> Conclusion:
        """Follow a whole and valid calendar, unless too much has vanished from it."""
        now = self._clock.now()
        with self._db.read() as scope:
            kept = repository.events(scope, feed.id)
            booked = repository.bookings_of(scope, feed.id, now)
        matched = match(feed, calendar, kept, booked, now)
        known = [
            _kept_event(each, matched, booked)
            for each in matched.events.values()
            if _is_judged(each, booked)
        ]
        verdict = judge(known, now, horizon(now, feed.wish.horizon_days))
        unread = (*calendar.unread, *matched.stale)[:MAX_UNREAD]

        def note(scope: Scope) -> None:
            repository.mark_events(scope, verdict.ends, absent_since=None, waits=False)
            repository.mark_events(scope, verdict.begins, absent_since=now)
            if not verdict.shrank:
                for each in matched.renamed:
                    repository.rename_event(scope, each)
            _note_shrink(scope, feed, now, verdict.shrank, verdict.lost, verdict.kept)
            repository.update_feed(scope, feed.id, {"unread": unread, "expanded_at": now})

        self._db.write(note)
        if verdict.shrank:
            return Conclusion(FetchResult.SHRANK, absent=len(verdict.absent))
        due = [each for each in matched.events.values() if each.id in verdict.due]
        cancelled = self._applier.cancel_gone(feed, due, GoneBy.ABSENCE)
        done = self._applier.apply(feed, _unmarked(matched.intents))
        done.cancelled += cancelled
        done.refused += len(calendar.unread)
        return Conclusion(FetchResult.OK, done, len(verdict.absent) - cancelled)


def _unmarked(intents: Iterable[Intent]) -> Iterable[Intent]:
    """What is seen is absent no more: its row is written so."""
    for intent in intents:
        event = intent.event
        marked = event is not None and (event.absent_since is not None or event.waits)
        if event is not None and marked:
            yield replace(intent, event=replace(event, absent_since=None, waits=False))
        else:
            yield intent


def _is_judged(event: FeedEvent, booked: Mapping[str, BookedNow]) -> bool:
    """Whether it counts for what a calendar may lose: booked, or gone without confirmation."""
    if event.state is EventState.GONE:
        return event.gone_by is GoneBy.ABSENCE
    standing = booked.get(event.reservation_key)
    return event.state is EventState.BOOKED and standing is not None and standing.stands


def _kept_event(event: FeedEvent, matched: Matched, booked: Mapping[str, BookedNow]) -> KeptEvent:
    standing = booked.get(event.reservation_key)
    starts_at = event.starts_at
    if standing is not None and event.state is EventState.BOOKED:
        starts_at = standing.starts_at
    return KeptEvent(
        id=event.id,
        starts_at=starts_at,
        is_seen=event.id in matched.seen,
        absent_since=event.absent_since,
        gone_at=event.gone_at if event.state is EventState.GONE else None,
        waits=event.waits,
    )


def _note_shrink(
    scope: Scope, feed: Feed, now: datetime, shrank: bool, lost: int, kept: int
) -> None:
    if shrank is (feed.shrank_at is not None):
        return
    repository.update_feed(scope, feed.id, {"shrank_at": now if shrank else None})
    if shrank:
        tell_of(scope, now, HappeningKind.FEED_SHRANK, feed, {"lost": lost, "kept": kept})
    else:
        tell_of(scope, now, HappeningKind.FEED_RECOVERED, feed, {"from": "shrank"})


def tell_of(
    scope: Scope, at: datetime, kind: HappeningKind, feed: Feed, details: Mapping[str, object]
) -> None:
    """Tell something of a feed."""
    tell(scope, at, kind, Subject(other_id=feed.id), f"feed {feed.id}", details)
