"""The rows of people, cards, grants, schedules and calendars, as frozen values.

Also for the policy compiler and other topics. An unknown id gives None.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Table

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.people.card_key_domain import CardKeyCounts, CardKeySet
from hub.people.domain import Calendar, Card, CardState, Grant, Group, Person, Schedule
from hub.people.tables import (
    calendars,
    card_key_sets,
    cards,
    grants,
    group_members,
    groups,
    people,
    schedules,
)
from hub.sites.tables import doors

T = TypeVar("T")


def _get(scope: Scope, table: Table, kind: type[T], row_id: str) -> T | None:
    return as_one(kind, scope.one(sa.select(table).where(table.c.id == row_id)))


def _list(scope: Scope, table: Table, kind: type[T], *where: ColumnElement[bool]) -> tuple[T, ...]:
    return as_all(kind, scope.all(sa.select(table).where(*where).order_by(table.c.id)))


# --- people and groups -------------------------------------------------------------------------


def person(scope: Scope, person_id: str) -> Person | None:
    """Give a person."""
    return _get(scope, people, Person, person_id)


def people_by_id(scope: Scope, person_ids: Collection[str]) -> dict[str, Person]:
    """Give the people of these ids by id; unknown ids are left out."""
    return {found.id: found for found in _list(scope, people, Person, people.c.id.in_(person_ids))}


def id_by_staff_number(scope: Scope, staff_number: str) -> str | None:
    """Give the id of who has a staff number."""
    query = sa.select(people.c.id).where(people.c.staff_number == staff_number)
    found: str | None = scope.scalar(query)
    return found


def group(scope: Scope, group_id: str) -> Group | None:
    """Give a group."""
    return _get(scope, groups, Group, group_id)


def groups_of_person(scope: Scope, person_id: str) -> tuple[str, ...]:
    """Give the ids of a person's groups, sorted."""
    members = group_members.c
    query = sa.select(members.group_id).where(members.person_id == person_id)
    return tuple(row.group_id for row in scope.all(query.order_by(members.group_id)))


def members_of_group(scope: Scope, group_id: str) -> tuple[str, ...]:
    """Give the ids of a group's people, sorted."""
    members = group_members.c
    query = sa.select(members.person_id).where(members.group_id == group_id)
    return tuple(row.person_id for row in scope.all(query.order_by(members.person_id)))


# --- cards -------------------------------------------------------------------------------------


def card(scope: Scope, card_id: str) -> Card | None:
    """Give a card."""
    return _get(scope, cards, Card, card_id)


def card_key_set(scope: Scope, key_set_id: str) -> CardKeySet | None:
    """Give a set of card keys."""
    return _get(scope, card_key_sets, CardKeySet, key_set_id)


def card_key_sets_by_name(scope: Scope) -> tuple[CardKeySet, ...]:
    """Give the sets of card keys, by name."""
    query = sa.select(card_key_sets).order_by(card_key_sets.c.name, card_key_sets.c.id)
    return as_all(CardKeySet, scope.all(query))


def cards_of_key_set(scope: Scope, key_set_id: str, version: int) -> CardKeyCounts:
    """Count the cards of a set: the master of `version` is the present one."""
    c = cards.c
    query = sa.select(c.key_version, c.state, sa.func.count().label("held")).where(
        c.key_set_id == key_set_id, c.state != CardState.WITHDRAWN
    )
    now = older = active = 0
    for row in scope.all(query.group_by(c.key_version, c.state)):
        if row.key_version == version:
            now += row.held
            continue
        older += row.held
        active += row.held if row.state is CardState.ACTIVE else 0
    return CardKeyCounts(now, older, active)


def older_cards_of_key_set(
    scope: Scope, key_set_id: str, version: int, *where: ColumnElement[bool]
) -> tuple[Card, ...]:
    """Give the cards of a set whose key is of another master than that of `version`, those that
    were withdrawn left out."""
    c = cards.c
    mine = (c.key_set_id == key_set_id, c.key_version != version, c.state != CardState.WITHDRAWN)
    return _list(scope, cards, Card, *mine, *where)


def card_by_index(scope: Scope, identity_index: str) -> Card | None:
    """Give the card with this blind index (`hub.people.identities.identity_index`)."""
    query = sa.select(cards).where(cards.c.identity_index == identity_index)
    return as_one(Card, scope.one(query))


def cards_of_person(scope: Scope, person_id: str) -> tuple[Card, ...]:
    """Give a person's cards, in every state."""
    return _list(scope, cards, Card, cards.c.person_id == person_id)


def cards_of_people(scope: Scope, person_ids: Collection[str]) -> tuple[Card, ...]:
    """Give the cards of several people, in every state."""
    return _list(scope, cards, Card, cards.c.person_id.in_(person_ids))


# --- grants ------------------------------------------------------------------------------------


def grant(scope: Scope, grant_id: str) -> Grant | None:
    """Give a grant."""
    return _get(scope, grants, Grant, grant_id)


def grants_of_door(scope: Scope, door_id: str) -> tuple[Grant, ...]:
    """Give the grants that count at a door, its zones' among them, in every state."""
    return grants_of_doors(scope, [door_id])


def grants_of_doors(scope: Scope, door_ids: Collection[str]) -> tuple[Grant, ...]:
    """Give the grants that count at several doors, their zones' among them, in every state."""
    theirs = doors.c.id.in_(door_ids)
    into = sa.select(doors.c.zone_in).where(theirs, doors.c.zone_in.is_not(None))
    out_of = sa.select(doors.c.zone_out).where(theirs, doors.c.zone_out.is_not(None))
    of_zone = sa.or_(grants.c.zone_id.in_(into), grants.c.zone_id.in_(out_of))
    at = sa.or_(grants.c.door_id.in_(door_ids), of_zone)
    return _list(scope, grants, Grant, at)


def grants_of_person(scope: Scope, person_id: str) -> tuple[Grant, ...]:
    """Give the grants that name a person themselves, in every state; not their groups'."""
    return _list(scope, grants, Grant, grants.c.person_id == person_id)


def grants_of_group(scope: Scope, group_id: str) -> tuple[Grant, ...]:
    """Give the grants that name a group, in every state."""
    return _list(scope, grants, Grant, grants.c.group_id == group_id)


def grants_of_card(scope: Scope, card_id: str) -> tuple[Grant, ...]:
    """Give the grants that name a card itself, in every state."""
    return _list(scope, grants, Grant, grants.c.card_id == card_id)


def limited_grants_of_door(scope: Scope, door_id: str) -> tuple[Grant, ...]:
    """Give a door's grants with a limit of uses that must be kept exactly, in every state."""
    return _list(scope, grants, Grant, _limited(soft=False), grants.c.door_id == door_id)


def limited_grants_of(scope: Scope, grant: Grant) -> tuple[Grant, ...]:
    """Give those of the subject of a grant."""
    return _list(scope, grants, Grant, _limited(soft=False), _of_subject(grant))


def soft_limited_grants_of(scope: Scope, grant: Grant) -> tuple[Grant, ...]:
    """Give the grants of the subject of a grant whose limit each controller counts for itself."""
    return _list(scope, grants, Grant, _limited(soft=True), _of_subject(grant))


def _limited(*, soft: bool) -> ColumnElement[bool]:
    return sa.and_(grants.c.max_uses.is_not(None), grants.c.soft.is_(soft))


def _of_subject(grant: Grant) -> ColumnElement[bool]:
    return sa.or_(
        grants.c.person_id == grant.person_id if grant.person_id else sa.false(),
        grants.c.group_id == grant.group_id if grant.group_id else sa.false(),
        grants.c.card_id == grant.card_id if grant.card_id else sa.false(),
    )


def grants_of_schedule(scope: Scope, schedule_id: str) -> tuple[Grant, ...]:
    """Give the grants that follow a schedule, in every state."""
    return _list(scope, grants, Grant, grants.c.schedule_id == schedule_id)


# --- schedules and calendars -------------------------------------------------------------------


def schedule(scope: Scope, schedule_id: str) -> Schedule | None:
    """Give a schedule."""
    return _get(scope, schedules, Schedule, schedule_id)


def schedules_of_calendar(scope: Scope, calendar_id: str) -> tuple[Schedule, ...]:
    """Give the schedules that follow a holiday calendar."""
    return _list(scope, schedules, Schedule, schedules.c.calendar_id == calendar_id)


def calendar(scope: Scope, calendar_id: str) -> Calendar | None:
    """Give a holiday calendar."""
    return _get(scope, calendars, Calendar, calendar_id)


# --- lists and writing, for this topic's service -----------------------------------------------


def listed(
    scope: Scope, table: Table, kind: type[T], limit: int, *where: ColumnElement[bool]
) -> tuple[T, ...]:
    """Give up to `limit` rows by id."""
    query = sa.select(table).where(*where).order_by(table.c.id).limit(limit)
    return as_all(kind, scope.all(query))


def add(scope: Scope, table: Table, values: dict[str, Any]) -> None:
    """Insert one row."""
    scope.insert(table, values)


def change(scope: Scope, table: Table, row_id: str, values: dict[str, Any]) -> None:
    """Set columns of one row."""
    scope.update(table, values, table.c.id == row_id)


def set_members(scope: Scope, group_id: str, person_ids: Collection[str]) -> None:
    """Make these and no others the members of a group."""
    scope.delete(group_members, group_members.c.group_id == group_id)
    rows = [{"group_id": group_id, "person_id": each} for each in sorted(set(person_ids))]
    scope.insert(group_members, rows)
