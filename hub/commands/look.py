"""A look at one door: every way in over a time, of everybody or of one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.commands.access_times import Span, changes_of, spans_where
from hub.commands.conditions import Condition, ZoneNow, of_hold, of_way
from hub.commands.door_sides import DoorSides
from hub.commands.schedule_times import schedule_holds, spans_of_day
from hub.commands.ways import Access, AccessBy
from hub.database.scope import Scope
from hub.entries.repository import uses_of
from hub.people import repository as people_rows
from hub.people.domain import Card, CardState, Grant, Person
from hub.people.holiday_dates import dates_of
from hub.pins import placements
from hub.pins.daily import daily_spans
from hub.pins.placement import LIVE, PlacementState
from hub.pins.placements import Placement
from hub.pins.repository import Credential, credential
from hub.pins.tables import pin_placements
from hub.sites import repository as site_rows
from hub.sites.domain import Door
from wire.policy_bodies import EntryState, Side
from wire.reasons import Reason


class Look:
    """One look at a door: the ways in over a time, of everybody or of one person."""

    def __init__(
        self, scope: Scope, door: Door, zone: ZoneNow | None, person_id: str | None = None
    ) -> None:
        self._scope, self._door, self._zone, self._person = scope, door, zone, person_id
        readers = site_rows.readers_of_door(scope, door.id)
        devices = site_rows.devices_of_controller(scope, door.controller_id)
        drivers = {device.id: device.driver for device in devices}
        self._sides = DoorSides.of(door, readers, drivers)

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
            within = _of_holder(_ending(spans, card.valid_until), holder)
            if within:
                found.append(replace(access, spans=within))
        return found

    def cards_of(self, grant: Grant) -> list[Access]:
        """The cards that a grant lets in, whenever."""
        return [access for _, _, access in self._each(grant)]

    def _each(self, grant: Grant) -> list[tuple[Card, Person | None, Access]]:
        scope, door, sides = self._scope, self._door, self._sides.of_grant(grant)
        if not sides:
            return []
        cards = [card for card in self._cards(grant) if card.state is CardState.ACTIVE]
        holders = people_rows.people_by_id(scope, [c.person_id for c in cards if c.person_id])
        limited = grant.max_uses is not None
        uses = uses_of(scope, {door.id}, {grant.id}) if limited else None
        exempt = {each.id for each in holders.values() if each.anti_passback_exempt}
        used_up = grant.max_uses is not None and uses is not None and uses >= grant.max_uses
        found: list[tuple[Card, Person | None, Access]] = []
        for card in cards:
            if card.person_id and holders[card.person_id].state is not EntryState.ACTIVE:
                continue
            way = Access(
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
            )
            conditions = {
                side: (
                    *self._of_card(card, side),
                    *of_way(
                        door,
                        self._zone,
                        card.person_id,
                        side=side,
                        first_person=grant.first_person,
                        exempt=card.person_id in exempt,
                        used_up=used_up,
                        escorted=bool(grant.escorts),
                    ),
                )
                for side in sides
            }
            every = {each.side for each in self._sides.readers}
            holder = holders.get(card.person_id or "")
            found += [(card, holder, each) for each in _by_side(way, conditions, every)]
        return found

    def _of_card(self, card: Card, side: Side) -> tuple[Condition, ...]:
        """Whether a card is too easily copied for the door, at every reader of a side."""
        if self._sides.proven(card, side):
            return ()
        return (Condition(Reason.ASSURANCE_TOO_LOW),)

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
        sides = self._sides.keypads or {Side.ENTRY}  # a keypad may be fitted while PINs are live
        ways: list[Access] = []
        for placement in found:
            pin = credential(scope, placement.credential_id)
            if pin is None or pin.revoked_at is not None:
                continue
            if self._person is not None and pin.person_id != self._person:
                continue
            person = people_rows.person(scope, pin.person_id) if pin.person_id else None
            exempt = person is not None and person.anti_passback_exempt
            spans = _of_holder(_spans_of_pin(placement, pin, time), person)
            if not spans:
                continue
            way = Access(
                by=AccessBy.PIN,
                door_id=door.id,
                grant_id=placement.grant_id,
                credential_id=pin.id,
                person_id=pin.person_id,
                booking_id=pin.booking_id,
                visit_id=pin.guest.visit_id if pin.guest else None,
                placement=placement.state,
                spans=spans,
            )
            # A booking's PIN may be shared: it tells of no one person where they are.
            known = pin.person_id if pin.booking_id is None else None
            escorted = pin.guest is not None and bool(pin.guest.escorts)
            conditions = {
                side: of_way(door, self._zone, known, side=side, exempt=exempt, escorted=escorted)
                for side in sides
            }
            ways += _by_side(way, conditions, set(sides))
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


def _spans_of_pin(placement: Placement, pin: Credential, time: Span) -> tuple[Span, ...]:
    start, end = max(placement.starts_at, time.start), min(placement.ends_at, time.end)
    if pin.guest is None or not pin.guest.daily:
        return (Span(start, end),)
    found = daily_spans(placement.starts_at, placement.ends_at, (time.start, time.end))
    return tuple(Span(*each) for each in found)


def at_once(when: datetime) -> Span:
    """Give an instant as the shortest time there is."""
    return Span(when, when + timedelta(microseconds=1))


def _of_holder(spans: tuple[Span, ...], holder: Person | None) -> tuple[Span, ...]:
    """What of some spans lies within the time of whoever holds a credential; nothing of one who is
    blocked."""
    if holder is None:
        return spans
    if holder.state is not EntryState.ACTIVE:
        return ()
    return _ending(_beginning(spans, holder.starts_at), holder.ends_at)


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


def _by_side(
    way: Access, conditions: Mapping[Side, tuple[Condition, ...]], every: set[Side]
) -> list[Access]:
    """Give a way as one where it is the same at every side, else each side's."""
    if set(conditions) == every and len(set(conditions.values())) == 1:
        return [replace(way, conditions=next(iter(conditions.values())))]
    return [replace(way, side=side, conditions=found) for side, found in conditions.items()]
