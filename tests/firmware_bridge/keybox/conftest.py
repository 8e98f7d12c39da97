"""A host and a virtual device on a line without a machine, time moved by hand."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from firmware_bridge.keybox.box_requests import BoxRequests
from firmware_bridge.keybox.codes import Kind, Rights, TicketKind
from firmware_bridge.keybox.device import DeviceSession
from firmware_bridge.keybox.host import HostSession
from firmware_bridge.keybox.host_events import (
    MS,
    NEVER_NS,
    Credential,
    Ended,
    Event,
    Finished,
    HostTimes,
    Opened,
)
from firmware_bridge.keybox.requests import Request
from firmware_bridge.keybox.virtual_box import VirtualBox
from wire.keybox_keys import LINK_RIGHTS, MaintenanceSecret, Right, SecretBundle
from wire.offline_profiles import PROFILES

DEVICE = "0192f0c1-d2e3-7a4b-8c5d-6e7f80910a1b"
MAINTENANCE = bytes(range(32))
CODE_SECRET = bytes(range(50, 82))
DAY = 700
TIME_S = DAY * 86_400 + 36_000
ALL = Rights(0x7F)
OF_A_LINK = Rights(int(LINK_RIGHTS))


def ticket(
    rights: Rights = ALL, day: int = DAY, device: str = DEVICE, secret: bytes = MAINTENANCE
) -> Credential:
    key = MaintenanceSecret(secret).ticket(device, day, Right(int(rights)))
    return Credential(TicketKind.DAY, uuid.UUID(device).bytes, day, rights, key)


def link_key(rights: Rights = OF_A_LINK) -> Credential:
    key = MaintenanceSecret(MAINTENANCE).link_key(DEVICE, Right(int(rights)))
    return Credential(TicketKind.LINK, uuid.UUID(DEVICE).bytes, 0, rights, key)


def make_box(kind: Kind = Kind.KEY_BOX, now_ns: int = 0, **values: Any) -> VirtualBox:
    """A provisioned box with a code secret, which has the time `TIME_S` at `now_ns`."""
    box = VirtualBox(DEVICE, kind, MAINTENANCE, **values)
    number = PROFILES["quarter"].number
    box.install(SecretBundle(CODE_SECRET, MAINTENANCE, number), 1)
    box.clock.set(TIME_S, 1, now_ns)
    return box


@dataclass
class Pair:
    """`spoil(data, to_host)` may lose, change or double what passes; the wire takes a
    millisecond."""

    box: VirtualBox
    host: HostSession
    device: DeviceSession
    spoil: Callable[[bytes, bool], bytes] = lambda data, _to_host: data
    now_ns: int = 0
    events: list[Event] = field(default_factory=list)
    to_device: list[bytes] = field(default_factory=list)
    to_host: list[bytes] = field(default_factory=list)
    answers: bytes = b""
    wake_ns: int = 0

    def run(self, duration_ms: int) -> list[Event]:
        """Let time pass; the events of that time."""
        first, end_ns = len(self.events), self.now_ns + duration_ms * MS
        while self.now_ns < end_ns:
            self.turn()
            self._skip_silence(end_ns)
        return self.events[first:]

    def _skip_silence(self, end_ns: int) -> None:
        """Go on to the millisecond before something happens."""
        if not self.answers:
            wake_ns = min(self.wake_ns, self.device.wake_ns() or NEVER_NS, end_ns)
            self.now_ns = max(self.now_ns, wake_ns - MS)

    def turn(self, injected: bytes = b"") -> None:
        """One millisecond."""
        self.now_ns += MS
        answers, self.answers = self.answers, b""
        step = self.host.step(self.now_ns, self.spoil(answers, True) if answers else b"")
        self.wake_ns = step.wake_ns
        self.events += step.events
        if step.send:
            self.to_device.append(step.send)
        data = self.spoil(step.send, False) if step.send else b""
        self.answers = self.device.step(self.now_ns, data + injected)
        if self.answers:
            self.to_host.append(self.answers)

    def go(self, duration_ns: int) -> None:
        """Time passes on an idle line."""
        self.now_ns += duration_ns
        self.turn()

    def until(self, holds: Callable[[], object], limit_ms: int = 10_000) -> None:
        for _ in range(limit_ms):
            if holds():
                return
            self.turn()
        raise AssertionError(f"not within {limit_ms} ms: {self.events[-4:]}")

    def open(self) -> None:
        self.host.begin(self.now_ns)
        before = len(self.of(Opened)), len(self.of(Ended))
        self.until(lambda: (len(self.of(Opened)), len(self.of(Ended))) != before)
        assert self.host.state == "open", self.events

    def ask(self, request: Request, deadline_ns: int = NEVER_NS) -> Finished:
        """Ask and wait for what becomes of it."""
        number = self.host.submit(request, deadline_ns)
        self.until(lambda: self.result(number))
        return self.result(number)

    def result(self, number: int) -> Finished | None:
        found = [one for one in self.of(Finished) if one.id == number]
        assert len(found) < 2
        return found[0] if found else None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def new_pair(
    credential: Credential | None = None,
    box: VirtualBox | None = None,
    times: HostTimes | None = None,
    seed: int = 1,
    verify: Any = None,
) -> Pair:
    rng = random.Random(seed)
    device = box or make_box()
    host = HostSession(credential or ticket(), lambda: rng.randbytes(16), times)
    requests = BoxRequests(device, verify)
    return Pair(device, host, DeviceSession(device, requests, lambda: rng.randbytes(16)))


@pytest.fixture
def make_pair() -> Callable[..., Pair]:
    return new_pair


@pytest.fixture
def lock_pair(make_pair: Callable[..., Pair]) -> Pair:
    """A serial lock with its Pi's link key, the session open."""
    pair = make_pair(link_key(), make_box(Kind.SERIAL_LOCK))
    pair.open()
    return pair
