"""What the console's pages show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.attendance.domain import Day
from hub.attendance.service import AttendanceService
from hub.batteries.service import BatteriesService
from hub.bookings import repository as booking_rows
from hub.bookings.backups import BookingBackups
from hub.bookings.records import BookingView
from hub.bookings.service import BookingFilter, BookingsService
from hub.bookings.tables import BookingState
from hub.bookings.windows import local_day
from hub.database.scope import Scope
from hub.entries import repository as states
from hub.entries.domain import Entry
from hub.entries.doors import DoorState
from hub.entries.search import Filters
from hub.entries.service import EntriesService
from hub.feeds.service import FeedsService
from hub.keyboxes import repository as box_rows
from hub.keyboxes.domain import KeyBox
from hub.keyboxes.service import KeyBoxes
from hub.pages.naming import names_of, people_names, reader_names
from hub.pages.views.attendance import RefusedLine, is_seen_only, refused_line
from hub.pages.views.board import Board, StaffChip
from hub.pages.views.booking import BookingLine, booking_line, facility_name
from hub.pages.views.door import AlarmLine, alarm_lines, door_card
from hub.pages.views.entry import EntryLine, entry_line
from hub.pages.views.key_box import BoxLine, box_line
from hub.pages.words import Words
from hub.policy.connections import Connections
from hub.sites import repository as sites
from hub.sites.domain import Door, SiteState
from hub.sites.tables import doors as door_rows
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.events import EventKind

DOORS_MAX = 500
FEED = 12
QUIET = frozenset(
    {
        EventKind.CLOCK_STATE,
        EventKind.AGENT_STARTED,
        EventKind.AGENT_STOPPED,
        EventKind.EPOCH_OPENED,
    }
)
"""What controllers do by themselves: in the log, not on the board."""
DAY_MAX = 200


@dataclass(frozen=True, slots=True)
class ConsolePages:
    """Reads for pages; everything that writes is the topics' own."""

    core: Core
    entries: EntriesService
    bookings: BookingsService
    attendance: AttendanceService
    batteries: BatteriesService
    connections: Connections
    boxes: KeyBoxes
    backups: BookingBackups
    feeds: FeedsService

    def board(self, who: Principal, words: Words) -> Board:
        """Give the today board."""
        since = self.entries.place()
        alarms = self.entries.alarms(who)
        feed = self.entries.search(who, Filters(without=QUIET), None, FEED).items
        today = self.bookings_of(who, words, words.today, None)
        waiting = BookingFilter(since=words.now, state=BookingState.REQUESTED)
        requests = self.bookings.page(who, waiting, None, DAY_MAX).items
        with self.core.db.read() as scope:
            names = names_of(scope, who, words, [*alarms, *feed])
            found = doors_of(scope, who)
            connected = self.connections.of(scope, {door.controller_id for door in found})
            known = states.all_door_states(scope)
        cards = [
            door_card(
                words.name(door.name, door.name_en),
                known.get(door.id, DoorState(door.id)),
                door.controller_id in connected,
                words,
            )
            for door in found
        ]
        urgent = {"bad": 0, "warn": 1}
        return Board(
            date=words.day(words.today),
            since=since,
            alarms=alarm_lines(alarms, names, words, may_acknowledge=who.may(Right.DOORS_UNLOCK)),
            bookings=tuple(line for line in today if line.stands),
            requests=len(requests),
            doors=tuple(sorted(cards, key=lambda card: urgent.get(card.tone, 2))),
            entries=tuple(entry_line(each, names, words) for each in feed),
            staff=self._staff(who, words),
            batteries=self._batteries(who),
            feeds=self._feeds(who),
            boxes_due=tuple(line for line in self._boxes(who, words) if line.is_due),
        )

    def lines(self, who: Principal, words: Words, found: Sequence[Entry]) -> tuple[EntryLine, ...]:
        """Give entries as lines."""
        with self.core.db.read() as scope:
            names = names_of(scope, who, words, found)
        return tuple(entry_line(each, names, words) for each in found)

    def bookings_of(
        self,
        who: Principal,
        words: Words,
        day: date | None,
        state: BookingState | None,
        door_id: str | None = None,
    ) -> tuple[BookingLine, ...]:
        """Give the bookings of a day, or those from now on where no day is named; of one door."""
        span = local_day(day, words.zone) if day else None
        since, until = (span.starts_at, span.ends_at) if span else (words.now, None)
        wanted = BookingFilter(since=since, until=until, state=state)
        listed = self.bookings.page(who, wanted, None, DAY_MAX).items
        found = [each for each in listed if door_id in (None, *each.booking.doors)]
        with self.core.db.read() as scope:
            return self._booking_lines(scope, found, words)

    def alarms_at(
        self, who: Principal, words: Words, door: Door, devices: Collection[str]
    ) -> tuple[AlarmLine, ...]:
        """Give the alarms of a door, of the devices it is wired to, and of its controller."""
        found = [
            alarm
            for alarm in self.entries.alarms(who)
            if alarm.door_id == door.id
            or (alarm.door_id is None and alarm.device_id in devices)
            or (
                alarm.door_id is None
                and alarm.device_id is None
                and alarm.controller_id == door.controller_id
            )
        ]
        with self.core.db.read() as scope:
            names = names_of(scope, who, words, found)
        return alarm_lines(found, names, words, may_acknowledge=who.may(Right.DOORS_UNLOCK))

    def booking(self, words: Words, found: BookingView) -> BookingLine:
        """Give one booking's line."""
        with self.core.db.read() as scope:
            return self._booking_lines(scope, [found], words)[0]

    def holder_names(self, found: BookingView) -> dict[str, str]:
        """Give the names of a booking's holders, by id."""
        names = {each.holder_id: each.holder for each in found.credentials}
        return names | {each.holder_id: each.holder for each in found.codes}

    def key_boxes_of(self, found: BookingView) -> dict[str, KeyBox]:
        """Give the key boxes of a booking, by id."""
        if not found.booking.key_boxes:
            return {}
        with self.core.db.read() as scope:
            return box_rows.boxes_by_id(scope, found.booking.key_boxes)

    def door_choices(self, who: Principal, words: Words) -> list[tuple[str, str]]:
        """Give id and name of every door and key box the reader may see, by name."""
        with self.core.db.read() as scope:
            found = doors_of(scope, who)
            boxes = box_rows.active_boxes(scope, who.sites)
        named = [(door.id, words.name(door.name, door.name_en)) for door in found]
        named += [(box.id, words.name(box.name, box.name_en)) for box in boxes]
        return sorted(named, key=lambda pair: pair[1])

    def person_names(self, who: Principal, words: Words, days: Sequence[Day]) -> dict[str, str]:
        """Give the names of the people of these days, by id."""
        with self.core.db.read() as scope:
            return people_names(scope, who, words, {day.person_id for day in days})

    def refused(
        self, who: Principal, words: Words, day: date, person_id: str | None
    ) -> tuple[RefusedLine, ...]:
        """Give the taps of a date that were refused as punches: somebody's, or everybody's."""
        found = self.attendance.refused(who, day, day, person_id)
        with self.core.db.read() as scope:
            names = people_names(scope, who, words, {each.person_id or "" for each in found})
            readers = reader_names(scope, {each.reader_id for each in found})
        return tuple(refused_line(each, names, readers, who.person_id, words) for each in found)

    def _booking_lines(
        self, scope: Scope, found: Sequence[BookingView], words: Words
    ) -> tuple[BookingLine, ...]:
        facilities = {each.id: each for each in booking_rows.all_facilities(scope)}
        doors = sites.doors_by_id(scope, {door for each in found for door in each.booking.doors})
        names = {door.id: words.name(door.name, door.name_en) for door in doors.values()}
        held = {box for each in found for box in each.booking.key_boxes}
        boxes = box_rows.boxes_by_id(scope, held) if held else {}
        names |= {box.id: words.name(box.name, box.name_en) for box in boxes.values()}
        return tuple(
            booking_line(
                each,
                facility_name(facilities[each.booking.facility_id], words)
                if each.booking.facility_id in facilities
                else "",
                names,
                words,
                words.now,
            )
            for each in found
        )

    def _batteries(self, who: Principal) -> int:
        """How many have to be replaced before the month is over."""
        if not who.may(Right.BATTERIES_READ):
            return 0
        return len(self.batteries.due_this_month(who))

    def _feeds(self, who: Principal) -> int:
        """How many calendars ask for somebody: they fail, or much of them has vanished."""
        return self.feeds.urgent(who) if who.may(Right.BOOKINGS_IMPORT) else 0

    def _boxes(self, who: Principal, words: Words) -> list[BoxLine]:
        return [box_line(each, words) for each in self.boxes.listed(who)]

    def _staff(self, who: Principal, words: Words) -> tuple[StaffChip, ...] | None:
        """Who is in, for those who may see attendance: a shift that goes on, from yesterday too."""
        if not who.may(Right.ATTENDANCE_READ):
            return None
        days = self.attendance.days(who, words.today - timedelta(days=1), words.today, None)
        inside = [day for day in days if day.is_in and not is_seen_only(day)]
        names = self.person_names(who, words, inside)
        chips = [
            StaffChip(names.get(day.person_id, ""), words.when(day.first_in))
            for day in inside
            if day.first_in is not None
        ]
        return tuple(sorted(chips, key=lambda chip: chip.since))


def doors_of(scope: Scope, who: Principal) -> list[Door]:
    """Give the doors in use that somebody may see."""
    where = [door_rows.c.state == SiteState.ACTIVE]
    if who.sites is not None:
        where.append(door_rows.c.site_id.in_(sorted(who.sites)))
    return list(sites.listed(scope, door_rows, Door, DOORS_MAX, *where))
