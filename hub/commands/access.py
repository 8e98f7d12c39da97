"""Who could open a door at a given time, and by what: read from grants and placements.

It answers from what was entered, not from what the door has confirmed; each PIN's placement state
stands beside it, and the rules of the door and its zone that may still refuse (`conditions`). Where
people are is known of now alone, and counts only there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.commands.access_times import Span
from hub.commands.conditions import ZoneNow
from hub.commands.look import Look, at_once
from hub.commands.schedule_times import schedule_holds, spans_of_day
from hub.commands.service import reachable_door
from hub.commands.ways import Access
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import Schedule
from hub.people.holiday_dates import dates_of
from hub.pins.repository import doors_of_pins
from hub.policy.horizon import Phase, Window
from hub.sites import repository as site_rows
from hub.sites.domain import Door, SiteState
from hub.sites.spanning import spans
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from hub.zones.repository import inside
from wire.policy_bodies import DaySpan, EntryState

LONGEST: Final = timedelta(days=31)
"""Over how long it may be asked at once."""


@dataclass(frozen=True, slots=True)
class HoldNow:
    """A door's hold by schedule: what holds today, and whether it does now."""

    schedule: Schedule
    today: tuple[DaySpan, ...]
    holds: bool


class AccessService:
    """Answers who could open a door, and when it stands open."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def at(self, who: Principal, door_id: str, at: datetime | None = None) -> list[Access]:
        """Give every way in at that time, or now: a hold by schedule, then cards, then PINs."""
        when = at or self._clock.now()
        with self._db.read() as scope:
            door = reachable_door(scope, who, door_id)
            zone = None if at is not None else _zone_now(scope, door, when)
            look = Look(scope, door, zone)
            found = look.held(at_once(when))
            for grant in people_rows.grants_of_door(scope, door_id):
                found += look.cards(grant, at_once(when))
            return [_without_spans(each) for each in found + look.pins(at_once(when))]

    def over(self, who: Principal, door_id: str, first: datetime, last: datetime) -> list[Access]:
        """Give every way in within `[first, last)`, each with when; raise a problem for more than
        `LONGEST`."""
        time = _range(first, last)
        with self._db.read() as scope:
            door = reachable_door(scope, who, door_id)
            look = Look(scope, door, None)
            found = look.held(time)
            for grant in people_rows.grants_of_door(scope, door_id):
                found += look.cards(grant, time)
            return found + look.pins(time)

    def of_person(
        self, who: Principal, person_id: str, first: datetime, last: datetime
    ) -> list[Access]:
        """Give what somebody could open within `[first, last)`, when and why: the doors within the
        asker's reach, by id. Doors that stand open to everybody are not told."""
        time = _range(first, last)
        with self._db.read() as scope:
            if people_rows.person(scope, person_id) is None:
                raise Problem(NOT_FOUND, "no such person")
            found: list[Access] = []
            for door in _doors_of(scope, who, person_id):
                look = Look(scope, door, None, person_id)
                for grant in people_rows.grants_of_door(scope, door.id):
                    found += look.cards(grant, time)
                found += look.pins(time)
            return found

    def hold(self, who: Principal, door_id: str) -> HoldNow | None:
        """Give a door's hold by schedule; None for a door without one."""
        now = self._clock.now()
        with self._db.read() as scope:
            door = reachable_door(scope, who, door_id)
            schedule = (
                people_rows.schedule(scope, door.hold_schedule) if door.hold_schedule else None
            )
            if schedule is None:
                return None
            holidays = _holidays(scope, schedule, now)
        day = now.astimezone(ZoneInfo(schedule.tz)).date()
        today = spans_of_day(schedule, holidays, day)
        return HoldNow(schedule, today, schedule_holds(schedule, holidays, now))

    def firsts(self, who: Principal, door_id: str) -> list[str]:
        """Give who counts as the first person at a door now, or may later: ids of people."""
        now = self._clock.now()
        with self._db.read() as scope:
            door = reachable_door(scope, who, door_id)
            found: dict[str, None] = {}
            for grant in people_rows.grants_of_door(scope, door_id):
                over = Window(grant.start_at, grant.end_at).phase(now) is Phase.OVER
                if grant.first_person and grant.state is EntryState.ACTIVE and not over:
                    ways = Look(scope, door, None).cards_of(grant)
                    found |= dict.fromkeys(way.person_id or "" for way in ways)
        return list(found)


def _zone_now(scope: Scope, door: Door, now: datetime) -> ZoneNow | None:
    """The zone that the door leads into, and who is in it."""
    zone = site_rows.zone(scope, door.zone_in) if door.zone_in else None
    if zone is None:
        return None
    there = {each.person_id: each.depth for each in inside(scope, zone, now)}
    leaving = site_rows.zone(scope, door.zone_out) if door.zone_out else None
    beyond = inside(scope, leaving, now) if leaving is not None else ()
    gone_on = {w.person_id for w in beyond if w.depth > there.get(w.person_id, w.depth)}
    spanning = spans(site_rows.doors_of_zone(scope, zone.id))
    return ZoneNow(zone, frozenset(there), spanning, frozenset(gone_on))


def _holidays(scope: Scope, schedule: Schedule, at: datetime) -> Collection[object]:
    if schedule.calendar_id is None:
        return ()
    calendar = people_rows.calendar(scope, schedule.calendar_id)
    day = at.astimezone(ZoneInfo(schedule.tz)).date()
    return dates_of(calendar, day, day) if calendar else ()


def _without_spans(access: Access) -> Access:
    return replace(access, spans=None)


def _range(first: datetime, last: datetime) -> Span:
    if not timedelta(0) < last - first <= LONGEST:
        raise invalid("to", "range", f"after `from`, at most {LONGEST.days} days")
    return Span(first, last)


def _doors_of(scope: Scope, who: Principal, person_id: str) -> list[Door]:
    """The doors that somebody may be let in by, themselves, by a group, a card or a PIN."""
    groups = people_rows.groups_of_person(scope, person_id)
    grants = list(people_rows.grants_of_person(scope, person_id))
    for group_id in groups:
        grants += people_rows.grants_of_group(scope, group_id)
    for card in people_rows.cards_of_person(scope, person_id):
        grants += people_rows.grants_of_card(scope, card.id)
    ids = {grant.door_id for grant in grants if grant.door_id is not None}
    for zone_id in {grant.zone_id for grant in grants if grant.zone_id is not None}:
        ids |= {door.id for door in site_rows.doors_of_zone(scope, zone_id)}
    ids |= doors_of_pins(scope, person_id)
    found = site_rows.doors_by_id(scope, ids)
    return [
        found[door_id]
        for door_id in sorted(found)
        if found[door_id].state is SiteState.ACTIVE and who.reaches(found[door_id].site_id)
    ]
