"""The control thread: it answers every hello, so nothing may end it."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.link.alarms import AlarmBook
from hub.link.inbound import Arrival
from hub.link.mqtt import BrokerAddress
from hub.link.service import LinkService
from hub.link.tables import LinkAlarm
from wire.keys import HubSigner
from wire.samples import CONTROLLER
from wire.topics import Channel, topic_of


class Keys:
    """A key file that cannot be read once, as while it is written anew."""

    def __init__(self):
        self.failures = 1

    def of(self, _controller):
        if self.failures:
            self.failures -= 1
            raise OSError("the key file is away")
        return {}


@pytest.fixture
def link(db, clock):
    signer = HubSigner(Ed25519PrivateKey.generate())
    return LinkService(BrokerAddress("127.0.0.1", 1, None), db, clock, Keys(), signer, AlarmBook())


def test_a_key_file_that_cannot_be_read_costs_one_message_and_acknowledges_it(link):
    acknowledged = []
    for number in (1, 2):
        arrival = Arrival(
            number,
            topic_of(CONTROLLER, Channel.HELLO),
            b"x" * 80,
            False,
            lambda number=number: acknowledged.append(number),
        )
        link.serve([arrival])
    assert acknowledged == [1, 2]
    assert link._alarms.counts[LinkAlarm.UNKNOWN_CONTROLLER] == 1


def test_events_nobody_waits_an_acknowledgement_for_are_counted_and_not_taken(link, monkeypatch):
    """A controller that publishes its events with QoS 0 cannot fill the queue of the others."""
    taken = []
    sink = type("Sink", (), {"offer": staticmethod(taken.append)})
    monkeypatch.setattr(link, "_events", sink)
    topic = topic_of(CONTROLLER, Channel.EVENTS)
    for number, guaranteed in enumerate((True, False, False)):
        link._sort(Arrival(number, topic, b"x", False, lambda: None, guaranteed))
    assert [arrival.number for arrival in taken] == [0]
    assert link._alarms.counts[LinkAlarm.MISPLACED_MESSAGE] == 2


def test_alarms_that_cannot_be_written_are_kept_and_written_later(link, db, monkeypatch):
    def away(_work):
        raise RuntimeError("no connection was free")

    link._alarms.note(CONTROLLER, LinkAlarm.FORGED_MESSAGE, "up/hello", "bad_tag")
    with monkeypatch.context() as broken:
        broken.setattr(db, "write", away)
        link._write_alarms()
    assert link._alarms.pending
    link._write_alarms()
    deadline = time.monotonic() + 2
    while link._alarms.pending and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not link._alarms.pending


def test_the_control_thread_says_that_there_is_a_link_only_while_there_is_one(
    link, db, clock, monkeypatch
):
    """And a database that is away does not end it."""
    from hub.link.presence import link_up

    def up():
        with db.read() as scope:
            return link_up(scope)

    link._beat()
    assert up() is None
    monkeypatch.setattr(type(link._client), "connected", True)

    def away(_work):
        raise RuntimeError("no connection was free")

    with monkeypatch.context() as broken:
        broken.setattr(db, "write", away)
        link._beat()
    assert up() is None
    link._beat_at = float("-inf")
    link._beat()
    assert up().beat_at == clock.now()
