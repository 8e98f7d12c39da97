"""The event path is measured on the real hub, broker and peers: each case once, at a tiny size.

No figure is judged here: what counts is that every line is printed, with values that can be true.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench import delivery
from bench.event_path import stores
from bench.event_path.load import event_bytes, write_load
from bench.event_path.native import build_publisher, build_slow_sync
from bench.report import Report
from hub.link.mqtt_packets import PacketReader
from wire.envelope import open_sealed
from wire.events import Event, decode_row
from wire.keys import LinkKey
from wire.messages import Events, decode
from wire.samples import CONTROLLER

TINY = delivery.Size(
    rounds=1,
    messages=300,
    backlog=1_000,
    tutorial=20,
    defaults=20,
    steady_s=0.2,
    steady_rates=(100,),
    accepted=20,
    samples=3,
)
LINES = {"fresh": 8, "latency": 2, "postgresql": 2, "slow_disk": 1}


def check(*cases: str) -> None:
    out = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="kgm-bench-") as folder:
        delivery.measure(Report("delivery", out), Path(folder), TINY, cases)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == sum(LINES[case] for case in cases)
    assert all(line["value"] > 0 and line["peer_value"] > 0 for line in lines)


@pytest.mark.mosquitto
def test_rates_are_measured():
    check("fresh")


@pytest.mark.soak
@pytest.mark.mosquitto
@pytest.mark.postgres
def test_latency_postgresql_and_a_slow_disk_are_measured():
    check("latency", "postgresql", "slow_disk")


def test_the_load_is_what_a_controller_sends(tmp_path):
    key = LinkKey(bytes(range(32)))
    load = write_load(tmp_path / "load", CONTROLLER, key, events=101, each=50, epoch=7)
    packets = PacketReader(mqtt5=False).feed(load.path.read_bytes())
    assert [packet.packet_id for packet in packets] == [1, 2, 3]
    events = []
    for packet in packets:
        body = open_sealed(packet.topic.decode(), packet.payload, {key.kid: key})
        message = decode(Events, body)
        assert (message.epoch, message.first_seq) == (7, len(events) + 1)
        events += [bytes(row) for row in message.events]
    assert events == [event_bytes(number) for number in range(101)]
    assert all(isinstance(decode_row(row), Event) for row in events)
    assert 300 < len(events[0]) < 330


def test_the_slow_disk_waits_and_writes_down_when(tmp_path):
    program = "import os; f = os.open('f', os.O_CREAT | os.O_WRONLY); os.fsync(f); os.fdatasync(f)"
    environment = {
        "LD_PRELOAD": str(build_slow_sync(tmp_path)),
        "KAGIMORI_SYNC_DELAY_US": "10000",
        "KAGIMORI_SYNC_RECORD": "record",
    }
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)
    spans = list(struct.iter_unpack("QQ", (tmp_path / "record").read_bytes()))
    assert len(spans) == 2
    assert all(end - begin >= 10_000_000 for begin, end in spans)


def test_the_publisher_says_when_it_cannot_send(tmp_path):
    done = subprocess.run([build_publisher(tmp_path), "1"], capture_output=True)
    assert done.returncode == 2


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_what_our_journal_accepted_is_there_however_it_ends(tmp_path, end):
    assert stores.lost(stores.JOURNAL, tmp_path / "store", 5, end) == 0
