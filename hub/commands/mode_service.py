"""Modes and emergencies: ordered once, applied by each controller whenever it hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.audit.service import record
from hub.clock import Clock, Ids
from hub.commands import repository
from hub.commands.modes import LAYER, Layer, displaced, effective, refusal
from hub.commands.problems import NO_DOORS, REFUSED_MODES
from hub.commands.repository import Emergency, OrderRow
from hub.commands.service import reachable_door
from hub.commands.tables import EmergencyKind
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.entries.doors import DoorState
from hub.entries.repository import all_door_states
from hub.policy.touch import touch_mode
from hub.sites import repository as site_rows
from hub.sites.domain import Door
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal
from wire.policy_bodies import DoorMode

_MODE_OF = {
    EmergencyKind.OPEN: DoorMode.EMERGENCY_OPEN,
    EmergencyKind.LOCKDOWN: DoorMode.LOCKDOWN,
}


@dataclass(frozen=True, slots=True)
class DoorModeView:
    """Which orders stand at a door; `governing` is the one that counts, None for normal."""

    door_id: str
    governing: OrderRow | None
    standing: tuple[OrderRow, ...]


class DoorTrack(StrEnum):
    """How far an emergency has come at a door."""

    ORDERED = "ordered"
    """Not confirmed: its controller may be away."""
    APPLIED = "applied"
    ENDED = "ended"
    DISPLACED = "displaced"
    """A later order took its place."""


@dataclass(frozen=True, slots=True)
class Area:
    """Which doors an emergency is for: of a site, of an area, or of the whole town; with
    `shelters_only` those that are a shelter's."""

    site_id: str | None = None
    name: str = ""
    shelters_only: bool = False


@dataclass(frozen=True, slots=True)
class TrackedDoor:
    """How far an emergency has come at one door. `on_the_spot`: its shelter was opened there, by
    its switch or somebody at the Pi, whether the order has arrived or not."""

    order: OrderRow
    track: DoorTrack
    on_the_spot: bool


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """An emergency with every door tracked."""

    emergency: Emergency
    doors: tuple[TrackedDoor, ...]


class ModesService:
    """Orders modes and emergencies."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def get(self, who: Principal, door_id: str) -> DoorModeView:
        """Give a door's orders."""
        with self._db.read() as scope:
            reachable_door(scope, who, door_id)
            return self._view(scope, door_id)

    def standing(self, door_ids: Sequence[str]) -> dict[str, DoorModeView]:
        """Give the orders of many doors, by door: for boards."""
        with self._db.read() as scope:
            return {door_id: self._view(scope, door_id) for door_id in door_ids}

    def set_mode(
        self,
        who: Principal,
        door_id: str,
        mode: DoorMode | None,
        reason: str,
        expires_at: datetime | None = None,
    ) -> DoorModeView:
        """Order hold_open or locked; None is normal and takes such an order away. Lockdown and
        emergency_open are ordered as emergencies."""

        def write(scope: Scope) -> DoorModeView:
            door = reachable_door(scope, who, door_id)
            scope.lock(f"mode:{door_id}")
            if mode is None:
                self._withdraw_manual(scope, who, door)
            else:
                self._order(scope, who, door, mode, reason, expires_at, None)
            return self._view(scope, door_id)

        return self._db.write(write)

    def order_emergency(
        self, who: Principal, kind: EmergencyKind, area: Area, reason: str
    ) -> EmergencyView:
        """Open or lock down every door of an area: one order, applied by each controller as soon as
        it hears of it. Refuses an area without any door, since nothing would come of it."""

        def write(scope: Scope) -> EmergencyView:
            doors = self._doors(scope, who, area)
            made = Emergency(
                id=self._ids.new(),
                kind=kind,
                site_id=area.site_id,
                area=area.name,
                shelters_only=area.shelters_only,
                reason=reason,
                actor=who.id,
                ordered_at=self._clock.now(),
                ended_at=None,
            )
            repository.add_emergency(scope, made)
            for door in doors:
                self._order(scope, who, door, _MODE_OF[kind], reason, None, made.id)
            target = ("emergency", made.id)
            said = {
                "kind": kind.value,
                "site": area.site_id,
                "area": area.name,
                "shelters_only": area.shelters_only,
            }
            record(scope, made.ordered_at, who, "emergency.ordered", target, said)
            return self._track(scope, made)

        return self._db.write(write)

    def end_emergency(self, who: Principal, emergency_id: str) -> EmergencyView:
        """Take an emergency's orders away; doors go back to what governs them otherwise."""

        def write(scope: Scope) -> EmergencyView:
            found = self._emergency(scope, who, emergency_id)
            now = self._clock.now()
            if found.ended_at is None:
                orders = repository.orders_of_emergency(scope, emergency_id)
                standing = [each for each in orders if each.withdrawn_at is None]
                self._withdraw(scope, standing, now)
                repository.end_emergency(scope, emergency_id, now)
                record(scope, now, who, "emergency.ended", ("emergency", emergency_id))
            return self._track(scope, self._emergency(scope, who, emergency_id))

        return self._db.write(write)

    def emergency(self, who: Principal, emergency_id: str) -> EmergencyView:
        """Give an emergency with every door tracked."""
        with self._db.read() as scope:
            return self._track(scope, self._emergency(scope, who, emergency_id))

    def open_emergencies(self, who: Principal) -> list[EmergencyView]:
        """Give the emergencies that are not over."""
        with self._db.read() as scope:
            found = repository.open_emergencies(scope)
            return [self._track(scope, each) for each in found if who.reaches(each.site_id)]

    # --- inside ------------------------------------------------------------------------------

    def _order(
        self,
        scope: Scope,
        who: Principal,
        door: Door,
        mode: DoorMode,
        reason: str,
        expires_at: datetime | None,
        emergency_id: str | None,
    ) -> None:
        now = self._clock.now()
        standing = repository.standing(scope, [door.id], now)
        why_not = refusal(mode, expires_at, [row.order for row in standing], now)
        if why_not is not None:
            raise Problem(REFUSED_MODES[why_not])
        gone = {order.id for order in displaced(mode, [row.order for row in standing])}
        self._withdraw(scope, [row for row in standing if row.id in gone], now)
        made = OrderRow(
            id=self._ids.new(),
            order_no=0,
            door_id=door.id,
            mode=mode,
            reason=reason,
            actor=who.id,
            ordered_at=now,
            expires_at=expires_at,
            withdrawn_at=None,
            emergency_id=emergency_id,
            applied_at=None,
            ended_at=None,
        )
        numbered = repository.add_order(scope, made)
        touch_mode(scope, door.id)
        said = {"mode": mode.value, "order": numbered.order_no, "reason": reason}
        record(scope, now, who, "door.mode_ordered", ("door", door.id), said)

    def _withdraw_manual(self, scope: Scope, who: Principal, door: Door) -> None:
        now = self._clock.now()
        standing = repository.standing(scope, [door.id], now)
        manual = [row for row in standing if LAYER[row.mode] is Layer.MANUAL]
        if manual:
            self._withdraw(scope, manual, now)
            record(scope, now, who, "door.mode_withdrawn", ("door", door.id))

    def _withdraw(self, scope: Scope, rows: Sequence[OrderRow], now: datetime) -> None:
        repository.withdraw(scope, [row.id for row in rows], now)
        for door_id in {row.door_id for row in rows}:
            touch_mode(scope, door_id)

    def _doors(self, scope: Scope, who: Principal, area: Area) -> list[Door]:
        if not who.reaches(area.site_id):
            raise Problem(NOT_FOUND, "no such site")
        if area.site_id is not None:
            if site_rows.site(scope, area.site_id) is None:
                raise Problem(NOT_FOUND, "no such site")
            found = site_rows.doors_of_site(scope, area.site_id)
        else:
            if area.name and not site_rows.is_area(scope, area.name):
                raise Problem(NOT_FOUND, "no site lies in such an area")
            found = site_rows.doors_of_area(scope, area.name)
        doors = [door for door in found if door.shelter or not area.shelters_only]
        if not doors:
            raise Problem(NO_DOORS)
        return doors

    def _emergency(self, scope: Scope, who: Principal, emergency_id: str) -> Emergency:
        found = repository.emergency(scope, emergency_id)
        if found is None or not who.reaches(found.site_id):
            raise Problem(NOT_FOUND, "no such emergency")
        return found

    def _view(self, scope: Scope, door_id: str) -> DoorModeView:
        now = self._clock.now()
        rows = repository.standing(scope, [door_id], now)
        governing = effective([row.order for row in rows], now)
        found = next((row for row in rows if governing and row.id == governing.id), None)
        return DoorModeView(door_id, found, tuple(rows))

    def _track(self, scope: Scope, found: Emergency) -> EmergencyView:
        rows = repository.orders_of_emergency(scope, found.id)
        states = all_door_states(scope)
        return EmergencyView(
            found,
            tuple(
                TrackedDoor(row, _tracked(row, found), _opened_there(states.get(row.door_id)))
                for row in rows
            ),
        )


def _opened_there(state: DoorState | None) -> bool:
    """Only what is opened on the spot has no order's number."""
    return state is not None and any(
        each.mode is DoorMode.EMERGENCY_OPEN and each.order == 0 for each in state.modes
    )


def _tracked(row: OrderRow, emergency: Emergency) -> DoorTrack:
    if row.withdrawn_at is not None and emergency.ended_at is None:
        return DoorTrack.DISPLACED
    if row.ended_at is not None:
        return DoorTrack.ENDED
    return DoorTrack.APPLIED if row.applied_at is not None else DoorTrack.ORDERED


def doors_waiting(views: Iterable[EmergencyView]) -> list[str]:
    """Give the doors at which an emergency is not applied yet: somebody may have to go there."""
    return [
        door.order.door_id
        for view in views
        for door in view.doors
        if door.track is DoorTrack.ORDERED and not door.on_the_spot
    ]
