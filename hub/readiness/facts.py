"""Reads what is judged: how far PINs are at doors, and what else stands in their way there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from hub.batteries import repository as battery_rows
from hub.bookings.records import Booking
from hub.bookings.tables import BookingState
from hub.commands import repository as command_rows
from hub.database.scope import Scope
from hub.entries import repository as states
from hub.entries.alarm_repository import standing_alarms
from hub.entries.alarms import AlarmKind
from hub.entries.devices import Contact, DeviceState
from hub.entries.doors import DoorState
from hub.keyboxes import log_repository as box_log
from hub.keyboxes import repository as boxes
from hub.link.losses import all_losses
from hub.pins import placements
from hub.pins import repository as pin_rows
from hub.pins.placement import PlacementState
from hub.pins.placements import Placement
from hub.pins.repository import Credential
from hub.pins.risk_in_use import RisksInUse
from hub.pins.tables import PinVariant
from hub.policy import failures
from hub.policy.connections import Connections
from hub.readiness import controllers, repository
from hub.readiness.findings import (
    DoorFacts,
    Keypad,
    LockReadiness,
    Machine,
    PinAtDoor,
    confirmed_at,
    is_confirmed,
    judge_box,
    judge_door,
)
from hub.sites import repository as sites
from hub.sites.domain import Device, Door
from wire.policy_bodies import DeviceDriver, DoorMode, FirstPerson, OnUntrustedClock

_GONE = frozenset(
    {
        PlacementState.ENDED,
        PlacementState.REMOVED,
        PlacementState.REVOKING,
        PlacementState.REVOKED,
    }
)


@dataclass(frozen=True, slots=True)
class Pins:
    """The PINs of one booking at its doors."""

    credentials: tuple[Credential, ...]
    placements: tuple[Placement, ...]

    def at(self, door_id: str) -> tuple[PinAtDoor, ...]:
        """Give those of a door."""
        digits = {each.id: each.digits for each in self.credentials}
        return tuple(
            PinAtDoor(each.state, each.problems, each.placed_at, digits[each.credential_id])
            for each in self.placements
            if each.door_id == door_id and each.state not in _GONE
        )

    def revision(self, booking: Booking) -> str:
        """Name what the doors must hold: a change of contact is none of it."""
        parts = [booking.effective.starts_at.isoformat(), booking.effective.ends_at.isoformat()]
        parts += booking.doors
        parts += (f"{each.id} {each.changed_at.isoformat()}" for each in self.credentials)
        return sha256("\n".join(parts).encode()).hexdigest()

    @property
    def changed_at(self) -> datetime | None:
        """When a holder joined, or got other digits, last."""
        return max((each.changed_at for each in self.credentials), default=None)


def pins_of(scope: Scope, booking_ids: Sequence[str]) -> dict[str, Pins]:
    """Give the PINs in use of several bookings, by booking."""
    listed = pin_rows.of_bookings(scope, booking_ids)
    kept = {
        booking: tuple(each for each in found if each.revoked_at is None)
        for booking, found in listed.items()
    }
    ids = [each.id for found in kept.values() for each in found]
    by_credential: dict[str, list[Placement]] = {each: [] for each in ids}
    for placement in placements.of_credentials(scope, ids):
        by_credential[placement.credential_id].append(placement)
    return {
        booking: Pins(found, tuple(p for each in found for p in by_credential[each.id]))
        for booking, found in kept.items()
    }


@dataclass(slots=True)
class Around:
    """What surrounds doors, read once for many bookings, in one transaction."""

    scope: Scope
    connections: Connections
    now: datetime
    _doors: dict[str, Door | None] = field(default_factory=dict)
    _bare: dict[str, DoorFacts | None] = field(default_factory=dict)
    _machines: dict[str, Machine] = field(default_factory=dict)
    _horizons: dict[str, timedelta] = field(default_factory=dict)
    _risks: RisksInUse | None = None
    _modes: dict[str, DoorState] | None = None
    _devices: dict[str, Device | None] = field(default_factory=dict)
    _jammed: frozenset[str] | None = None

    def door(self, door_id: str) -> Door | None:
        """Give a door; None for one that is none of ours any more."""
        if door_id not in self._doors:
            self._doors[door_id] = sites.door(self.scope, door_id)
        return self._doors[door_id]

    def load(self, door_ids: Iterable[str]) -> None:
        """Read several doors at once."""
        wanted = set(door_ids) - self._doors.keys()
        found = sites.doors_by_id(self.scope, wanted) if wanted else {}
        self._doors |= {each: found.get(each) for each in wanted}

    def confirmed(self, pins: Pins, door_id: str) -> tuple[bool, datetime | None]:
        """Tell whether a door has proven all PINs of a booking, and since when."""
        held = pins.at(door_id)
        proven, at = self._list(pins, door_id)
        if not is_confirmed(held, proven):
            return False, None
        return True, confirmed_at(held, at)

    def judge(self, booking: Booking, pins: Pins) -> tuple[LockReadiness, ...]:
        """Judge every door and key box of a booking, doors first."""
        doors = [judge_door(self.facts(booking, pins, each)) for each in booking.doors]
        if not booking.key_boxes:
            return tuple(doors)
        found = boxes.boxes_by_id(self.scope, booking.key_boxes)
        told = box_log.box_states(self.scope, list(found))
        for box_id in booking.key_boxes:
            if box_id in found:
                doors.append(
                    judge_box(
                        found[box_id],
                        told[box_id],
                        self.now,
                        battery_low=self._battery_low(box_id),
                        paid=_paid(booking),
                        approved=booking.state is BookingState.CONFIRMED,
                    )
                )
        return tuple(doors)

    def facts(self, booking: Booking, pins: Pins, door_id: str) -> DoorFacts:
        """Give what is known of a door for a booking."""
        bare = self._of_door(door_id)
        held = pins.at(door_id)
        proven, at = self._list(pins, door_id)
        return replace(
            bare or DoorFacts(door_id, (), Machine(connected=False), ()),
            pins=held,
            list_proven=proven,
            list_at=at,
            mode=self._mode(door_id, booking.effective.starts_at),
            due=self._is_due(booking),
            guessable=self._guessable(booking, pins, door_id),
            approved=booking.state is BookingState.CONFIRMED,
            paid=_paid(booking),
        )

    def _is_due(self, booking: Booking) -> bool:
        if booking.site_id not in self._horizons:
            site = sites.site(self.scope, booking.site_id)
            hours = site.horizon_hours if site else 0
            self._horizons[booking.site_id] = timedelta(hours=hours)
        return booking.effective.starts_at - self._horizons[booking.site_id] <= self.now

    def _of_door(self, door_id: str) -> DoorFacts | None:
        if door_id not in self._bare:
            door = self.door(door_id)
            self._bare[door_id] = self._read(door) if door else None
        return self._bare[door_id]

    def _read(self, door: Door) -> DoorFacts:
        keypads = [
            self._keypad(reader.device_id, reader.max_keys)
            for reader in sites.readers_of_door(self.scope, door.id)
            if reader.keypad
        ]
        lock = door.strike.device if door.strike else None
        state = self._device(lock) if lock else None
        return DoorFacts(
            door_id=door.id,
            pins=(),
            machine=self._machine(door.controller_id),
            keypads=tuple(keypads),
            opens_untrusted=door.on_untrusted_clock is OnUntrustedClock.FLOOR_IN_WINDOW,
            lock_dead=state is not None and state.contact in (Contact.OFFLINE, Contact.FAULT),
            lock_battery_low=lock is not None and self._battery_low(lock),
            jammed=self._is_jammed(door.id, lock),
            has_backup=boxes.door_backup(self.scope, door.id) is not None,
            key_holder=door.key_holder,
        )

    def _keypad(self, device_id: str, max_keys: int) -> Keypad:
        state = self._device(device_id)
        return Keypad(
            contact=state.contact,
            max_keys=max_keys,
            battery_low=self._battery_low(device_id),
            power_failed=state.power_failed_since is not None,
        )

    def _device(self, device_id: str) -> DeviceState:
        return states.device_state(self.scope, device_id)

    def _battery_low(self, device_id: str) -> bool:
        return battery_rows.state(self.scope, device_id).low_since is not None

    def _machine(self, controller_id: str) -> Machine:
        if controller_id not in self._machines:
            known = sites.controller(self.scope, controller_id)
            loss = all_losses(self.scope).get(controller_id)
            standing = loss is not None and loss.cleared_at is None
            self._machines[controller_id] = Machine(
                connected=controller_id in self.connections.of(self.scope, {controller_id}),
                lost_since=loss.lost_at if loss and standing else None,
                has_rtc=known is None or known.has_rtc,
                clock_untrusted=controllers.clock_untrusted(self.scope, controller_id),
                not_compiled=controller_id in failures.standing(self.scope),
            )
        return self._machines[controller_id]

    def _mode(self, door_id: str, starts_at: datetime) -> DoorMode | None:
        """The mode that prevails at the door and has not ended by itself before the start."""
        if self._modes is None:
            self._modes = states.all_door_states(self.scope)
        state = self._modes.get(door_id)
        found = state.mode if state else None
        if found is None:
            return None
        order = command_rows.order_by_number(self.scope, door_id, found.order)
        ends = order.expires_at if order else None
        return None if ends is not None and ends <= max(starts_at, self.now) else found.mode

    def _is_jammed(self, door_id: str, lock: str | None) -> bool:
        if self._jammed is None:
            self._jammed = frozenset(
                each.subject
                for each in standing_alarms(self.scope)
                if each.kind is AlarmKind.LOCK_JAMMED and each.cleared_at is None
            )
        return bool({door_id, lock} & self._jammed)

    def _list(self, pins: Pins, door_id: str) -> tuple[bool | None, datetime | None]:
        """Whether the lock's own list has proven the PINs, and when it said so; None where it keeps
        none, or one in which such a door's PINs never stand."""
        door = self.door(door_id)
        if door is None or door.strike is None:
            return None, None
        if door.two_person or door.first_person is FirstPerson.ENTRY:
            return None, None
        if door.strike.device not in self._devices:
            self._devices[door.strike.device] = sites.device(self.scope, door.strike.device)
        device = self._devices[door.strike.device]
        if device is None or device.driver is not DeviceDriver.SERIAL_LOCK or device.secret is None:
            return None, None
        state = self._device(device.id)
        ids = [each.id for each in pins.credentials]
        sent = repository.sent_at(self.scope, ids, door_id) if ids else None
        fresh = state.list_at is not None and sent is not None and state.list_at >= sent
        return state.list_placed and fresh, state.list_at

    def _guessable(self, booking: Booking, pins: Pins, door_id: str) -> bool:
        if self._risks is None:
            self._risks = RisksInUse(self.scope, self.now)
        window = (booking.effective.starts_at, booking.effective.ends_at)
        risks = self._risks
        return any(
            risks.exceeds(door_id, window, e.digits, e.id, duress=e.variant is PinVariant.DURESS)
            for e in pins.credentials
        )


def _paid(booking: Booking) -> bool | None:
    """What is known of the payment; a booking whose PIN waits for it counts as unpaid, though
    nobody has said so."""
    return False if booking.awaits_payment else booking.paid
