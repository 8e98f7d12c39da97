"""What the pages of zones show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass

from hub.entries.alarms import AlarmKind
from hub.pages.console import ConsolePages
from hub.pages.naming import names_of, people_names
from hub.pages.views.door import AlarmLine, alarm_lines
from hub.pages.views.zone import (
    ZoneLine,
    ZonePage,
    door_lines,
    inside_lines,
    rules_of,
    zone_line,
)
from hub.pages.words import Words
from hub.sites import repository as sites
from hub.sites.spanning import spans
from hub.web.rights import Principal, Right
from hub.zones.domain import Occupancy
from hub.zones.service import ZonesService


@dataclass(frozen=True, slots=True)
class ZonePages:
    """Reads for the pages of zones."""

    console: ConsolePages
    zones: ZonesService

    def lines(self, who: Principal, words: Words) -> tuple[ZoneLine, ...]:
        """Give every zone somebody may see: what asks for attention first, then by name."""
        lines = [self._line(each, words) for each in self.zones.occupancies(who)]
        return tuple(sorted(lines, key=lambda line: (line.chip is None, line.site, line.name)))

    def page(self, who: Principal, zone_id: str, words: Words) -> ZonePage:
        """Give a zone's page; raises `not_found` for a zone that is none or not theirs."""
        stream_at = self.console.entries.place()
        found = self.zones.occupancy(who, zone_id)
        zone, knows = found.zone, who.may(Right.PEOPLE_READ)
        with self.console.core.db.read() as scope:
            machines = [sites.controller(scope, each) for each in sorted(found.away)]
            ids = {each.person_id for each in found.inside}
            people = people_names(scope, who, words, ids) if knows else {}
        times = words.date_time(zone.forgiven_at) if zone.forgiven_at else ""
        return ZonePage(
            line=self._line(found, words),
            as_of=words.t("door.as_of", time=words.when(found.as_of)),
            away=tuple(words.name(each.name, each.name_en) for each in machines if each),
            standing_open=tuple(words.name(d.name, d.name_en) for d in found.standing_open),
            rules=rules_of(zone, spans(found.doors), words),
            inside=inside_lines(found, people, words) if knows else None,
            doors=door_lines(found, words),
            forgiven=words.t("zone.forgiven_last", time=times) if times else "",
            alarms=self._alarms(who, found, words),
            stream_at=stream_at,
            may_forgive=who.may(Right.ZONES_FORGIVE),
        )

    def person_name(self, who: Principal, person_id: str, words: Words) -> str:
        """Give the name of somebody inside, as far as the reader may know it."""
        with self.console.core.db.read() as scope:
            found = people_names(scope, who, words, [person_id])
        return found.get(person_id) or words.t("entries.staff_member")

    def _line(self, found: Occupancy, words: Words) -> ZoneLine:
        with self.console.core.db.read() as scope:
            site = sites.site(scope, found.zone.site_id)
        name = words.name(site.name, site.name_en) if site else ""
        return zone_line(found, name, spans(found.doors), words)

    def _alarms(self, who: Principal, found: Occupancy, words: Words) -> tuple[AlarmLine, ...]:
        """The zone's rules that were broken at its doors, and its controllers that are lost."""
        doors = {door.id for door in found.doors}
        shown = [
            alarm
            for alarm in self.console.entries.alarms(who)
            if (alarm.kind is AlarmKind.RULE_BROKEN and alarm.door_id in doors)
            or (alarm.kind is AlarmKind.CONTROLLER_LOST and alarm.controller_id in found.away)
        ]
        with self.console.core.db.read() as scope:
            names = names_of(scope, who, words, shown)
        return alarm_lines(shown, names, words, may_acknowledge=who.may(Right.DOORS_UNLOCK))
