"""What the pages of the visitors' register show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.pages.naming import people_names
from hub.pages.views.visitor import (
    BadgeLine,
    CardLine,
    Choice,
    DayPage,
    FormPage,
    SheetPage,
    VisitPage,
    badge_lines,
    card_lines,
    pin_lines,
    visit_lines,
)
from hub.pages.words import Words, pin_groups
from hub.people.domain import Person
from hub.people.kinds import PERSON
from hub.people.tables import people
from hub.sites.kinds import DOOR, READER, SITE, ZONE
from hub.sites.repository import doors_by_id
from hub.visitors.domain import VisitState
from hub.visitors.pins import keypad_doors
from hub.visitors.service import VisitorsService
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

_MOST = 200
_MOST_PEOPLE = 20
_ROUND_MIN = 30


@dataclass(frozen=True, slots=True)
class VisitorPages:
    """Reads for the register's pages."""

    core: Core
    rows: AuditedRows
    visitors: VisitorsService

    def day(self, who: Principal, words: Words, day: date) -> DayPage:
        """Give a day's register."""
        start = datetime.combine(day, time(), words.zone)
        found = self.visitors.between(who, start, start + timedelta(days=1))
        pool = self.visitors.pool(who)
        hosts = {each.visit.host_id for each in found if each.visit.host_id}
        with self.core.db.read() as scope:
            names = people_names(scope, who, words, hosts)
        labels = {card.card_id: card.label or card.card_id[-4:] for card in pool}
        out: tuple[BadgeLine, ...] = badge_lines(pool, labels, words)
        free = tuple(
            Choice(card.card_id, labels[card.card_id]) for card in pool if card.visitor_id is None
        )
        return DayPage(
            day=day.isoformat(),
            title=words.t("visitors.today", day=words.day(day)),
            visits=visit_lines(found, names, labels, words),
            badges=out,
            free=free,
            may_write=who.may(Right.VISITORS_WRITE),
            may_call=who.may(Right.ROLL_CALL),
        )

    def form(self, who: Principal, words: Words, host: str = "", host_id: str = "") -> FormPage:
        """Give what a visit can be entered with; the hosts whose name or reading has `host` in it,
        and the one with `host_id`."""
        sites = self.rows.page(who, SITE, None, _MOST).items
        zones = self.rows.page(who, ZONE, None, _MOST).items
        doors = self.rows.page(who, DOOR, None, _MOST).items
        t = words.t
        begin = words.now.astimezone(words.zone).replace(second=0, microsecond=0)
        begin -= timedelta(minutes=begin.minute % _ROUND_MIN)
        opens = [
            Choice(f"zone:{each.id}", t("visitors.zone_kind", name=each.name)) for each in zones
        ] + [Choice(f"door:{each.id}", words.name(each.name, each.name_en)) for each in doors]
        return FormPage(
            sites=tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in sites),
            hosts=self.hosts(who, words, host, host_id),
            opens=tuple(opens),
            starts=f"{begin:%Y-%m-%dT%H:%M}",
            ends=f"{begin + timedelta(hours=2):%Y-%m-%dT%H:%M}",
        )

    def hosts(
        self, who: Principal, words: Words, host: str, host_id: str = ""
    ) -> tuple[Choice, ...]:
        """Give the people whose name or reading has a text in it, and the one with an id."""
        p = people.c
        asked = host.replace("\x00", "").strip()
        wanted = [p.id == host_id]
        if asked:
            literal = asked.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            columns = (p.name, p.name_kana, p.name_en)
            wanted += [each.ilike(f"%{literal}%", escape="\\") for each in columns]
        query = (
            sa.select(people)
            .where(p.state == EntryState.ACTIVE, PERSON.reach(who), sa.or_(*wanted))
            .order_by(p.name_kana, p.name)
            .limit(_MOST_PEOPLE)
        )
        with self.core.db.read() as scope:
            found = as_all(Person, scope.all(query))
        return tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in found)

    def visit(self, who: Principal, words: Words, visit_id: str) -> VisitPage:
        """Give a visit's page; raises `not_found`."""
        seen = self.visitors.seen(who, visit_id)
        visit = seen.visit
        wall = [
            f"{at.astimezone(words.zone):%Y-%m-%dT%H:%M}" for at in (visit.starts_at, visit.ends_at)
        ]
        opens = [f"zone:{each}" for each in visit.zones] + [f"door:{each}" for each in visit.doors]
        given = {
            "site_id": visit.site_id,
            "organisation": visit.organisation,
            "purpose": visit.purpose,
            "host_id": visit.host_id or "",
            "host_name": "",
            "starts_at": wall[0],
            "ends_at": wall[1],
            "daily": "yes" if visit.daily else "",
            "escort": "yes" if visit.escort_required else "",
            "opens": opens,
        }
        stands = visit.state is VisitState.PLANNED and words.now < visit.ends_at
        may_change = stands and who.may(Right.VISITORS_WRITE)
        with self.core.db.read() as scope:
            keypads = keypad_doors(scope, visit)
        return VisitPage(
            id=visit.id,
            title=visit.organisation or words.span(visit.starts_at, visit.ends_at),
            given=given,
            guests=pin_lines(seen, words),
            may_change=may_change,
            may_give=may_change and bool(keypads),
            may_reveal=may_change and who.may(Right.PINS_REVEAL),
        )

    def cards(self, who: Principal, words: Words) -> tuple[CardLine, ...]:
        """Give the pool's cards."""
        return card_lines(self.visitors.pool(who), words)

    def desks(self, who: Principal, words: Words) -> tuple[Choice, ...]:
        """Give the sites at whose desk a card may lie."""
        found = self.rows.page(who, SITE, None, _MOST).items
        return tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in found)

    def readers(self, who: Principal) -> tuple[Choice, ...]:
        """Give the readers at which a card can be enrolled."""
        found = self.rows.page(who, READER, None, _MOST).items
        ids = {each.door_id for each in found if each.door_id}
        with self.core.db.read() as scope:
            doors = doors_by_id(scope, ids)
        return tuple(
            Choice(
                each.id,
                f"{doors[each.door_id].name} {each.name}" if each.door_id in doors else each.name,
            )
            for each in found
            if each.cards
        )

    def sheet(self, who: Principal, words: Words, visitor_id: str) -> SheetPage:
        """Give a visitor's sheet with its digits: who looked is in the audit log."""
        shown = self.visitors.show_pin(who, visitor_id)
        with self.core.db.read() as scope:
            doors = doors_by_id(scope, shown.standing.doors).values()
        names = [words.name(each.name, each.name_en) for each in doors]
        start, end = shown.standing.starts_at, shown.standing.ends_at
        return SheetPage(
            visit_id=shown.visit.id,
            name=shown.visitor.name,
            organisation=shown.visit.organisation,
            when=f"{words.day(words.day_of(start))} {words.span(start, end)}",
            doors=words.t("words.comma").join(names),
            escorted=bool(shown.visit.leaders),
            groups=tuple(pin_groups(shown.pin)),
        )

    def values(self, given: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
        """Give a visit's columns from what the form sends."""
        chosen = [str(each).partition(":") for each in given["opens"]]
        return {
            "site_id": given["site_id"],
            "organisation": given["organisation"].strip(),
            "host_id": given["host_id"] or None,
            "purpose": given["purpose"].strip(),
            "starts_at": start.astimezone(UTC),
            "ends_at": end.astimezone(UTC),
            "daily": given["daily"] == "yes",
            "doors": tuple(sorted(one for kind, _, one in chosen if kind == "door")),
            "zones": tuple(sorted(one for kind, _, one in chosen if kind == "zone")),
            "escort_required": given["escort"] == "yes",
            "escort_s": 30,
            "escorts": (),
            "note": "",
        }
