"""What the routes and pages ask of the entry log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.audit.service import record
from hub.database.scope import Scope
from hub.entries import alarm_repository, repository, search
from hub.entries.alarm_repository import Alarm
from hub.entries.devices import DeviceState
from hub.entries.domain import Entry
from hub.entries.doors import DoorState
from hub.entries.search import Filters, Reach
from hub.entries.wire_alarms import newest_wire_alarm, standing_wire_alarms
from hub.keyboxes import repository as boxes
from hub.sites import repository as sites
from hub.sites.clock_risks import ClockRisk, clock_risks_of
from hub.sites.domain import Door
from hub.web.core import Core
from hub.web.paging import Page
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal

NEWS_MAX = 200


@dataclass(frozen=True, slots=True)
class News:
    """What a stream tells next, in the order of the raw events that caused it; `through` is how
    far that covers, also where the reader may see nothing of it."""

    items: tuple[tuple[int, Entry | str], ...]
    """`(raw event, entry)` or `(raw event, id of a door whose state changed)`."""
    through: int
    wire_alarm_at: datetime | None = None
    """When the wire alarmed last: no raw event tells of it."""


class EntriesService:
    """Reads the log within what a principal may see."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def search(
        self, who: Principal, filters: Filters, cursor: str | None, limit: int
    ) -> Page[Entry]:
        """Give a page of the log, newest first."""
        with self._core.db.read() as scope:
            reached = replace(filters, reach=reach_of(scope, who))
            return search.search(scope, reached, cursor, limit)

    def place(self) -> int:
        """Give where a stream that begins now begins."""
        with self._core.db.read() as scope:
            return search.last_touched(scope)

    def news(self, who: Principal, after: int) -> News:
        """Give what happened after a raw event."""
        with self._core.db.read() as scope:
            reach = reach_of(scope, who)
            found = search.touched_after(scope, after, Filters(reach=reach), NEWS_MAX)
            doors = repository.doors_touched_after(scope, after, NEWS_MAX)
            newest = search.last_touched(scope)
            wire_alarm_at = newest_wire_alarm(scope)
        items: list[tuple[int, Entry | str]] = [(entry.touched_by, entry) for entry in found]
        items += [(raw_id, door) for door, raw_id in doors if reach is None or door in reach.doors]
        items.sort(key=lambda item: item[0])
        cut = NEWS_MAX in (len(found), len(doors))
        through = min(_last(found), _last_door(doors)) if cut else newest
        shown = tuple(item for item in items if item[0] <= through)
        return News(shown, max(through, after), wire_alarm_at)

    def clock_risks(self, who: Principal, door_id: str) -> tuple[ClockRisk, ...]:
        """Give what a door's PINs have to fear of its controller's clock; raise `404` as `door`."""
        with self._core.db.read() as scope:
            return clock_risks_of(scope, _reached_door(scope, who, door_id))

    def door(self, who: Principal, door_id: str) -> tuple[DoorState, tuple[DeviceState, ...]]:
        """Give a door's last known state and that of its controller's devices; raise `404` for a
        door that is none or not theirs."""
        with self._core.db.read() as scope:
            door = _reached_door(scope, who, door_id)
            devices = sites.devices_of_controller(scope, door.controller_id)
            states = tuple(repository.device_state(scope, device.id) for device in devices)
            return repository.door_state(scope, door_id), states

    def alarms(self, who: Principal) -> Sequence[Alarm]:
        """Give the alarms that stand, newest first. Messages of controllers that nobody knows
        concern the whole town."""
        with self._core.db.read() as scope:
            reach = reach_of(scope, who)
            found = [*alarm_repository.standing_alarms(scope), *standing_wire_alarms(scope)]
        found.sort(key=lambda alarm: alarm.raised_at, reverse=True)
        return [alarm for alarm in found if reach is None or _reached(alarm, reach)]

    def acknowledge(self, who: Principal, alarm_id: int, note: str = "") -> None:
        """Note that somebody deals with an alarm; raise `404` if there is none for them."""
        if all(alarm.id != alarm_id for alarm in self.alarms(who)):
            raise Problem(NOT_FOUND, "no such alarm stands")
        now = self._core.clock.now()

        def work(scope: Scope) -> None:
            alarm_repository.acknowledge(scope, alarm_id, who.id, now, note)
            record(scope, now, who, "alarm.acknowledged", ("alarm", str(alarm_id)))

        self._core.db.write(work)


def reach_of(scope: Scope, who: Principal) -> Reach | None:
    """Give the doors, key boxes and controllers of a principal's sites; None for the whole town."""
    if who.sites is None:
        return None
    doors = [door.id for site in who.sites for door in sites.doors_of_site(scope, site)]
    doors += [box.id for box in boxes.active_boxes(scope, who.sites)]
    ours = [one.id for one in sites.active_controllers(scope) if one.site_id in who.sites]
    return Reach(frozenset(doors), frozenset(ours))


def _reached_door(scope: Scope, who: Principal, door_id: str) -> Door:
    door = sites.door(scope, door_id)
    if door is None or not who.reaches(door.site_id):
        raise Problem(NOT_FOUND, "no such door")
    return door


def _reached(alarm: Alarm, reach: Reach) -> bool:
    if alarm.door_id is not None:
        return alarm.door_id in reach.doors
    return alarm.controller_id in reach.controllers


def _last(found: Sequence[Entry]) -> int:
    """How far a list that was cut is whole: one event can touch several entries."""
    if len(found) < NEWS_MAX:
        return found[-1].touched_by if found else _FAR
    return max(found[-1].touched_by - 1, found[0].touched_by)


def _last_door(doors: Sequence[tuple[str, int]]) -> int:
    return doors[-1][1] if len(doors) == NEWS_MAX else _FAR


_FAR = 2**62
