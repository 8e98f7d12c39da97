"""Our host against the reference firmware: two readings of one page, over a pseudo-terminal."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.answers import Drove, ListStanding
from firmware_bridge.keybox.codes import Driven, Input, Kind, Output, RecordKind, Rights, Type
from firmware_bridge.keybox.firmware.build import build
from firmware_bridge.keybox.framing import Decoder, Frame, encode_frame
from firmware_bridge.keybox.host_events import (
    Ended,
    Noticed,
    Opened,
    Outcome,
)
from firmware_bridge.keybox.notices import InputsNotice, KeysNotice
from firmware_bridge.keybox.opening import Provision
from firmware_bridge.keybox.serial_host import KeyboxClient, KeyboxError
from firmware_bridge.serial_link import SerialPort, SerialSettings, Waker, wait
from wire.keybox_keys import MaintenanceSecret, SecretBundle
from wire.lock_list import ListEntry, list_digest, lock_pin_digest
from wire.offline_profiles import PROFILES
from wire.sealed_codes import CodeKey, SealedCode, seal_code

from .conftest import CODE_SECRET, DAY, DEVICE, MAINTENANCE, TIME_S, ticket
from .test_serial_host import Lock

PROFILE = PROFILES["quarter"]


@pytest.fixture(scope="session")
def program() -> Path:
    return build("posix")


class Firmware:
    """The simulator with its link on a pseudo-terminal."""

    def __init__(self, program: Path, state: Path) -> None:
        self.process = subprocess.Popen(
            [program, "--state", state, "--link", "pty", "--rtc", str(TIME_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.path = json.loads(self.process.stdout.readline())["link"]

    def say(self, word: str) -> str:
        self.process.stdin.write(word + "\n")
        while (line := self.process.stdout.readline()).startswith("event"):
            continue
        assert line.startswith("ok"), line
        return line[3:]

    def show(self) -> dict:
        return json.loads(self.say("show"))

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    def port(self) -> SerialPort:
        return SerialPort(SerialSettings(self.path, 115_200))

    def provision(self, kind: Kind) -> None:
        """As at the bench: id, kind and K_maint, then the rest in the hub's envelope."""
        port, waker, decoder = self.port(), Waker(), Decoder()
        message = Provision(uuid.UUID(DEVICE).bytes, kind, MAINTENANCE)
        port.write(encode_frame(Frame(Type.PROVISION, 1, message.encode())))
        frames: list[Frame] = []
        while not frames:
            assert wait(port, waker, 2)
            frames += decoder.feed(port.read())
        assert frames[0].type == Type.DONE
        bundle = SecretBundle(CODE_SECRET, MAINTENANCE, PROFILE.number)
        envelope = MaintenanceSecret(MAINTENANCE).wrap_key(DEVICE).seal(1, bytes(16), bundle)
        with KeyboxClient(port, ticket()) as client:
            client.open()
            client.install_secret(envelope.encode())
            client.open()
            client.set_clock(TIME_S, 2)
            client.close()
        waker.close()
        port.close()


@pytest.fixture
def firmware(program, tmp_path) -> Iterator[Firmware]:
    made = Firmware(program, tmp_path / "state")
    yield made
    made.stop()


@pytest.fixture
def box(firmware) -> Firmware:
    firmware.provision(Kind.KEY_BOX)
    return firmware


@pytest.fixture
def client(box) -> Iterator[KeyboxClient]:
    port = box.port()
    with KeyboxClient(port, ticket()) as made:
        yield made
    port.close()


def test_status_and_log_are_read_alike(box, client):
    hello = client.open()
    assert (hello.device, hello.kind) == (uuid.UUID(DEVICE).bytes, Kind.KEY_BOX)
    earlier = box.show()
    status = client.status()
    shown = box.show()  # the box measures its battery when it likes: a record may come in between
    assert earlier["log_next"] <= status.next <= shown["log_next"]
    assert (status.boots, status.tries_left, status.secret_version) == (shown["boots"], 5, 1)
    assert abs(status.time_s - TIME_S) <= 3
    assert (status.profile, status.clock_known) == (PROFILE.number, 1)
    answer = client.read_log(status.log_epoch, 0)
    assert [one.index for one in answer.records] == list(range(answer.next))
    kinds = [one.kind for one in answer.records]
    for kind in (RecordKind.STARTED, RecordKind.SECRET_CHANGED, RecordKind.CLOCK_SET):
        assert kind in kinds


def test_a_sealed_code_of_ours_opens_it_and_the_log_names_it(box, client):
    code = SealedCode(0, TIME_S // 900, 0, 1)
    box.say(f"keys {seal_code(PROFILE, CodeKey.of(CODE_SECRET, DEVICE), code)}#")
    client.open()
    status = client.status()
    records = client.read_log(status.log_epoch, 0).records
    accepted = [one for one in records if one.kind == RecordKind.CODE_ACCEPTED]
    assert [one.code for one in accepted] == [(0, TIME_S // 900, 0, 1)]
    assert status.uses == 1


def test_the_clock_is_set_and_the_log_cleared_by_receipt(box, client):
    client.open()
    assert client.set_clock(TIME_S + 90, 2).offset_s in range(-91, -80)
    status = client.status()
    receipts = MaintenanceSecret(MAINTENANCE).receipt_key(DEVICE)
    through = status.next - 1
    with pytest.raises(KeyboxError, match="bad_receipt"):
        client.clear_log(status.log_epoch, through, bytes(16))
    receipt = receipts.clear_receipt(status.log_epoch, through)
    assert client.clear_log(status.log_epoch, through, receipt) == through + 1
    assert client.status().receipted == through + 1
    token = receipts.retire_token(status.secret_version, 2)
    client.retire(2, token)
    assert client.status().generation == 2


@pytest.mark.parametrize(
    ("credential", "cause"),
    [
        (ticket(secret=bytes(32)), "bad_proof"),
        (ticket(day=DAY - 2), "bad_day"),
        (ticket(device="0192f0c1-d2e3-7a4b-8c5d-6e7f80910a1c"), "another_device"),
    ],
)
def test_it_refuses_what_ours_refuses(box, credential, cause):
    port = box.port()
    with KeyboxClient(port, credential) as client, pytest.raises(KeyboxError, match=cause):
        client.open()
    port.close()


def test_a_ticket_without_the_right_is_refused(box):
    port = box.port()
    with KeyboxClient(port, ticket(Rights.READ)) as client:
        client.open()
        with pytest.raises(KeyboxError, match="no_right"):
            client.set_clock(TIME_S + 5, 1)
        with pytest.raises(KeyboxError, match="no_right"):
            client.ask(rq.Release(100))
    port.close()


# --- as a lock -----------------------------------------------------------------------------------


class _Far:
    """What `Lock` needs of a terminal."""

    def __init__(self, path: str) -> None:
        self.far_path = path


@pytest.fixture
def lock(firmware) -> Iterator[Lock]:
    firmware.provision(Kind.SERIAL_LOCK)
    made = Lock(_Far(firmware.path), firmware)
    made.wait(Opened)
    yield made
    made.link.stop()


def test_a_lock_is_released_held_and_secured(lock, firmware):
    for request, released in ((rq.Release(60_000), True), (rq.SecureBolt(), False)):
        done = lock.link.submit(request).result(timeout=4)
        assert done.answer == Drove(Driven.DONE)
        assert firmware.show()["released"] is released
    assert lock.link.submit(rq.Hold()).result(timeout=4).answer == Drove(Driven.DONE)
    lock.wait(Noticed, lambda one: one.notice == InputsNotice(Input.BOLT, Output.HELD))


def test_a_jam_is_told_after_all(lock, firmware):
    firmware.say("bolt stuck")
    done = lock.link.submit(rq.Release(5_000)).result(timeout=4)
    assert done.answer == Drove(Driven.JAMMED)
    lock.wait(Noticed, lambda one: getattr(one.notice, "inputs", 0) & Input.JAMMED)


def test_keys_and_inputs_come_through_in_order(lock, firmware):
    firmware.say("keys 4829#")
    heard = ""
    while heard != "4829#":
        heard += lock.wait(Noticed, lambda one: isinstance(one.notice, KeysNotice)).notice.keys
        assert "4829#".startswith(heard)
    firmware.say("input leaf 1")
    lock.wait(Noticed, lambda one: getattr(one.notice, "inputs", 0) & Input.LEAF)


def test_a_list_is_placed_and_proved(lock):
    key = MaintenanceSecret(MAINTENANCE).list_key(DEVICE)
    digest = bytes.fromhex(lock_pin_digest(key, DEVICE, "482913"))
    entries = [ListEntry(digest, TIME_S - 60, TIME_S + 86_400)]
    entries += [ListEntry(bytes([n] * 16), 0, 1) for n in range(30)]
    lock.link.submit(rq.ListBegin(31, list_digest(entries))).result(timeout=4)
    for start in range(0, 31, 15):
        chunk = tuple(one.encode() for one in entries[start : start + 15])
        assert lock.link.submit(rq.ListData(chunk)).result(timeout=4).outcome is Outcome.DONE
    done = lock.link.submit(rq.ListEnd()).result(timeout=4)
    assert done.answer == ListStanding(list_digest(entries), 31)


def test_a_lock_that_lost_its_power_is_met_again(lock, firmware):
    assert lock.link.submit(rq.Hold()).result(timeout=4).outcome is Outcome.DONE
    firmware.say("power-cut")
    assert lock.wait(Ended).cause == "session_gone"
    begun = time.monotonic()
    lock.wait(Opened)
    assert time.monotonic() - begun < 2
