"""What a feed is, what an event of it says, and the closed lists of what can come of a fetch.

Theory. An event of a calendar is named by its UID and, within a series, by its RECURRENCE-ID: the
instant at which it would have begun (RFC 5545, 3.8.4.4). A moved occurrence keeps both, so it keeps
its reservation key and with that its PIN. What a calendar says is never taken as a deletion by
itself: see `absence`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

FAILING_AFTER: Final = 3
"""So many fetches in a row without a whole calendar, and the feed is said to fail."""


class AuthKind(StrEnum):
    """By what the hub makes itself known to the calendar's server."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"


class PlaceProperty(StrEnum):
    """The property of an event that names its place."""

    LOCATION = "LOCATION"
    RESOURCES = "RESOURCES"
    CATEGORIES = "CATEGORIES"


class ContactSource(StrEnum):
    """Where an event says whom it is for."""

    NONE = "none"
    ATTENDEE = "attendee"
    """The first ATTENDEE: its `mailto:` and CN."""
    ORGANIZER = "organizer"
    DESCRIPTION = "description"
    """Lines of the DESCRIPTION that begin with a label."""
    PROPERTIES = "properties"
    """Properties of their own, such as X-EMAIL."""


class EventStatus(StrEnum):
    """What STATUS says; without one an event is confirmed."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class EventState(StrEnum):
    """What the hub made of an event."""

    BOOKED = "booked"
    REFUSED = "refused"
    """Our rules refuse it; tried again at every poll."""
    CANCELLED = "cancelled"
    """The calendar says that it is cancelled."""
    GONE = "gone"
    """It vanished from the calendar, and its booking was cancelled for that."""
    CANCELLED_HERE = "cancelled_here"
    """Staff cancelled or rejected its booking, and it stays so."""


class GoneBy(StrEnum):
    """Why an event is gone."""

    ABSENCE = "absence"
    CONFIRMED = "confirmed"
    """Staff confirmed that a shrunken calendar is right."""


class FetchResult(StrEnum):
    """What came of a fetch."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    SHRANK = "shrank"
    """Whole and valid, but too much has vanished: nothing was changed."""
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    UNAUTHORIZED = "unauthorized"
    HTTP_ERROR = "http_error"
    REDIRECT_REFUSED = "redirect_refused"
    TOO_LARGE = "too_large"
    PARTIAL = "partial"
    NOT_A_CALENDAR = "not_a_calendar"
    UNREADABLE = "unreadable"
    """Its text cannot be decoded, or it takes too long to read."""
    FAULT = "fault"
    """Something unexpected; the log has it."""

    @property
    def is_good(self) -> bool:
        """Whether a whole and valid calendar was had."""
        return self in (FetchResult.OK, FetchResult.NOT_MODIFIED, FetchResult.SHRANK)


class EventProblem(StrEnum):
    """Why an event of a whole calendar makes no booking; refusals of bookings have their own."""

    UID_MISSING = "uid_missing"
    UID_DUPLICATED = "uid_duplicated"
    START_MISSING = "start_missing"
    ENDS_BEFORE_START = "ends_before_start"
    NO_LENGTH = "no_length"
    TIME_UNREADABLE = "time_unreadable"
    ZONE_UNKNOWN = "zone_unknown"
    RULE_UNREADABLE = "rule_unreadable"
    TOO_FREQUENT = "too_frequent"
    TOO_MANY = "too_many"
    TOO_SLOW = "too_slow"
    TOO_LONG_TEXT = "too_long_text"
    NO_FACILITY = "no_facility"
    STALE = "stale"


class FeedState(StrEnum):
    """How a feed stands."""

    NEW = "new"
    FINE = "fine"
    SHRANK = "shrank"
    FAILING = "failing"
    PAUSED = "paused"


# --- settings of a feed --------------------------------------------------------------------------


class PlaceRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event whose property is (or contains) a text is at this facility; None: it is not ours."""

    on: PlaceProperty
    text: str
    facility_id: str | None
    contains: bool = False


class ContactRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the contact stands. `name`, `email`, `phone` are labels in the DESCRIPTION, or names of
    properties, as `source` says."""

    source: ContactSource = ContactSource.ATTENDEE
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class FeedSecret:
    """What nobody is shown again: the address and what the server wants to know."""

    url: str = field(repr=False)
    user: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FeedWish:
    """A feed as somebody wants it."""

    name: str
    facility_id: str | None
    places: tuple[PlaceRule, ...] = ()
    contact: ContactRule = field(default_factory=ContactRule)
    zone: str = "Asia/Tokyo"
    every_s: int = 300
    horizon_days: int = 90
    active: bool = True
    auth: AuthKind = AuthKind.NONE

    @property
    def facility_ids(self) -> frozenset[str]:
        """Every facility it may book."""
        named = {rule.facility_id for rule in self.places} | {self.facility_id}
        return frozenset(each for each in named if each is not None)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is kept, without its secrets and its content."""

    id: str
    wish: FeedWish
    shown_url: str
    etag: str
    last_modified: str
    content_hash: str
    failures: int
    failing_told: bool
    next_at: datetime
    last_try_at: datetime | None
    last_good_at: datetime | None
    last_result: FetchResult | None
    expanded_at: datetime | None
    shrank_at: datetime | None
    unread: tuple[Unread, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def state(self) -> FeedState:
        """How it stands."""
        if not self.wish.active:
            return FeedState.PAUSED
        if self.failures >= FAILING_AFTER:
            return FeedState.FAILING
        if self.shrank_at is not None:
            return FeedState.SHRANK
        return FeedState.NEW if self.last_good_at is None else FeedState.FINE

    @property
    def zone(self) -> ZoneInfo:
        """Where its floating times and whole days are."""
        return ZoneInfo(self.wish.zone)


# --- what a calendar says ------------------------------------------------------------------------


class SaidContact(msgspec.Struct, frozen=True):
    """Whom an event is for. Personal data: never logged."""

    name: str = ""
    email: str = ""
    phone: str = ""

    def __repr__(self) -> str:
        """Tells nothing."""
        return "SaidContact(…)"


class Unread(msgspec.Struct, frozen=True):
    """An event, or a piece of one, that makes no booking, and why."""

    uid: str
    problem: EventProblem
    detail: str = ""
    starts: str = ""


@dataclass(frozen=True, slots=True)
class EventName:
    """UID and RECURRENCE-ID: `rid` is `20260406T090000Z`, `20260406` for whole days, empty for an
    event that does not repeat."""

    uid: str
    rid: str = ""

    @property
    def uid_hash(self) -> str:
        """The UID as it is looked up: of any length and alphabet."""
        return hashlib.sha256(self.uid.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event at one time. `day` is the local date of its original start, by which it is known
    again should its UID stay and its RECURRENCE-ID change."""

    name: EventName
    starts_at: datetime
    ends_at: datetime
    day: date
    status: EventStatus = EventStatus.CONFIRMED
    sequence: int = 0
    modified_at: datetime | None = None
    is_override: bool = False
    summary: str = field(default="", repr=False)
    contact: SaidContact = field(default_factory=SaidContact)
    places: tuple[tuple[PlaceProperty, str], ...] = field(default=(), repr=False)
    is_beyond: bool = False
    """It begins after the horizon: it is there, but makes no booking yet."""


@dataclass(frozen=True, slots=True)
class ReadCalendar:
    """What a whole and valid calendar says from now to the horizon.

    `unread_uids` are events that are there and could not be read: nothing may be concluded from
    their absence among `occurrences`. `is_vague`: some of them cannot even be told apart.
    """

    occurrences: tuple[Occurrence, ...]
    unread: tuple[Unread, ...]
    unread_uids: frozenset[str]
    events: int
    """How many VEVENTs stand in it, past ones too."""


class CalendarError(Exception):
    """The bytes are no whole and valid calendar; `result` says in which way."""

    def __init__(self, result: FetchResult, detail: str) -> None:
        super().__init__(detail)
        self.result = result


def reservation_key(feed_id: str, name: EventName, times: int = 1) -> str:
    """Give the key of an event's booking: of the feed, the UID and the RECURRENCE-ID, and of how
    often it came back after the calendar had cancelled it. It fits `[A-Za-z0-9._:~-]{1,128}`."""
    digest = hashlib.sha256(f"{feed_id}\x00{name.uid}".encode()).hexdigest()[:32]
    again = f"~{times}" if times > 1 else ""
    return f"feed.{digest}.{name.rid or 'once'}{again}"
