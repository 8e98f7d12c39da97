"""The ports between the agent's loop and its shell, each as small as its use.

Threads of drivers and of the MQTT client only put things on the loop's queue (`Emit`); everything
else happens in the loop's own thread, which alone touches journal and policy store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, runtime_checkable

from edge.core.clock_now import ClockNow
from edge.core.model import Act, DeviceEvent, Feedback, Presentation, Source
from edge.core.model import NewEvent as NewEvent  # what `Journal.append` takes
from wire.events import Alarm
from wire.lock_list import ListEntry
from wire.messages import Command, DeviceState, EdgePolicy, Rejected
from wire.policy import EntryKey
from wire.policy_bodies import DeviceBody

# --- what the MQTT client puts on the queue ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkConnected:
    """The broker took us and our subscription stands. `generation` counts connections."""

    generation: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection is gone, or could not be made: `cause` is one of the link's named causes."""

    generation: int
    cause: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message as the broker gave it, nothing of it checked yet."""

    topic: str
    payload: bytes = field(repr=False)
    retained: bool
    at_ns: int


LinkEvent: TypeAlias = LinkConnected | LinkLost | MessageArrived

Incoming: TypeAlias = Presentation | DeviceEvent | LinkEvent

Emit: TypeAlias = Callable[[Incoming], None]
"""Hands something to the loop; called from any thread, never blocks, never raises."""


# --- drivers ----------------------------------------------------------------------------------


class Driver(Protocol):
    """Serves all devices of one kind on one port (a bus, the card service, a virtual site).

    `start` returns at once even where the port is missing: the driver names it, retries with
    back-off and tells by `DeviceOnline` and `DeviceOffline`.
    """

    def start(self, emit: Emit) -> None:
        """Begin; everything that happens is handed to `emit`."""

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        """Take the policy's devices on this port, by id, and their opened secrets. Called again at
        each change; devices that did not change are not disturbed."""

    def act(self, act: Act) -> None:
        """Drive an output; exactly one `ActFinished` follows, whatever happens."""

    def show(self, source: Source, feedback: Feedback) -> None:
        """Let a reader show and sound something. Best effort: never delays an act."""

    def stop(self) -> None:
        """End all threads within 2 s; moves no output."""


class InstallError(ValueError):
    """A device that cannot be installed or moved to another key; the text says why."""


@runtime_checkable
class Installer(Protocol):
    """What a driver offers beside `Driver` whose devices are given their keys over the line."""

    def begin_install(self, device: str, duration_s: float) -> None:
        """Let a device take its key under the key that everybody knows, for that long. Raises
        `InstallError`; `InstallBegan` and `InstallEnded` tell how it goes."""

    def change_key(self, device: str, new_key: bytes) -> None:
        """Move a device to another key, now or when it is back. Raises `InstallError`;
        `DeviceKeyChanged` tells when it is done."""

    def remember_keys(self, formers: dict[str, tuple[bytes, ...]]) -> None:
        """Take the keys that devices may still have, by id, before `configure`."""


@runtime_checkable
class DecidesAlone(Protocol):
    """What a driver has on top whose devices decide by themselves while nobody reaches them."""

    def place(self, device: str, entries: tuple[ListEntry, ...]) -> None:
        """The list a device is to hold; `ListPlaced` tells what it proves to hold."""

    def set_time(self, device: str, now: ClockNow) -> None:
        """The time, relied on, that a device's clock is to be set to."""

    def resume(self, device: str, log_epoch: int, following: int) -> None:
        """The device's log is journaled before that index: `LogCollected` goes on from there. Told
        before each batch that is wanted; none comes before it is told for the first time."""


# --- threads ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThreadSign:
    """A thread, as its owner sees it: whether it is there, and when it last showed that it goes
    round (`beat_ns`, by the running clock), which it has to do every `patience_s`. Where it
    `must_live`, doors depend upon it; `devices` are those that nobody serves while it does not."""

    name: str
    is_alive: bool
    beat_ns: int
    patience_s: float
    must_live: bool = True
    devices: tuple[str, ...] = ()


@runtime_checkable
class Threaded(Protocol):
    """What whoever owns threads has on top, so that they can be watched. Called from any thread;
    blocks nowhere."""

    def threads(self) -> tuple[ThreadSign, ...]:
        """The threads that should be running now."""

    def revive(self) -> None:
        """Start anew what died of them. What was under way has failed; nothing is repeated."""


# --- journal and policy store -----------------------------------------------------------------


class JournalError(Exception):
    """A commit did not happen; `cause` is a short name (`disk_io`, `read_only`, `full`, ...)."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(frozen=True, slots=True)
class PendingAct:
    """An act that was journaled and whose result was not: the agent stopped in between."""

    act: str
    door: str
    command_id: str | None = None


@dataclass(frozen=True, slots=True)
class JournalKept:
    """What the journal holds: `unsent` rows that the hub has not acknowledged, the oldest of them
    (None without one, or where it cannot be read), all rows, and the gaps declared since the start;
    beside them what it was made for."""

    unsent: int
    oldest_unsent: datetime | None
    rows: int
    gaps: int
    capacity: int
    keep_days: int
    used_bytes: int
    size_bytes: int


NO_STATE: Final[Mapping[str, bytes | None]] = MappingProxyType({})


class Journal(Protocol):
    """The edge's own log on its one connection. Every method raises `JournalError` alone."""

    @property
    def epoch(self) -> int:
        """The numbering the next event belongs to."""

    @property
    def last_seq(self) -> int:
        """The newest seq of the epoch, 0 in an empty one."""

    def append(
        self,
        events: Sequence[NewEvent],
        now: ClockNow,
        state: Mapping[str, bytes | None] = NO_STATE,
    ) -> range:
        """Commit events and small named values (None forgets one) in one transaction, durable when
        it returns; give their seqs. Telemetry may be refused alone when the journal is full: it is
        then counted in a gap, and occupies its seq."""

    def state(self, prefix: str) -> dict[str, bytes]:
        """The named values whose names begin with `prefix`: try budgets, use counts, the floor."""

    def floor(self) -> datetime | None:
        """The newest wall time journaled under a clock that was relied on, less its error bound."""

    def pending_acts(self) -> tuple[PendingAct, ...]:
        """The acts journaled since the newest `agent_started` (that start settled all before it)
        by `access_granted`, `access_duress` and `command_received`, whose `act_result` or
        `command_result` is not there."""

    def acknowledge(self, epoch: int, through_seq: int) -> None:
        """The hub holds everything through that seq; raise or lower the watermark to it."""

    def open_epoch(self, cause: str, now: ClockNow) -> None:
        """Begin a new epoch, move the unacknowledged rows into it and journal `epoch_opened`."""

    def counters(self) -> dict[str, int]:
        """Rows, unacknowledged rows, gaps and the like, by name, for status and telemetry."""

    def kept(self) -> JournalKept:
        """What it holds and for how long, for status."""

    def tail(self, count: int) -> list[tuple[int, bytes]]:
        """The newest rows (seq, bytes), oldest first, for people to read."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What a policy message asks for: of a snapshot, `put` is everything and `drop` is empty.

    `digest` is the hub's expectation, before rejections."""

    hub_epoch: int
    version: int
    put: tuple[bytes, ...] = field(repr=False)
    drop: tuple[EntryKey, ...]
    digest: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """What the store holds: 0, 0 and nothing when fresh. Rejected entries are stored as well, so
    that a later agent can take them and this one can name them again."""

    hub_epoch: int
    version: int
    entries: tuple[bytes, ...] = field(repr=False)


class PolicyStore(Protocol):
    """The policy's entries as the hub sent them. Raises `JournalError` alone."""

    def load(self) -> StoredPolicy:
        """Everything that is held."""

    def apply(self, change: PolicyChange) -> None:
        """Make a delta or a snapshot the policy held, in one transaction."""


# --- delivery session -------------------------------------------------------------------------


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


# --- time ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel says of its clock: whether NTP disciplines it, and its error bound."""

    synchronised: bool
    error_ms: int


class TimeSource(Protocol):
    """The machine's clocks, and the randomness ids are made of."""

    @property
    def boot(self) -> str:
        """Names the boot of the machine."""

    def mono_ns(self) -> int:
        """Time since boot, sleep included, that nobody can set or slew: the clock that drivers
        stamp with (`edge.running_clock`)."""

    def wall(self) -> datetime:
        """The system's wall clock, UTC."""

    def kernel(self) -> KernelClock:
        """The kernel's word on NTP."""

    def rtc(self) -> datetime | None:
        """What the battery RTC itself shows, in whole seconds; None where there is none or it says
        that its time is no good. Asked only where the settings name one."""

    def entropy(self, count: int) -> bytes:
        """Random bytes."""
