"""What may keep a booking's PIN from opening a door at its start, and how grave each is. Pure.

A digest proves what a controller holds, not that somebody can type at the door: the keypad, the
clock, the door's mode and the lock count as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.entries.devices import Contact
from hub.keyboxes.domain import BoxState, KeyBox
from hub.pins.placement import BLOCKING, PlacementState, Problem
from wire.policy_bodies import DoorMode


class Severity(StrEnum):
    """How grave a finding is, the gravest first."""

    BLOCKER = "blocker"
    """The door will not open to the PIN as things stand."""
    WARNING = "warning"
    """It opens, but something may spoil that before the end."""
    NOTE = "note"
    """Nothing is wrong; something is still to come."""


class Finding(StrEnum):
    """The closed list; words and remedies stand in the catalogue under `finding.<code>`."""

    UNAPPROVED = "unapproved"
    UNPAID = "unpaid"
    NO_PIN = "no_pin"
    """No holder has a PIN at the door."""
    AHEAD = "ahead"
    """Its controller is told once the window comes within the horizon."""
    UNCONFIRMED = "unconfirmed"
    LIST_UNCONFIRMED = "list_unconfirmed"
    """The controller holds the PIN; the lock's own list has not proven that it does."""
    CONTROLLER_AWAY = "controller_away"
    CONTROLLER_LOST = "controller_lost"
    NO_CONTROLLER = "no_controller"
    NOT_COMPILED = "not_compiled"
    REJECTED = "rejected"
    DIGEST_MISMATCH = "digest_mismatch"
    NO_KEYPAD = "no_keypad"
    KEYPAD_OFFLINE = "keypad_offline"
    ONE_KEYPAD_OFFLINE = "one_keypad_offline"
    """Another keypad of the door works."""
    LOCK_OFFLINE = "lock_offline"
    LOCK_JAMMED = "lock_jammed"
    KEYPAD_TOO_SHORT = "keypad_too_short"
    """Its reader takes fewer keys than the PIN has digits."""
    NO_RTC = "no_rtc"
    CLOCK_UNTRUSTED = "clock_untrusted"
    DOOR_LOCKED = "door_locked"
    DOOR_LOCKDOWN = "door_lockdown"
    GUESS_RISK = "guess_risk"
    BATTERY_LOW = "battery_low"
    POWER_FAILED = "power_failed"
    PIN_CHANGED = "pin_changed"
    BOX_NOT_SET_UP = "box_not_set_up"
    BOX_BATTERY_LOW = "box_battery_low"
    BOX_NOT_VISITED = "box_not_visited"
    BOX_JAMMED = "box_jammed"


_B, _W, _N = Severity.BLOCKER, Severity.WARNING, Severity.NOTE

SEVERITY: Final[dict[Finding, Severity]] = {
    Finding.UNAPPROVED: _B,
    Finding.UNPAID: _W,
    Finding.NO_PIN: _B,
    Finding.AHEAD: _N,
    Finding.UNCONFIRMED: _N,
    Finding.LIST_UNCONFIRMED: _B,
    Finding.CONTROLLER_AWAY: _W,
    Finding.CONTROLLER_LOST: _W,
    Finding.NO_CONTROLLER: _B,
    Finding.NOT_COMPILED: _B,
    Finding.REJECTED: _B,
    Finding.DIGEST_MISMATCH: _B,
    Finding.NO_KEYPAD: _B,
    Finding.KEYPAD_OFFLINE: _B,
    Finding.ONE_KEYPAD_OFFLINE: _W,
    Finding.LOCK_OFFLINE: _B,
    Finding.LOCK_JAMMED: _B,
    Finding.KEYPAD_TOO_SHORT: _B,
    Finding.NO_RTC: _W,
    Finding.CLOCK_UNTRUSTED: _B,
    Finding.DOOR_LOCKED: _B,
    Finding.DOOR_LOCKDOWN: _B,
    Finding.GUESS_RISK: _W,
    Finding.BATTERY_LOW: _W,
    Finding.POWER_FAILED: _W,
    Finding.PIN_CHANGED: _W,
    Finding.BOX_NOT_SET_UP: _W,
    Finding.BOX_BATTERY_LOW: _W,
    Finding.BOX_NOT_VISITED: _W,
    Finding.BOX_JAMMED: _W,
}
"""A controller that is away blocks only what it has not confirmed: see `severity_of`."""

_BLOCKS_UNCONFIRMED: Final = frozenset({Finding.CONTROLLER_AWAY, Finding.CONTROLLER_LOST})
_OF_PROBLEM: Final = {
    Problem.REJECTED: Finding.REJECTED,
    Problem.DIGEST_MISMATCH: Finding.DIGEST_MISMATCH,
    Problem.NO_CONTROLLER: Finding.NO_CONTROLLER,
    Problem.PIN_CHANGED: Finding.PIN_CHANGED,
}


class Remedy(StrEnum):
    """What gets people in all the same; words stand in the catalogue under `remedy.<code>`."""

    BACKUP_CODES = "backup_codes"
    """Sealed codes that the door takes while its controller has no hub."""
    REMOTE_UNLOCK = "remote_unlock"
    NEIGHBOUR_KEY = "neighbour_key"
    """Whoever holds the physical key opens."""
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class PinAtDoor:
    """One holder's PIN at the door."""

    state: PlacementState
    problems: frozenset[Problem]
    placed_at: datetime | None
    digits: int


@dataclass(frozen=True, slots=True)
class Keypad:
    """One keypad of the door, and the device it is on."""

    contact: Contact
    max_keys: int
    battery_low: bool = False
    power_failed: bool = False

    @property
    def dead(self) -> bool:
        """Whether nobody can type at it, as far as is known."""
        return self.contact in (Contact.OFFLINE, Contact.FAULT)


@dataclass(frozen=True, slots=True)
class Machine:
    """The door's controller."""

    connected: bool = True
    lost_since: datetime | None = None
    has_rtc: bool = True
    clock_untrusted: bool = False
    not_compiled: bool = False


@dataclass(frozen=True, slots=True)
class DoorFacts:
    """What is known of a door for one booking. `list_proven` is None where its lock keeps no list
    of its own. `opens_untrusted`: it takes PINs without knowing the time."""

    door_id: str
    pins: tuple[PinAtDoor, ...]
    machine: Machine
    keypads: tuple[Keypad, ...]
    list_proven: bool | None = None
    list_at: datetime | None = None
    mode: DoorMode | None = None
    opens_untrusted: bool = False
    due: bool = True
    """Whether its window is within what controllers are told."""
    lock_dead: bool = False
    lock_battery_low: bool = False
    jammed: bool = False
    guessable: bool = False
    approved: bool = True
    paid: bool | None = None
    has_backup: bool = False
    key_holder: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding with its severity here."""

    code: Finding
    severity: Severity


@dataclass(frozen=True, slots=True)
class LockReadiness:
    """How ready one door or key box is. `can_confirm` is False for a key box."""

    lock_id: str
    can_confirm: bool
    confirmed: bool
    confirmed_at: datetime | None
    findings: tuple[Found, ...]
    remedies: tuple[Remedy, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the PIN would not open as things stand."""
        return any(each.severity is Severity.BLOCKER for each in self.findings)

    @property
    def warned(self) -> bool:
        """Whether something may spoil it."""
        return any(each.severity is Severity.WARNING for each in self.findings)


def is_confirmed(pins: tuple[PinAtDoor, ...], list_proven: bool | None) -> bool:
    """Tell whether a door has proven that it holds every holder's PIN: its controller by the digest
    and, where the lock keeps a list of its own, the lock too."""
    placed = (PlacementState.PLACED, PlacementState.ACTIVE)
    return (
        bool(pins)
        and all(pin.state in placed and not pin.problems & BLOCKING for pin in pins)
        and list_proven is not False
    )


def confirmed_at(pins: tuple[PinAtDoor, ...], list_at: datetime | None) -> datetime | None:
    """Give when the last of it was proven."""
    times = [pin.placed_at for pin in pins] + [list_at]
    return max((at for at in times if at is not None), default=None)


def judge_door(facts: DoorFacts) -> LockReadiness:
    """Judge a door: what it has confirmed, what is wrong with it, what to do about that."""
    confirmed = is_confirmed(facts.pins, facts.list_proven)
    codes = dict.fromkeys(_found(facts, confirmed=confirmed))
    order = list(Severity)
    found = sorted(
        (Found(code, severity_of(code, confirmed=confirmed)) for code in codes),
        key=lambda each: order.index(each.severity),
    )
    at = confirmed_at(facts.pins, facts.list_at) if confirmed else None
    made = LockReadiness(facts.door_id, True, confirmed, at, tuple(found))
    needed = made.blocked or not confirmed
    remedies = _remedies(facts) if needed and facts.approved else ()
    return LockReadiness(facts.door_id, True, confirmed, at, tuple(found), remedies)


def severity_of(code: Finding, *, confirmed: bool) -> Severity:
    """Give a finding's severity at a door that has or has not confirmed."""
    if not confirmed and code in _BLOCKS_UNCONFIRMED:
        return Severity.BLOCKER
    return SEVERITY[code]


def _found(facts: DoorFacts, *, confirmed: bool) -> Iterator[Finding]:
    if not facts.approved:
        yield Finding.UNAPPROVED
    if facts.paid is False:
        yield Finding.UNPAID
    yield from _of_pins(facts, confirmed=confirmed)
    yield from _of_machine(facts)
    yield from _of_hardware(facts)
    if facts.mode is DoorMode.LOCKED:
        yield Finding.DOOR_LOCKED
    if facts.mode is DoorMode.LOCKDOWN:
        yield Finding.DOOR_LOCKDOWN
    if facts.guessable:
        yield Finding.GUESS_RISK


def _of_pins(facts: DoorFacts, *, confirmed: bool) -> Iterator[Finding]:
    if not facts.pins:
        yield Finding.NO_PIN
    for pin in facts.pins:
        yield from (_OF_PROBLEM[each] for each in sorted(pin.problems) if each in _OF_PROBLEM)
    states = {pin.state for pin in facts.pins}
    if PlacementState.SCHEDULED in states and not facts.due:
        yield Finding.AHEAD
    elif states & {PlacementState.SCHEDULED, PlacementState.PLACING}:
        yield Finding.UNCONFIRMED
    if not confirmed and facts.list_proven is False and PlacementState.PLACING not in states:
        yield Finding.LIST_UNCONFIRMED


def _of_machine(facts: DoorFacts) -> Iterator[Finding]:
    machine = facts.machine
    if machine.lost_since is not None:
        yield Finding.CONTROLLER_LOST
    elif not machine.connected:
        yield Finding.CONTROLLER_AWAY
    if machine.not_compiled:
        yield Finding.NOT_COMPILED
    if machine.clock_untrusted and not facts.opens_untrusted:
        yield Finding.CLOCK_UNTRUSTED
    elif not machine.has_rtc:
        yield Finding.NO_RTC


def _of_hardware(facts: DoorFacts) -> Iterator[Finding]:
    keypads = facts.keypads
    dead = [keypad for keypad in keypads if keypad.dead]
    if not keypads:
        yield Finding.NO_KEYPAD
    elif len(dead) == len(keypads):
        yield Finding.KEYPAD_OFFLINE
    elif dead:
        yield Finding.ONE_KEYPAD_OFFLINE
    longest = max((pin.digits for pin in facts.pins), default=0)
    if keypads and all(keypad.max_keys < longest for keypad in keypads):
        yield Finding.KEYPAD_TOO_SHORT
    if facts.lock_dead:
        yield Finding.LOCK_OFFLINE
    if facts.jammed:
        yield Finding.LOCK_JAMMED
    if facts.lock_battery_low or any(keypad.battery_low for keypad in keypads):
        yield Finding.BATTERY_LOW
    if any(keypad.power_failed for keypad in keypads):
        yield Finding.POWER_FAILED


def _remedies(facts: DoorFacts) -> tuple[Remedy, ...]:
    found = []
    if not facts.machine.connected and facts.has_backup:
        found.append(Remedy.BACKUP_CODES)
    if facts.machine.connected:
        found.append(Remedy.REMOTE_UNLOCK)
    if facts.key_holder:
        found.append(Remedy.NEIGHBOUR_KEY)
    return (*found, Remedy.DRIVE)


def judge_box(
    box: KeyBox,
    state: BoxState,
    now: datetime,
    *,
    battery_low: bool,
    paid: bool | None,
    approved: bool = True,
) -> LockReadiness:
    """Judge a key box. Nothing confirms it: what is known of it are warnings."""
    codes = {
        Finding.UNAPPROVED: not approved,
        Finding.UNPAID: paid is False,
        Finding.BOX_NOT_SET_UP: box.device_version == 0,
        Finding.BOX_BATTERY_LOW: battery_low,
        Finding.BOX_NOT_VISITED: state.visit_due_at(box) <= now,
        Finding.BOX_JAMMED: state.jammed_since is not None,
    }
    found = tuple(Found(code, SEVERITY[code]) for code, is_so in codes.items() if is_so)
    return LockReadiness(box.id, False, False, None, found)
