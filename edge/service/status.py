"""How the agent stands, for people: typed, without names, numbers of cards or digits of PINs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from edge.core.clock_now import ClockNow
from edge.ports import JournalError, JournalKept
from edge.service.memory import Memory
from edge.service.passages import open_zones
from edge.service.recorder import Recorder
from edge.service.thread_watch import ThreadStanding
from wire.clock import ClockState
from wire.policy_bodies import DoorMode


class ClockStatus(msgspec.Struct, frozen=True):
    """The clock, its error bound in ms, and the newest instant that is certainly past."""

    state: ClockState
    now: datetime
    error_ms: int | None
    floor: datetime


class PolicyStatus(msgspec.Struct, frozen=True):
    """The policy held, by its numbers; entries in force and left out."""

    hub_epoch: int
    version: int
    digest: str
    entries: int
    rejected: int


class JournalStatus(msgspec.Struct, frozen=True):
    """The journal: where it stands, why it fails if it does, and what it holds (`JournalKept`;
    None where even that cannot be read)."""

    epoch: int
    last_seq: int
    failure: str | None
    kept: JournalKept | None = None


class ThreadStatus(msgspec.Struct, frozen=True):
    """A watched thread: `age_ms` since it last went round."""

    part: str
    state: str
    age_ms: int
    revived: int


class CodesStatus(msgspec.Struct, frozen=True):
    """A door's backup codes: the policy's generation, the newest one used, how many are used up."""

    door: str
    generation: int
    newest: int
    used: int


class DoorStatus(msgspec.Struct, frozen=True):
    """A door: its leaf, its bolt where one is watched, and the mode that rules it; whether a reader
    of it takes PINs."""

    id: str
    leaf: str
    bolt_retracted: bool | None
    mode: DoorMode | None
    fire: bool
    takes_pins: bool = False
    held_by_schedule: bool = False
    shelter: bool = False
    """Opened on the spot, as a shelter's."""


class ZoneStatus(msgspec.Struct, frozen=True):
    """A zone: how many persons are in it or on their way in, never who; how many may be; whether a
    door into it stands open to everybody, so that nobody's whereabouts are known."""

    id: str
    persons: int
    occupancy_max: int | None
    stands_open: bool


class DeviceStatus(msgspec.Struct, frozen=True):
    """A device: None for `online` until it was heard of."""

    id: str
    online: bool | None
    cause: str
    detail: str


class FireStatus(msgspec.Struct, frozen=True):
    """The fire alarm: the device its panel is wired to, and what is wrong between that device and
    the policy (`not_in_policy`, `dropped_by_policy`, `changed_by_policy`); what its line is and the
    fault of it; the same causes for devices of the strikes that it releases."""

    device: str
    burning: bool
    cause: str
    line: str
    fault: str
    kept: dict[str, str]


class Status(msgspec.Struct, frozen=True):
    """Everything `kagimori-edge status` shows."""

    agent: str
    controller: str
    link_up: bool
    clock: ClockStatus
    policy: PolicyStatus
    journal: JournalStatus
    doors: tuple[DoorStatus, ...]
    devices: tuple[DeviceStatus, ...]
    counters: dict[str, int]
    fire_alarm: FireStatus | None = None
    zones: tuple[ZoneStatus, ...] = ()
    threads: tuple[ThreadStatus, ...] = ()
    codes: tuple[CodesStatus, ...] = ()
    welcomed_at: datetime | None = None
    lost_at: datetime | None = None


def status_of(
    agent: str,
    controller: str,
    memory: Memory,
    recorder: Recorder,
    now: ClockNow,
    threads: Sequence[ThreadStanding] = (),
) -> Status:
    """Give how the agent stands; called in the loop's thread."""
    index, held = memory.index, memory.held
    return Status(
        agent=agent,
        controller=controller,
        link_up=memory.link_up,
        clock=ClockStatus(now.state, now.at, now.error_ms, now.floor),
        policy=PolicyStatus(
            held.hub_epoch, held.version, held.digest, len(index), len(index.rejected)
        ),
        journal=_journal(recorder),
        doors=tuple(_door(door_id, memory, now) for door_id in sorted(memory.doors)),
        devices=tuple(
            DeviceStatus(device, one.online, one.cause, one.detail)
            for device, one in sorted(memory.devices.items())
        ),
        counters={**memory.counters, **_counters(recorder)},
        fire_alarm=_fire(memory),
        zones=_zones(memory, now),
        threads=tuple(
            ThreadStatus(one.part, one.state, one.age_ms, one.revived) for one in threads
        ),
        codes=tuple(
            CodesStatus(door, one.told, one.newest, len(one.used))
            for door, one in sorted(memory.codes.items())
        ),
        welcomed_at=memory.welcomed_at,
        lost_at=memory.lost_at,
    )


def _zones(memory: Memory, now: ClockNow) -> tuple[ZoneStatus, ...]:
    presence = memory.circumstances(now).presence
    standing_open = open_zones(memory, now)
    return tuple(
        ZoneStatus(zone, presence.count(zone), body.occupancy_max, zone in standing_open)
        for zone, body in sorted(memory.index.zones.items())
    )


def _counters(recorder: Recorder) -> dict[str, int]:
    try:
        return recorder.journal.counters()
    except JournalError:
        return {}


def _journal(recorder: Recorder) -> JournalStatus:
    journal = recorder.journal
    try:
        kept = journal.kept()
    except JournalError:
        kept = None
    return JournalStatus(journal.epoch, journal.last_seq, recorder.failure, kept)


def _fire(memory: Memory) -> FireStatus | None:
    fire = memory.fire
    if fire.device is None:
        return None
    kept = {device: cause for device, cause in fire.kept_causes.items() if cause}
    return FireStatus(fire.device, fire.burning, fire.cause, fire.line, fire.fault, kept)


def _door(door_id: str, memory: Memory, now: ClockNow) -> DoorStatus:
    door = memory.doors[door_id]
    about = memory.circumstances(now)
    mode = about.mode(door_id)
    return DoorStatus(
        id=door_id,
        leaf=door.leaf.name.lower(),
        bolt_retracted=door.bolt_retracted,
        mode=None if mode is None else mode.mode,
        fire=memory.fire.releases(door_id),
        takes_pins=any(
            reader.keypad and reader.door == door_id for reader in memory.index.readers.values()
        ),
        held_by_schedule=mode is None and about.held_by_schedule(door_id),
        shelter=memory.opened_as_shelter(door_id),
    )
