"""The rules of people, groups, cards, grants, schedules and calendars, and what each touches.

Somebody limited to sites sees the people, cards and grants of those sites' doors, and changes the
grants; what belongs to the whole town is changed by those who reach the whole town.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.people import repository
from hub.people.card_key_domain import CardKeySet
from hub.people.card_profiles import NUMBER_MAX, longest_number, shares_key
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
from hub.people.use_limits import controllers_counting, is_limited
from hub.policy import touch
from hub.sites import repository as sites
from hub.sites.domain import SiteState
from hub.sites.kinds import DOOR, ZONE, doors_within
from hub.sites.spanning import SpannedRule, refused
from hub.sites.tables import doors, zones
from hub.web.problems import invalid

# --- within some sites -------------------------------------------------------------------------


def _grants_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return sa.or_(
        grants.c.door_id.in_(sa.select(doors.c.id).where(doors_within(site_ids))),
        grants.c.zone_id.in_(sa.select(zones.c.id).where(zones.c.site_id.in_(site_ids))),
    )


def _people_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    """People with a grant of their own, of a group or of a card at a door of these sites."""
    here = _grants_within(site_ids)
    own = sa.select(grants.c.person_id).where(here, grants.c.person_id.is_not(None))
    their_groups = sa.select(grants.c.group_id).where(here, grants.c.group_id.is_not(None))
    members = sa.select(group_members.c.person_id).where(group_members.c.group_id.in_(their_groups))
    their_cards = sa.select(grants.c.card_id).where(here, grants.c.card_id.is_not(None))
    holders = sa.select(cards.c.person_id).where(
        cards.c.id.in_(their_cards), cards.c.person_id.is_not(None)
    )
    return sa.or_(people.c.id.in_(own), people.c.id.in_(members), people.c.id.in_(holders))


def _cards_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    holders = sa.select(people.c.id).where(_people_within(site_ids))
    named = sa.select(grants.c.card_id).where(
        _grants_within(site_ids), grants.c.card_id.is_not(None)
    )
    return sa.or_(cards.c.person_id.in_(holders), cards.c.id.in_(named))


# --- rules -------------------------------------------------------------------------------------


def _check_person(_scope: Scope, _before: Person | None, after: Person) -> None:
    start, end = after.starts_at, after.ends_at
    if start is not None and end is not None and end <= start:
        raise invalid("ends_at", "before_start", "a time ends after it starts")


def _check_card(_scope: Scope, before: Card | None, after: Card) -> None:
    if before is not None and before.state is CardState.WITHDRAWN:
        raise invalid("state", "withdrawn", "a withdrawn card stays as it is")
    if after.public_key is not None and after.profile is None:
        raise invalid("profile", "missing", "a card with a key names the profile that asks for it")
    if after.shared_key is not None and after.profile is None:
        raise invalid("profile", "missing", "a card with a key names the profile that asks for it")
    if after.shared_key is not None and after.public_key is not None:
        raise invalid("public_key", "two_keys", "a card signs, or it shares a key: not both")


def _check_key_set(_scope: Scope, _before: CardKeySet | None, after: CardKeySet) -> None:
    if not shares_key(after.profile):
        raise invalid("profile", "shares_no_key", "cards of this profile share no key")
    room = NUMBER_MAX - longest_number(after.profile)
    if len(after.application) // 2 > room:
        raise invalid("application", "too_long", f"at most {room} bytes beside such a number")


def _check_grant(scope: Scope, before: Grant | None, after: Grant) -> None:
    subjects = (after.person_id, after.group_id, after.card_id)
    if sum(subject is not None for subject in subjects) != 1:
        raise invalid("person_id", "one_subject", "exactly one of person, group and card")
    if (after.door_id is None) == (after.zone_id is None):
        raise invalid("door_id", "one_place", "exactly one of door and zone")
    if after.start_at is not None and after.end_at is not None and after.end_at <= after.start_at:
        raise invalid("end_at", "before_start", "a window ends after it starts")
    _check_escorts(scope, after)
    if before is None and after.door_id is not None:
        door = sites.door(scope, after.door_id)
        if door is None or door.state is SiteState.REMOVED:
            raise invalid("door_id", "removed", "this door was removed")
    _check_limit(scope, before, after)


def _check_escorts(scope: Scope, after: Grant) -> None:
    known = repository.people_by_id(scope, after.escorts)
    for escort in after.escorts:
        if escort not in known and repository.group(scope, escort) is None:
            raise invalid("escorts", "unknown", "an escort is a person or a group of this town")


def _check_limit(scope: Scope, before: Grant | None, after: Grant) -> None:
    if not is_limited(after, after.updated_at):
        return
    if after.zone_id is not None:  # its doors may be several controllers' tomorrow
        raise invalid("soft", "of_a_zone", "uses of a zone are counted `soft`, or at one door")
    scope.lock("max_uses")  # so that of two grants given at once each sees the other
    others = repository.limited_grants_of(scope, after)
    held = sites.doors_by_id(scope, {each.door_id for each in [after, *others] if each.door_id})
    controller_of = {door.id: door.controller_id for door in held.values()}
    counting = controllers_counting(after, others, controller_of, after.updated_at)
    if len(counting) > 1:
        taken_back = before is not None and before.soft
        raise refused(SpannedRule.MAX_USES, "soft" if taken_back else "max_uses", counting)


def _check_schedule(_scope: Scope, _before: Schedule | None, after: Schedule) -> None:
    try:
        after.body()
    except ValueError as error:
        raise invalid("tz", "unknown", "no such time zone: write one like Asia/Tokyo") from error
    if len({one.day for one in after.exceptions}) != len(after.exceptions):
        raise invalid("exceptions", "twice", "a date has one exception")


# --- what it touches ---------------------------------------------------------------------------

_TOLD_OF_PEOPLE: Final = (
    "state",
    "anti_passback_exempt",
    "long_unlock",
    "starts_at",
    "ends_at",
)
"""What the edge knows of a person: a changed name touches no controller."""


def _touch_person(scope: Scope, before: Person | None, after: Person) -> None:
    if before is None or any(
        getattr(before, name) != getattr(after, name) for name in _TOLD_OF_PEOPLE
    ):
        touch.touch_person(scope, after.id)


def _touch_card(scope: Scope, before: Card | None, after: Card) -> None:
    touch.touch_card(scope, after.id)
    holders = {after.person_id} | ({before.person_id} if before else set())
    for holder in sorted(holder for holder in holders if holder is not None):
        touch.touch_person(scope, holder)


def _touch_grant(scope: Scope, _before: Grant | None, after: Grant) -> None:
    touch.touch_grant(scope, after.id)


def _touch_schedule(scope: Scope, _before: Schedule | None, after: Schedule) -> None:
    touch.touch_schedule(scope, after.id)


def _touch_calendar(scope: Scope, _before: Calendar | None, after: Calendar) -> None:
    touch.touch_calendar(scope, after.id)
    for schedule in repository.schedules_of_calendar(scope, after.id):
        touch.touch_schedule(scope, schedule.id)


# --- the kinds ---------------------------------------------------------------------------------

PERSON: Final = RowKind(
    "person",
    people,
    Person,
    within=_people_within,
    town_wide=True,
    check=_check_person,
    touch=_touch_person,
)
GROUP: Final = RowKind("group", groups, Group)
CARD_KEY_SET: Final = RowKind(
    "card_key_set",
    card_key_sets,
    CardKeySet,
    check=_check_key_set,
    hidden=frozenset({"master"}),
)
CARD: Final = RowKind(
    "card",
    cards,
    Card,
    within=_cards_within,
    references={"person_id": PERSON, "key_set_id": CARD_KEY_SET},
    check=_check_card,
    touch=_touch_card,
    hidden=frozenset({"identity", "identity_index", "public_key", "shared_key"}),
)
CALENDAR: Final = RowKind("calendar", calendars, Calendar, touch=_touch_calendar)
SCHEDULE: Final = RowKind(
    "schedule",
    schedules,
    Schedule,
    references={"calendar_id": CALENDAR},
    check=_check_schedule,
    touch=_touch_schedule,
)
GRANT: Final = RowKind(
    "grant",
    grants,
    Grant,
    within=_grants_within,
    references={
        "door_id": DOOR,
        "zone_id": ZONE,
        "person_id": PERSON,
        "group_id": GROUP,
        "card_id": CARD,
        "schedule_id": SCHEDULE,
    },
    check=_check_grant,
    touch=_touch_grant,
)
