"""A controller's delivery as shipped (journal, session, link), each run a process:

    python -m bench.event_path.edge fill FOLDER PORT COUNT       journals events, no network
    python -m bench.event_path.edge drain FOLDER PORT            sends what the journal holds
    python -m bench.event_path.edge steady FOLDER PORT COUNT RATE  journals and sends, open loop

`drain` prints nanoseconds of the monotonic clock before the first events message left and once the
hub's ack for the last had come. `steady` prints, for each event, its seq and nanoseconds since 1970
when the journal said that it is durable.
"""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from bench.event_path.native import ROOT
from bench.event_path.site import Site
from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import (
    Acknowledged,
    LinkConnected,
    LinkLost,
    MessageArrived,
    NewEvent,
    Publish,
    Standing,
)
from edge.uplink.mqtt import BrokerAddress, MqttLink
from edge.uplink.presence import status_message
from edge.uplink.session import DeliverySession
from provisioning.controller_keys import load_identity
from wire.certificates import load_certificates, signers_from
from wire.clock import ClockState
from wire.events import AccessBody, EventKind, Factor
from wire.messages import EdgePolicy
from wire.policy import EMPTY_DIGEST
from wire.reasons import Reason
from wire.samples import BOOT, CREDENTIAL, DOOR
from wire.topics import Channel

CAPACITY: Final = 400_000
_JOURNAL: Final = "journal.db"
_APPENDED_TOGETHER: Final = 500
_EVENTS_END: Final = Channel.EVENTS.value
_TICK_S: Final = 0.05


def clock_now() -> ClockNow:
    """The machine's clock, taken for trusted."""
    at = datetime.now(UTC)
    return ClockNow(BOOT, time.monotonic_ns(), at, ClockState.TRUSTED, 5, at)


def new_event() -> NewEvent:
    """An event of the length that load has."""
    body = AccessBody(
        reason=Reason.PIN_VALID, factor=Factor.PIN, door=DOOR, credential=CREDENTIAL, digits=6
    )
    return NewEvent(EventKind.ACCESS_GRANTED, body)


class Edge:
    """The agent's loop, as far as delivery needs it."""

    def __init__(self, site: Path, port: int) -> None:
        files = site / "controller"
        identity = load_identity(files / "identity.json")
        ca_file = site / "hub" / "ca.pem"
        ca = load_certificates(ca_file.read_bytes())[0]
        signing = load_certificates((site / "hub" / "signing.pem").read_bytes())
        tls = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca_file))
        tls.load_cert_chain(files / "controller.pem", files / "controller.key")
        self.journal, store = open_journal(site / _JOURNAL, clock_now(), capacity=CAPACITY)
        self._session = DeliverySession(
            identity.controller,
            identity.link,
            signers_from(ca, signing, datetime.now(UTC)),
            ca,
            self.journal,
            store,
        )
        self._link = MqttLink(
            identity.controller,
            BrokerAddress("127.0.0.1", port, tls),
            status_message(identity.controller, identity.link, "bench", online=False),
        )
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self.first_sent_ns = 0

    def start(self) -> None:
        """Connect, and return once the hub has welcomed us and the backlog is gone."""
        self._link.start(self._queue.put)
        self.drain()

    def drain(self) -> None:
        """Serve the link until the hub has everything."""
        while not self.first_sent_ns or self.journal.through_seq < self.journal.last_seq:
            self.serve(_TICK_S)

    def append(self) -> int:
        """Journal one event; give its seq, durable."""
        seqs = self.journal.append([new_event()], clock_now())
        return seqs[0]

    def send(self) -> None:
        """Send what was appended."""
        self._do(self._session.appended(clock_now()))

    def serve(self, wait_s: float) -> None:
        """Take one thing from the link, or see what is due."""
        try:
            self._take(self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait())
        except Empty:
            self._do(self._session.tick(clock_now()))

    def serve_all(self) -> None:
        """Take what the link has brought, however late we are."""
        while not self._queue.empty():
            self.serve(0)

    def stop(self) -> None:
        """Say goodbye."""
        self._link.stop()

    def _take(self, item: Any) -> None:
        match item:
            case LinkConnected():
                policy = EdgePolicy(hub_epoch=0, version=0, digest=EMPTY_DIGEST)
                standing = Standing(os.urandom(16).hex(), "bench", clock_now(), policy, ())
                self._do(self._session.connected(item, standing))
            case LinkLost():
                self._do(self._session.disconnected(item))
            case MessageArrived():
                self._do(self._session.message(item, clock_now()))

    def _do(self, outputs: Iterable[Any]) -> None:
        for output in outputs:
            match output:
                case Publish():
                    if not self.first_sent_ns and output.topic.endswith(_EVENTS_END):
                        self.first_sent_ns = time.monotonic_ns()
                    self._link.publish(output)
                case Acknowledged(epoch, through):
                    self.journal.acknowledge(epoch, through)


def fill(site: Path, count: int) -> None:
    """Journal so many events, a few hundred a commit."""
    journal, _ = open_journal(site / _JOURNAL, clock_now(), capacity=CAPACITY)
    for _ in range(0, count, _APPENDED_TOGETHER):
        journal.append([new_event()] * _APPENDED_TOGETHER, clock_now())
    print(journal.epoch, journal.last_seq, flush=True)
    journal.close()


def drain(site: Path, port: int) -> None:
    """Send everything."""
    edge = Edge(site, port)
    edge.start()
    print(edge.first_sent_ns, time.monotonic_ns(), flush=True)
    edge.stop()


def steady(site: Path, port: int, count: int, rate: float) -> None:
    """Journal one event every 1 / rate s, whatever became of those before, and send it."""
    edge = Edge(site, port)
    edge.append()
    edge.start()
    print(edge.journal.epoch, flush=True)
    begun = time.monotonic()
    durable: list[tuple[int, int]] = []
    for number in range(count):
        due = begun + number / rate
        edge.serve_all()
        while (left := due - time.monotonic()) > 0:
            edge.serve(left)
        seq = edge.append()
        durable.append((seq, time.time_ns()))
        edge.send()
    edge.drain()
    print("\n".join(f"{seq} {at}" for seq, at in durable), flush=True)
    edge.stop()


def run_edge(site: Site, *arguments: str) -> list[str]:
    """Run one of these to its end and give the lines it said; raises `CalledProcessError`."""
    kind, *more = arguments
    command = [sys.executable, "-m", "bench.event_path.edge", kind, str(site.folder)]
    said = subprocess.run(
        [*command, str(site.port), *more], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return said.stdout.splitlines()


if __name__ == "__main__":
    _kind, _site, _port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if _kind == "fill":
        fill(_site, int(sys.argv[4]))
    elif _kind == "drain":
        drain(_site, _port)
    else:
        steady(_site, _port, int(sys.argv[4]), float(sys.argv[5]))
