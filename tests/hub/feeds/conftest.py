"""A town's booking system that publishes a calendar over real HTTP, and a hub that polls it."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa

from hub.bookings.facilities import FacilitiesService
from hub.bookings.records import Facility
from hub.bookings.service import BookingFilter, BookingsService
from hub.bookings.tables import Approval, BookingState, bookings
from hub.bookings.windows import BookingRules
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.feeds import repository
from hub.feeds.domain import AuthKind, FeedSecret, FeedWish
from hub.feeds.polling import Poller
from hub.feeds.records import FeedEvent, FeedRun
from hub.feeds.service import FeedsService, FeedView
from hub.happenings.domain import HappeningKind
from hub.happenings.tables import happenings
from hub.web.rights import Principal, PrincipalKind, Role

CLERK = Principal(PrincipalKind.TOKEN, "clerk", "clerk", Role.CLERK)


@dataclass
class CalendarServer:
    """A web server with one calendar. What it is told, it does; what it was asked, it knows."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    validators: bool = True
    is_packed: bool = False
    cut_at: int | None = None
    """Ends the connection after so many bytes, though it announced all of them."""
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/private-7f3a9c/bookings.ics?token=s3cr3tT0ken"

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        self.asked.append(dict(asked.headers))
        self.paths.append(asked.path)
        if asked.path in self.moved:
            asked.send_response(302)
            asked.send_header("Location", self.moved[asked.path])
            asked.send_header("Content-Length", "0")
            asked.end_headers()
            return
        same = self.validators and asked.headers.get("If-None-Match") == self.etag
        status = 304 if same and self.status == 200 else self.status
        body = b"" if status == 304 else self.content
        if self.is_packed and body:
            body = gzip.compress(body)
        asked.send_response(status)
        if self.validators and self.status == 200:
            asked.send_header("ETag", self.etag)
        if self.is_packed and body:
            asked.send_header("Content-Encoding", "gzip")
        asked.send_header("Content-Type", self.headers.get("Content-Type", "text/calendar"))
        for name, value in self.headers.items():
            if name != "Content-Type":
                asked.send_header(name, value)
        if status != 304:
            asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body if self.cut_at is None else body[: self.cut_at])
        if self.cut_at is not None:
            asked.close_connection = True


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    """A calendar's server on this machine."""
    told = CalendarServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.answer(self)

        def log_message(self, *args: Any) -> None:
            return

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = made.server_address[1]
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    made.shutdown()
    thread.join()
    made.server_close()


def utc(instant: datetime) -> str:
    """An instant as iCalendar writes it."""
    return f"{instant:%Y%m%dT%H%M%SZ}"


def vevent(*lines: str) -> str:
    """A VEVENT."""
    return "\r\n".join(("BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""))


def vcalendar(*parts: str) -> bytes:
    """A calendar."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//town//yoyaku//JA\r\n"
    return (head + "".join(parts) + "END:VCALENDAR\r\n").encode()


@dataclass
class Desk:
    """The hub's feeds, a hall to book, and the calendar."""

    hub: Hub
    clock: HandMovedClock
    server: CalendarServer
    hall: str
    other: str
    site: str
    town: Any
    since: datetime

    @property
    def feeds(self) -> FeedsService:
        return self.hub.services.get(FeedsService)

    @property
    def bookings(self) -> BookingsService:
        return self.hub.services.get(BookingsService)

    def later(self, hours: float) -> datetime:
        """So many hours after the desk was set up, however late it is by now."""
        return self.since + timedelta(hours=hours)

    def wish(self, **changed: Any) -> FeedWish:
        return FeedWish(**{"name": "予約システム", "facility_id": self.hall} | changed)

    def add(self, **changed: Any) -> str:
        """Add a feed of the server's calendar; give its id."""
        secret = FeedSecret(
            changed.pop("url", self.server.url),
            changed.pop("user", ""),
            changed.pop("secret", ""),
        )
        return self.feeds.create(CLERK, self.wish(**changed), secret).feed.id

    def event(self, uid: str, start_h: float, hours: float = 1.0, *more: str) -> str:
        """An event so many hours from the beginning."""
        return self.timed(uid, self.later(start_h), self.later(start_h + hours), *more)

    @staticmethod
    def timed(uid: str, start: datetime, end: datetime, *more: str) -> str:
        return vevent(f"UID:{uid}", f"DTSTART:{utc(start)}", f"DTEND:{utc(end)}", *more)

    def publish(self, *events: str) -> None:
        self.server.content = vcalendar(*events)

    def poll(self, feed_id: str, after: float = 0.0) -> FeedRun:
        """Poll so many minutes later."""
        self.clock.advance(timedelta(minutes=after))
        return self.hub.services.get(Poller).poll(feed_id, "test")

    def view(self, feed_id: str) -> FeedView:
        return self.feeds.get(CLERK, feed_id)

    def events(self, feed_id: str) -> dict[str, FeedEvent]:
        """What is kept, by UID and, in a series, RECURRENCE-ID."""
        with self.hub.core.db.read() as scope:
            found = repository.events(scope, feed_id)
        return {f"{e.uid}/{e.rid}".removesuffix("/"): e for e in found}

    def booked(self) -> dict[str, tuple[BookingState, datetime, datetime]]:
        """Every booking by its key."""
        with self.hub.core.db.read() as scope:
            rows = scope.all(sa.select(bookings))
        return {r.reservation_key: (r.state, r.starts_at, r.ends_at) for r in rows}

    def standing(self, feed_id: str) -> set[str]:
        """The names of events whose booking stands."""
        booked = self.booked()
        stands = (BookingState.CONFIRMED, BookingState.REQUESTED)
        return {
            name
            for name, event in self.events(feed_id).items()
            if event.reservation_key in booked and booked[event.reservation_key][0] in stands
        }

    def all(self) -> list[Any]:
        return list(self.bookings.page(CLERK, BookingFilter(), None, 200).items)

    def told(self, *kinds: HappeningKind) -> list[HappeningKind]:
        """Which of these happened, in order."""
        with self.hub.core.db.read() as scope:
            rows = scope.all(sa.select(happenings.c.kind).order_by(happenings.c.seq))
        return [row.kind for row in rows if row.kind in kinds]


@pytest.fixture
def make_desk(clock: HandMovedClock) -> Callable[[Hub, Any, CalendarServer], Desk]:
    """Furnishes a hub with a hall, and a second one."""

    def make(hub: Hub, town: Any, server: CalendarServer) -> Desk:
        site = town.site()
        controller = town.controller(site)
        facilities = hub.services.get(FacilitiesService)
        halls = []
        for name in ("体育館", "和室"):
            door = town.door(site, controller)
            town.reader(controller, door)
            made = facilities.create(
                CLERK,
                Facility("", site, name, name, name, (door,), Approval.REQUIRED, BookingRules()),
            )
            halls.append(made.id)
        return Desk(hub, clock, server, halls[0], halls[1], site, town, clock.now())

    return make


@pytest.fixture
def desk(
    hub: Hub,
    hub_town: Any,
    server: CalendarServer,
    make_desk: Callable[[Hub, Any, CalendarServer], Desk],
) -> Desk:
    """The desk."""
    return make_desk(hub, hub_town, server)


@pytest.fixture
def ical() -> Any:
    """Writers of calendars: `ical.event(...)`, `ical.calendar(...)`, `ical.utc(...)`."""

    class Writers:
        event = staticmethod(vevent)
        calendar = staticmethod(vcalendar)
        utc = staticmethod(utc)
        clerk = CLERK
        basic = AuthKind.BASIC

    return Writers
