"""Reading and writing entries, door states and device states."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.entries.devices import DeviceState
from hub.entries.domain import Entry, Result
from hub.entries.doors import ActiveMode, DoorState, door_of
from hub.entries.tables import device_states, door_states, entries
from hub.projection.clock import DRIFT_PPM, KnownTime
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from wire.clock import ClockState
from wire.events import ActOutcome, EventKind, Observed
from wire.policy_bodies import DoorMode

_ENTRY_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Entry))
_DEVICE_FIELDS: Final = tuple(field.name for field in dataclasses.fields(DeviceState))
_MILLION: Final = 1_000_000
_NS_A_MS: Final = 1_000_000
FOLLOW_NS: Final = 60_000_000_000
"""A leaf that opens within a minute after a release followed from it."""


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in _ENTRY_FIELDS})


def insert_entry(scope: Scope, entry: Entry) -> None:
    """Keep an entry; one that is there already stays as it is."""
    scope.upsert_ignore(entries, {name: getattr(entry, name) for name in _ENTRY_FIELDS})


def entry_by_act(scope: Scope, controller_id: str, act: str) -> Entry | None:
    """Give the decision an act belongs to."""
    row = scope.one(
        scope.select(entries)
        .where(entries.c.controller_id == controller_id, entries.c.act == act)
        .order_by(entries.c.id)
        .limit(1)
    )
    return _entry(row) if row else None


def entry_by_command(scope: Scope, controller_id: str, command_id: str) -> Entry | None:
    """Give the entry of a command."""
    row = scope.one(
        scope.select(entries)
        .where(
            entries.c.controller_id == controller_id,
            entries.c.kind == "command_received",
            entries.c.command_id == command_id,
        )
        .order_by(entries.c.id.desc())
        .limit(1)
    )
    return _entry(row) if row else None


def uses_of(scope: Scope, doors: Collection[str], grants: Collection[str]) -> int:
    """Count how often these grants have opened these doors, as far as the log tells."""
    query = scope.select(sa.func.count()).where(
        entries.c.door_id.in_(sorted(doors)),
        entries.c.grant_id.in_(sorted(grants)),
        entries.c.result == Result.GRANTED,
    )
    return int(scope.scalar(query) or 0)


def change_entry(scope: Scope, entry_id: int, raw_id: int, **values: Any) -> None:
    """Set what followed, noting which raw event said so."""
    scope.update(entries, {**values, "touched_by": raw_id}, entries.c.id == entry_id)


def set_outcome(
    scope: Scope, entry: Entry, raw_id: int, outcome: ActOutcome, observed: Observed
) -> None:
    """Set what became of a decision's act."""
    change_entry(scope, entry.id, raw_id, outcome=outcome, observed=observed)


def open_release(scope: Scope, event: ProjectedEvent, door_id: str) -> Entry | None:
    """Give the last release of a door that a leaf opening now can have followed from: granted in
    the same boot, at most `FOLLOW_NS` ago, and not followed by an opening yet."""
    if event.origin is not None:
        return _collected_release(scope, event, door_id, event.origin.device)
    row = scope.one(
        scope.select(entries)
        .where(
            entries.c.door_id == door_id,
            entries.c.controller_id == event.controller,
            entries.c.boot == event.boot,
            entries.c.result == Result.GRANTED,
            entries.c.opened_at.is_(None),
            entries.c.mono_ns <= event.mono_ns,
            entries.c.mono_ns >= event.mono_ns - FOLLOW_NS,
            # Lets the index on door and time do the work; the clock may have been set meanwhile.
            entries.c.occurred_at >= event.corrected_at - timedelta(days=1),
        )
        .order_by(entries.c.mono_ns.desc())
        .limit(1)
    )
    return _entry(row) if row else None


def is_opening_told(scope: Scope, event: ProjectedEvent) -> bool:
    """Tell whether the opening that an event tells of follows a release already: it must not be
    taken for that of another too."""
    if event.kind is not EventKind.DOOR_OPENED:
        return False
    e = entries.c
    same = (e.door_id == door_of(event), e.controller_id == event.controller, e.boot == event.boot)
    since = event.corrected_at - timedelta(days=1)  # lets the index do the work, as above
    where = (*same, e.opened_at == event.corrected_at, e.occurred_at >= since)
    return scope.one(scope.select(e.id).where(*where).limit(1)) is not None


def _collected_release(
    scope: Scope, event: ProjectedEvent, door_id: str, device: str
) -> Entry | None:
    """The same by the offline device's own clock: the monotonic one is that of whoever collected
    the record."""
    since = event.corrected_at - timedelta(microseconds=FOLLOW_NS // 1_000)
    row = scope.one(
        scope.select(entries)
        .where(
            entries.c.door_id == door_id,
            entries.c.origin_device == device,
            entries.c.result == Result.GRANTED,
            entries.c.opened_at.is_(None),
            entries.c.occurred_at.between(since, event.corrected_at),
        )
        .order_by(entries.c.occurred_at.desc(), entries.c.id.desc())
        .limit(1)
    )
    return _entry(row) if row else None


def retime_entries(scope: Scope, known: Retiming) -> None:
    """Give entries whose clock was not trusted the time that is known better now; `at` stays. What
    followed from one moves along."""
    c, anchor = entries.c, known.anchor
    # An anchor that is far away says less than a nearer one has said: rows that are known well
    # already are not looked at again every hour.
    strays_ms = (anchor.mono_ns - c.mono_ns) / sa.literal(_MILLION * _NS_A_MS // DRIFT_PPM)
    rows = scope.all(
        scope.select(
            c.id, c.boot, c.mono_ns, c.received_at, c.occurred_at, c.time_error_ms, c.opened_at
        ).where(
            c.controller_id == known.controller,
            c.boot.in_(sorted(known.boots)),
            c.clock != ClockState.TRUSTED,
            c.origin_device.is_(None),  # another clock's times
            sa.or_(
                c.time_error_ms.is_(None),
                c.boot != anchor.boot,
                c.time_error_ms - anchor.error_ms > strays_ms,
            ),
        )
    )
    for row in rows:
        time = known.time_of(row.boot, int(row.mono_ns), row.received_at)
        if time is None or not _is_better(time, row.time_error_ms):
            continue
        values = {"occurred_at": time.at, "time_error_ms": time.error_ms}
        if row.opened_at is not None:
            values["opened_at"] = row.opened_at + (time.at - row.occurred_at)
        scope.update(entries, values, c.id == row.id)


def _is_better(time: KnownTime, error_ms: int | None) -> bool:
    return error_ms is None or time.error_ms < error_ms


# --- states --------------------------------------------------------------------------------------


def door_state(scope: Scope, door_id: str) -> DoorState:
    """Give a door's last known state; all unknown for one never heard of."""
    row = scope.one(scope.select(door_states).where(door_states.c.door_id == door_id))
    return _door_state(row) if row else DoorState(door_id)


def all_door_states(scope: Scope) -> dict[str, DoorState]:
    """Give the state of every door ever heard of, by door id."""
    return {row.door_id: _door_state(row) for row in scope.all(scope.select(door_states))}


def doors_touched_after(scope: Scope, raw_id: int, limit: int) -> Sequence[tuple[str, int]]:
    """Give doors whose state changed after a raw event, and the event that did."""
    table = door_states
    rows = scope.all(
        scope.select(table.c.door_id, table.c.touched_by)
        .where(table.c.touched_by > raw_id)
        .order_by(table.c.touched_by)
        .limit(limit)
    )
    return [(row.door_id, int(row.touched_by)) for row in rows]


def keep_door_state(scope: Scope, state: DoorState, raw_id: int) -> None:
    """Keep a door's state."""
    values = {
        field.name: getattr(state, field.name)
        for field in dataclasses.fields(state)
        if field.name != "modes"
    }
    modes = [[m.mode.value, m.order, m.since.isoformat()] for m in state.modes]
    scope.upsert(door_states, {**values, "modes": modes, "touched_by": raw_id}, key=["door_id"])


def _door_state(row: sa.Row[Any]) -> DoorState:
    modes = tuple(
        ActiveMode(DoorMode(mode), int(order), datetime.fromisoformat(since))
        for mode, order, since in row.modes
    )
    names = [field.name for field in dataclasses.fields(DoorState) if field.name != "modes"]
    return DoorState(**{name: getattr(row, name) for name in names}, modes=modes)


def device_state(scope: Scope, device_id: str) -> DeviceState:
    """Give a device's last known state; all unknown for one never heard of."""
    row = scope.one(scope.select(device_states).where(device_states.c.device_id == device_id))
    return _device_state(row) if row else DeviceState(device_id)


def all_device_states(scope: Scope) -> dict[str, DeviceState]:
    """Give the state of every device ever heard of, by device id."""
    return {row.device_id: _device_state(row) for row in scope.all(scope.select(device_states))}


def keep_device_state(scope: Scope, state: DeviceState) -> None:
    """Keep a device's state."""
    values = {name: getattr(state, name) for name in _DEVICE_FIELDS}
    scope.upsert(device_states, values, key=["device_id"])


def _device_state(row: sa.Row[Any]) -> DeviceState:
    return DeviceState(**{name: getattr(row, name) for name in _DEVICE_FIELDS})


def forget_all(scope: Scope) -> None:
    """Remove everything that follows from events."""
    for table in (entries, door_states, device_states):
        scope.delete(table, sa.true())
