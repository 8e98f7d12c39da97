"""What the pages of giving rights show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.pages.naming import people_names
from hub.pages.views.choice import Choice
from hub.pages.views.granting import Called, RightChoices, RightForm, RightLine, right_line
from hub.pages.words import Words
from hub.people import repository as people_rows
from hub.people.domain import Grant, Group, Person, Schedule
from hub.people.kinds import GRANT, PERSON
from hub.people.tables import grants, groups, people, schedules
from hub.sites import repository as sites
from hub.sites.domain import SiteState
from hub.sites.kinds import DOOR, ZONE
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

MOST: Final = 100
_MOST_PEOPLE: Final = 20
_MOST_PLACES: Final = 1_000


@dataclass(frozen=True, slots=True)
class RightList:
    """Some rights, the newest first; `before` leads to older ones."""

    lines: tuple[RightLine, ...]
    before: str


@dataclass(frozen=True, slots=True)
class GrantingPages:
    """Reads for the pages of giving rights."""

    core: Core
    rows: AuditedRows

    def given(
        self,
        who: Principal,
        words: Words,
        only: Mapping[str, str],
        before: str = "",
        *,
        ended: bool = False,
    ) -> RightList:
        """Give rights with these columns (`{"door_id": ...}`), those that ended on wish only."""
        where: list[ColumnElement[bool]] = [
            grants.c[name] == value for name, value in only.items() if value
        ]
        if before:
            where.append(grants.c.id < before)
        if not ended:
            where += [
                grants.c.state != EntryState.REVOKED,
                sa.or_(grants.c.end_at.is_(None), grants.c.end_at > words.now),
            ]
        query = sa.select(grants).where(GRANT.reach(who), *where)
        with self.core.db.read() as scope:
            rows = scope.all(query.order_by(grants.c.id.desc()).limit(MOST + 1))
            found = as_all(Grant, rows)
            called = _called(scope, who, words, found[:MOST])
        lines = tuple(right_line(each, called, words) for each in found[:MOST])
        return RightList(lines, found[MOST - 1].id if len(found) > MOST else "")

    def one(self, who: Principal, words: Words, grant_id: str) -> RightLine:
        """Give a right; raises `not_found`."""
        grant = self.rows.get(who, GRANT, grant_id)
        with self.core.db.read() as scope:
            called = _called(scope, who, words, [grant])
        return right_line(grant, called, words)

    def choices(self, who: Principal, words: Words, form: RightForm) -> RightChoices:
        """Give what a right can be given to, at and by: the people are those with a name, and the
        one who is chosen."""
        chosen = form.subject.removeprefix("person:") if "person:" in form.subject else ""
        doors = self.rows.page(who, DOOR, None, _MOST_PLACES).items
        zones = self.rows.page(who, ZONE, None, _MOST_PLACES).items
        with self.core.db.read() as scope:
            teams = as_all(Group, scope.all(sa.select(groups).order_by(groups.c.name)))
            times = as_all(Schedule, scope.all(sa.select(schedules).order_by(schedules.c.name)))
        return RightChoices(
            people=self.people(who, words, form.name, chosen, "person:"),
            groups=_choices(teams, words, "group:"),
            zones=_choices(sorted(zones, key=_name_of), words, "zone:"),
            doors=_choices(
                sorted((one for one in doors if one.state is not SiteState.REMOVED), key=_name_of),
                words,
                "door:",
            ),
            schedules=_choices(times, words),
        )

    def people(
        self, who: Principal, words: Words, name: str, chosen: str = "", kind: str = ""
    ) -> tuple[Choice, ...]:
        """Give people by name, reading or staff number, and the one with an id."""
        p = people.c
        wanted: list[ColumnElement[bool]] = [p.id == chosen.replace("\x00", "")]
        asked = name.replace("\x00", "").strip()
        if not who.may(Right.PEOPLE_READ):
            return ()
        if asked:
            columns = (p.name, p.name_kana, p.name_en, p.staff_number)
            wanted += [each.icontains(asked, autoescape=True) for each in columns]
        query = sa.select(people).where(
            PERSON.reach(who), p.state != EntryState.REVOKED, sa.or_(*wanted)
        )
        with self.core.db.read() as scope:
            ordered = query.order_by(p.name_kana, p.name, p.id).limit(_MOST_PEOPLE)
            found = as_all(Person, scope.all(ordered))
        return tuple(
            Choice(
                f"{kind}{each.id}",
                " ".join(
                    part
                    for part in (
                        words.name(each.name, each.name_en),
                        each.staff_number,
                        each.organisation,
                    )
                    if part
                ),
            )
            for each in found
        )


def _name_of(row: Any) -> str:
    return str(row.name)


def _choices(rows: Sequence[Any], words: Words, kind: str = "") -> tuple[Choice, ...]:
    return tuple(Choice(f"{kind}{each.id}", words.name(each.name, each.name_en)) for each in rows)


def _called(scope: Scope, who: Principal, words: Words, found: Sequence[Grant]) -> Called:
    """Look up what rights name."""

    def ids(name: str) -> set[str]:
        return {value for each in found if (value := getattr(each, name))}

    def named(table: sa.Table, wanted: set[str]) -> dict[str, str]:
        c = table.c
        query = sa.select(c.id, c.name, c.name_en).where(c.id.in_(wanted))
        return {row.id: words.name(row.name, row.name_en) for row in scope.all(query)}

    doors = sites.doors_by_id(scope, ids("door_id"))
    places = {each.id: words.name(each.name, each.name_en) for each in doors.values()}
    for zone in filter(None, (sites.zone(scope, each) for each in ids("zone_id"))):
        told = words.t("rights.by_zone", zone=words.name(zone.name, zone.name_en))
        places[zone.id] = told
    cards = [people_rows.card(scope, each) for each in ids("card_id")]
    return Called(
        people=people_names(scope, who, words, ids("person_id")),
        groups=named(groups, ids("group_id")),
        cards={each.id: each.label or each.id[-4:] for each in cards if each is not None},
        places=places,
        schedules=named(schedules, ids("schedule_id")),
    )
