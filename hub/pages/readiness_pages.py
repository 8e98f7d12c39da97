"""What the pages of readiness show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hub.bookings import repository as booking_rows
from hub.keyboxes import repository as boxes
from hub.pages.console import ConsolePages
from hub.pages.views.booking import facility_name
from hub.pages.views.readiness import (
    FiguresSheet,
    Named,
    TomorrowBoard,
    figures_sheet,
    tomorrow_board,
)
from hub.pages.words import Words
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
        door_ids = {door for each in found for door in each.booking.doors}
        box_ids = {box for each in found for box in each.booking.key_boxes}
        with self.console.core.db.read() as scope:
            facilities = booking_rows.all_facilities(scope)
            doors = sites.doors_by_id(scope, door_ids).values()
            held = boxes.boxes_by_id(scope, box_ids).values() if box_ids else ()
        names = Named(
            {each.id: facility_name(each, words) for each in facilities},
            {each.id: words.name(each.name, each.name_en) for each in doors},
            {each.id: words.name(each.name, each.name_en) for each in held},
        )
        phone = self.readiness.settings.duty_phone
        return tomorrow_board(found, names, words, phone, stream_at)

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
