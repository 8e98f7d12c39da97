"""Reading and writing what is known of batteries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.batteries.domain import Change, Forecast, Profile, Reading
from hub.batteries.records import Holder, Known, State
from hub.batteries.tables import (
    battery_changes,
    battery_forecasts,
    battery_profiles,
    battery_readings,
    battery_states,
)
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.keyboxes.tables import key_boxes
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from hub.sites.domain import SiteState
from hub.sites.tables import controllers, devices
from hub.web.paging import beyond
from wire.events import BatteryBody

# --- things with cells -------------------------------------------------------------------------


def holders(
    scope: Scope,
    site_ids: Collection[str] | None = None,
    only: Collection[str] | None = None,
    cursor: str | None = None,
) -> tuple[Holder, ...]:
    """Give what may run on cells, by id: in these sites (None: everywhere), of these ids (None:
    all), behind a cursor. The one place that knows what such things are: another kind joins here.
    """
    found = [*_devices(scope, site_ids, only, cursor), *_key_boxes(scope, site_ids, only, cursor)]
    return tuple(sorted(found, key=lambda each: each.id))


def _devices(
    scope: Scope,
    site_ids: Collection[str] | None,
    only: Collection[str] | None,
    cursor: str | None,
) -> Iterator[Holder]:
    c = devices.c
    where = [
        c.state == SiteState.ACTIVE,
        controllers.c.id == c.controller_id,
        *_wanted(c.id, controllers.c.site_id, site_ids, only, cursor),
    ]
    query = scope.select(c.id, c.name, controllers.c.site_id, c.controller_id).where(*where)
    for row in scope.all(query):
        yield Holder(row.id, row.name, row.site_id, row.controller_id)


def _key_boxes(
    scope: Scope,
    site_ids: Collection[str] | None,
    only: Collection[str] | None,
    cursor: str | None,
) -> Iterator[Holder]:
    """Key boxes are devices to an event, without a row among the devices: whoever visits one
    brings what it tells."""
    c = key_boxes.c
    where = [c.state == SiteState.ACTIVE, *_wanted(c.id, c.site_id, site_ids, only, cursor)]
    for row in scope.all(scope.select(c.id, c.name, c.site_id).where(*where)):
        yield Holder(row.id, row.name, row.site_id, None)


def _wanted(
    thing: sa.Column[str],
    site: sa.Column[str],
    site_ids: Collection[str] | None,
    only: Collection[str] | None,
    cursor: str | None,
) -> list[ColumnElement[bool]]:
    where = [beyond([thing], cursor)]
    if site_ids is not None:
        where.append(site.in_(sorted(site_ids)))
    if only is not None:
        where.append(thing.in_(sorted(only)))
    return where


def holder(scope: Scope, device_id: str) -> Holder | None:
    """Give one thing that may run on cells."""
    found = holders(scope, only=[device_id])
    return found[0] if found else None


def known(
    scope: Scope,
    site_ids: Collection[str] | None = None,
    only: Collection[str] | None = None,
    cursor: str | None = None,
) -> tuple[Known, ...]:
    """Give what runs on cells: of what may, those that ever told a level or have a profile."""
    found = holders(scope, site_ids, only, cursor)
    where = [] if only is None else [sorted(only)]
    profiles = {each.device_id: each for each in _all(scope, battery_profiles, Profile, where)}
    states = {each.device_id: each for each in _all(scope, battery_states, State, where)}
    forecasts = {row.device_id: row for row in scope.all(_of(battery_forecasts, where))}
    return tuple(
        _known(each, profiles.get(each.id), states.get(each.id), forecasts.get(each.id))
        for each in found
        if each.id in profiles or each.id in states
    )


def _known(
    holder: Holder, profile: Profile | None, state: State | None, row: sa.Row[Any] | None
) -> Known:
    forecast = _forecast(row) if row is not None else None
    touched = state.touched if state else 0
    return Known(holder, profile, state, forecast, row is not None and row.touched == touched)


def _of(table: sa.Table, only: list[list[str]]) -> sa.Select[Any]:
    return sa.select(table).where(*(table.c.device_id.in_(ids) for ids in only))


def _all(scope: Scope, table: sa.Table, kind: type[Any], only: list[list[str]]) -> Sequence[Any]:
    return as_all(kind, scope.all(_of(table, only)))


# --- readings ----------------------------------------------------------------------------------


def keep_reading(scope: Scope, event: ProjectedEvent, body: BatteryBody) -> bool:
    """Keep a reading; tell whether it is new. No reading is later than its arrival."""
    values = {
        "id": event.raw_id,
        "device_id": body.device,
        "at": min(event.corrected_at, event.received_at),
        "millivolts": body.millivolts,
        "temperature_dc": body.temperature_dc,
        "uses": body.uses,
        "controller_id": event.controller,
        "trusted": event.is_time_sure,
        "boot": event.boot,
        "mono_ns": event.mono_ns,
        "received_at": event.received_at,
    }
    return scope.upsert_ignore(battery_readings, values) > 0


def retime_readings(scope: Scope, known: Retiming) -> set[str]:
    """Give readings without a sure time the one that is sure now; give their devices."""
    c = battery_readings.c
    rows = scope.all(
        scope.select(c.id, c.device_id, c.boot, c.mono_ns, c.received_at).where(
            c.controller_id == known.controller,
            c.boot.in_(sorted(known.boots)),
            c.trusted.is_(False),
        )
    )
    devices = set()
    for row in rows:
        time = known.time_of(row.boot, int(row.mono_ns), row.received_at)
        if time is not None and time.is_sure:
            at = min(time.at, row.received_at)
            scope.update(battery_readings, {"at": at, "trusted": True}, c.id == row.id)
            devices.add(row.device_id)
    return devices


def readings_of(
    scope: Scope, device_id: str, since: datetime | None = None, newest: int | None = None
) -> tuple[Reading, ...]:
    """Give a device's readings whose time can be trusted, from an instant on, oldest first; with
    `newest` only so many of the last."""
    c = battery_readings.c
    where = [c.device_id == device_id, c.trusted.is_(True)]
    if since is not None:
        where.append(c.at >= since)
    query = scope.select(c.at, c.millivolts, c.temperature_dc, c.uses).where(*where)
    rows = scope.all(query.order_by(c.at.desc(), c.id.desc()).limit(newest))
    return as_all(Reading, reversed(rows))


def newest_reading(scope: Scope, device_id: str) -> sa.Row[Any] | None:
    """Give the newest reading's row whose time can be trusted."""
    c = battery_readings.c
    return scope.one(
        scope.select(battery_readings)
        .where(c.device_id == device_id, c.trusted.is_(True))
        .order_by(c.at.desc(), c.id.desc())
        .limit(1)
    )


# --- states and forecasts ----------------------------------------------------------------------


def state(scope: Scope, device_id: str) -> State:
    """Give a device's state; an empty one before it was heard of."""
    row = scope.one(sa.select(battery_states).where(battery_states.c.device_id == device_id))
    return as_one(State, row) or State(device_id)


def keep_state(scope: Scope, kept: State) -> None:
    """Keep a device's state."""
    values = {name: getattr(kept, name) for name in State.__slots__}
    scope.upsert(battery_states, values, key=["device_id"])


def stale_devices(scope: Scope, limit: int) -> tuple[str, ...]:
    """Give devices whose forecast is behind what is known of them."""
    s, f = battery_states.c, battery_forecasts.c
    on = sa.and_(f.town_id == s.town_id, f.device_id == s.device_id)
    rows = scope.all(
        scope.select(s.device_id)
        .select_from(battery_states.outerjoin(battery_forecasts, on))
        .where(sa.or_(f.touched.is_(None), f.touched != s.touched))
        .order_by(s.device_id)
        .limit(limit)
    )
    return tuple(row.device_id for row in rows)


def keep_forecast(scope: Scope, device_id: str, touched: int, made: Forecast) -> None:
    """Keep a forecast, as of what was known then."""
    values = {name: getattr(made, name) for name in Forecast.__slots__}
    row = {"device_id": device_id, "touched": touched, **values}
    scope.upsert(battery_forecasts, row, key=["device_id"])


def _forecast(row: sa.Row[Any]) -> Forecast:
    return Forecast(**{name: getattr(row, name) for name in Forecast.__slots__})


# --- profiles and changes ----------------------------------------------------------------------


def profile(scope: Scope, device_id: str) -> Profile | None:
    """Give what a device runs on."""
    row = scope.one(sa.select(battery_profiles).where(battery_profiles.c.device_id == device_id))
    return as_one(Profile, row)


def keep_profile(scope: Scope, kept: Profile) -> None:
    """Keep what a device runs on."""
    values = {name: getattr(kept, name) for name in Profile.__slots__}
    scope.upsert(battery_profiles, values, key=["device_id"])


def changes_of(scope: Scope, device_id: str) -> tuple[Change, ...]:
    """Give a device's changes of cells, oldest first."""
    c = battery_changes.c
    rows = scope.all(
        scope.select(c.device_id, c.at, c.inferred, c.by, c.chemistry, c.note, c.recorded_at)
        .where(c.device_id == device_id)
        .order_by(c.at, c.inferred)
    )
    return as_all(Change, rows)


def add_change(scope: Scope, change_id: str, change: Change) -> None:
    """Keep a recorded change; raises `DuplicateError` for one at the same instant."""
    values = {name: getattr(change, name) for name in Change.__slots__}
    scope.insert(battery_changes, {"id": change_id, **values})


def set_inferred(
    scope: Scope, device_id: str, after: datetime | None, at: Collection[datetime]
) -> None:
    """Replace the inferred changes of a device after an instant."""
    c = battery_changes.c
    where = [c.device_id == device_id, c.inferred.is_(True)]
    if after is not None:
        where.append(c.at > after)
    scope.delete(battery_changes, *where)
    empty = {"by": None, "chemistry": None, "note": "", "recorded_at": None}
    rows = [
        {
            "id": f"{device_id}@{each:%Y%m%dT%H%M%S.%f}",
            "device_id": device_id,
            "at": each,
            "inferred": True,
            **empty,
        }
        for each in at
    ]
    scope.upsert_ignore(battery_changes, rows)


def forget_derived(scope: Scope) -> None:
    """Remove what follows from raw events; profiles and recorded changes stay."""
    for table in (battery_readings, battery_states, battery_forecasts):
        scope.delete(table, sa.true())
    scope.delete(battery_changes, battery_changes.c.inferred.is_(True))
