"""Opening the shelter without a network: a switch at the site, or somebody at the Pi.

The hub opens every shelter of an area by one order, which each controller applies when it hears of
it. Where nothing reaches the site, the same is done on the spot: a key switch, the contact of a box
that an earthquake unlocks, or `kagimori-edge shelter open`. It counts as `emergency_open` of the
lowest order, so that a lockdown ordered by the hub stands above it, and it lasts over restarts
until whoever opened takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import InputChanged
from edge.service.memory import SHELTER, Memory
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes

_log = structlog.get_logger(__name__)


class OpenedBy(StrEnum):
    """What holds the shelter open; several may at once."""

    SWITCH = "switch"
    LATCH = "latch"
    """An input that only gives a sign: it stays until somebody at the Pi takes it back."""
    DESK = "desk"
    """Somebody at the Pi."""


@dataclass(frozen=True, slots=True)
class ShelterInput:
    """The input that opens the shelter, from the agent's own settings. With `latching` a sign is
    enough. `doors` are opened; where it is None, those that the policy calls doors of a shelter."""

    device: str
    channel: int = 0
    inverted: bool = False
    latching: bool = False
    doors: frozenset[str] | None = None


class SwitchStillOnError(Exception):
    """The shelter is held open by its switch: it is closed there."""


class Shelter:
    """Follows the switch and whoever is at the Pi."""

    def __init__(
        self, memory: Memory, recorder: Recorder, strikes: Strikes, switch: ShelterInput | None
    ) -> None:
        self._memory = memory
        self._recorder = recorder
        self._strikes = strikes
        self._switch = switch
        self._by: set[OpenedBy] = set()
        if switch is not None:
            memory.shelter.doors = switch.doors

    def remember(self, state: Mapping[str, bytes]) -> None:
        """What an earlier run held open stays so. A switch that was taken out of the settings
        holds nothing; a value that cannot be read is named, and holds nothing either."""
        try:
            if SHELTER in state:
                self._by = set(msgspec.json.decode(state[SHELTER], type=list[OpenedBy]))
        except ValueError:
            self._memory.counters["state_unreadable"] += 1
            _log.exception("state_unreadable", name=SHELTER)
        if self._switch is None:
            self._by &= {OpenedBy.DESK, OpenedBy.LATCH}
        self._memory.shelter.open = bool(self._by)

    def input(self, item: InputChanged, now: ClockNow) -> None:
        """Take a contact, if it is the switch's. A device that is lost says nothing: what was open
        stays open."""
        switch = self._switch
        if switch is None or (item.source.device, item.source.channel) != (
            switch.device,
            switch.channel,
        ):
            return
        active = item.active != switch.inverted
        if switch.latching:
            if active:
                self._become(self._by | {OpenedBy.LATCH}, now)
        elif active:
            self._become(self._by | {OpenedBy.SWITCH}, now)
        else:
            self._become(self._by - {OpenedBy.SWITCH}, now)

    def open(self, now: ClockNow) -> None:
        """Open for somebody at the Pi."""
        self._become(self._by | {OpenedBy.DESK}, now)

    def close(self, now: ClockNow) -> None:
        """Take back what somebody at the Pi, or a latched sign, opened; raise
        `SwitchStillOnError` while the switch says open."""
        self._become(self._by & {OpenedBy.SWITCH}, now)
        if self._by:
            raise SwitchStillOnError("the switch still says open: turn it back")

    def _become(self, by: set[OpenedBy], now: ClockNow) -> None:
        if by == self._by:
            return
        self._by = by
        self._memory.shelter.open = bool(by)
        self._strikes.apply(now)  # doors first; each tells that its mode began or ended
        kept = msgspec.json.encode(sorted(by)) if by else None
        self._recorder.record([], now, {SHELTER: kept})
