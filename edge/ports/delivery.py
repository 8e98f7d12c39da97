"""The delivery session, what it tells the loop to do, and the link that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from edge.core.clock_now import ClockNow
from edge.ports.incoming import Emit, LinkConnected, LinkLost, MessageArrived
from edge.ports.journal import PolicyChange
from wire.events import Alarm
from wire.messages import Command, DeviceState, EdgePolicy, Rejected


@dataclass(frozen=True, slots=True)
class Standing:
    """How the agent stands at a connect: what its hello tells the hub."""

    session: str
    agent: str
    now: ClockNow
    policy: EdgePolicy
    devices: tuple[DeviceState, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a sealed payload, QoS 1."""

    topic: str
    payload: bytes = field(repr=False)
    retain: bool = False


@dataclass(frozen=True, slots=True)
class CommandArrived:
    """A command, authentic, of the current session and not repeated. Its life began at `at_ns`:
    when it came in, or earlier by as long as it was certainly on its way."""

    command: Command
    at_ns: int


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """An authentic command that must not run: of another session, or repeated."""

    command: Command
    cause: str


@dataclass(frozen=True, slots=True)
class TimeSample:
    """The hub's signed time at some moment between hello (`sent_ns`) and welcome (`got_ns`)."""

    hub_time: datetime
    sent_ns: int
    got_ns: int


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The hub is now reached (welcomed), or no longer."""

    up: bool
    cause: str


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """Something was refused that should never have come; `count` times since it was last told."""

    alarm: Alarm
    channel: str
    cause: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The hub's watermark, to be kept in the journal."""

    epoch: int
    through_seq: int


@dataclass(frozen=True, slots=True)
class EpochNeeded:
    """The hub knows more of this epoch than the journal does: begin a new one."""

    cause: str


SessionOutput: TypeAlias = (
    Publish
    | PolicyChange
    | CommandArrived
    | CommandRefused
    | TimeSample
    | LinkChanged
    | AlarmRaised
    | Acknowledged
    | EpochNeeded
)


class Session(Protocol):
    """The delivery session, sans-I/O: takes what happened, gives what is to be done, in order.

    It reads rows of the journal through a reader of its own; everything else is handed in.
    """

    def connected(self, event: LinkConnected, standing: Standing) -> Sequence[SessionOutput]:
        """A connection stands: say hello."""

    def disconnected(self, event: LinkLost) -> Sequence[SessionOutput]:
        """The connection is gone; nothing is sent until the next one."""

    def message(self, event: MessageArrived, now: ClockNow) -> Sequence[SessionOutput]:
        """A message came: check it, then say what follows."""

    def appended(self, now: ClockNow) -> Sequence[SessionOutput]:
        """The journal has new rows."""

    def tick(self, now: ClockNow) -> Sequence[SessionOutput]:
        """Time went by: send again what was not acknowledged for 5 s."""

    def policy_applied(
        self, held: EdgePolicy, rejected: Sequence[Rejected]
    ) -> Sequence[SessionOutput]:
        """The index was swapped: report it."""


class Link(Protocol):
    """Carries bytes to and from the broker; reconnects with back-off on its own."""

    def start(self, emit: Emit) -> None:
        """Begin; connections and messages are handed to `emit`. Returns at once."""

    def publish(self, message: Publish) -> None:
        """Send, or drop when there is no connection: the session sends again. Never blocks."""

    def stop(self) -> None:
        """Say goodbye and end all threads within 2 s."""
