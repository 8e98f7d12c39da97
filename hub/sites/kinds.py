"""The rules of each kind of row of a site, and what each touches in the policy.

A reader's device must be on its door's controller; a door's points must be on its controller's
devices; what spans two controllers is refused (`hub.sites.spanning`).
"""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.use_limits import is_limited
from hub.policy import touch
from hub.sites import repository
from hub.sites.domain import Controller, Device, Door, Reader, Site, SiteState, Zone
from hub.sites.spanning import SpannedRule, controllers_of, refused, unenforceable
from hub.sites.tables import controllers, devices, doors, readers, sites, zones
from hub.web.problems import invalid
from wire.policy_bodies import Assurance, DeviceDriver, FirstPerson

# --- within some sites -------------------------------------------------------------------------


def _sites_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return sites.c.id.in_(site_ids)


def _controllers_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return controllers.c.site_id.in_(site_ids)


def _zones_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return zones.c.site_id.in_(site_ids)


def doors_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    """The condition for the doors of some sites."""
    return doors.c.site_id.in_(site_ids)


def _devices_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    ours = sa.select(controllers.c.id).where(controllers.c.site_id.in_(site_ids))
    return devices.c.controller_id.in_(ours)


def _readers_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return readers.c.device_id.in_(sa.select(devices.c.id).where(_devices_within(site_ids)))


# --- rules -------------------------------------------------------------------------------------


def _check_site(_scope: Scope, _before: Site | None, after: Site) -> None:
    if (after.latitude is None) != (after.longitude is None):
        missing = "latitude" if after.latitude is None else "longitude"
        raise invalid(missing, "missing", "a place has a latitude and a longitude")


def _check_controller(scope: Scope, before: Controller | None, after: Controller) -> None:
    moved = before is not None and before.site_id != after.site_id
    removed = after.state is SiteState.REMOVED
    if (moved or removed) and repository.doors_of_controller(scope, after.id):
        field = "site_id" if moved else "state"
        raise invalid(field, "has_doors", "remove its doors or move them to another first")


def _check_door(scope: Scope, before: Door | None, after: Door) -> None:
    controller = repository.controller(scope, after.controller_id)
    if controller is None or controller.state is SiteState.REMOVED:
        raise invalid("controller_id", "removed", "this controller was removed")
    if controller.site_id != after.site_id:
        raise invalid("controller_id", "other_site", "this controller stands at another site")
    for name, point in after.points.items():
        device = repository.device(scope, point.device)
        if device is None:
            raise invalid(f"{name}.device", "unknown", "no such device")
        if device.controller_id != after.controller_id:
            raise invalid(f"{name}.device", "other_controller", "not on this door's controller")
    inputs = [(p.device, p.channel) for name, p in after.points.items() if name != "strike"]
    if len(set(inputs)) != len(inputs):
        raise invalid("contact", "shared", "two of the door's inputs name the same point")
    moved = before is not None and before.controller_id != after.controller_id
    if moved and repository.readers_of_door(scope, after.id):
        raise invalid("controller_id", "has_readers", "its readers hang on the old controller")
    if moved:
        _check_uses_stay(scope, before, after)
    _check_hold(scope, after)
    _check_interlock(scope, after)
    if after.zone_in is not None and after.zone_in == after.zone_out:
        raise invalid("zone_out", "same_zone", "a door leads from one zone into another")
    for name in ("zone_in", "zone_out"):
        zone_id: str | None = getattr(after, name)
        if zone_id is not None:
            _check_zone_of_door(scope, name, zone_id, before, after)


def _check_uses_stay(scope: Scope, before: Door | None, after: Door) -> None:
    """A door takes no count of uses along to another controller."""
    scope.lock("max_uses")
    found = people.limited_grants_of_door(scope, after.id)
    if before is not None and any(is_limited(grant, after.updated_at) for grant in found):
        held_by = (before.controller_id, after.controller_id)
        raise refused(SpannedRule.MAX_USES, "controller_id", held_by)


def _check_hold(scope: Scope, door: Door) -> None:
    """What a door's hold by schedule and its first person need."""
    held = door.hold_schedule
    if held is not None and people.schedule(scope, held) is None:
        raise invalid("hold_schedule", "unknown", "no such schedule")
    if door.first_person is FirstPerson.HOLD and held is None:
        raise invalid(
            "first_person", "no_hold_schedule", "nothing to hold open: name a hold_schedule as well"
        )


def _check_interlock(scope: Scope, door: Door) -> None:
    """An interlock is held by one controller, which has to see each leaf; a door that stands open
    by its schedule would keep the others shut all the while."""
    if door.interlock is None:
        return
    scope.lock(f"interlock/{door.interlock}")
    if door.contact is None:
        raise invalid("contact", "missing", "an interlocked door needs a contact for its leaf")
    if door.hold_schedule is not None:
        raise invalid("hold_schedule", "interlocked", "an interlocked door is not held open")
    others = repository.doors_of_interlock(scope, door.interlock)
    held_by = controllers_of([*(each for each in others if each.id != door.id), door])
    if len(held_by) > 1:
        raise refused(SpannedRule.INTERLOCK, "interlock", held_by)


def _check_zone_of_door(
    scope: Scope, name: str, zone_id: str, before: Door | None, door: Door
) -> None:
    """A door that comes into use, moves or enters a zone must leave the zone's rules standing."""
    _hold_still(scope, zone_id)
    zone = repository.zone(scope, zone_id)
    if zone is None or zone.site_id != door.site_id:
        raise invalid(name, "other_site", "this zone is at another site")
    others = [each for each in repository.doors_of_zone(scope, zone_id) if each.id != door.id]
    rule = unenforceable(zone, [*others, door])
    if rule is not None:
        moved = before is not None and before.controller_id != door.controller_id
        raise refused(rule, "controller_id" if moved else name, controllers_of([*others, door]))


def _hold_still(scope: Scope, zone_id: str) -> None:
    """Whoever changes the zone or another of its doors waits, so that both see the same doors."""
    scope.lock(f"zone/{zone_id}")


def _check_zone(scope: Scope, before: Zone | None, after: Zone) -> None:
    try:
        ZoneInfo(after.tz)
    except (KeyError, OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise invalid("tz", "unknown", "no such time zone: write one like Asia/Tokyo") from error
    if before is None:
        return  # no door leads into it yet
    _hold_still(scope, after.id)
    found = repository.doors_of_zone(scope, after.id)
    rule = unenforceable(after, found)
    if rule is not None:
        taken_back = rule is SpannedRule.OCCUPANCY_MAX and before.soft
        raise refused(rule, "soft" if taken_back else rule.value, controllers_of(found))


def _check_device(scope: Scope, before: Device | None, after: Device) -> None:
    if after.driver is DeviceDriver.PCSC and not after.reader_name:
        raise invalid("reader_name", "missing", "a PC/SC device is found by its reader's name")
    if before is None:
        return
    moved = before.controller_id != after.controller_id
    if moved or after.state is SiteState.REMOVED:
        field = "controller_id" if moved else "state"
        if repository.readers_of_device(scope, after.id):
            raise invalid(field, "has_readers", "readers still hang on it")
        named = repository.doors_of_controller(scope, before.controller_id)
        if any(point.device == after.id for door in named for point in door.points.values()):
            raise invalid(field, "wired_to_door", "a door still names it")


def _check_reader(scope: Scope, _before: Reader | None, after: Reader) -> None:
    device = repository.device(scope, after.device_id)
    if device is None or device.state is SiteState.REMOVED:
        raise invalid("device_id", "removed", "this device was removed")
    if after.door_id is not None:
        door = repository.door(scope, after.door_id)
        if door is None or door.state is SiteState.REMOVED:
            raise invalid("door_id", "removed", "this door was removed")
        if door.controller_id != device.controller_id:
            raise invalid("door_id", "other_controller", "the door is on another controller")
    if not after.keypad and not after.cards:
        raise invalid("cards", "nothing", "a reader reads cards, has a keypad, or both")
    if after.assurance is Assurance.CHALLENGE and not after.profiles:
        raise invalid("profiles", "missing", "a challenge needs a card profile")
    if after.min_assurance.rank > after.best_assurance.rank:
        message = "no card comes to that here: name a card profile, or a reader that verifies cards"
        raise invalid("min_assurance", "out_of_reach", message)
    if after.lockout_max_s < after.lockout_s:
        raise invalid("lockout_max_s", "too_short", "not shorter than lockout_s")
    if after.card_lockout_max_s < after.card_lockout_s:
        raise invalid("card_lockout_max_s", "too_short", "not shorter than card_lockout_s")


# --- what it touches ---------------------------------------------------------------------------


def _touch_site(scope: Scope, before: Site | None, after: Site) -> None:
    if before is not None and before.horizon_hours != after.horizon_hours:
        for controller in repository.active_controllers(scope):
            if controller.site_id == after.id:
                touch.touch_controller(scope, controller.id)


def _touch_controller(scope: Scope, _before: Controller | None, after: Controller) -> None:
    touch.touch_controller(scope, after.id)


_TOLD_OF_ZONES: Final = (
    "anti_passback",
    "occupancy_max",
    "forget_after_s",
    "reset_min",
    "tz",
    "forgiven",
)
"""What the edge knows of a zone: a changed name touches no controller."""


def _touch_zone(scope: Scope, before: Zone | None, after: Zone) -> None:
    if before is None or any(getattr(before, n) != getattr(after, n) for n in _TOLD_OF_ZONES):
        touch_zone(scope, after.id)


def touch_zone(scope: Scope, zone_id: str) -> None:
    """Tell the policy that what doors know of a zone changed: its rules, or whether it spans."""
    for door in repository.doors_of_zone(scope, zone_id):
        touch.touch_door(scope, door.id)


def _touch_door(scope: Scope, before: Door | None, after: Door) -> None:
    touch.touch_door(scope, after.id)
    placed = ("zone_in", "zone_out", "controller_id", "state")
    if before is None or any(getattr(before, n) != getattr(after, n) for n in placed):
        for zone_id in sorted(after.zones | (before.zones if before else frozenset())):
            touch_zone(scope, zone_id)  # the other doors of it may span controllers now, or no more
    if before is not None and before.controller_id != after.controller_id:
        touch.touch_controller(scope, before.controller_id)
        touch.touch_controller(scope, after.controller_id)


def _touch_device(scope: Scope, _before: Device | None, after: Device) -> None:
    touch.touch_device(scope, after.id)


def _touch_reader(scope: Scope, _before: Reader | None, after: Reader) -> None:
    touch.touch_reader(scope, after.id)


# --- the kinds ---------------------------------------------------------------------------------

SITE: Final = RowKind(
    "site", sites, Site, within=_sites_within, check=_check_site, touch=_touch_site
)
CONTROLLER: Final = RowKind(
    "controller",
    controllers,
    Controller,
    within=_controllers_within,
    references={"site_id": SITE},
    check=_check_controller,
    touch=_touch_controller,
)
ZONE: Final = RowKind(
    "zone",
    zones,
    Zone,
    within=_zones_within,
    references={"site_id": SITE},
    check=_check_zone,
    touch=_touch_zone,
)
DOOR: Final = RowKind(
    "door",
    doors,
    Door,
    within=doors_within,
    references={"site_id": SITE, "controller_id": CONTROLLER, "zone_in": ZONE, "zone_out": ZONE},
    check=_check_door,
    touch=_touch_door,
)
DEVICE: Final = RowKind(
    "device",
    devices,
    Device,
    within=_devices_within,
    references={"controller_id": CONTROLLER},
    check=_check_device,
    touch=_touch_device,
    hidden=frozenset({"secret", "sealed"}),
)
READER: Final = RowKind(
    "reader",
    readers,
    Reader,
    within=_readers_within,
    references={"device_id": DEVICE, "door_id": DOOR},
    check=_check_reader,
    touch=_touch_reader,
)
