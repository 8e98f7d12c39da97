"""A dry run: fetches a calendar and tells what would be made of it. Nothing is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.bookings.refusals import Refusal
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.feeds import repository
from hub.feeds.applying import Applier
from hub.feeds.calendar import ReadAs, horizon, read_calendar
from hub.feeds.concluding import match
from hub.feeds.domain import (
    CalendarError,
    EventStatus,
    Feed,
    FeedSecret,
    FetchResult,
    Occurrence,
    SaidContact,
    Unread,
)
from hub.feeds.fetching import CalendarClient, FetchFailed
from hub.feeds.following import Intent, Step

SHOWN: Final = 200
_AT_ONCE: Final = 5


@dataclass(frozen=True, slots=True)
class TriedEvent:
    """An event, and what would become of it: `problem` is empty where it would be booked."""

    uid: str
    rid: str
    starts_at: datetime
    ends_at: datetime
    status: EventStatus
    facility_id: str | None
    summary: str = field(repr=False)
    contact: SaidContact
    problem: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a dry run. Only the first `SHOWN` events are tried against our rules."""

    result: FetchResult
    detail: str = ""
    events: int = 0
    ahead: int = 0
    tried: tuple[TriedEvent, ...] = ()
    unread: tuple[Unread, ...] = ()
    not_ours: Mapping[str, int] = field(default_factory=dict)
    """How many events are at places that are not ours, by the place."""


class _Undo(Exception):  # noqa: N818  # not an error: it undoes a rehearsal
    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__()
        self.problems = problems


class DryRun:
    """Tries feeds that are not set up yet."""

    def __init__(
        self, db: Database, clock: Clock, client: CalendarClient, applier: Applier
    ) -> None:
        self._db = db
        self._clock = clock
        self._client = client
        self._applier = applier

    def run(self, feed: Feed, secret: FeedSecret) -> Trial:
        """Fetch, read, and rehearse the bookings in a transaction that is undone."""
        now = self._clock.now()
        how = ReadAs(feed.zone, feed.wish.contact, now, horizon(now, feed.wish.horizon_days))
        try:
            fetched = self._client.fetch(secret, feed.wish.auth, now)
            if fetched.content is None:
                raise FetchFailed(FetchResult.HTTP_ERROR, "304 to a question without condition")
            calendar = read_calendar(fetched.content, fetched.charset, how)
        except FetchFailed as failed:
            return Trial(failed.result, failed.detail)
        except CalendarError as error:
            return Trial(error.result, str(error)[:200])
        matched = match(feed, calendar, (), {}, now)
        intents = sorted(
            (each for each in matched.intents if each.step is Step.MAKE),
            key=lambda each: each.occurrence.starts_at,
        )
        ours = {each.occurrence.name for each in matched.intents}
        places = (
            next((text for _, text in each.places), "")
            for each in calendar.occurrences
            if each.name not in ours
        )
        problems = self._rehearsed(feed, intents[:SHOWN])
        return Trial(
            result=FetchResult.OK,
            events=calendar.events,
            ahead=len(intents),
            tried=tuple(_tried(each, problems) for each in intents[:SHOWN]),
            unread=calendar.unread[:SHOWN],
            not_ours=dict(Counter(places).most_common(50)),
        )

    def _rehearsed(self, feed: Feed, intents: list[Intent]) -> dict[str, str]:
        """Rehearse a few at a time: who else writes waits for each transaction on SQLite. What an
        earlier one took is held against those that follow, since nothing of it remains."""
        problems: dict[str, str] = {}
        taken: dict[str | None, list[Occurrence]] = defaultdict(list)
        for start in range(0, len(intents), _AT_ONCE):
            some = intents[start : start + _AT_ONCE]
            clash = {each.key for each in some if _is_taken(each, taken)}
            problems |= dict.fromkeys(clash, Refusal.DOUBLE_BOOKED.value)
            free = [each for each in some if each.key not in clash]
            problems |= self._rehearsed_few(feed, free)
            for each in free:
                if each.key not in problems:
                    taken[each.said.facility_id].append(each.occurrence)
        return problems

    def _rehearsed_few(self, feed: Feed, intents: list[Intent]) -> dict[str, str]:
        def write(scope: Scope) -> None:
            repository.add_feed(scope, feed, b"")
            raise _Undo(self._applier.rehearse(scope, feed, intents))

        try:
            self._db.write(write)
        except _Undo as undone:
            return undone.problems
        raise AssertionError("a rehearsal is always undone")


def _is_taken(intent: Intent, taken: Mapping[str | None, list[Occurrence]]) -> bool:
    wanted = intent.occurrence
    return any(
        each.starts_at < wanted.ends_at and wanted.starts_at < each.ends_at
        for each in taken.get(intent.said.facility_id, ())
    )


def _tried(intent: Intent, problems: Mapping[str, str]) -> TriedEvent:
    occurrence = intent.occurrence
    return TriedEvent(
        uid=occurrence.name.uid[:255],
        rid=occurrence.name.rid,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        status=occurrence.status,
        facility_id=intent.said.facility_id,
        summary=occurrence.summary,
        contact=occurrence.contact,
        problem=problems.get(intent.key, ""),
    )
