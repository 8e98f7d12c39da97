"""Deltas and snapshots on their way in: which are taken, and what is asked for.

Rules (WIRE.md, Policy): an older hub epoch is ignored; a newer one counts only once the CA's proof
in a welcome was checked; a snapshot names this session; within an epoch versions only grow; what
does not sum up to the hub's digest is not taken but asked for anew, with back-off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.ports import PolicyChange
from edge.uplink.backoff import Backoff
from edge.uplink.reader import PolicyReader
from wire.errors import WireError
from wire.events import Alarm
from wire.messages import HeldPolicy, PolicyChunk, PolicyDelta

MAX_SNAPSHOT_BYTES: Final = 256 * 1024 * 1024
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A policy message that is not taken, and the alarm it raises (None: nothing unusual)."""

    alarm: Alarm | None
    cause: str


@dataclass(slots=True)
class _Assembly:
    """A snapshot of which some chunks are there."""

    key: tuple[int, int, int, str]
    chunks: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    size: int = 0


class PolicyInbox:
    """Judges policy messages for one session after another."""

    def __init__(self, store: PolicyReader) -> None:
        self._store = store
        self._backoff = Backoff(2.0, 300.0)
        self._assembly: _Assembly | None = None
        self._session = ""
        self._hub_epoch = 0
        self._want_at_ns: int | None = None
        self._awaited: HeldPolicy | None = None
        self._need_snapshot = False

    @property
    def hub_epoch(self) -> int:
        """The newest hub epoch that is proven or held."""
        return max(self._hub_epoch, self._store.numbers()[0])

    def begin(self, session: str, hub_epoch: int, wanted: HeldPolicy, now_ns: int) -> None:
        """The hub welcomed a session under a proven hub epoch and names what it wants held."""
        self._session, self._hub_epoch, self._assembly = session, hub_epoch, None
        self._backoff.reset()
        self._awaited, self._want_at_ns = None, None
        same_version = self._store.numbers() == (hub_epoch, wanted.version)
        self._need_snapshot = same_version and self._held_digest() != wanted.digest
        if self._need_snapshot or not same_version:
            self._awaited = wanted
            self._ask_later(now_ns)

    def end(self) -> None:
        """The connection is gone: nothing is asked for."""
        self._want_at_ns, self._assembly, self._awaited = None, None, None

    def asking_from(self) -> int | None:
        """The version to ask a delta from; None for a snapshot."""
        hub_epoch, version = self._store.numbers()
        fresh = version == 0 or hub_epoch != self._hub_epoch
        return None if fresh or self._need_snapshot else version

    def applied(self) -> None:
        """A change went live: if it is what the hub wants, nothing is asked for any more."""
        self._need_snapshot = False
        hub_epoch, version = self._store.numbers()
        if self._awaited and hub_epoch == self._hub_epoch and version >= self._awaited.version:
            self._want_at_ns, self._awaited = None, None
        self._backoff.reset()

    def want_due(self, now_ns: int) -> bool:
        """Tell whether to ask (again) now; the next time is then set."""
        if self._want_at_ns is None or now_ns < self._want_at_ns:
            return False
        self._ask_later(now_ns)
        return True

    def delta(self, message: PolicyDelta, now_ns: int) -> PolicyChange | Refused:
        """Judge a delta."""
        wrong = self._wrong_epoch(message.hub_epoch)
        if wrong:
            return wrong
        hub_epoch, version = self._store.numbers()
        if hub_epoch != message.hub_epoch or version == 0 or message.from_version > version:
            self._ask_soon(now_ns)
            return Refused(None, "gap")
        if message.to_version == version:
            return Refused(None, "held_already")
        if message.from_version != version or message.to_version < version:
            return Refused(Alarm.REPLAYED_MESSAGE, "old_version")
        change = PolicyChange(
            hub_epoch=hub_epoch,
            version=message.to_version,
            put=tuple(bytes(entry) for entry in message.put),
            drop=tuple(dropped.key for dropped in message.drop),
            digest=message.digest,
            snapshot=False,
        )
        return self._if_it_sums_up(change, now_ns)

    def chunk(self, message: PolicyChunk, now_ns: int) -> PolicyChange | Refused | None:
        """Judge one chunk of a snapshot; None while others are missing."""
        wrong = self._wrong_epoch(message.hub_epoch)
        if wrong:
            return wrong
        if message.session != self._session:
            return Refused(Alarm.REPLAYED_MESSAGE, "session")
        hub_epoch, version = self._store.numbers()
        if hub_epoch == message.hub_epoch and message.version < version:
            return Refused(Alarm.REPLAYED_MESSAGE, "old_version")
        entries = self._assemble(message)
        if entries is None:
            return None
        change = PolicyChange(
            hub_epoch=message.hub_epoch,
            version=message.version,
            put=entries,
            drop=(),
            digest=message.digest,
            snapshot=True,
        )
        return self._if_it_sums_up(change, now_ns)

    def _assemble(self, message: PolicyChunk) -> tuple[bytes, ...] | None:
        key = (message.hub_epoch, message.version, message.count, message.digest)
        if self._assembly is None or self._assembly.key != key:
            self._assembly = _Assembly(key)
        made = self._assembly
        if message.index not in made.chunks:
            entries = tuple(bytes(entry) for entry in message.entries)
            made.size += sum(map(len, entries))
            made.chunks[message.index] = entries
        if made.size > MAX_SNAPSHOT_BYTES:
            self._assembly = None
            return None
        if len(made.chunks) < message.count:
            return None
        self._assembly = None
        return tuple(entry for index in range(message.count) for entry in made.chunks[index])

    def _if_it_sums_up(self, change: PolicyChange, now_ns: int) -> PolicyChange | Refused:
        try:
            fits = self._store.digest_after(change) == change.digest
        except WireError as error:
            self._ask_soon(now_ns)
            return Refused(Alarm.MALFORMED_MESSAGE, error.fault.value)
        if fits:
            return change
        self._awaited = HeldPolicy(version=change.version, digest=change.digest)
        self._need_snapshot = True
        self._ask_soon(now_ns)
        return Refused(Alarm.POLICY_DIGEST, "snapshot" if change.snapshot else "delta")

    def _wrong_epoch(self, hub_epoch: int) -> Refused | None:
        if hub_epoch < self.hub_epoch:
            return Refused(Alarm.OLD_HUB_EPOCH, "policy")
        if hub_epoch > self._hub_epoch:
            return Refused(Alarm.FORGED_HUB_EPOCH, "not_proven")
        return None

    def _held_digest(self) -> str:
        hub_epoch, version = self._store.numbers()
        nothing = PolicyChange(
            hub_epoch=hub_epoch, version=version, put=(), drop=(), digest="", snapshot=False
        )
        return self._store.digest_after(nothing)

    def _ask_soon(self, now_ns: int) -> None:
        if self._want_at_ns is None or self._want_at_ns - now_ns > _NS:
            self._want_at_ns = now_ns + int(self._backoff.next_s() * _NS)

    def _ask_later(self, now_ns: int) -> None:
        self._want_at_ns = now_ns + int((8.0 + self._backoff.next_s()) * _NS)
