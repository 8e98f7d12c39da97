"""Who could open a door at a given time, and by what: read from grants and placements.

It answers from what was entered, not from what the door has confirmed; each PIN's placement state
stands beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.commands.service import reachable_door
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import CardState, Grant, Schedule
from hub.people.holiday_dates import dates_of
from hub.pins import placements
from hub.pins.placement import LIVE, PlacementState
from hub.pins.repository import credential
from hub.pins.tables import pin_placements
from hub.policy.horizon import Window
from hub.web.rights import Principal
from wire.policy_bodies import DaySpan, EntryState


class AccessBy(StrEnum):
    """By what somebody could open."""

    CARD = "card"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Access:
    """One way in. `via_group` and `schedule_id` say why; `placement` how far a PIN is confirmed."""

    by: AccessBy
    grant_id: str
    credential_id: str
    person_id: str | None
    via_group: str | None = None
    schedule_id: str | None = None
    needs_pin: bool = False
    booking_id: str | None = None
    placement: PlacementState | None = None


class AccessService:
    """Answers who could open a door."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def at(self, who: Principal, door_id: str, at: datetime | None = None) -> list[Access]:
        """Give every way in at that time, or now, cards first."""
        at = at or self._clock.now()
        with self._db.read() as scope:
            reachable_door(scope, who, door_id)
            found = [
                way
                for grant in people_rows.grants_of_door(scope, door_id)
                if _opens(scope, grant, at)
                for way in _cards(scope, grant)
            ]
            return found + _pins(scope, door_id, at)


def _opens(scope: Scope, grant: Grant, at: datetime) -> bool:
    if grant.state is not EntryState.ACTIVE or not Window(grant.start_at, grant.end_at).holds(at):
        return False
    if grant.schedule_id is None:
        return True
    schedule = people_rows.schedule(scope, grant.schedule_id)
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
    day, minute = local.date(), local.hour * 60 + local.minute
    exception = next((each for each in schedule.exceptions if each.day == day), None)
    spans: list[DaySpan] = []
    if exception is not None:
        spans = list(exception.spans)
    elif day in holidays:
        spans = list(schedule.holiday_spans)
    else:
        for week in schedule.week:
            if local.weekday() in week.days:
                spans.extend(week.spans)
    return any(span.start_min <= minute < span.end_min for span in spans)


def _cards(scope: Scope, grant: Grant) -> list[Access]:
    if grant.card_id is not None:
        card = people_rows.card(scope, grant.card_id)
        cards = [card] if card else []
    else:
        members = people_rows.members_of_group(scope, grant.group_id) if grant.group_id else ()
        persons = [grant.person_id] if grant.person_id else list(members)
        cards = list(people_rows.cards_of_people(scope, persons))
    holders = people_rows.people_by_id(scope, [c.person_id for c in cards if c.person_id])
    return [
        Access(
            by=AccessBy.CARD,
            grant_id=grant.id,
            credential_id=card.id,
            person_id=card.person_id,
            via_group=grant.group_id,
            schedule_id=grant.schedule_id,
            needs_pin=grant.needs_pin,
        )
        for card in cards
        if card.state is CardState.ACTIVE
        and (card.person_id is None or holders[card.person_id].state is EntryState.ACTIVE)
    ]


def _pins(scope: Scope, door_id: str, at: datetime) -> list[Access]:
    t = pin_placements
    found = placements.where(
        scope,
        t.c.door_id == door_id,
        t.c.starts_at <= at,
        t.c.ends_at > at,
        t.c.state.in_(LIVE - {PlacementState.DRAFT}),
    )
    ways: list[Access] = []
    for placement in found:
        pin = credential(scope, placement.credential_id)
        if pin is not None and pin.revoked_at is None:
            ways.append(
                Access(
                    by=AccessBy.PIN,
                    grant_id=placement.grant_id,
                    credential_id=pin.id,
                    person_id=pin.person_id,
                    booking_id=pin.booking_id,
                    placement=placement.state,
                )
            )
    return ways
