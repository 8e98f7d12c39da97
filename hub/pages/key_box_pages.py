"""What the pages of key boxes show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bookings import repository as booking_rows
from hub.database.scope import Scope
from hub.entries.search import Filters
from hub.keyboxes.service import BoxSheet, Concerned, KeyBoxes
from hub.pages.console import ConsolePages
from hub.pages.naming import names_of, user_names
from hub.pages.views.door import AlarmLine, alarm_lines
from hub.pages.views.key_box import (
    BoxLine,
    BoxPage,
    CodeLine,
    TicketLine,
    VisitLine,
    box_line,
    code_lines,
    log_text,
    secrets_text,
    ticket_line,
    visit_line,
)
from hub.pages.words import Words
from hub.sites import repository as sites
from hub.web.rights import Principal, Right

FEED = 10
VISITS = 10


@dataclass(frozen=True, slots=True)
class KeyBoxPages:
    """Reads for the pages of key boxes."""

    console: ConsolePages
    boxes: KeyBoxes

    def lines(self, who: Principal, words: Words) -> tuple[BoxLine, ...]:
        """Give every box somebody may see: what asks for somebody first."""
        lines = [box_line(each, words) for each in self.boxes.listed(who)]
        return tuple(sorted(lines, key=lambda line: (line.chip.tone not in ("bad", "warn"),)))

    def page(self, who: Principal, box_id: str, words: Words) -> BoxPage:
        """Give a box's page; raises `not_found` for a box that is none or not theirs."""
        sheet = self.boxes.sheet(who, box_id)
        box, line = sheet.box, box_line(sheet, words)
        with self.console.core.db.read() as scope:
            site = sites.site(scope, box.site_id)
        may_service = who.may(Right.KEY_BOXES_SERVICE)
        feed = self.console.entries.search(who, Filters(door_id=box_id), None, FEED).items
        profile = box.its_profile
        odds = round(1 / float(profile.bound), -3)
        return BoxPage(
            line=line,
            site=words.name(site.name, site.name_en) if site else "",
            key_holder=box.key_holder,
            digits=words.t("key_box.digits", count=profile.digits, odds=f"{odds:,.0f}"),
            firmware=sheet.state.firmware or words.t("words.unknown"),
            log=log_text(sheet, words),
            secrets=secrets_text(sheet, words),
            stream_at=self.console.entries.place(),
            today=words.today.isoformat(),
            may_service=may_service,
            has_battery=sheet.state.battery_mv is not None and who.may(Right.BATTERIES_READ),
            codes=self._codes(who, sheet, words),
            visits=self._visits(who, box_id, words),
            tickets=self._tickets(who, box_id, words) if may_service else (),
            entries=self.console.lines(who, words, feed),
            alarms=self._alarms(who, box_id, words),
        )

    def concerned(
        self, who: Principal, found: tuple[Concerned, ...], words: Words
    ) -> tuple[CodeLine, ...]:
        """Give the bookings that get new codes."""
        with self.console.core.db.read() as scope:
            return code_lines(found, _contacts(scope, who, found), words)

    def _codes(self, who: Principal, sheet: BoxSheet, words: Words) -> tuple[CodeLine, ...]:
        if not who.may(Right.BOOKINGS_READ):
            return ()
        return self.concerned(who, self.boxes.living(who, sheet.box.id), words)

    def _visits(self, who: Principal, box_id: str, words: Words) -> tuple[VisitLine, ...]:
        found = self.boxes.visits(who, box_id)[:VISITS]
        with self.console.core.db.read() as scope:
            named = {
                each.collected_by: sites.controller(scope, each.collected_by) for each in found
            }
        names = {
            key: words.name(each.name, each.name_en)
            for key, each in named.items()
            if each is not None
        }
        return tuple(visit_line(each, names, words) for each in found)

    def _tickets(self, who: Principal, box_id: str, words: Words) -> tuple[TicketLine, ...]:
        made = self.boxes.tickets(who, box_id)[:VISITS]
        with self.console.core.db.read() as scope:
            names = user_names(scope, {each.actor for each in made})
        return tuple(ticket_line(each, names, words) for each in made)

    def _alarms(self, who: Principal, box_id: str, words: Words) -> tuple[AlarmLine, ...]:
        found = [each for each in self.console.entries.alarms(who) if each.door_id == box_id]
        with self.console.core.db.read() as scope:
            names = names_of(scope, who, words, found)
        return alarm_lines(found, names, words, may_acknowledge=who.may(Right.DOORS_UNLOCK))


def _contacts(scope: Scope, who: Principal, found: tuple[Concerned, ...]) -> dict[str, str]:
    """Give the names that bookings go by, to those who may read bookings."""
    if not who.may(Right.BOOKINGS_READ):
        return {}
    named = {each.booking_id: booking_rows.by_id(scope, each.booking_id) for each in found}
    return {key: each.contact.name for key, each in named.items() if each is not None}
