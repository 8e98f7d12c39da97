"""Rows of feeds as services hand them round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from hub.bookings.records import Contact
from hub.bookings.tables import BookingState
from hub.feeds.domain import EventName, EventState, FetchResult, GoneBy
from hub.feeds.tables import Said


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event of a feed and what was made of it."""

    id: str
    feed_id: str
    uid: str
    uid_hash: str
    rid: str
    day: date
    reservation_key: str
    times: int
    state: EventState
    starts_at: datetime
    ends_at: datetime
    digest: str
    said: Said
    problem: str
    problem_detail: str
    first_seen_at: datetime
    changed_at: datetime
    absent_since: datetime | None = None
    waits: bool = False
    gone_at: datetime | None = None
    gone_by: GoneBy | None = None

    @property
    def name(self) -> EventName:
        """By what the calendar knows it."""
        return EventName(self.uid, self.rid)


@dataclass(frozen=True, slots=True)
class BookedNow:
    """The booking of an event as it stands, for comparing."""

    id: str
    state: BookingState
    starts_at: datetime
    ends_at: datetime
    facility_id: str | None
    contact: Contact
    purpose: str

    @property
    def stands(self) -> bool:
        """Whether it takes up its facility."""
        return self.state in (BookingState.REQUESTED, BookingState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class FeedRun:
    """A fetch and what came of it."""

    id: str
    feed_id: str
    at: datetime
    took_ms: int
    by: str
    result: FetchResult
    detail: str = ""
    http_status: int | None = None
    size: int = 0
    events: int = 0
    made: int = 0
    changed: int = 0
    cancelled: int = 0
    refused: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How much a feed keeps: future events with bookings, those with problems, those absent now,
    those absent that staff said to keep, and those that staff cancelled."""

    booked: int = 0
    problems: int = 0
    absent: int = 0
    waiting: int = 0
    cancelled_here: int = 0
