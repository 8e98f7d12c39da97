"""What the pages of cards and rights show, read within what the principal may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.commands.access import AccessService
from hub.commands.ways import Access
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.pages.views.card import (
    AccessRow,
    CardRow,
    EnrolmentPage,
    MatrixPage,
    Named,
    PersonPage,
    PersonRow,
    access_rows,
    card_rows,
    enrolment_page,
    matrix_page,
)
from hub.pages.words import Words
from hub.people import repository as people_rows
from hub.people.domain import Grant, Group, Person
from hub.people.enrolment_service import EnrolmentService
from hub.people.kinds import GRANT, PERSON
from hub.people.tables import cards, grants, groups, people
from hub.policy.connections import Connections
from hub.sites import repository as sites
from hub.sites.kinds import DOOR, READER
from hub.staff import repository as staff
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

MOST = 100
_MOST_READERS = 200
_MOST_DOORS = 500
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CardPages:
    """Reads for the pages of cards and rights."""

    core: Core
    rows: AuditedRows
    access: AccessService
    enrolments: EnrolmentService
    connections: Connections

    def found(self, who: Principal, asked: str, words: Words) -> tuple[PersonRow, ...]:
        """Give people by name, reading or staff number; the first ones where nothing is asked."""
        p = people.c
        query = sa.select(people).where(PERSON.reach(who), p.state != EntryState.REVOKED)
        if asked:
            like = f"%{_escaped(asked)}%"
            columns = (p.name, p.name_kana, p.name_en, p.staff_number)
            query = query.where(sa.or_(*(each.ilike(like, escape="\\") for each in columns)))
        with self.core.db.read() as scope:
            rows = scope.all(query.order_by(p.name_kana, p.name, p.id).limit(MOST))
            persons = as_all(Person, rows)
            c = cards.c
            counting = scope.select(c.person_id, sa.func.count().label("count")).where(
                c.person_id.in_([each.id for each in persons])
            )
            counts = {row.person_id: row.count for row in scope.all(counting.group_by(c.person_id))}
            departments = staff.department_names(scope, [p.id for p in persons], words.today)
        return tuple(
            PersonRow(
                each.id,
                words.name(each.name, each.name_en),
                each.staff_number or "",
                departments.get(each.id, each.organisation),
                words.t("cards.count", count=counts.get(each.id, 0)),
            )
            for each in persons
        )

    def person(self, who: Principal, person_id: str, words: Words) -> PersonPage:
        """Give somebody's cards, and what they could open in a week; raises `not_found`."""
        person = self.rows.get(who, PERSON, person_id)
        with self.core.db.read() as scope:
            held = people_rows.cards_of_person(scope, person_id)
            sets = {each.id: each for each in people_rows.card_key_sets_by_name(scope)}
            department = staff.department_names(scope, [person_id], words.today)
        ways: tuple[AccessRow, ...] | None = None
        if who.may(Right.GRANTS_READ):
            now = words.now
            found = self.access.of_person(who, person_id, now, now + _WEEK)
            ways = self._access(who, found, words)
        lines: tuple[CardRow, ...] = card_rows(held, sets, words)
        return PersonPage(
            id=person.id,
            name=words.name(person.name, person.name_en),
            beside=words.t("words.comma").join(
                each
                for each in (
                    person.staff_number,
                    department.get(person.id, person.organisation),
                )
                if each
            ),
            cards=lines,
            key_sets=tuple(Named(each.id, each.name) for each in sets.values()),
            readers=self._readers(who) if who.may(Right.PEOPLE_WRITE) else (),
            ways=ways,
            may_write=who.may(Right.PEOPLE_WRITE),
            may_block=who.may(Right.CARDS_BLOCK),
        )

    def enrolment(self, who: Principal, enrolment_id: str, words: Words) -> EnrolmentPage:
        """Give how an enrolment stands; raises `not_found`."""
        seen = self.enrolments.seen(who, enrolment_id)
        ids = [seen.enrolment.person_id, seen.refused.person_id if seen.refused else None]
        with self.core.db.read() as scope:
            names = people_rows.people_by_id(scope, [each for each in ids if each])
            reader = sites.reader(scope, seen.enrolment.reader_id)
            away = seen.enrolment.controller_id not in self.connections.of(
                scope, [seen.enrolment.controller_id]
            )
        called = {each.id: words.name(each.name, each.name_en) for each in names.values()}
        return enrolment_page(seen, called, reader.name if reader else "", words, away=away)

    def of_door(
        self, who: Principal, door_id: str, first: date, last: date, words: Words
    ) -> tuple[str, tuple[AccessRow, ...]]:
        """Give a door's name, and who could open it on some days; raises a problem for too many."""
        door = self.rows.get(who, DOOR, door_id)
        start = datetime.combine(first, time(), words.zone)
        end = datetime.combine(last + timedelta(days=1), time(), words.zone)
        found = self.access.over(who, door_id, start, end)
        return words.name(door.name, door.name_en), self._access(who, found, words)

    def matrix(self, who: Principal, words: Words) -> MatrixPage:
        """Give what each group may open: zones and doors against groups."""
        query = sa.select(grants).where(
            grants.c.group_id.is_not(None),
            grants.c.state == EntryState.ACTIVE,
            sa.or_(grants.c.end_at.is_(None), grants.c.end_at > words.now),
            GRANT.reach(who),
        )
        with self.core.db.read() as scope:
            found = as_all(Grant, scope.all(query))
            named = as_all(Group, scope.all(sa.select(groups).order_by(groups.c.name)))
            places = _places(scope, found, words)
            schedules = {
                each: schedule.name
                for each in {grant.schedule_id for grant in found if grant.schedule_id}
                if (schedule := people_rows.schedule(scope, each)) is not None
            }
        return matrix_page(found, named, places, schedules, words)

    def doors(self, who: Principal, words: Words) -> tuple[Named, ...]:
        """Give the doors of which one may ask who could open them, by name."""
        found = self.rows.page(who, DOOR, None, _MOST_DOORS).items
        named = [Named(each.id, words.name(each.name, each.name_en)) for each in found]
        return tuple(sorted(named, key=lambda one: one.name))

    def _readers(self, who: Principal) -> tuple[Named, ...]:
        found = self.rows.page(who, READER, None, _MOST_READERS).items
        with self.core.db.read() as scope:
            doors = sites.doors_by_id(scope, {each.door_id for each in found if each.door_id})
        return tuple(
            Named(
                each.id,
                _at_door(doors[each.door_id].name, each.name)
                if each.door_id in doors
                else each.name,
            )
            for each in found
            if each.cards
        )

    def _access(
        self, who: Principal, found: Sequence[Access], words: Words
    ) -> tuple[AccessRow, ...]:
        with self.core.db.read() as scope:
            doors = sites.doors_by_id(scope, {way.door_id for way in found})
            ids = {way.person_id for way in found if way.person_id}
            names = people_rows.people_by_id(scope, ids) if who.may(Right.PEOPLE_READ) else {}
            held = {way.credential_id for way in found if way.credential_id}
            labels = {
                card_id: card.label
                for card_id in held
                if (card := people_rows.card(scope, card_id)) is not None
            }
            teams = {
                each: group.name
                for each in {way.via_group for way in found if way.via_group}
                if (group := people_rows.group(scope, each)) is not None
            }
            zones = {
                each: zone.name
                for each in {way.zone_id for way in found if way.zone_id}
                if (zone := sites.zone(scope, each)) is not None
            }
        called = {each.id: words.name(each.name, each.name_en) for each in names.values()}
        of_doors = {each.id: words.name(each.name, each.name_en) for each in doors.values()}
        return access_rows(found, of_doors, called, labels, teams, zones, words)


def _places(scope: Scope, found: Sequence[Grant], words: Words) -> dict[str, str]:
    doors = sites.doors_by_id(scope, {each.door_id for each in found if each.door_id})
    named = {each.id: words.name(each.name, each.name_en) for each in doors.values()}
    for zone_id in {each.zone_id for each in found if each.zone_id}:
        zone = sites.zone(scope, zone_id)
        if zone is not None:
            told = words.t("rights.by_zone", zone=words.name(zone.name, zone.name_en))
            named[zone_id] = told
    return named


def _at_door(door: str, reader: str) -> str:
    """Name a reader with its door, unless its own name says it already."""
    return reader if reader.startswith(door) else f"{door} {reader}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
