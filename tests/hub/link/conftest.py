"""A desk without a network, and the edge's side of the wire in the test's hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.ingest.repository import standing
from hub.link.alarms import AlarmBook
from hub.link.desk import Desk
from hub.link.inbound import Opened
from wire import messages as ms
from wire.clock import ClockReading, ClockState
from wire.epochs import prove_epoch
from wire.policy import EMPTY_DIGEST
from wire.samples import CONTROLLER, NOW
from wire.topics import Channel

PROOF = prove_epoch(ec.generate_private_key(ec.SECP256R1()), 3, datetime(2026, 1, 1, tzinfo=UTC))


@dataclass
class Policy:
    """A policy desk that keeps what it is told."""

    wants: list[ms.Want] = field(default_factory=list)
    reports: list[ms.Reported] = field(default_factory=list)

    def held(self, scope, controller):
        return ms.HeldPolicy(version=42, digest="ab" * 32)

    def wanted(self, scope, controller, want):
        self.wants.append(want)
        return []

    def reported(self, scope, controller, reported):
        self.reports.append(reported)
        return []


class Bench:
    def __init__(self, db, clock):
        self.db, self.clock = db, clock
        self.alarms, self.policy = AlarmBook(), Policy()
        self.sent: list[tuple[str, Channel, bytes]] = []
        self.desk = Desk(db, clock, self, self.alarms, self.policy, lambda: PROOF, standing)
        self.numbers = 0

    def publish(self, controller, channel, body):
        self.sent.append((controller, channel, body))
        return True

    def say(self, channel, message, controller=CONTROLLER):
        self.numbers += 1
        self.desk.serve([(Opened(controller, channel, ms.encode(message)), self.numbers)])

    def hello(self, session, boot="boot-1", epoch=7, last_seq=5, version=0):
        self.say(
            Channel.HELLO,
            ms.Hello(
                session=f"{session:032x}",
                boot_id=boot,
                agent="0.1.0",
                epoch=epoch,
                last_seq=last_seq,
                policy=ms.EdgePolicy(hub_epoch=3, version=version, digest=EMPTY_DIGEST),
                clock=ClockReading(state=ClockState.TRUSTED, now=NOW),
            ),
        )
        return self.welcomes()

    def welcomes(self):
        taken = [ms.decode(ms.Welcome, b) for _, c, b in self.sent if c is Channel.WELCOME]
        self.sent.clear()
        return taken

    def want(self, session, from_version=None):
        self.say(Channel.WANT, ms.Want(session=f"{session:032x}", from_version=from_version))

    def report(self, version, session=1):
        self.say(
            Channel.REPORTED,
            ms.Reported(
                session=f"{session:032x}", hub_epoch=3, version=version, digest=EMPTY_DIGEST
            ),
        )

    @property
    def current(self):
        from hub.link.sessions import current_session

        with self.db.read() as scope:
            found = current_session(scope, CONTROLLER)
        return int(found, 16) if found else None


@pytest.fixture
def bench(db, clock) -> Bench:
    return Bench(db, clock)
