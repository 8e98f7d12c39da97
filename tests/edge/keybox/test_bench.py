"""At the bench: a blank device becomes somebody once, whatever is lost on the way."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from edge import cli
from edge.keybox.bench import BenchFileError, read_bench_file
from firmware_bridge.keybox.box_requests import BoxRequests
from firmware_bridge.keybox.codes import Kind
from firmware_bridge.keybox.device import DeviceSession
from firmware_bridge.keybox.opening import HelloAnswer, Provision
from firmware_bridge.keybox.provisioning import ProvisioningError, provision
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort
from wire.identity import uuid_bytes
from wire.samples import sample_id

DEVICE = sample_id(77)
SECRET = bytes(range(5, 37))
MESSAGE = Provision(uuid_bytes(DEVICE), Kind.SERIAL_LOCK, SECRET)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lock.json"
    secret = base64.b64encode(SECRET).decode()
    path.write_text(json.dumps({"device": DEVICE, "kind": 2, "maintenance_secret": secret}))
    return path


def play(box: VirtualBox, *, lost: set[int] = frozenset(), deaf: bool = False) -> HelloAnswer:
    """Provision a device whose answers of those numbers are lost."""
    session = DeviceSession(box, BoxRequests(box, None), lambda: bytes(16))
    exchange = provision(MESSAGE)
    send, answers, now_ns = next(exchange), 0, 0
    while True:
        now_ns += 1_000_000_000
        answer = b"" if deaf or not send else session.step(now_ns, send)
        answers += bool(answer)
        heard = answer if answer and answers not in lost else None
        try:
            send = exchange.send(heard)
        except StopIteration as done:
            return done.value


def test_a_blank_device_becomes_who_the_file_says_and_takes_no_second_one():
    box = VirtualBox(None)
    assert play(box).device == uuid_bytes(DEVICE)
    assert (box.device, box.kind) == (DEVICE, Kind.SERIAL_LOCK)
    assert box.secrets.maintenance.secret == SECRET
    with pytest.raises(ProvisioningError, match="not_blank"):
        play(box)


@pytest.mark.parametrize("lost", [{1}, {2}, {3}, {1, 3, 5}])
def test_a_lost_answer_is_fetched_again_also_that_to_the_provisioning_itself(lost):
    box = VirtualBox(None)
    assert play(box, lost=lost).device == uuid_bytes(DEVICE)
    assert box.device == DEVICE


def test_a_device_that_does_not_answer_is_given_up():
    with pytest.raises(ProvisioningError, match="no_answer"):
        play(VirtualBox(None), deaf=True)


def test_the_command_provisions_over_a_serial_port_without_agent_and_settings(file, capsys):
    with PtyPort() as port, SimulatedBox(port, VirtualBox(None)) as simulated:
        command = ["keybox", "provision", "--settings", "/nowhere/edge.toml"]
        assert cli.main([*command, "--port", port.far_path, "--json", str(file)]) == 0
        assert json.loads(capsys.readouterr().out) == {"device": DEVICE, "kind": 2}
        assert simulated.box.device == DEVICE
        assert cli.main([*command, "--port", port.far_path, str(file)]) == 1
        told = capsys.readouterr()
        assert "not_blank" in told.err
        assert base64.b64encode(SECRET).decode() not in told.out + told.err


def test_nothing_but_the_result_stands_on_its_stdout(file):
    with PtyPort() as port, SimulatedBox(port, VirtualBox(None)):
        command = ["-m", "edge.cli", "keybox", "provision", "--port", port.far_path, "--json"]
        done = subprocess.run(
            [sys.executable, *command, str(file)], capture_output=True, timeout=30
        )
    assert json.loads(done.stdout) == {"device": DEVICE, "kind": 2}


@pytest.mark.parametrize(
    "text", ["", "{}", '{"device":"x","kind":1,"maintenance_secret":"AAAA"}', '{"kind":9}']
)
def test_a_file_that_is_none_is_named_with_what_to_do(tmp_path, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(BenchFileError, match=r"odd\.json.*provisioning"):
        read_bench_file(path)
