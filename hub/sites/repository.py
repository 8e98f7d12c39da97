"""The rows of sites and what stands at them. Every function takes a scope and gives frozen values.

Also for the policy compiler and other topics: `door`, `doors_of_controller`, `device`, ... give
what is not removed unless said otherwise; an unknown id gives None.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Table

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.sites.domain import Controller, Device, Door, Reader, Site, SiteState, Zone
from hub.sites.tables import controllers, devices, doors, readers, sites, zones

T = TypeVar("T")

_ACTIVE = SiteState.ACTIVE


def _get(scope: Scope, table: Table, kind: type[T], row_id: str) -> T | None:
    return as_one(kind, scope.one(sa.select(table).where(table.c.id == row_id)))


def _list(scope: Scope, table: Table, kind: type[T], *where: ColumnElement[bool]) -> tuple[T, ...]:
    return as_all(kind, scope.all(sa.select(table).where(*where).order_by(table.c.id)))


# --- one, removed ones included ----------------------------------------------------------------


def site(scope: Scope, site_id: str) -> Site | None:
    """Give a site."""
    return _get(scope, sites, Site, site_id)


def controller(scope: Scope, controller_id: str) -> Controller | None:
    """Give a controller."""
    return _get(scope, controllers, Controller, controller_id)


def zone(scope: Scope, zone_id: str) -> Zone | None:
    """Give a zone."""
    return _get(scope, zones, Zone, zone_id)


def door(scope: Scope, door_id: str) -> Door | None:
    """Give a door."""
    return _get(scope, doors, Door, door_id)


def device(scope: Scope, device_id: str) -> Device | None:
    """Give a device."""
    return _get(scope, devices, Device, device_id)


def reader(scope: Scope, reader_id: str) -> Reader | None:
    """Give a reader."""
    return _get(scope, readers, Reader, reader_id)


# --- those that are in use ---------------------------------------------------------------------


def active_controllers(scope: Scope) -> tuple[Controller, ...]:
    """Give every controller that is not removed."""
    return _list(scope, controllers, Controller, controllers.c.state == _ACTIVE)


def doors_of_controller(scope: Scope, controller_id: str) -> tuple[Door, ...]:
    """Give a controller's doors."""
    return _list(
        scope, doors, Door, doors.c.controller_id == controller_id, doors.c.state == _ACTIVE
    )


def doors_of_site(scope: Scope, site_id: str) -> tuple[Door, ...]:
    """Give a site's doors."""
    return _list(scope, doors, Door, doors.c.site_id == site_id, doors.c.state == _ACTIVE)


def doors_of_area(scope: Scope, area: str) -> tuple[Door, ...]:
    """Give the doors of all sites in an area, or of the whole town where it is empty."""
    where = [doors.c.state == _ACTIVE]
    if area:
        there = sa.select(sites.c.id).where(sites.c.area == area)
        where.append(doors.c.site_id.in_(there))
    return _list(scope, doors, Door, *where)


def doors_of_interlock(scope: Scope, name: str) -> tuple[Door, ...]:
    """Give the doors of an interlock."""
    return _list(scope, doors, Door, doors.c.interlock == name, doors.c.state == _ACTIVE)


def is_area(scope: Scope, area: str) -> bool:
    """Tell whether some site lies in an area of that name."""
    return scope.one(scope.select(sites.c.id).where(sites.c.area == area)) is not None


def doors_by_id(scope: Scope, door_ids: Collection[str]) -> dict[str, Door]:
    """Give the doors of these ids, removed ones included, by id; unknown ids are left out."""
    return {found.id: found for found in _list(scope, doors, Door, doors.c.id.in_(door_ids))}


def doors_of_zone(scope: Scope, zone_id: str) -> tuple[Door, ...]:
    """Give the doors that lead into or out of a zone."""
    leads = sa.or_(doors.c.zone_in == zone_id, doors.c.zone_out == zone_id)
    return _list(scope, doors, Door, leads, doors.c.state == _ACTIVE)


def devices_of_controller(scope: Scope, controller_id: str) -> tuple[Device, ...]:
    """Give a controller's devices."""
    ours = devices.c.controller_id == controller_id
    return _list(scope, devices, Device, ours, devices.c.state == _ACTIVE)


def readers_of_controller(scope: Scope, controller_id: str) -> tuple[Reader, ...]:
    """Give the readers on a controller's devices."""
    ours = sa.select(devices.c.id).where(
        devices.c.controller_id == controller_id, devices.c.state == _ACTIVE
    )
    return _list(scope, readers, Reader, readers.c.device_id.in_(ours), readers.c.state == _ACTIVE)


def readers_of_door(scope: Scope, door_id: str) -> tuple[Reader, ...]:
    """Give a door's readers."""
    return _list(scope, readers, Reader, readers.c.door_id == door_id, readers.c.state == _ACTIVE)


def readers_of_device(scope: Scope, device_id: str) -> tuple[Reader, ...]:
    """Give a device's readers."""
    ours = readers.c.device_id == device_id
    return _list(scope, readers, Reader, ours, readers.c.state == _ACTIVE)


# --- lists and writing, for this topic's service -----------------------------------------------


def listed(
    scope: Scope, table: Table, kind: type[T], limit: int, *where: ColumnElement[bool]
) -> tuple[T, ...]:
    """Give up to `limit` rows by id."""
    query = sa.select(table).where(*where).order_by(table.c.id).limit(limit)
    return as_all(kind, scope.all(query))


def add(scope: Scope, table: Table, values: dict[str, Any]) -> None:
    """Insert one row."""
    scope.insert(table, values)


def change(scope: Scope, table: Table, row_id: str, values: dict[str, Any]) -> None:
    """Set columns of one row."""
    scope.update(table, values, table.c.id == row_id)
