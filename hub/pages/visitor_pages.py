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
    Choice,
    DayPage,
    FormPage,
    badge_lines,
    visit_lines,
)
from hub.pages.words import Words
from hub.people.domain import Person
from hub.people.kinds import PERSON
from hub.people.tables import people
from hub.sites.kinds import DOOR, SITE, ZONE
from hub.visitors.service import VisitorsService
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

_MOST = 200
_MOST_PEOPLE = 2_000
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

    def form(self, who: Principal, words: Words) -> FormPage:
        """Give what a visit can be entered with."""
        sites = self.rows.page(who, SITE, None, _MOST).items
        zones = self.rows.page(who, ZONE, None, _MOST).items
        doors = self.rows.page(who, DOOR, None, _MOST).items
        query = (
            sa.select(people)
            .where(people.c.state == EntryState.ACTIVE, PERSON.reach(who))
            .order_by(people.c.name_kana, people.c.name)
            .limit(_MOST_PEOPLE)
        )
        with self.core.db.read() as scope:
            hosts = as_all(Person, scope.all(query))
        t = words.t
        begin = words.now.astimezone(words.zone).replace(second=0, microsecond=0)
        begin -= timedelta(minutes=begin.minute % _ROUND_MIN)
        opens = [
            Choice(f"zone:{each.id}", t("visitors.zone_kind", name=each.name)) for each in zones
        ] + [Choice(f"door:{each.id}", words.name(each.name, each.name_en)) for each in doors]
        return FormPage(
            sites=tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in sites),
            hosts=tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in hosts),
            opens=tuple(opens),
            starts=f"{begin:%Y-%m-%dT%H:%M}",
            ends=f"{begin + timedelta(hours=2):%Y-%m-%dT%H:%M}",
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
