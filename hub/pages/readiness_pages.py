"""What the pages of readiness show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking
from hub.keyboxes import repository as boxes
from hub.pages.console import ConsolePages
from hub.pages.views.booking import facility_name
from hub.pages.views.readiness import (
    FiguresSheet,
    Named,
    ReadinessLine,
    TomorrowBoard,
    figures_sheet,
    readiness_line,
    tomorrow_board,
)
from hub.pages.words import Words
from hub.readiness.board import BookingReadiness
from hub.readiness.service import ReadinessService
from hub.sites import repository as sites
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class ReadinessPages:
    """Reads for the pages of readiness."""

    console: ConsolePages
    readiness: ReadinessService

    def tomorrow(self, who: Principal, words: Words) -> TomorrowBoard:
        """Give the board of today and tomorrow."""
        stream_at = self.console.entries.place()
        found = self.readiness.board(who, words.today, words.today + timedelta(days=1))
        phone = self.readiness.settings.duty_phone
        return tomorrow_board(found, self._names(found, words), words, phone, stream_at)

    def wrong_with(self, who: Principal, words: Words, booking: Booking) -> ReadinessLine | None:
        """Give a booking's line where something is wrong with one of its locks; None where all is
        well, and for one that is over or does not stand."""
        if not booking.stands or booking.effective.ends_at <= words.now:
            return None
        found = self.readiness.of_id(who, booking.id)
        line = readiness_line(found, self._names([found], words), words)
        wrong = tuple(
            lock
            for lock, judged in zip(line.locks, found.locks, strict=True)
            if judged.blocked or judged.warned or (line.urgent and lock.findings)
        )
        return replace(line, locks=wrong) if wrong else None

    def _names(self, found: Sequence[BookingReadiness], words: Words) -> Named:
        door_ids = {door for each in found for door in each.booking.doors}
        box_ids = {box for each in found for box in each.booking.key_boxes}
        with self.console.core.db.read() as scope:
            facilities = booking_rows.all_facilities(scope)
            doors = sites.doors_by_id(scope, door_ids).values()
            held = boxes.boxes_by_id(scope, box_ids).values() if box_ids else ()
        return Named(
            {each.id: facility_name(each, words) for each in facilities},
            {each.id: words.name(each.name, each.name_en) for each in doors},
            {each.id: words.name(each.name, each.name_en) for each in held},
        )

    def figures(self, who: Principal | None, words: Words, first: date, last: date) -> FiguresSheet:
        """Give the figures; for everybody (None) without doors and sites by name."""
        found = self.readiness.figures(who, first, last)
        named_sites: dict[str, str] = {}
        named_doors: dict[str, str] = {}
        if who is not None:
            with self.console.core.db.read() as scope:
                for door in sites.doors_by_id(scope, set(found.by_door)).values():
                    named_doors[door.id] = words.name(door.name, door.name_en)
                for site in filter(None, (sites.site(scope, each) for each in found.by_site)):
                    named_sites[site.id] = words.name(site.name, site.name_en)
        return figures_sheet(found, (first, last), named_sites, named_doors, words)
