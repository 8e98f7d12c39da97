"""What the loop knows: the policy's index, the doors, and what it remembers of readers, grants and
persons.

Small values survive a restart as the journal's named state; their names stand here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from edge.core.backup import DoorCodes, KeptCodes
from edge.core.budget import Budget, Rung, ladder, rule_of
from edge.core.circumstances import Circumstances, FirstOfTwo
from edge.core.clock_now import ClockNow
from edge.core.doors import Door
from edge.core.first_person import FirstSeen
from edge.core.keys import KeyCollector
from edge.core.model import Source
from edge.core.policy_index import PolicyIndex
from edge.core.whereabouts import NOWHERE, Stay, Uptime, Whereabouts
from edge.service.former_keys import FormerKeys
from wire.events import TryKind
from wire.messages import EdgePolicy
from wire.policy import EMPTY_DIGEST
from wire.policy_bodies import DeviceBody, DoorBody, Point, Side

BUDGET: Final = "budget/"
USES: Final = "uses/"
SEALED: Final = "sealed/"
WHERE: Final = "where/"
FIRST: Final = "first/"
UPTIME: Final = "uptime"
CLOCK: Final = "clock"
RUNNING: Final = "running"
MODES: Final = "modes"
DRIVEN: Final = "driven"
FIRE: Final = "fire"
FIRE_DEVICE: Final = "fire_device"
FIRE_STRIKES: Final = "fire_strikes"
SHELTER: Final = "shelter"
MAX_ESCORT_NS: Final = 300 * 1_000_000_000
"""How long at most somebody may be followed (`GrantBody.escort_s`)."""

_log = structlog.get_logger(__name__)


def budget_name(reader: str, kind: TryKind) -> str:
    """Name the state in which a reader's try budget is kept."""
    return BUDGET + reader if kind is TryKind.PIN else f"{BUDGET}{reader}/{kind.value}"


@dataclass(slots=True)
class Fire:
    """The fire alarm as it was last known, and the doors it releases: every door where None, those
    that a policy brings meanwhile as well. `device` is the one its panel is wired to, None without
    one; `cause` what is wrong between the policy and that device (`FireDevice.cause`); `line` and
    `fault` what its contacts say and what is wrong with them (`edge.core.fire_line`).

    `kept` are the strikes that doors were ever seen to have: released with them, whatever a policy
    says of the door since (`edge.service.fire_keep`). `kept_causes` is `cause` for their devices.
    """

    burning: bool = False
    doors: frozenset[str] | None = None
    device: str | None = None
    cause: str = ""
    line: str = "unknown"
    fault: str = ""
    kept: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    kept_causes: dict[str, str] = field(default_factory=dict)

    def concerns(self, door: str) -> bool:
        """Whether a door is one of those it releases."""
        return self.device is not None and (self.doors is None or door in self.doors)

    def releases(self, door: str) -> bool:
        """Whether a door is released by it now."""
        return self.burning and (self.doors is None or door in self.doors)

    def released(self) -> list[Point]:
        """The kept strikes that are released by it now."""
        return [
            point for door, points in self.kept.items() if self.releases(door) for point in points
        ]


@dataclass(slots=True)
class ShelterStanding:
    """Whether the shelter was opened on the spot, and its doors: those that the policy calls so
    where None."""

    open: bool = False
    doors: frozenset[str] | None = None


@dataclass(slots=True)
class DeviceStanding:
    """How a device stands: None until it was heard of."""

    online: bool | None = None
    cause: str = ""
    detail: str = ""


@dataclass(slots=True)
class Memory:
    """The loop's knowledge. Only its own thread touches it."""

    index: PolicyIndex = field(default_factory=PolicyIndex)
    held: EdgePolicy = field(
        default_factory=lambda: EdgePolicy(hub_epoch=0, version=0, digest=EMPTY_DIGEST)
    )
    served: Mapping[str, DeviceBody] = field(default_factory=dict)
    """The devices that drivers serve: the policy's, and the fire alarm's as `FireDevice` says."""
    doors: dict[str, Door] = field(default_factory=dict)
    devices: dict[str, DeviceStanding] = field(default_factory=dict)
    inputs: dict[Source, bool] = field(default_factory=dict)
    collectors: dict[Source, KeyCollector] = field(default_factory=dict)
    budgets: dict[tuple[str, TryKind], Budget] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    uptime: Uptime = field(default_factory=lambda: Uptime("", 0, 0))
    firsts: dict[str, FirstSeen] = field(default_factory=dict)
    """When a first person came to a door."""
    coming: dict[str, int] = field(default_factory=dict)
    """Until when a first person may still open a door that has not been seen to open (ns)."""
    waiting: dict[tuple[str, Side], FirstOfTwo] = field(default_factory=dict)
    """Who waits for a second person, by door and side."""
    let_in: dict[tuple[str, Side], dict[str, int]] = field(default_factory=dict)
    """Who was let in of late, by door and side, and when (ns): they may take visitors along."""
    fire: Fire = field(default_factory=Fire)
    shelter: ShelterStanding = field(default_factory=ShelterStanding)
    former_keys: FormerKeys = field(default_factory=FormerKeys)
    counters: Counter[str] = field(default_factory=Counter)
    link_up: bool = False
    welcomed_at: datetime | None = None
    lost_at: datetime | None = None
    """When the hub was lost; None while it is reached, and where it was not yet in this life."""
    linked_ns: int | None = None
    """When the hub was last gone until: since then the link is up."""
    codes: dict[str, DoorCodes] = field(default_factory=dict)
    """The backup codes of doors, their secrets opened (`edge.service.backup_secrets`)."""
    kept_codes: dict[str, KeptCodes] = field(default_factory=dict)

    def circumstances(self, now: ClockNow) -> Circumstances:
        """What a decision made now depends on."""
        return Circumstances(
            index=self.index,
            now=now,
            uses=self.uses,
            throttled=lambda reader, kind: self._throttled(reader, kind, now.mono_ns),
            fire=self.fire.releases,
            codes=self.codes.get,
            away_ns=self.away_ns(now),
            whereabouts=self.whereabouts,
            ran_ns=self.uptime.at(now).ran_ns,
            firsts=self.firsts,
            waiting=lambda door, side: self.waiting.get((door, side)),
            shelter=self.opened_as_shelter,
            interlocked=lambda door: self.interlocked(door, now.mono_ns),
            let_in=lambda door, side: self.let_in.get((door, side), {}),
        )

    def note_let_in(self, door: str, side: Side, person: str, now_ns: int) -> None:
        """Somebody who needs no escort was let in: whom nobody may follow any more is forgotten."""
        since_ns = now_ns - MAX_ESCORT_NS
        there = self.let_in.setdefault((door, side), {})
        for other in [each for each, at_ns in there.items() if at_ns < since_ns]:
            del there[other]
        there[person] = now_ns

    def interlocked(self, door: str, now_ns: int) -> bool:
        """Whether another door of a door's interlock is open, released or not known to be shut."""
        body = self.index.doors.get(door)
        if body is None or body.interlock is None:
            return False
        return any(
            other.body.interlock == body.interlock and other.stands_in_the_way(now_ns)
            for other_id, other in self.doors.items()
            if other_id != door
        )

    def opened_as_shelter(self, door: str) -> bool:
        """Whether a door is that of a shelter which was opened on the spot."""
        shelter = self.shelter
        if not shelter.open:
            return False
        if shelter.doors is not None:
            return door in shelter.doors
        body = self.index.doors.get(door)
        return body is not None and body.shelter

    def hold_codes(self, door: str, codes: DoorCodes) -> None:
        """Hold a door's backup codes as they are now."""
        self.codes[door], self.kept_codes[door] = codes, codes.kept

    def link_changed(self, up: bool, now: ClockNow) -> None:
        """The hub was lost, or is back."""
        self.link_up = up
        self.linked_ns = now.mono_ns if up else None
        self.lost_at = None if up else self.lost_at or now.at
        self.welcomed_at = now.at if up else self.welcomed_at

    def away_ns(self, now: ClockNow) -> int | None:
        """How long ago the hub was last gone; an agent that has just started has been without."""
        if not self.link_up:
            return 0
        return None if self.linked_ns is None else now.mono_ns - self.linked_ns

    def budget(self, reader: str, kind: TryKind = TryKind.PIN) -> Budget:
        """A try budget of a reader."""
        return self.budgets.get((reader, kind), Budget())

    def rungs(self, reader: str, kind: TryKind) -> tuple[Rung, ...]:
        """The rules of a reader's try budget; none where it does not count this kind."""
        return ladder(self.index.readers[reader], kind)

    def _throttled(self, reader: str, kind: TryKind, now_ns: int) -> bool:
        return (
            self.budget(reader, kind).throttled(now_ns)
            and rule_of(self.index.readers[reader], kind) is not None
        )

    def collector(self, source: Source) -> KeyCollector:
        """What stands on a keypad."""
        return self.collectors.setdefault(source, KeyCollector())

    def standing(self, device: str) -> DeviceStanding:
        """How a device stands."""
        return self.devices.setdefault(device, DeviceStanding())

    def meet_doors(self, bodies: Mapping[str, DoorBody], now_ns: int) -> None:
        """Follow the policy's doors: what is known of a door that stays is kept, and a new one is
        told what its inputs were last heard to be."""
        for door_id in self.doors.keys() - bodies.keys():
            del self.doors[door_id]
        for door_id, body in bodies.items():
            door = self.doors.setdefault(door_id, Door(door_id, body))
            door.adopt(body)
        for source, active in self.inputs.items():
            for wired in self.index.inputs_at(source.device, source.channel):
                door = self.doors[wired.door]
                if not door.knows(wired.role):
                    door.found(wired.role, active != wired.inverted, now_ns)

    def forget_absent(self) -> list[str]:
        """Forget budgets and uses of what the policy no longer holds; give their state's names.
        A policy that lost entries (version 0) says nothing: they will come back."""
        if self.held.version == 0:
            return []
        budgets = [one for one in self.budgets if one[0] not in self.index.readers]
        grants = [one for one in self.uses if not self.index.counts(one)]
        doors = [one for one in self.kept_codes if one not in self.index.doors]
        firsts = [one for one in self.firsts if one not in self.index.doors]
        gone = [one for one in self.whereabouts.persons() if self.index.person(one) is None]
        for budget in budgets:
            del self.budgets[budget]
        for grant in grants:
            del self.uses[grant]
        for door in doors:
            del self.kept_codes[door]
        for door in firsts:
            del self.firsts[door]
        for person in gone:
            self.whereabouts.set(person, NOWHERE)
        return [
            *(budget_name(*one) for one in budgets),
            *(USES + one for one in grants),
            *(SEALED + one for one in doors),
            *(FIRST + one for one in firsts),
            *(WHERE + one for one in gone),
        ]

    def remember(self, state: Mapping[str, bytes], boot: str, now_ns: int) -> None:
        """Take up what an earlier run kept. A value that cannot be read is named and left out."""
        for name, data in state.items():
            try:
                if name.startswith(BUDGET):
                    reader, _, kind = name.removeprefix(BUDGET).partition("/")
                    kept = Budget.load(data, boot, now_ns)
                    self.budgets[reader, TryKind(kind or TryKind.PIN)] = kept
                elif name.startswith(USES):
                    self.uses[name.removeprefix(USES)] = int(data)
                elif name.startswith(SEALED):
                    self.kept_codes[name.removeprefix(SEALED)] = KeptCodes.load(data)
                elif name.startswith(WHERE):
                    self.whereabouts.set(name.removeprefix(WHERE), Stay.load(data))
                elif name.startswith(FIRST):
                    self.firsts[name.removeprefix(FIRST)] = FirstSeen.load(data)
                elif name == UPTIME:
                    self.uptime = Uptime.load(data)
            except ValueError:
                self.counters["state_unreadable"] += 1
                _log.error("state_unreadable", name=name)
