"""Who could open a door at a given time, and by what: read from grants and placements.

It answers from what was entered, not from what the door has confirmed; each PIN's placement state
stands beside it, and the rules of the door and its zone that may still refuse (`conditions`). Where
people are is known of now alone, and counts only there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.commands.access_times import Span, changes_of, spans_where
from hub.commands.conditions import Condition, ZoneNow, of_hold, of_way
from hub.commands.service import reachable_door
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.entries.repository import uses_of
from hub.people import repository as people_rows
from hub.people.domain import Card, CardState, Grant, Person, Schedule
from hub.people.holiday_dates import dates_of
from hub.pins import placements
from hub.pins.placement import LIVE, PlacementState
from hub.pins.repository import credential, doors_of_pins
from hub.pins.tables import pin_placements
from hub.policy.horizon import Phase, Window
from hub.sites import repository as site_rows
from hub.sites.domain import Door, SiteState
from hub.sites.spanning import spans
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from hub.zones.repository import inside
from wire.policy_bodies import Assurance, DaySpan, EntryState
from wire.reasons import Reason

LONGEST: Final = timedelta(days=31)
"""Over how long it may be asked at once."""


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
    credential. `uses` of `max_uses` are taken, as far as the log tells. `zone_id`: granted by the
    zone that the door leads into. `spans` says when, where it was asked over a time."""

    by: AccessBy
    door_id: str
    zone_id: str | None = None
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
    spans: tuple[Span, ...] | None = None


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
            look = _Look(scope, door, zone)
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
            look = _Look(scope, door, None)
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
                look = _Look(scope, door, None, person_id)
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
                    ways = _Look(scope, door, None).cards_of(grant)
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


class _Look:
    """One look at a door: the ways in over a time, of everybody or of one person."""

    def __init__(
        self, scope: Scope, door: Door, zone: ZoneNow | None, person_id: str | None = None
    ) -> None:
        self._scope, self._door, self._zone, self._person = scope, door, zone, person_id

    def held(self, time: Span) -> list[Access]:
        """The door's hold by schedule."""
        schedule_id = self._door.hold_schedule
        spans = self._spans(None, None, schedule_id, time) if schedule_id is not None else ()
        if not spans:
            return []
        return [
            Access(
                AccessBy.SCHEDULE,
                self._door.id,
                schedule_id=schedule_id,
                conditions=of_hold(self._door),
                spans=spans,
            )
        ]

    def cards(self, grant: Grant, time: Span) -> list[Access]:
        """The cards that a grant lets in within a time."""
        if grant.state is not EntryState.ACTIVE:
            return []
        spans = self._spans(grant.start_at, grant.end_at, grant.schedule_id, time)
        if not spans:
            return []
        found = []
        for card, holder, access in self._each(grant):
            within = _ending(spans, card.valid_until)
            if holder is not None:
                within = _ending(_beginning(within, holder.starts_at), holder.ends_at)
            if within:
                found.append(replace(access, spans=within))
        return found

    def cards_of(self, grant: Grant) -> list[Access]:
        """The cards that a grant lets in, whenever."""
        return [access for _, _, access in self._each(grant)]

    def _each(self, grant: Grant) -> list[tuple[Card, Person | None, Access]]:
        scope, door = self._scope, self._door
        cards = [card for card in self._cards(grant) if card.state is CardState.ACTIVE]
        holders = people_rows.people_by_id(scope, [c.person_id for c in cards if c.person_id])
        limited = grant.max_uses is not None
        uses = uses_of(scope, {door.id}, {grant.id}) if limited else None
        exempt = {each.id for each in holders.values() if each.anti_passback_exempt}
        used_up = grant.max_uses is not None and uses is not None and uses >= grant.max_uses
        best = _best_reader(scope, door)
        return [
            (
                card,
                holders.get(card.person_id or ""),
                Access(
                    by=AccessBy.CARD,
                    door_id=door.id,
                    zone_id=grant.zone_id,
                    grant_id=grant.id,
                    credential_id=card.id,
                    person_id=card.person_id,
                    via_group=grant.group_id,
                    schedule_id=grant.schedule_id,
                    needs_pin=grant.needs_pin,
                    first_person=grant.first_person,
                    max_uses=grant.max_uses,
                    uses=uses,
                    conditions=(
                        *_of_card(card, door, best),
                        *of_way(
                            door,
                            self._zone,
                            card.person_id,
                            first_person=grant.first_person,
                            exempt=card.person_id in exempt,
                            used_up=used_up,
                            escorted=bool(grant.escorts),
                        ),
                    ),
                ),
            )
            for card in cards
            if card.person_id is None or holders[card.person_id].state is EntryState.ACTIVE
        ]

    def _cards(self, grant: Grant) -> Sequence[Card]:
        scope, one = self._scope, self._person
        if grant.card_id is not None:
            card = people_rows.card(scope, grant.card_id)
            return [] if card is None or (one is not None and card.person_id != one) else [card]
        members = people_rows.members_of_group(scope, grant.group_id) if grant.group_id else ()
        persons = [grant.person_id] if grant.person_id else list(members)
        if one is not None:
            persons = [one] if one in persons else []
        return people_rows.cards_of_people(scope, persons)

    def pins(self, time: Span) -> list[Access]:
        """The PINs that are placed, or to be placed, within a time."""
        t, scope, door = pin_placements, self._scope, self._door
        found = placements.where(
            scope,
            t.c.door_id == door.id,
            t.c.starts_at < time.end,
            t.c.ends_at > time.start,
            t.c.state.in_(LIVE - {PlacementState.DRAFT}),
        )
        ways: list[Access] = []
        for placement in found:
            pin = credential(scope, placement.credential_id)
            if pin is None or pin.revoked_at is not None:
                continue
            if self._person is not None and pin.person_id != self._person:
                continue
            person = people_rows.person(scope, pin.person_id) if pin.person_id else None
            exempt = person is not None and person.anti_passback_exempt
            start, end = max(placement.starts_at, time.start), min(placement.ends_at, time.end)
            ways.append(
                Access(
                    by=AccessBy.PIN,
                    door_id=door.id,
                    grant_id=placement.grant_id,
                    credential_id=pin.id,
                    person_id=pin.person_id,
                    booking_id=pin.booking_id,
                    placement=placement.state,
                    conditions=of_way(door, self._zone, pin.person_id, exempt=exempt),
                    spans=(Span(start, end),),
                )
            )
        return ways

    def _spans(
        self, start: datetime | None, end: datetime | None, schedule_id: str | None, time: Span
    ) -> tuple[Span, ...]:
        """Within a time, when a window and a schedule hold together."""
        window = Span(max(start or time.start, time.start), min(end or time.end, time.end))
        if window.start >= window.end:
            return ()
        if schedule_id is None:
            return (window,)
        schedule = people_rows.schedule(self._scope, schedule_id)
        if schedule is None:
            return ()
        zone = ZoneInfo(schedule.tz)
        first = window.start.astimezone(zone).date()
        last = window.end.astimezone(zone).date()
        calendar = (
            people_rows.calendar(self._scope, schedule.calendar_id)
            if schedule.calendar_id is not None
            else None
        )
        holidays = dates_of(calendar, first, last) if calendar is not None else ()
        return spans_where(
            lambda at: schedule_holds(schedule, holidays, at),
            changes_of(zone, window, lambda day: spans_of_day(schedule, holidays, day)),
            window,
        )


def at_once(when: datetime) -> Span:
    """Give an instant as the shortest time there is."""
    return Span(when, when + timedelta(microseconds=1))


def _without_spans(access: Access) -> Access:
    return replace(access, spans=None)


def _range(first: datetime, last: datetime) -> Span:
    if not timedelta(0) < last - first <= LONGEST:
        raise invalid("to", "range", f"after `from`, at most {LONGEST.days} days")
    return Span(first, last)


def _ending(spans: Sequence[Span], end: datetime | None) -> tuple[Span, ...]:
    """What of some spans lies before an end."""
    if end is None:
        return tuple(spans)
    return tuple(Span(s.start, min(s.end, end)) for s in spans if s.start < end)


def _beginning(spans: Sequence[Span], start: datetime | None) -> tuple[Span, ...]:
    """What of some spans lies after a start."""
    if start is None:
        return tuple(spans)
    return tuple(Span(max(s.start, start), s.end) for s in spans if start < s.end)


def _best_reader(scope: Scope, door: Door) -> Assurance:
    """The most that a reader of a door vouches for."""
    readers = [r for r in site_rows.readers_of_door(scope, door.id) if r.cards]
    classes = [each.assurance for each in readers if each.state is SiteState.ACTIVE]
    return max(classes, key=lambda each: each.rank, default=Assurance.IDENTIFIER)


def _of_card(card: Card, door: Door, best: Assurance) -> tuple[Condition, ...]:
    """Whether a card is too easily copied for a door: one that proves itself never is."""
    proven = Assurance.CHALLENGE if card.public_key is not None else best
    if proven.rank >= door.min_assurance.rank:
        return ()
    return (Condition(Reason.ASSURANCE_TOO_LOW),)


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
        ids |= {d.id for d in site_rows.doors_of_zone(scope, zone_id) if d.zone_in == zone_id}
    ids |= doors_of_pins(scope, person_id)
    found = site_rows.doors_by_id(scope, ids)
    return [
        found[door_id]
        for door_id in sorted(found)
        if found[door_id].state is SiteState.ACTIVE and who.reaches(found[door_id].site_id)
    ]
