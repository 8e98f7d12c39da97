"""Follows people through doors. Runs after the entry log's projector, whose rows it reads.

Who was let in went through when the leaf opened after it; at once, where the leaf stood open
already; and at a door whose leaf nobody sees, when the lock was driven. A zone of which a door
stood open to everybody begins anew when that is over.

What comes ahead of a backlog counts at once where it is whole, and is looked at again in its turn:
by then what it follows from is here, and doors stand as they stood.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hub.database.scope import Scope
from hub.entries import repository as log
from hub.entries.domain import Entry, Result
from hub.entries.doors import Leaf
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from hub.sites import repository as sites
from hub.sites.domain import Door
from hub.zones import repository
from hub.zones.domain import OPEN_TO_EVERYBODY, Passage, laid_open, way_through
from wire.clock import ClockState
from wire.events import (
    AccessBody,
    ActOutcome,
    ActResultBody,
    DoorEventBody,
    EventKind,
    ModeEventBody,
)


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Keep where people went by an event."""
    for zone_id in _laid_open(scope, event):
        repository.begin_anew(scope, zone_id, _when(event))
    entry = _went_by(scope, event)
    if entry is None or entry.result is not Result.GRANTED:
        return
    door = sites.door(scope, entry.door_id or "")
    reader = sites.reader(scope, entry.reader_id or "")
    if door is None or reader is None:
        return
    way = way_through(door, reader.side)
    if way is None:
        return
    for person_id in (entry.person_id, entry.partner_person_id):
        if person_id is not None:
            repository.went(scope, Passage(person_id, way, _when(event), door.id))


def _laid_open(scope: Scope, event: ProjectedEvent) -> set[str]:
    """The zones of which a door was just shut that stood open to everybody."""
    body = event.body
    doors: Iterable[Door | None] = ()
    if event.kind is EventKind.FIRE_ALARM_CLEARED:
        doors = sites.doors_of_controller(scope, event.controller)
    elif event.kind is EventKind.MODE_ENDED and isinstance(body, ModeEventBody):
        doors = [sites.door(scope, body.door)] if body.mode in OPEN_TO_EVERYBODY else []
    led = (laid_open(door) for door in doors if door is not None)
    return {zone_id for zone_id in led if zone_id is not None}


def _went_by(scope: Scope, event: ProjectedEvent) -> Entry | None:
    """The decision by which somebody went through a door now; None if nobody did."""
    body = event.body
    match body:
        case AccessBody() if event.ahead:  # how the leaf stood then is not known yet
            return None
        case AccessBody() if body.act is not None and body.door is not None:
            stands_open = log.door_state(scope, body.door).leaf is Leaf.OPEN
            return log.entry_by_act(scope, event.controller, body.act) if stands_open else None
        case ActResultBody() if body.outcome is ActOutcome.DONE:
            door = sites.door(scope, body.door)
            seen = door is None or door.contact is not None
            return None if seen else log.entry_by_act(scope, event.controller, body.act)
        case DoorEventBody() if event.kind is EventKind.DOOR_OPENED:
            return repository.opened_by(scope, event.raw_id, body.door)
        case _:
            return None


def _when(event: ProjectedEvent) -> datetime:
    """The time of a passage; of one that an untrusted clock tells, when it came in: people are in
    one place, and a passage of 1970 would never be the last."""
    unsure = event.clock is ClockState.UNTRUSTED and event.corrected_at == event.at
    return event.received_at if unsure else min(event.corrected_at, event.received_at)


PROJECTOR = Projector(
    name="zones",
    kinds=frozenset(
        {
            EventKind.ACCESS_GRANTED,
            EventKind.ACCESS_DURESS,
            EventKind.ACT_RESULT,
            EventKind.DOOR_OPENED,
            EventKind.MODE_ENDED,
            EventKind.FIRE_ALARM_CLEARED,
        }
    ),
    project=project,
    reset=repository.forget_all,
    again=project,
)
