"""Where each kind of entry comes from: reads the topics' tables for one controller.

`Sources` knows the controller's doors, the time and the horizon, and answers with what is wanted.
It decides nothing by what the controller holds: the same tables always give the same entries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
import structlog

from hub.commands.tables import mode_orders
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.keyboxes.repository import DoorBackup
from hub.keys import HubKeys, SealBrokenError
from hub.people import enrolment_repository as enrolment_rows
from hub.people.display_names import form_of, shown_name
from hub.people.domain import Calendar, Card, CardState, Grant, Person, Schedule
from hub.people.holiday_dates import dates_of
from hub.people.identities import open_identity
from hub.people.tables import calendars, cards, grants, group_members, people, schedules
from hub.pins.daily import daily_schedule
from hub.pins.placement import PlacementState
from hub.pins.tables import PinVariant, pin_credentials, pin_placements
from hub.policy.card_seals import CardSeals
from hub.policy.horizon import LINGER, Phase, Window
from hub.policy.lock_lists import LockLists
from hub.policy.repository import batches
from hub.policy.wanted import Desired, Wanted, key
from hub.sites import repository as site_rows
from hub.sites.domain import Controller, Door, Reader
from hub.sites.spanning import spans
from provisioning.hub_keys import ControllerKeys
from wire.identity import pin_policy_id
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind
from wire.policy_bodies import (
    Assurance,
    BackupCodes,
    CardBody,
    DoorBody,
    EntryState,
    GrantBody,
    HolidayBody,
    ModeBody,
    PersonFlagsBody,
    PinBody,
    PunchRule,
    SettingBody,
    Side,
)
from wire.sealed_names import NameKey

T = TypeVar("T")

_OPENING = frozenset(
    {
        PlacementState.SCHEDULED,
        PlacementState.PLACING,
        PlacementState.PLACED,
        PlacementState.ACTIVE,
    }
)
_REVOKED = frozenset({PlacementState.REVOKING, PlacementState.REVOKED})
_LINGERING = (_OPENING | _REVOKED | {PlacementState.ENDED}) - {PlacementState.SCHEDULED}
"""What a controller may hold at a window's end and keeps for a while; nothing is sent then that it
never held."""
_log = structlog.get_logger(__name__)


class Sources:
    """What is wanted at one controller, now."""

    def __init__(
        self,
        scope: Scope,
        keys: HubKeys,
        controller: Controller,
        controller_keys: ControllerKeys,
        now: datetime,
    ) -> None:
        self._scope = scope
        self._keys = keys
        self._controller = controller
        self._own = controller_keys
        self._now = now
        self._seals = CardSeals(keys, controller.id, controller_keys.public_key)
        site = site_rows.site(scope, controller.site_id)
        self._horizon = timedelta(hours=site.horizon_hours if site else 72)
        self.doors: dict[str, Door] = {
            door.id: door for door in site_rows.doors_of_controller(scope, controller.id)
        }
        self.seal_broken = False
        """Whether a row asked for could not be opened, and was left out."""

    @cached_property
    def _readers(self) -> tuple[Reader, ...]:
        return site_rows.readers_of_controller(self._scope, self._controller.id)

    @cached_property
    def _joined(self) -> frozenset[str]:
        """The zones that the controller's doors lead into or, by readers at the exit, back into."""
        return frozenset(zone for door in self.doors.values() for zone in door.zones)

    @cached_property
    def _lists(self) -> LockLists:
        return LockLists(self._scope, self._keys, self._controller.id, self.doors)

    @property
    def takes_punches(self) -> bool:
        """Whether one of the controller's readers is a terminal for punches."""
        return any(reader.punch is not PunchRule.NONE for reader in self._readers)

    # --- wiring ------------------------------------------------------------------------------

    def wiring(self) -> Desired:
        """Doors, devices, readers, zones and the agent's settings."""
        found: Desired = {}
        zones: set[str] = set()
        backups = backup_rows.backups_of(self._scope, self.doors)
        for door in self.doors.values():
            body = _with_backup(door.body(), backups.get(door.id), self._controller.id)
            found[key(EntryKind.DOOR, door.id)] = Wanted(body)
            zones |= door.zones
        for device in site_rows.devices_of_controller(self._scope, self._controller.id):
            found[key(EntryKind.DEVICE, device.id)] = Wanted(device.body())
        for reader in self._readers:
            found[key(EntryKind.READER, reader.id)] = Wanted(reader.body())
        for zone_id in zones:
            zone = site_rows.zone(self._scope, zone_id)
            if zone is not None:
                others = site_rows.doors_of_zone(self._scope, zone_id)
                found[key(EntryKind.ZONE, zone_id)] = Wanted(zone.body(spans=spans(others)))
        for name, value in self._controller.settings.items():
            found[key(EntryKind.SETTING, name)] = Wanted(SettingBody(value=value))
        return found

    def modes(self, door_ids: Iterable[str]) -> Desired:
        """The orders that stand at these doors of the controller."""
        t = mode_orders
        found: Desired = {}
        for row in self._rows(
            sa.select(t).where(t.c.withdrawn_at.is_(None)), t.c.door_id, self._ours(door_ids)
        ):
            if row.expires_at is not None and row.expires_at <= self._now:
                continue
            body = ModeBody(
                door=row.door_id,
                mode=row.mode,
                order=row.order_no,
                reason=row.reason,
                actor=row.actor,
                expires_at=row.expires_at,
            )
            found[key(EntryKind.MODE, row.id)] = Wanted(body, expires_at=row.expires_at)
        return found

    def enrolments(self, ids: Collection[str] | None = None) -> Desired:
        """The cards that are being enrolled at the controller's readers, all or of these ids."""
        found = enrolment_rows.open_of_controller(self._scope, self._controller.id, ids)
        return {key(EntryKind.ENROLMENT, each.id): Wanted(each.body()) for each in found}

    # --- grants ------------------------------------------------------------------------------

    def all_grants(self) -> list[Grant]:
        """The controller's grants that count now."""
        at_doors = self._grants(grants.c.door_id, self.doors)
        return [*at_doors, *self._grants(grants.c.zone_id, self._joined)]

    def grants_by_id(self, ids: Collection[str]) -> list[Grant]:
        """Those of them with these ids."""
        return self._grants(grants.c.id, ids)

    def grants_for(
        self, person_ids: Collection[str], card_ids: Collection[str] = ()
    ) -> list[Grant]:
        """Those of them that let these people in, themselves or by a group, or these cards."""
        by_group = {group for groups in self.groups_of(person_ids).values() for group in groups}
        return [
            *self._grants(grants.c.person_id, person_ids),
            *self._grants(grants.c.group_id, by_group),
            *self._grants(grants.c.card_id, card_ids),
        ]

    def hold_schedules(self) -> set[str]:
        """The schedules by which the controller's doors stand open."""
        return {door.hold_schedule for door in self.doors.values() if door.hold_schedule}

    def schedules_in_use(self, schedule_ids: Collection[str]) -> set[str]:
        """Those of these schedules that the controller's grants or its doors' holds follow."""
        follow = self._grants(grants.c.schedule_id, schedule_ids)
        held = self.hold_schedules().intersection(schedule_ids)
        return held | {grant.schedule_id for grant in follow if grant.schedule_id}

    def _grants(self, column: sa.Column[Any], values: Collection[str]) -> list[Grant]:
        found = as_all(Grant, self._rows(sa.select(grants), column, values))
        return [g for g in found if self._is_here(g) and self._counts(g)]

    def _is_here(self, grant: Grant) -> bool:
        return grant.door_id in self.doors or grant.zone_id in self._joined

    def _counts(self, grant: Grant) -> bool:
        if grant.state is EntryState.REVOKED and grant.end_at is None:
            return False
        return self._within(grant.start_at, grant.end_at)

    def _within(self, start: datetime | None, end: datetime | None) -> bool:
        return Window(start, end).phase(self._now, self._horizon) is Phase.WITHIN

    @staticmethod
    def grant_entries(found: Iterable[Grant]) -> Desired:
        """Their entries."""
        return {
            key(EntryKind.GRANT, grant.id): Wanted(grant.body(), expires_at=grant.end_at)
            for grant in found
        }

    # --- people and cards --------------------------------------------------------------------

    def members(self, group_ids: Collection[str]) -> set[str]:
        """The people of these groups."""
        m = group_members.c
        return {r.person_id for r in self._rows(sa.select(m.person_id), m.group_id, group_ids)}

    def groups_of(self, person_ids: Collection[str]) -> dict[str, list[str]]:
        """The groups of each of these people, sorted; who has none is left out."""
        m = group_members.c
        found: dict[str, list[str]] = {}
        query = sa.select(m.person_id, m.group_id)
        for row in self._rows(query, m.person_id, person_ids):
            found.setdefault(row.person_id, []).append(row.group_id)
        return {person: sorted(groups) for person, groups in found.items()}

    def everybody(self) -> set[str]:
        """Everybody the town knows now: they may punch wherever there is a terminal."""
        query = sa.select(people.c.id).where(people.c.state != EntryState.REVOKED)
        return {row.id for row in self._scope.all(query)}

    def people_entries(self, person_ids: Collection[str]) -> Desired:
        """Flags and cards of these people; nothing of who has left."""
        groups = self.groups_of(person_ids)
        found: Desired = {}
        known: dict[str, Person] = {}
        for person in as_all(Person, self._rows(sa.select(people), people.c.id, person_ids)):
            if person.state is EntryState.REVOKED:
                continue
            known[person.id] = person
            body = person.body(tuple(groups.get(person.id, ())), self._now)
            found[key(EntryKind.PERSON_FLAGS, person.id)] = Wanted(
                self._with_name(person, body), person.id, expires_at=person.next_turn(self._now)
            )
        held = as_all(Card, self._rows(sa.select(cards), cards.c.person_id, known))
        return found | self._card_entries(held, known)

    @cached_property
    def _asks_for_proof(self) -> bool:
        """Whether a reader here takes punches of cards that prove themselves alone."""
        return any(
            reader.punch is not PunchRule.NONE and reader.min_assurance is Assurance.CHALLENGE
            for reader in self._readers
        )

    @cached_property
    def _has_screen(self) -> bool:
        """Whether an attendance terminal stands here, which shows names."""
        return any(
            reader.punch is not PunchRule.NONE and reader.side is Side.TERMINAL
            for reader in self._readers
        )

    def _with_name(self, person: Person, body: PersonFlagsBody) -> PersonFlagsBody:
        """Add what the terminal's screen calls somebody, sealed; the same name seals alike."""
        if not self._has_screen:
            return body
        name = shown_name(person, form_of(self._controller.settings))
        if not name or "\x00" in name:
            return body
        sealed = NameKey.of(self._controller.id, self._own.link).seal(person.id, name)
        return msgspec.structs.replace(body, name=sealed)

    def card_entries(self, card_ids: Collection[str]) -> Desired:
        """Cards by themselves, for grants that name a card."""
        found = as_all(Card, self._rows(sa.select(cards), cards.c.id, card_ids))
        holders = {card.person_id for card in found if card.person_id}
        known = as_all(Person, self._rows(sa.select(people), people.c.id, holders))
        return self._card_entries(found, {each.id: each for each in known})

    def cards_of(self, person_ids: Collection[str]) -> set[str]:
        """The ids of these people's cards."""
        return {r.id for r in self._rows(sa.select(cards.c.id), cards.c.person_id, person_ids)}

    def holder_of(self, card_ids: Collection[str]) -> set[str]:
        """The people who have these cards."""
        query = sa.select(cards.c.person_id).where(cards.c.person_id.is_not(None))
        return {row.person_id for row in self._rows(query, cards.c.id, card_ids)}

    def _card_entries(self, found: Collection[Card], holders: Mapping[str, Person]) -> Desired:
        granted = self._granted([card for card in found if card.has_key], holders)
        made: Desired = {}
        for card in found:
            holder = holders.get(card.person_id or "")
            made.update(self._card_entry(card, holder, with_key=card.id in granted))
        return made

    def _granted(self, found: Collection[Card], known: Mapping[str, Person]) -> set[str]:
        """Those of these cards that open something here, or that a terminal here asks for a proof:
        others stand in the policy too (for a terminal, or because their holder has another that
        does), and their keys do not."""
        usable = [
            card for card in found if card.state is CardState.ACTIVE and not card.is_over(self._now)
        ]
        holders = {card.person_id for card in usable if card.person_id}
        groups = self.groups_of(holders)
        given = self.grants_for(holders, {card.id for card in usable})
        subjects = {grant.subject for grant in given if grant.state is EntryState.ACTIVE}
        active = {
            each.id for each in known.values() if each.state_at(self._now) is EntryState.ACTIVE
        }
        return {
            card.id
            for card in usable
            if card.person_id is None or card.person_id in active
            if (self._asks_for_proof and card.person_id is not None)
            or subjects & {card.id, card.person_id, *groups.get(card.person_id or "", ())}
        }

    def _card_entry(self, card: Card, holder: Person | None, *, with_key: bool) -> Desired:
        if card.state is CardState.WITHDRAWN:
            return {}
        try:
            identity = open_identity(self._keys, card.id, card.identity)
            sealed = self._seals.sealed(card) if with_key else None
        except SealBrokenError:  # one row that was tampered with opens nothing, and stops nothing
            _log.error("card_seal_broken", card=card.id)
            self.seal_broken = True
            return {}
        body = CardBody(
            credential=card.id,
            namespace=card.namespace,
            digest=card_digest(self._own.pin, card.namespace, identity),
            state=card.state.entry_state,
            person=card.person_id,
            profile=card.profile,
            public_key=card.public_key,
            sealed=sealed,
            # The door keeps to the end of its holder's time too, whether it can hear us or not.
            end=min(
                (at for at in (card.valid_until, holder.ends_at if holder else None) if at),
                default=None,
            ),
        )
        # With its end the key leaves the controller; the entry stays, so that the door says why.
        ends = card.valid_until if sealed is not None else None
        return {key(EntryKind.CREDENTIAL, card.id): Wanted(body, card.person_id, expires_at=ends)}

    # --- PINs --------------------------------------------------------------------------------

    def all_pins(self) -> Desired:
        """Every PIN of the controller's doors that counts now, and the grants that let it in."""
        return self._pins(pin_placements.c.door_id, self.doors)

    def pins(self, credential_ids: Collection[str]) -> Desired:
        """Those of these credentials."""
        return self._pins(pin_placements.c.credential_id, credential_ids)

    def pin_owners(self, credential_ids: Collection[str]) -> set[str]:
        """The people whose PINs these are, as far as they are known people."""
        c = pin_credentials.c
        query = sa.select(c.person_id).where(c.person_id.is_not(None))
        return {row.person_id for row in self._rows(query, c.id, credential_ids)}

    def people_with_pins(self, person_ids: Collection[str] | None = None) -> set[str]:
        """Who has a PIN that counts here now, of everybody or of these people: were they blocked,
        the door must know it."""
        if person_ids is None:
            rows = self._pin_rows(pin_placements.c.door_id, self.doors)
        else:
            rows = self._pin_rows(pin_credentials.c.person_id, person_ids)
        return {row.person_id for row in rows if row.person_id is not None}

    def pins_of(self, person_ids: Collection[str]) -> set[str]:
        """The credentials of these people's PINs: with a person's time those end."""
        c = pin_credentials.c
        query = sa.select(c.id).where(c.revoked_at.is_(None))
        return {row.id for row in self._rows(query, c.person_id, person_ids)}

    def _pins(self, column: sa.Column[Any], values: Collection[str]) -> Desired:
        found: Desired = {}
        for row in self._pin_rows(column, values):
            found.update(self._pin_entries(row))
        return found

    def _pin_rows(self, column: sa.Column[Any], values: Collection[str]) -> list[Any]:
        p, c = pin_placements, pin_credentials
        query = (
            sa.select(
                p,
                c.c.sealed,
                c.c.booking_id,
                c.c.person_id,
                c.c.holder_id,
                c.c.variant,
                c.c.max_uses,
                c.c.escorts,
                c.c.escort_s,
                people.c.ends_at.label("holder_ends_at"),
                c.c.daily,
            )
            .join(c, sa.and_(c.c.town_id == p.c.town_id, c.c.id == p.c.credential_id))
            .outerjoin(
                people, sa.and_(people.c.town_id == c.c.town_id, people.c.id == c.c.person_id)
            )
            .where(
                p.c.ends_at > self._now - LINGER,
                sa.or_(p.c.state.in_(_LINGERING), self._opens_still()),
            )
        )
        return [
            row
            for row in self._rows(query, column, values)
            if row.door_id in self.doors
            and self._within(row.starts_at, row.ends_at + LINGER)
            # one revoked before the controller ever heard of it is not worth telling
            and not (row.state is PlacementState.REVOKED and row.wanted_version is None)
        ]

    def _opens_still(self) -> sa.ColumnElement[bool]:
        p = pin_placements.c
        return sa.and_(p.state == PlacementState.SCHEDULED, p.ends_at > self._now)

    def _pin_entries(self, row: Any) -> Desired:
        try:
            digits = self._keys.unseal(bytes(row.sealed), f"pins:{row.credential_id}").decode()
        except SealBrokenError:
            _log.error("pin_seal_broken", credential=row.credential_id)
            self.seal_broken = True
            return {}
        # The door keeps to the end of its holder's time too, whether it can hear us or not.
        end = min(row.ends_at, row.holder_ends_at or row.ends_at)
        state = EntryState.ACTIVE if row.starts_at < end else EntryState.BLOCKED
        pin = PinBody(
            credential=row.credential_id,
            door=row.door_id,
            digest=pin_digest(self._own.pin, row.door_id, digits),
            state=EntryState.REVOKED if row.state in _REVOKED else state,
            person=row.person_id,
            booking=row.booking_id,
            duress=row.variant is PinVariant.DURESS,
            # A lock by itself knows windows and no schedule.
            at_lock=None if row.daily else self._lists.digest(row.door_id, digits),
        )
        grant = GrantBody(
            door=row.door_id,
            credential=row.credential_id,
            start=row.starts_at,
            end=end if row.starts_at < end else row.ends_at,
            schedule=row.credential_id if row.daily else None,
            booking=row.booking_id,
            max_uses=row.max_uses,
            counted_as=row.holder_id if row.max_uses else None,
            escorts=row.escorts,
            escort_s=row.escort_s,
        )
        entry_id = pin_policy_id(row.credential_id, row.door_id)
        leaves_at = row.ends_at + LINGER
        found = {
            key(EntryKind.CREDENTIAL, entry_id): Wanted(pin, None, row.credential_id, leaves_at),
            key(EntryKind.GRANT, row.grant_id): Wanted(grant, None, row.credential_id, leaves_at),
        }
        if row.daily:  # a schedule of its own, under the credential's id
            hours = daily_schedule(row.starts_at, row.ends_at)
            own = key(EntryKind.SCHEDULE, row.credential_id)
            found[own] = Wanted(hours, None, row.credential_id, leaves_at)
        return found

    # --- time --------------------------------------------------------------------------------

    def schedule_entries(self, schedule_ids: Collection[str]) -> Desired:
        """These schedules."""
        found = as_all(Schedule, self._rows(sa.select(schedules), schedules.c.id, schedule_ids))
        return {key(EntryKind.SCHEDULE, each.id): Wanted(each.body()) for each in found}

    def schedules_of_calendars(self, calendar_ids: Collection[str]) -> dict[str, str]:
        """The schedules that follow these calendars: schedule id to calendar id."""
        query = sa.select(schedules.c.id, schedules.c.calendar_id)
        rows = self._rows(query, schedules.c.calendar_id, calendar_ids)
        return {row.id: row.calendar_id for row in rows}

    def calendars_of(self, schedule_ids: Collection[str]) -> set[str]:
        """The calendars that these schedules follow."""
        query = sa.select(schedules.c.calendar_id).where(schedules.c.calendar_id.is_not(None))
        return {row.calendar_id for row in self._rows(query, schedules.c.id, schedule_ids)}

    def calendar_entries(self, calendar_ids: Collection[str]) -> Desired:
        """These calendars, from the beginning of this year to the end of the next: whoever is cut
        off for a year still knows them."""
        first, last = date(self._now.year, 1, 1), date(self._now.year + 1, 12, 31)
        found = as_all(Calendar, self._rows(sa.select(calendars), calendars.c.id, calendar_ids))
        return {
            key(EntryKind.HOLIDAY, each.id): Wanted(HolidayBody(dates=dates_of(each, first, last)))
            for each in found
        }

    # --- inside ------------------------------------------------------------------------------

    def _ours(self, door_ids: Iterable[str]) -> set[str]:
        return {door_id for door_id in door_ids if door_id in self.doors}

    def _rows(
        self, statement: sa.Select[Any], column: sa.ColumnElement[Any], values: Iterable[str]
    ) -> list[Any]:
        """Run a SELECT for many values of one column, a batch at a time."""
        found: list[Any] = []
        for batch in batches(values):
            found.extend(self._scope.all(statement.where(column.in_(batch))))
        return found


def _with_backup(body: DoorBody, backup: DoorBackup | None, controller_id: str) -> DoorBody:
    """Add a door's own sealed codes; a secret that is sealed to another controller is left out."""
    if backup is None or backup.controller_id != controller_id:
        return body
    codes = BackupCodes(
        profile=backup.profile,
        sealed=backup.sealed,
        generation=backup.generation,
        grace_s=backup.grace_s,
    )
    return msgspec.structs.replace(body, backup=codes)
