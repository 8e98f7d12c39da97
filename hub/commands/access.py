"""Who could open a door at a given time, and by what: read from grants and placements.

It answers from what was entered, not from what the door has confirmed; each PIN's placement state
stands beside it, and the rules of the door and its zone that may still refuse (`conditions`). Where
people are is known of now alone, and counts only there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.commands.conditions import Condition, ZoneNow, of_hold, of_way
from hub.commands.service import reachable_door
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.entries.repository import uses_of
from hub.people import repository as people_rows
from hub.people.domain import CardState, Grant, Schedule
from hub.people.holiday_dates import dates_of
from hub.pins import placements
from hub.pins.placement import LIVE, PlacementState
from hub.pins.repository import credential
from hub.pins.tables import pin_placements
from hub.policy.horizon import Phase, Window
from hub.sites import repository as site_rows
from hub.sites.domain import Door
from hub.sites.spanning import spans
from hub.web.rights import Principal
from hub.zones.repository import inside
from wire.policy_bodies import DaySpan, EntryState


class AccessBy(StrEnum):
    """By what somebody could open."""

    CARD = "card"
    PIN = "pin"
    SCHEDULE = "schedule"
    """The door stands open to everybody."""


@dataclass(frozen=True, slots=True)
class Access:
    """One way in. `via_group` and `schedule_id` say why; `placement` how far a PIN is confirmed;
    `conditions` what may still refuse it. A door held open by schedule has neither grant nor
    credential. `uses` of `max_uses` are taken, as far as the log tells."""

    by: AccessBy
    grant_id: str | None = None
    credential_id: str | None = None
    person_id: str | None = None
    via_group: str | None = None
    schedule_id: str | None = None
    needs_pin: bool = False
    booking_id: str | None = None
    placement: PlacementState | None = None
    first_person: bool = False
    max_uses: int | None = None
    uses: int | None = None
    conditions: tuple[Condition, ...] = ()


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
            found = _held(scope, door, when)
            for grant in people_rows.grants_of_door(scope, door_id):
                if _opens(scope, grant, when):
                    found += _cards(scope, door, zone, grant)
            return found + _pins(scope, door, zone, when)

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
                    ways = _cards(scope, door, None, grant)
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


def _held(scope: Scope, door: Door, at: datetime) -> list[Access]:
    if door.hold_schedule is None or not _holds(scope, door.hold_schedule, at):
        return []
    return [
        Access(AccessBy.SCHEDULE, schedule_id=door.hold_schedule, conditions=of_hold(door)),
    ]


def _opens(scope: Scope, grant: Grant, at: datetime) -> bool:
    if grant.state is not EntryState.ACTIVE or not Window(grant.start_at, grant.end_at).holds(at):
        return False
    return grant.schedule_id is None or _holds(scope, grant.schedule_id, at)


def _holds(scope: Scope, schedule_id: str, at: datetime) -> bool:
    schedule = people_rows.schedule(scope, schedule_id)
    return schedule is not None and schedule_holds(schedule, _holidays(scope, schedule, at), at)


def _holidays(scope: Scope, schedule: Schedule, at: datetime) -> Collection[object]:
    if schedule.calendar_id is None:
        return ()
    calendar = people_rows.calendar(scope, schedule.calendar_id)
    day = at.astimezone(ZoneInfo(schedule.tz)).date()
    return dates_of(calendar, day, day) if calendar else ()


def schedule_holds(schedule: Schedule, holidays: Collection[object], at: datetime) -> bool:
    """Tell whether a schedule holds at an instant: a date's exception decides, then a holiday, then
    the weekday (as `wire.policy_bodies.ScheduleBody` says)."""
    local = at.astimezone(ZoneInfo(schedule.tz))
    minute = local.hour * 60 + local.minute
    found = spans_of_day(schedule, holidays, local.date())
    return any(span.start_min <= minute < span.end_min for span in found)


def spans_of_day(
    schedule: Schedule, holidays: Collection[object], day: date
) -> tuple[DaySpan, ...]:
    """Give what holds on a day, in the schedule's own time zone, in order."""
    exception = next((each for each in schedule.exceptions if each.day == day), None)
    if exception is not None:
        found: Iterable[DaySpan] = exception.spans
    elif day in holidays:
        found = schedule.holiday_spans
    else:
        found = [s for week in schedule.week if day.weekday() in week.days for s in week.spans]
    return tuple(sorted(found, key=lambda span: (span.start_min, span.end_min)))


def _cards(scope: Scope, door: Door, zone: ZoneNow | None, grant: Grant) -> list[Access]:
    if grant.card_id is not None:
        card = people_rows.card(scope, grant.card_id)
        cards = [card] if card else []
    else:
        members = people_rows.members_of_group(scope, grant.group_id) if grant.group_id else ()
        persons = [grant.person_id] if grant.person_id else list(members)
        cards = list(people_rows.cards_of_people(scope, persons))
    holders = people_rows.people_by_id(scope, [c.person_id for c in cards if c.person_id])
    uses = uses_of(scope, {door.id}, {grant.id}) if grant.max_uses is not None else None
    exempt = {each.id for each in holders.values() if each.anti_passback_exempt}
    return [
        Access(
            by=AccessBy.CARD,
            grant_id=grant.id,
            credential_id=card.id,
            person_id=card.person_id,
            via_group=grant.group_id,
            schedule_id=grant.schedule_id,
            needs_pin=grant.needs_pin,
            first_person=grant.first_person,
            max_uses=grant.max_uses,
            uses=uses,
            conditions=of_way(
                door,
                zone,
                card.person_id,
                first_person=grant.first_person,
                exempt=card.person_id in exempt,
                used_up=grant.max_uses is not None and uses is not None and uses >= grant.max_uses,
            ),
        )
        for card in cards
        if card.state is CardState.ACTIVE
        and (card.person_id is None or holders[card.person_id].state is EntryState.ACTIVE)
    ]


def _pins(scope: Scope, door: Door, zone: ZoneNow | None, at: datetime) -> list[Access]:
    t = pin_placements
    found = placements.where(
        scope,
        t.c.door_id == door.id,
        t.c.starts_at <= at,
        t.c.ends_at > at,
        t.c.state.in_(LIVE - {PlacementState.DRAFT}),
    )
    ways: list[Access] = []
    for placement in found:
        pin = credential(scope, placement.credential_id)
        if pin is not None and pin.revoked_at is None:
            person = people_rows.person(scope, pin.person_id) if pin.person_id else None
            exempt = person is not None and person.anti_passback_exempt
            ways.append(
                Access(
                    by=AccessBy.PIN,
                    grant_id=placement.grant_id,
                    credential_id=pin.id,
                    person_id=pin.person_id,
                    booking_id=pin.booking_id,
                    placement=placement.state,
                    conditions=of_way(door, zone, pin.person_id, exempt=exempt),
                )
            )
    return ways
