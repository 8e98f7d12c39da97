"""Journal and policy store, as the loop needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from wire.events import Event
from wire.policy import EntryKey


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

    def punches_since(self, since: datetime) -> Sequence[Event]:
        """The punches among the newest 50,000 events, from an instant on, newest first."""

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
