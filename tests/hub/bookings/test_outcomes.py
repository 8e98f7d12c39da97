"""The chore over the real way in: rows as a controller sends them, ingest, projection, outcome."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from hub.bookings.outcomes import SettleOutcomes
from hub.bookings.records import HolderWish
from hub.bookings.tables import Attendance
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.entries.search import Filters, search
from hub.happenings import repository as happenings
from hub.ingest.repository import raw_events_after, store
from hub.ingest.rows import read_rows
from hub.link import sessions
from hub.projection.worker import ProjectionWorker
from wire.clock import ClockReading, ClockState
from wire.event_bodies import AccessBody, DoorEventBody, EventBody
from wire.events import Event, EventKind, Factor, Gap, GapReason, encode_body, encode_event
from wire.messages import EdgePolicy, Events, Hello
from wire.reasons import Reason

BOOT = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database; that the chore runs on either is in `test_history`."""
    return sqlite_at


@dataclass
class Controller:
    """A controller that journals, and sends while it has a link: what happens now at once, a
    backlog when it is told to."""

    hall: Any
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    last_seq: int = 0
    online: bool = True
    session: int = 0

    def greet(self) -> None:
        """Say hello, as at each connect: with the last seq it has journaled."""
        self.session += 1
        now = self.hall.town.clock.now()
        hello = Hello(
            session=f"{self.session:032x}",
            boot_id=BOOT,
            agent="test",
            epoch=1,
            last_seq=self.last_seq,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=ClockState.TRUSTED, now=now, error_ms=1),
        )
        name = self.hall.controller

        def write(scope: Any) -> None:
            sessions.greet(scope, name, hello, now)
            sessions.confirm(scope, name, hello.session, now)

        self.hall.town.db.write(write)

    def tell(self, kind: EventKind, body: EventBody) -> None:
        """Journal an event now, and send what waits if there is a link."""
        now = self.hall.town.clock.now()
        event = Event(
            kind=kind.value,
            boot=BOOT,
            mono_ns=int(now.timestamp() * 1e9),
            at=now,
            clock=ClockState.TRUSTED,
            body=encode_body(kind, body),
        )
        self.journal(encode_event(event))

    def journal(self, row: bytes) -> None:
        """Keep a row, and send it if there is a link."""
        self.last_seq += 1
        if self.online:
            self.send(self.last_seq, row)
        else:
            self.waiting.append((self.last_seq, row))

    def deliver(self) -> None:
        """Send what waits."""
        for seq, row in self.waiting:
            self.send(seq, row)
        self.waiting.clear()

    def send(self, seq: int, row: bytes) -> None:
        """Send one row."""
        message = Events(epoch=1, first_seq=seq, events=(msgspec.Raw(row),))
        now = self.hall.town.clock.now()
        read = read_rows(self.hall.controller, message)
        self.hall.town.db.write(lambda scope: store(scope, [read], now))
        while ProjectionWorker(self.hall.town.db, raw_events_after, [ENTRIES]).step():
            pass

    def beat(self) -> None:
        """Something that says nothing but that it lives: a leaf of another door."""
        self.tell(EventKind.DOOR_CLOSED, DoorEventBody(door=self.hall.town.ids.new()))

    def pin(self, view: Any, holder: int = 0, reason: Reason = Reason.PIN_VALID) -> None:
        """Somebody types a holder's PIN at the first door."""
        granted = reason is Reason.PIN_VALID
        credential = view.credentials[holder].credential_id
        body = AccessBody(
            reason=reason,
            factor=Factor.PIN,
            door=self.hall.doors[0],
            credential=credential,
            booking=view.booking.id,
        )
        self.tell(EventKind.ACCESS_GRANTED if granted else EventKind.ACCESS_DENIED, body)

    def leaf(self, *, opens: bool) -> None:
        """The first door's leaf opens or closes."""
        kind = EventKind.DOOR_OPENED if opens else EventKind.DOOR_CLOSED
        self.tell(kind, DoorEventBody(door=self.hall.doors[0]))


@dataclass
class Watch:
    """A booking from one hour on for two hours, the controller, and the chore."""

    hall: Any
    controller: Controller
    view: Any
    chore: SettleOutcomes

    def go(self, minutes: float) -> None:
        """Let so many minutes pass, and the chore run."""
        self.hall.town.clock.advance(timedelta(minutes=minutes))
        self.look()

    def look(self) -> Any:
        """Let the chore run; give what became of the booking."""
        self.hall.town.clock.advance(timedelta(seconds=31))
        db = self.hall.town.db
        with db.read() as scope:
            due = self.chore.is_due(scope)
        if due:
            db.write(self.chore.run)
        return self.hall.bookings.get(self.hall.clerk, "k").outcome

    def told(self) -> list[str]:
        """The kinds told of the outcome so far, sorted."""
        with self.hall.town.db.read() as scope:
            found = happenings.of_booking(scope, self.view.booking.id)
        kinds = [each.kind.value.removeprefix("booking.") for each in found]
        return sorted(each for each in kinds if each not in ("confirmed", "changed"))


@pytest.fixture
def watch(hall: Any) -> Watch:
    """The booking."""
    controller = Controller(hall)
    controller.greet()
    members = tuple(HolderWish(name) for name in ("青木", "伊藤"))
    view, _ = hall.bookings.put(hall.clerk, "k", hall.wish(holders=members))
    return Watch(hall, controller, view, SettleOutcomes(hall.town.clock))


def test_who_came_early_is_told_once_and_each_thing_of_it_once(watch: Watch) -> None:
    watch.go(40)
    watch.controller.pin(watch.view, reason=Reason.NOT_YET_VALID)
    watch.go(14)
    watch.controller.pin(watch.view)
    watch.controller.leaf(opens=True)
    found = watch.look()
    assert (found.attendance, found.entries, found.early_denied) == (Attendance.USED, 1, 1)
    assert watch.told() == ["early", "used"]
    watch.go(10)
    watch.controller.leaf(opens=False)
    watch.controller.pin(watch.view, holder=1)
    assert watch.look().entries == 2
    watch.go(120)
    watch.go(70)
    watch.controller.beat()
    assert watch.look().settled_at is not None
    assert watch.told() == ["early", "used"]


def test_a_no_show_waits_until_the_controller_was_heard_through(watch: Watch) -> None:
    watch.go(60 + 120 + 11)
    found = watch.look()
    assert found.attendance is Attendance.UNKNOWN
    assert set(found.unheard) == set(watch.hall.doors)
    assert watch.told() == []
    watch.controller.beat()
    found = watch.look()
    assert (found.attendance, found.unheard) == (Attendance.NO_SHOW, ())
    assert watch.told() == ["no_show"]


def test_nobody_is_a_no_show_whose_entry_lies_in_a_backlog(watch: Watch) -> None:
    """The controller was away, came back, and sends what happens now ahead of what happened."""
    watch.controller.beat()
    watch.controller.online = False
    watch.go(61)
    watch.controller.pin(watch.view)
    watch.go(160)
    assert watch.look().attendance is Attendance.UNKNOWN
    watch.controller.greet()
    assert watch.look().attendance is Attendance.UNKNOWN
    watch.controller.online = True
    watch.controller.beat()
    assert watch.look().attendance is Attendance.UNKNOWN
    assert watch.told() == []
    watch.controller.deliver()
    assert watch.look().attendance is Attendance.USED
    assert watch.told() == ["used"]


def test_who_stays_and_leaves_the_door_open_is_told_once(watch: Watch) -> None:
    watch.go(61)
    watch.controller.pin(watch.view)
    watch.controller.leaf(opens=True)
    watch.go(5)
    watch.controller.leaf(opens=False)
    watch.go(130)
    watch.controller.leaf(opens=True)
    watch.controller.pin(watch.view, reason=Reason.EXPIRED)
    found = watch.look()
    assert found.overstayed_at is not None
    assert found.late_denied == 1
    assert watch.told() == ["overstayed", "used"]
    watch.go(80)
    assert watch.told() == ["overstayed", "used"]


def test_a_door_left_open_is_told_once(watch: Watch) -> None:
    watch.go(61)
    watch.controller.pin(watch.view)
    watch.controller.leaf(opens=True)
    watch.go(140)
    watch.controller.beat()
    assert watch.look().left_open == watch.hall.doors[:1]
    watch.go(10)
    assert watch.told() == ["left_open", "used"]


def test_lost_rows_leave_it_unknown(watch: Watch) -> None:
    watch.go(61)
    seq = watch.controller.last_seq + 1
    gap = Gap(gap=(seq, seq), reason=GapReason.UNREADABLE)
    watch.controller.journal(msgspec.json.encode(gap))
    watch.go(140)
    watch.controller.beat()
    assert watch.look().attendance is Attendance.UNKNOWN
    assert "no_show" not in watch.told()


def test_a_cancelled_booking_is_no_no_show(watch: Watch) -> None:
    watch.hall.bookings.cancel(watch.hall.clerk, "k")
    watch.go(200)
    watch.controller.beat()
    watch.look()
    assert watch.told() == ["cancelled"]


def test_the_log_shows_each_member_under_their_own_name(watch: Watch) -> None:
    from hub.bookings import repository

    watch.go(61)
    for member in (0, 1):
        watch.controller.pin(watch.view, holder=member)
    with watch.hall.town.db.read() as scope:
        wanted = Filters(booking_id=watch.view.booking.id)
        entries = search(scope, wanted, None, 10).items
        names = repository.holder_names(scope, [each.holder_id for each in entries])
    wanted_names = [each.holder for each in watch.view.credentials]
    assert [names[each.holder_id] for each in entries] == wanted_names[::-1]
    assert set(wanted_names) == {"青木", "伊藤"}


def test_a_process_that_begins_anew_tells_nothing_twice(watch: Watch) -> None:
    watch.go(61)
    watch.controller.pin(watch.view)
    watch.look()
    another = replace(watch, chore=SettleOutcomes(watch.hall.town.clock))
    another.look()
    another.go(140)
    another.controller.beat()
    another.look()
    assert watch.told() == ["used"]
