"""`kagimori-edge keybox` at a virtual box on a pseudo-terminal, through a running agent that has no
ports: a laptop."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge import cli
from edge.bootstrap import build
from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.core.clock_now import ClockNow
from edge.keybox.orders import Errand, VisitOrder
from edge.ports import TimeSample
from edge.service.loop import Parts
from edge.settings import load_settings
from firmware_bridge.keybox.codes import Kind, RecordKind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from tests.firmware_bridge.keybox.conftest import DEVICE, MAINTENANCE
from wire.events import Event, decode_event_body, decode_row
from wire.keybox_keys import MaintenanceSecret, Right, SecretBundle, link_seconds
from wire.keybox_ticket import encode_ticket, make_ticket

NOW = datetime.now(UTC)
TODAY = link_seconds(NOW) // 86_400
EVERYTHING = Right(0x7F)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("laptop")
    begun = NOW - timedelta(hours=1)
    register = Register.create(folder / "ca", "Town", begun, timedelta(days=3_650), demo=False)
    enrolment.init_hub(register, folder / "hub", begun)
    enrolment.add_controller(register, folder / "hub", folder / "keys", begun)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = folder / "edge.toml"
    settings.write_text(
        'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n',
        encoding="utf-8",
    )
    return settings


@pytest.fixture(scope="module")
def agent(installed: Path) -> Iterator[object]:
    one = build(load_settings(installed))
    one.start()
    one._ask(_tell_the_time)
    yield one
    one.stop()


def _tell_the_time(parts: Parts, now: ClockNow) -> None:
    """The laptop has met the hub today."""
    sample = TimeSample(datetime.now(UTC), now.mono_ns - 10_000_000, now.mono_ns)
    parts.uplinks._perform([sample], now)


class Bench:
    """A box on a cable, and the tickets of today."""

    def __init__(self, settings: Path, folder: Path, pty: PtyPort, simulated: SimulatedBox) -> None:
        self.settings, self.folder = settings, folder
        self.pty, self.simulated = pty, simulated

    @property
    def box(self) -> VirtualBox:
        return self.simulated.box

    def ticket(self, rights: Right = EVERYTHING, day: int = TODAY, secret=MAINTENANCE) -> Path:
        key = MaintenanceSecret(secret).ticket(DEVICE, day, rights)
        ticket = make_ticket(DEVICE, day, rights, key, NOW + timedelta(hours=8))
        path = self.folder / "box.ticket"
        path.write_bytes(encode_ticket(ticket))
        return path

    def run(self, errand: str, *more: str, ticket: Path | None = None) -> int:
        return cli.main(
            [
                "keybox",
                errand,
                *more,
                "--settings",
                str(self.settings),
                "--port",
                self.pty.far_path,
                "--ticket",
                str(ticket or self.ticket()),
            ]
        )


@pytest.fixture
def bench(agent, installed, tmp_path) -> Iterator[Bench]:
    # An index of its own for each test: the agent remembers what it has journaled.
    epoch = int.from_bytes(hashlib.sha256(str(tmp_path).encode()).digest()[:4], "big")
    box = VirtualBox(DEVICE, Kind.KEY_BOX, MAINTENANCE, log_epoch=epoch)
    box.clock.set(link_seconds(datetime.now(UTC)) - 40, 1, time.monotonic_ns())
    with PtyPort() as pty, SimulatedBox(pty, box, lambda *_: True) as simulated:
        yield Bench(installed, tmp_path, pty, simulated)


def test_sync_journals_sets_the_clock_and_says_so(bench, agent, capsys):
    for _ in range(30):
        bench.box.write(RecordKind.OPENED)
    assert bench.run("sync") == cli.OK
    said = capsys.readouterr()
    assert "was -40 s off, set" in said.out or "was -41 s off, set" in said.out
    assert f"{bench.box.log.next} new of" in said.out
    assert "log:" in said.err
    rows = [decode_row(data) for _, data in agent.tail(200)]
    origins = [row.origin for row in rows if isinstance(row, Event) and row.origin]
    mine = [one.index for one in origins if one.log_epoch == bench.box.log.epoch]
    assert mine == list(range(bench.box.log.next))


def test_json_is_one_document_on_stdout(bench, capsys):
    assert bench.run("status", "--json") == cli.OK
    answer = json.loads(capsys.readouterr().out)
    assert answer["cause"] is None
    assert answer["report"]["box"]["device"] == DEVICE
    assert answer["report"]["box"]["tries_left"] == 5


def test_lost_records_are_exit_code_3(bench, capsys):
    for _ in range(600):
        bench.box.write(RecordKind.OPENED)
    assert bench.run("sync") == cli.PARTLY
    assert "LOST" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "cause"),
    [({"secret": bytes(32)}, "bad_proof"), ({"day": TODAY - 3}, "bad_day")],
)
def test_a_ticket_that_does_not_fit_is_told_with_what_to_do(bench, capsys, values, cause):
    assert bench.run("sync", ticket=bench.ticket(**values)) == cli.FAILED
    assert f"{cause}. " in capsys.readouterr().err


def test_a_file_that_is_no_ticket_is_told(bench, capsys):
    rubbish = bench.folder / "rubbish"
    rubbish.write_text("{}", encoding="utf-8")
    assert bench.run("sync", ticket=rubbish) == cli.FAILED
    assert "fetch it anew" in capsys.readouterr().err
    assert bench.run("sync", ticket=bench.folder / "nowhere") == cli.FAILED
    assert "nowhere" in capsys.readouterr().err


def test_a_port_that_is_not_there_is_told(bench, capsys):
    bench.pty.far_path = "/dev/nowhere"
    assert bench.run("status") == cli.FAILED
    assert "dialout" in capsys.readouterr().err


def test_a_firmware_is_sent_started_and_confirmed(bench, capsys):
    image = bytes(range(256)) * 40
    header = struct.pack(
        ">B3xIII32s", Kind.KEY_BOX, 3, 1, len(image), hashlib.sha256(image).digest()
    )
    file = bench.folder / "firmware.kfw"
    file.write_bytes(header + bytes(64) + image)
    assert bench.run("firmware", str(file)) == cli.OK
    said = capsys.readouterr()
    assert "firmware   3 sent" in said.out
    assert "the box runs firmware 3" in said.err
    assert bench.box.firmware == 3
    file.write_bytes((header + bytes(64) + image)[:-1])
    assert bench.run("firmware", str(file)) == cli.FAILED
    assert "cut short" in capsys.readouterr().err


def test_what_was_asked_for_by_name_and_not_done_is_a_failure(bench, capsys):
    reading = bench.ticket(rights=Right.READ)
    assert bench.run("status", ticket=reading) == cli.OK
    assert bench.run("clock", ticket=reading) == cli.FAILED
    assert "no_right_to_set_the_clock" in capsys.readouterr().out


def test_one_visit_at_a_time_and_the_doors_are_served_meanwhile(bench, agent, installed):
    bench.simulated.set_mute(True)
    path = load_settings(installed).socket_path
    order = VisitOrder(
        errand=Errand.STATUS,
        port=bench.pty.far_path,
        ticket=bench.ticket().read_text(encoding="utf-8"),
    )
    ask_agent(path, Request("visit", visit=order))
    with pytest.raises(AgentAbsentError, match="under way"):
        ask_agent(path, Request("visit", visit=order))
    begun = time.monotonic()
    assert agent.status().controller
    assert time.monotonic() - begun < 1
    bench.simulated.set_mute(False)
    deadline = time.monotonic() + 5
    while not ask_agent(path, Request("visited"))["over"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_no_ticket_shows_in_what_is_logged(bench, capfd):
    ticket = bench.ticket()
    bench.run("sync", ticket=ticket)
    bench.run("sync", ticket=bench.ticket(secret=bytes(32)))
    said = capfd.readouterr()
    key = json.loads(ticket.read_text(encoding="utf-8"))["ticket"]
    assert key not in said.out + said.err
    order = VisitOrder(errand=Errand.SYNC, port="x", ticket=key)
    assert key not in repr(order)


def test_stopping_the_agent_ends_a_visit_that_waits(installed, tmp_path):
    text = installed.read_text(encoding="utf-8").replace('"data"', f'"{tmp_path}"')
    file = installed.with_name("stopped.toml")
    file.write_text(text, encoding="utf-8")
    one = build(load_settings(file))
    one.start()
    with PtyPort() as pty:
        key = MaintenanceSecret(MAINTENANCE).ticket(DEVICE, TODAY, Right.READ)
        ticket = encode_ticket(make_ticket(DEVICE, TODAY, Right.READ, key, NOW))
        order = VisitOrder(errand=Errand.SYNC, port=pty.far_path, ticket=ticket.decode())
        ask_agent(load_settings(file).socket_path, Request("visit", visit=order))
        begun = time.monotonic()
        one.stop()
        assert time.monotonic() - begun < 2
    assert not [one for one in threading.enumerate() if one.name == "keybox visit"]


# --- new secrets ---------------------------------------------------------------------------------

NEW = bytes(range(100, 132))
BUNDLE = SecretBundle(bytes(range(1, 33)), NEW, 1, 0)


def renewing(bench: Bench, *, then: bool = True) -> Path:
    """A ticket under the secret the hub believes the box to have, with new ones for it."""
    key = MaintenanceSecret(MAINTENANCE).ticket(DEVICE, TODAY, EVERYTHING)
    envelope = MaintenanceSecret(MAINTENANCE).wrap_key(DEVICE).seal(3, bytes(16), BUNDLE)
    later = MaintenanceSecret(NEW).ticket(DEVICE, TODAY, EVERYTHING) if then else None
    expires = NOW + timedelta(hours=8)
    ticket = make_ticket(DEVICE, TODAY, EVERYTHING, key, expires, None, envelope, later)
    path = bench.folder / "new.ticket"
    path.write_bytes(encode_ticket(ticket))
    return path


def collected(bench: Bench, agent) -> list[int]:
    """The indexes of this box's log in the journal."""
    rows = [decode_row(data) for _, data in agent.tail(300)]
    origins = [row.origin for row in rows if isinstance(row, Event) and row.origin]
    return [one.index for one in origins if one.log_epoch == bench.box.log.epoch]


def visitors_word(agent) -> list[str]:
    """What visitors said in their own name of changed secrets."""
    rows = [decode_row(data) for _, data in agent.tail(300)]
    return [
        decode_event_body(row).cause
        for row in rows
        if isinstance(row, Event) and row.kind == "device_key_changed" and row.origin is None
    ]


def test_the_boxs_own_word_for_its_new_secrets_comes_with_the_visit_that_brought_them(bench, agent):
    assert bench.run("sync", ticket=renewing(bench)) == cli.OK
    assert bench.box.secrets.version == 3
    kinds = {record.kind for record in bench.box.log._records}
    assert RecordKind.SECRET_CHANGED in kinds
    assert collected(bench, agent) == list(range(bench.box.log.next))


def test_a_box_that_took_its_secrets_when_nobody_heard_it_is_met_by_the_next_ticket(bench, agent):
    before = len(visitors_word(agent))
    bench.box.install(BUNDLE, 3)
    assert bench.run("sync", ticket=renewing(bench)) == cli.OK
    assert collected(bench, agent) == list(range(bench.box.log.next))
    assert visitors_word(agent)[before:] == ["version 3"]


def test_without_the_ticket_of_the_new_secrets_it_is_not(bench, capsys):
    bench.box.install(BUNDLE, 3)
    assert bench.run("sync", ticket=renewing(bench, then=False)) == cli.FAILED
    assert "bad_proof" in capsys.readouterr().err
