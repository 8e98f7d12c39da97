"""Which controllers a mark concerns: those whose tables name the thing now, and those that hold
entries of it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.people.tables import card_enrolments, cards, grants, group_members
from hub.pins.tables import pin_credentials, pin_placements
from hub.policy import repository
from hub.policy.focus import Focus
from hub.policy.repository import Mark
from hub.policy.tables import Touched, policy_entries
from hub.sites.tables import devices, doors, readers
from wire.policy import EntryKind
from wire.policy_bodies import PunchRule


def focus_of(scope: Scope, marks: Iterable[Mark]) -> dict[str, Focus]:
    """Give what is to be looked at again, by controller."""
    found: dict[str, Focus] = {}
    for kind, target in dict.fromkeys((mark.kind, mark.target) for mark in marks):
        for controller_id in _controllers(scope, kind, target):
            found.setdefault(controller_id, Focus()).add(kind, target)
    return found


def _controllers(scope: Scope, kind: Touched, target: str) -> set[str]:
    match kind:
        case Touched.CONTROLLER:
            return {target}
        case Touched.DOOR:
            return _of_doors(scope, doors.c.id == target) | _held(scope, EntryKind.DOOR, target)
        case Touched.MODE:
            return _of_doors(scope, doors.c.id == target)
        case Touched.DEVICE:
            held = _held(scope, EntryKind.DEVICE, target)
            return _of_devices(scope, devices.c.id == target) | held
        case Touched.READER:
            device = sa.select(readers.c.device_id).where(readers.c.id == target)
            held = _held(scope, EntryKind.READER, target)
            return _of_devices(scope, devices.c.id.in_(device)) | held
        case Touched.GRANT:
            return _of_doors(scope, _granted(grants.c.id == target)) | _held(
                scope, EntryKind.GRANT, target
            )
        case Touched.CREDENTIAL:
            p = pin_placements
            at = sa.select(p.c.door_id).where(p.c.credential_id == target)
            return _of_doors(scope, doors.c.id.in_(at)) | _holding_pin(scope, target)
        case Touched.PERSON:
            return _of_person(scope, target)
        case Touched.CARD:
            owner = scope.scalar(scope.select(cards.c.person_id).where(cards.c.id == target))
            found = _of_doors(scope, _granted(grants.c.card_id == target))
            found |= _held(scope, EntryKind.CREDENTIAL, target)
            return found | (_of_person(scope, owner) if owner else set())
        case Touched.SCHEDULE:
            granted = _granted(grants.c.schedule_id == target)
            follows = sa.or_(granted, doors.c.hold_schedule == target)
            return _of_doors(scope, follows) | _held(scope, EntryKind.SCHEDULE, target)
        case Touched.ENROLMENT:
            t = card_enrolments.c
            at_reader = scope.select(t.controller_id).where(t.id == target)
            here = {row.controller_id for row in scope.all(at_reader)}
            return here | _held(scope, EntryKind.ENROLMENT, target)
        case Touched.CALENDAR:
            return _held(scope, EntryKind.HOLIDAY, target)


def _held(scope: Scope, kind: EntryKind, entry_id: str) -> set[str]:
    return repository.holders_of(scope, kind.value, [entry_id])


def _holding_pin(scope: Scope, credential_id: str) -> set[str]:
    t = policy_entries
    query = scope.select(t.c.controller_id).where(t.c.pin_id == credential_id).distinct()
    return {row.controller_id for row in scope.all(query)}


def _of_doors(scope: Scope, condition: sa.ColumnElement[bool]) -> set[str]:
    query = scope.select(doors.c.controller_id).where(condition).distinct()
    return {row.controller_id for row in scope.all(query)}


def _granted(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The condition for the doors that such grants are to, themselves or by a zone that they lead
    into or out of."""
    zones = sa.select(grants.c.zone_id).where(condition)
    return sa.or_(
        doors.c.id.in_(sa.select(grants.c.door_id).where(condition)),
        doors.c.zone_in.in_(zones),
        doors.c.zone_out.in_(zones),
    )


def _of_devices(scope: Scope, condition: sa.ColumnElement[bool]) -> set[str]:
    query = scope.select(devices.c.controller_id).where(condition).distinct()
    return {row.controller_id for row in scope.all(query)}


def _of_person(scope: Scope, person_id: str) -> set[str]:
    """Where they are let in, themselves, by group, card or PIN; where a terminal takes their
    punches; and where something of theirs is held."""
    m = group_members.c
    by_group = sa.select(m.group_id).where(m.person_id == person_id)
    by_card = sa.select(cards.c.id).where(cards.c.person_id == person_id)
    at = _granted(
        sa.or_(
            grants.c.person_id == person_id,
            grants.c.group_id.in_(by_group),
            grants.c.card_id.in_(by_card),
        )
    )
    pins = sa.select(pin_credentials.c.id).where(pin_credentials.c.person_id == person_id)
    by_pin = sa.select(pin_placements.c.door_id).where(pin_placements.c.credential_id.in_(pins))
    terminals = sa.select(readers.c.device_id).where(readers.c.punch != PunchRule.NONE)
    held = scope.select(policy_entries.c.controller_id).where(
        policy_entries.c.person_id == person_id
    )
    return (
        _of_doors(scope, sa.or_(at, doors.c.id.in_(by_pin)))
        | _of_devices(scope, devices.c.id.in_(terminals))
        | {row.controller_id for row in scope.all(held.distinct())}
    )
