"""The serial shells against a virtual device on a pseudo-terminal."""

from __future__ import annotations

import hashlib
import queue
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.answers import Drove
from firmware_bridge.keybox.codes import Driven, Input, Kind, Output
from firmware_bridge.keybox.host_events import (
    MS,
    Ended,
    HostTimes,
    Noticed,
    Opened,
    Outcome,
)
from firmware_bridge.keybox.lock_link import LineFaults, LockLink
from firmware_bridge.keybox.notices import InputsNotice, KeysNotice
from firmware_bridge.keybox.serial_host import KeyboxClient, KeyboxError
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.serial_link import PtyPort, SerialPort, SerialSettings

from .conftest import TIME_S, link_key, make_box, ticket

QUICK = HostTimes(answer_ns=60 * MS, tries=3)


@contextmanager
def client_of(box, credential=None, verify=None, times=None) -> Iterator[tuple]:
    with PtyPort() as pty, SimulatedBox(pty, box, verify) as simulated:
        port = SerialPort(SerialSettings(pty.far_path, 115_200))
        with KeyboxClient(port, credential or ticket(), times) as client:
            yield client, simulated
        port.close()


def test_a_visit_over_a_real_terminal():
    with client_of(make_box(now_ns=time.monotonic_ns())) as (client, simulated):
        hello = client.open()
        assert hello.kind == Kind.KEY_BOX
        status = client.status()
        answer = client.read_log(status.log_epoch, 0)
        assert [one.index for one in answer.records] == list(range(answer.next))
        assert client.set_clock(TIME_S + 100, 2).offset_s in (-100, -99)
        client.close()
        with pytest.raises(KeyboxError, match="no_session"):
            client.status()
        assert simulated.box.clock.known


def test_a_wrong_ticket_is_told_by_its_cause():
    with (
        client_of(make_box(), ticket(secret=bytes(32))) as (client, _),
        pytest.raises(KeyboxError, match="bad_proof"),
    ):
        client.open()


def test_a_device_that_is_not_there_is_told_soon():
    with client_of(make_box(), times=QUICK) as (client, simulated):
        simulated.set_mute(True)
        with pytest.raises(KeyboxError, match="no_answer"):
            client.open()


def test_a_visit_can_be_cancelled_while_it_waits():
    with client_of(make_box()) as (client, simulated):
        simulated.set_mute(True)
        timer = threading.Timer(0.05, client.cancel)
        timer.start()
        begun = time.monotonic()
        with pytest.raises(KeyboxError, match="cancelled"):
            client.open()
        assert time.monotonic() - begun < 0.4
        timer.join()


def image_of(version: int, data: bytes) -> tuple[bytes, bytes]:
    digest = hashlib.sha256(data).digest()
    header = struct.pack(">B3xIII32s", Kind.KEY_BOX, version, 1, len(data), digest)
    return header, bytes(64)


def test_an_image_goes_on_where_it_stopped():
    data = bytes(range(256)) * 5 + b"end"
    header, signature = image_of(2, data)
    box, seen = make_box(), []

    def stopping(done: int, _whole: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise KeyboxError("cancelled")

    with client_of(box, verify=lambda *_: True) as (client, _):
        client.open()
        with pytest.raises(KeyboxError, match="cancelled"):
            client.send_image(header, signature, data, stopping)
        client.send_image(header, signature, data, lambda done, _whole: seen.append(done))
        assert client.open().firmware == 2
    assert seen == [0, 256, 512, 512, 768, 1024, 1280, 1283]


def test_an_open_session_gives_way_to_a_new_one():
    with client_of(make_box()) as (client, _):
        first, second = client.open(), client.open()
        assert second.device == first.device
        client.ask(rq.AskStatus())


def test_an_image_that_is_not_signed_or_not_whole_is_refused():
    header, signature = image_of(2, b"other")
    with client_of(make_box(), verify=lambda *_: False) as (client, _):
        client.open()
        with pytest.raises(KeyboxError, match="bad_signature"):
            client.send_image(header, signature, b"image")
    with client_of(make_box(), verify=lambda *_: True) as (client, simulated):
        client.open()
        with pytest.raises(KeyboxError, match="bad_signature"):
            client.send_image(header, signature, b"image")
        assert simulated.box.firmware == 1


# --- the link of a lock --------------------------------------------------------------------------


class Lock:
    """A link to a virtual lock, and what was heard of it."""

    def __init__(self, pty: PtyPort, simulated: SimulatedBox) -> None:
        self.simulated = simulated
        self.heard: queue.Queue = queue.Queue()
        settings = SerialSettings(pty.far_path, 115_200)
        self.link = LockLink(settings, link_key(), self.heard.put)
        self.link.start()

    def wait(self, kind: type, holds=lambda _one: True):
        deadline = time.monotonic() + 8
        while True:
            item = self.heard.get(timeout=max(deadline - time.monotonic(), 0.001))
            if isinstance(item, kind) and holds(item):
                return item


@pytest.fixture
def lock() -> Iterator[Lock]:
    box = make_box(Kind.SERIAL_LOCK)
    with PtyPort() as pty, SimulatedBox(pty, box) as simulated:
        made = Lock(pty, simulated)
        made.wait(Opened)
        yield made
        made.link.stop()


def test_a_lock_is_released_and_tells_its_bolt(lock):
    done = lock.link.submit(rq.Release(60_000)).result(timeout=3)
    assert done.answer == Drove(Driven.DONE)
    lock.wait(Noticed, lambda one: one.notice == InputsNotice(Input.BOLT, Output.RELEASED))


def test_keys_come_through(lock):
    lock.simulated.press("42#")
    lock.wait(Noticed, lambda one: one.notice == KeysNotice("42#"))


def test_a_dead_lock_is_noticed_within_two_seconds_and_found_again(lock):
    lock.simulated.set_mute(True)
    begun = time.monotonic()
    assert lock.wait(Ended).cause == "no_answer"
    assert time.monotonic() - begun < 2.0
    lost = lock.link.submit(rq.Release(100)).result(timeout=3)
    assert (lost.outcome, lost.sent) == (Outcome.LOST, False)
    lock.simulated.set_mute(False)
    lock.wait(Opened)
    assert lock.simulated.box.uses == 0


def test_a_lock_that_started_anew_is_met_again_at_once(lock):
    lock.simulated.power_cycle()
    assert lock.wait(Ended).cause == "session_gone"
    assert lock.wait(Opened).hello.boots == 2


def test_noise_is_counted_and_told(lock):
    lock.simulated._port.write(b"\x07rubbish\x00")
    faults = lock.wait(LineFaults)
    assert sum(count for _, count in faults.counts) == 1


def test_what_is_under_way_has_a_result_when_the_link_stops(lock):
    lock.simulated.set_mute(True)
    future = lock.link.submit(rq.Release(100))
    lock.link.stop()
    assert future.result(timeout=1).outcome is Outcome.LOST
    with pytest.raises(RuntimeError):
        lock.link.submit(rq.Release(100)).result(timeout=1)


def test_a_port_that_is_missing_is_told_once_and_tried_again():
    heard: queue.Queue = queue.Queue()
    link = LockLink(SerialSettings("/dev/nowhere", 115_200), link_key(), heard.put)
    link.start()
    assert heard.get(timeout=3) == Ended("port_lost")
    with pytest.raises(queue.Empty):  # it is tried again meanwhile, and not told again
        heard.get(timeout=0.3)
    link.stop()
