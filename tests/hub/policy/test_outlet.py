"""A process without a link leaves its messages to one that has it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.policy.outlet import LIFE, Outbox, OutboxWorker, Outlet
from wire.topics import Channel


class Line:
    """A link that keeps what it sends."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Channel, bytes]] = []

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        self.sent.append((controller, channel, body))
        return True


@pytest.fixture
def outbox(db: Database, clock: HandMovedClock) -> Outbox:
    return Outbox(db, clock)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def worker(outbox: Outbox, line: Line) -> OutboxWorker:
    outlet = Outlet()
    outlet.attach(line)
    return OutboxWorker(outbox, outlet)


def test_what_is_left_is_sent_once_and_in_order(
    outbox: Outbox, worker: OutboxWorker, line: Line
) -> None:
    left = Outlet(outbox)
    for number in range(5):
        assert left.publish("c", Channel.POLICY, b"%d" % number)
    assert worker.work() == 5
    assert [body for _, _, body in line.sent] == [b"0", b"1", b"2", b"3", b"4"]
    assert worker.work() == 0


def test_what_outlived_its_life_is_never_sent(
    outbox: Outbox, worker: OutboxWorker, line: Line, clock: HandMovedClock
) -> None:
    Outlet(outbox).publish("c", Channel.COMMANDS, b"{}")
    clock.advance(LIFE + timedelta(milliseconds=1))
    assert worker.work() == 0
    assert line.sent == []


def test_two_that_empty_the_outbox_at_once_send_nothing_twice(outbox: Outbox, line: Line) -> None:
    left = Outlet(outbox)
    for number in range(40):
        left.publish("c", Channel.POLICY, b"%d" % number)
    with ThreadPoolExecutor(2) as pool:
        taken = [found for _ in range(2) for found in pool.map(lambda _: outbox.take(), range(2))]
    bodies = [body for each in taken for _, _, body in each]
    assert len(bodies) == len(set(bodies)) == 40


def test_without_link_and_outbox_nothing_is_said_to_be_sent() -> None:
    assert not Outlet().publish("c", Channel.POLICY, b"{}")


def test_without_a_link_the_outbox_is_left_alone(outbox: Outbox) -> None:
    Outlet(outbox).publish("c", Channel.POLICY, b"{}")
    assert OutboxWorker(outbox, Outlet()).work() == 0
    assert len(outbox.take()) == 1


def test_the_worker_sends_while_it_runs(outbox: Outbox, line: Line, worker: OutboxWorker) -> None:
    import time

    worker.start()
    Outlet(outbox).publish("c", Channel.POLICY, b"{}")
    deadline = time.monotonic() + 10
    while not line.sent and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    assert len(line.sent) == 1
