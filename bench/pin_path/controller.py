"""One simulated controller: the edge's own session, journal, policy store and index, no doors.

Of a change it does what the agent does (`edge.service.policies`): verifies tag and signature, reads
the entries, stores them in one transaction (WAL, synchronous=FULL), swaps them into the index,
journals `policy_applied` in a second one, reports the index's digest and sends the event.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from bench.event_path.edge import clock_now
from edge.core.policy_index import PolicyIndex
from edge.journal.journal import open_journal
from edge.ports import (
    Acknowledged,
    AlarmRaised,
    EpochNeeded,
    LinkChanged,
    LinkConnected,
    LinkLost,
    MessageArrived,
    NewEvent,
    PolicyChange,
    Publish,
    SessionOutput,
    Standing,
)
from edge.uplink.session import DeliverySession
from wire.events import EventKind, PolicyAppliedBody
from wire.keys import LinkKey, SignerRing
from wire.messages import EdgePolicy


@dataclass(frozen=True, slots=True)
class Commit:
    """When a version was durable and in force here, nanoseconds since 1970; how many entries it put
    and dropped; whether it came whole."""

    version: int
    at_ns: int
    digest: str
    entries: int
    snapshot: bool


class SimulatedController:
    """Takes what its connection brings and gives what is to be published."""

    def __init__(
        self,
        controller: str,
        link: LinkKey,
        signers: SignerRing,
        ca: x509.Certificate,
        folder: Path,
        capacity: int,
    ) -> None:
        self.controller = controller
        self._journal, self._store = open_journal(
            folder / f"{controller}.db", clock_now(), capacity=capacity
        )
        self._session = DeliverySession(
            controller, link, signers, ca, self._journal, self._store, chance=_chance
        )
        self._index = PolicyIndex()
        self._index.swap(self._index.prepare(self._store.load().entries))
        self.commits: list[Commit] = []
        self.alarms = 0
        self.welcomed_ns = 0

    @property
    def held(self) -> EdgePolicy:
        """What the index holds."""
        hub_epoch, version = self._store.numbers()
        return EdgePolicy(hub_epoch=hub_epoch, version=version, digest=self._index.digest)

    def connected(self) -> list[Publish]:
        """The broker took us: greet the hub."""
        now = clock_now()
        standing = Standing(os.urandom(16).hex(), "bench", now, self.held, ())
        return self._do(self._session.connected(LinkConnected(1, now.mono_ns), standing))

    def disconnected(self) -> None:
        """The connection is gone."""
        self._do(self._session.disconnected(LinkLost(1, "connection_lost", time.monotonic_ns())))

    def message(self, topic: str, payload: bytes, *, retained: bool) -> list[Publish]:
        """A message came."""
        now = clock_now()
        arrived = MessageArrived(topic, payload, retained, now.mono_ns)
        return self._do(self._session.message(arrived, now))

    def tick(self) -> list[Publish]:
        """Time went by."""
        return self._do(self._session.tick(clock_now()))

    def close(self) -> None:
        """Let go of the file."""
        self._journal.close()

    def _do(self, outputs: Iterable[SessionOutput]) -> list[Publish]:
        publish: list[Publish] = []
        for output in outputs:
            match output:
                case Publish():
                    publish.append(output)
                case PolicyChange():
                    publish += self._apply(output)
                case Acknowledged(epoch, through):
                    self._journal.acknowledge(epoch, through)
                case LinkChanged(up=True):
                    self.welcomed_ns = time.time_ns()
                case AlarmRaised():
                    self.alarms += 1
                case EpochNeeded():
                    raise RuntimeError("the hub knows more than this journal ever held")
        return publish

    def _apply(self, change: PolicyChange) -> list[Publish]:
        index = PolicyIndex() if change.snapshot else self._index
        prepared = index.prepare(change.put, change.drop)
        self._store.apply(change)
        index.swap(prepared)
        self._index = index
        entries = len(change.put) + len(change.drop)
        held = EdgePolicy(hub_epoch=change.hub_epoch, version=change.version, digest=index.digest)
        commit = Commit(change.version, time.time_ns(), index.digest, entries, change.snapshot)
        self.commits.append(commit)
        body = PolicyAppliedBody(
            hub_epoch=held.hub_epoch,
            version=held.version,
            digest=held.digest,
            rejected=len(index.rejected),
        )
        self._journal.append([NewEvent(EventKind.POLICY_APPLIED, body)], clock_now())
        out = self._do(self._session.policy_applied(held, index.rejected))
        return out + self._do(self._session.appended(clock_now()))


def _chance() -> float:
    return int.from_bytes(os.urandom(4), "big") / (1 << 32)
