"""Writes what events mean to the entry log, to the states of doors and devices, and to alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.database.scope import Scope
from hub.entries import alarm_repository, repository
from hub.entries.alarms import AlarmKind, Clear, Raise, alarms_of, rule_broken, unknown_code
from hub.entries.devices import apply_device_event, device_of
from hub.entries.domain import Entry
from hub.entries.doors import apply_door_event, door_of
from hub.entries.mapping import entry_of
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes import repository as boxes
from hub.people import repository as people
from hub.pins import pools
from hub.pins import repository as pins
from hub.projection.domain import Projected, ProjectedEvent, ProjectedGap, Rejected
from hub.projection.projector import Projector
from hub.sites import repository as sites
from hub.sites.domain import Device, Door
from wire.events import (
    AccessBody,
    ActResultBody,
    CommandReceivedBody,
    CommandResultBody,
    EventKind,
    Factor,
)
from wire.reasons import Outcome, Reason


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event. One that came ahead says at once what happened, and how things stand only
    when its turn comes."""
    broken = _broken(scope, event)
    _log(scope, event, broken)
    _follow(scope, event)
    if not event.ahead:
        _states(scope, event)
    _alarms(scope, event)
    if broken is not None and (alarm := rule_broken(event, broken)) is not None:
        alarm_repository.raise_alarm(scope, alarm)


def again(scope: Scope, event: ProjectedEvent) -> None:
    """Take up what an event that came ahead says of how things stand, in its turn."""
    if not repository.is_opening_told(scope, event):
        _follow(scope, event)
    _states(scope, event)
    for change in alarms_of(event):
        if isinstance(change, Clear):
            alarm_repository.clear_alarm(scope, replace(change, is_belated=True))


def project_gap(scope: Scope, gap: ProjectedGap) -> None:
    """Write that records are missing."""
    if entry := entry_of(gap):
        repository.insert_entry(scope, entry)
    _alarms(scope, gap)


def rejected(scope: Scope, row: Rejected, received_at: datetime) -> None:
    """Raise the alarm that an event could not be read."""
    alarm_repository.raise_alarm(
        scope,
        Raise(
            AlarmKind.EVENT_REJECTED,
            row.controller,
            row.controller,
            row.raw_id,
            received_at,
            received_at,
            cause=row.reason.value,
        ),
    )


def reset(scope: Scope) -> None:
    """Remove everything that follows from events."""
    repository.forget_all(scope)
    alarm_repository.forget_all(scope)


PROJECTOR = Projector(
    name="entries",
    kinds=frozenset(EventKind),
    project=project,
    project_gap=project_gap,
    rejected=rejected,
    reset=reset,
    retime=repository.retime_entries,
    again=again,
)


def _broken(scope: Scope, event: ProjectedEvent) -> Reason | None:
    """The rule that an opening broke and that is only reported: as the edge said or, of a limit
    that each controller counts for itself, as only the hub can know."""
    body = event.body
    if not isinstance(body, AccessBody) or body.reason.outcome is not Outcome.GRANT:
        return None
    if body.soft is not None or body.grant is None:
        return body.soft
    grant = people.grant(scope, body.grant)
    if grant is None or grant.max_uses is None or not grant.soft:
        return None
    together = people.soft_limited_grants_of(scope, grant)
    doors = {each.door_id for each in together if each.door_id is not None}
    for zone_id in {each.zone_id for each in together if each.zone_id is not None}:
        doors |= {door.id for door in sites.doors_of_zone(scope, zone_id)}
    used = repository.uses_of(scope, doors, {each.id for each in together})
    limit = max(each.max_uses or 0 for each in together)
    return Reason.USED_UP if used >= limit else None


def _log(scope: Scope, event: ProjectedEvent, broken: Reason | None) -> None:
    entry = entry_of(event)
    if entry is None:
        return
    entry = _joined(scope, entry)
    if broken is not None:
        entry = replace(entry, soft=broken)
    body = event.body
    decided = None
    if entry.act is not None:
        decided = repository.entry_by_act(scope, event.controller, entry.act)
    if decided is not None and isinstance(body, CommandReceivedBody):
        # The decision stands already: say who gave the command.
        repository.change_entry(
            scope, decided.id, event.raw_id, actor_id=body.actor, command_id=body.command_id
        )
    elif decided is not None and decided.kind == EventKind.COMMAND_RECEIVED:
        _decide_command(scope, decided, entry)
    else:
        repository.insert_entry(scope, _paired(scope, entry))


def _paired(scope: Scope, entry: Entry) -> Entry:
    """Two persons who opened together make one entry: say who the other was."""
    if entry.partner_id is None:
        return entry
    card = people.card(scope, entry.partner_id)
    if card is not None:
        return replace(entry, partner_person_id=card.person_id)
    pin = pins.credential(scope, entry.partner_id)
    return replace(entry, partner_person_id=pin.person_id if pin else None)


def _joined(scope: Scope, entry: Entry) -> Entry:
    """Say whose PIN or sealed code it was, and put what a key box tells of itself where a door's
    entries stand: at the box."""
    if entry.code is not None and entry.door_id is not None:
        code = code_rows.code_by_tag(scope, entry.door_id, entry.code)
        if code is not None:
            entry = replace(
                entry,
                credential_id=code.id,
                booking_id=code.booking_id,
                holder_id=code.holder_id,
                person_id=code_rows.person_with_code(scope, code),
            )
    elif entry.booking_id is not None and entry.credential_id is not None:
        pin = pins.credential(scope, entry.credential_id)
        entry = replace(entry, holder_id=pin.holder_id if pin else None)
    if entry.factor is Factor.PIN and entry.booking_id is None and entry.credential_id is not None:
        entry = _pulled(scope, entry)
    device = entry.origin_device or entry.device_id
    if entry.door_id is None and device is not None and boxes.key_box(scope, device) is not None:
        entry = replace(entry, door_id=device)
    return entry


def _pulled(scope: Scope, entry: Entry) -> Entry:
    """A standing code is the booking's that pulled it; the door, which is away, does not know."""
    pin = pins.credential(scope, entry.credential_id or "")
    if pin is None or pin.booking_id is None:
        return entry
    return replace(
        entry,
        booking_id=pin.booking_id,
        holder_id=pin.holder_id,
        person_id=entry.person_id or pin.person_id,
    )


def _decide_command(scope: Scope, command: Entry, decision: Entry) -> None:
    """A command and the decision on it are one entry: what was asked, by whom, and the answer."""
    repository.change_entry(
        scope,
        command.id,
        decision.id,
        kind=decision.kind,
        result=decision.result,
        reason=decision.reason,
    )


def _follow(scope: Scope, event: ProjectedEvent) -> None:
    body = event.body
    if isinstance(body, ActResultBody):
        decided = repository.entry_by_act(scope, event.controller, body.act)
        if decided is not None:
            repository.set_outcome(scope, decided, event.raw_id, body.outcome, body.observed)
    elif isinstance(body, CommandResultBody):
        command = repository.entry_by_command(scope, event.controller, body.command_id)
        if command is not None:
            repository.set_outcome(scope, command, event.raw_id, body.outcome, body.observed)
    elif event.kind is EventKind.DOOR_OPENED and (door_id := door_of(event)):
        release = repository.open_release(scope, event, door_id)
        if release is not None:
            repository.change_entry(scope, release.id, event.raw_id, opened_at=event.corrected_at)


def _states(scope: Scope, event: ProjectedEvent) -> None:
    """A controller can say nothing of the state of another's doors and devices; what is registered
    nowhere (any more) is nobody else's."""
    if (door_id := door_of(event)) and _is_own(sites.door(scope, door_id), event):
        before = repository.door_state(scope, door_id)
        repository.keep_door_state(scope, apply_door_event(before, event), event.raw_id)
    if (device_id := device_of(event)) and _is_own(sites.device(scope, device_id), event):
        known = repository.device_state(scope, device_id)
        repository.keep_device_state(scope, apply_device_event(known, event))


def _is_own(found: Door | Device | None, event: ProjectedEvent) -> bool:
    return found is None or found.controller_id == event.controller


def _alarms(scope: Scope, event: Projected) -> None:
    changes = alarms_of(event)
    if isinstance(event, ProjectedEvent):
        changes = (*(_at_box(scope, each) for each in changes), *_unknown_code(scope, event))
    for change in changes:
        if isinstance(change, Clear):
            alarm_repository.clear_alarm(scope, change)
        else:
            alarm_repository.raise_alarm(scope, change)


def _at_box(scope: Scope, change: Raise | Clear) -> Raise | Clear:
    """An alarm of a key box stands at the box, as a door's does at the door."""
    if isinstance(change, Clear) or change.door_id is not None or change.device_id is None:
        return change
    if boxes.key_box(scope, change.device_id) is None:
        return change
    return replace(change, door_id=change.device_id)


def _unknown_code(scope: Scope, event: ProjectedEvent) -> tuple[Raise, ...]:
    """A code that opened and that the hub never gave anybody: the lock's secret is out, or somebody
    guessed a standing code."""
    body = event.body
    if not isinstance(body, AccessBody):
        return ()
    if body.reason is Reason.PIN_VALID and body.booking is None and body.credential is not None:
        return (unknown_code(event),) if pools.is_unpulled(scope, body.credential) else ()
    if body.reason is not Reason.SEALED_CODE_VALID:
        return ()
    known = body.code and body.door and code_rows.code_by_tag(scope, body.door, body.code)
    return () if known else (unknown_code(event),)
