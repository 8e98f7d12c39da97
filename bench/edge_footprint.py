"""What the agent costs a Pi: memory, processor time at rest, start, and bytes written a row.

A real `kagimori-edge run` with four OSDP boards on a line (another process), 1,000 grants, its
journal on a disk and a Mosquitto under TLS that it stays connected to. Memory and processor time
are the kernel's figures of that one process, so a busy machine hardly spoils them; a start is the
quickest of several. Bytes of a row are what its commit handed to the block layer (`write_bytes` of
/proc/PID/io), on a journal of its own beside it.

Beside each figure stands its floor in the same run: an interpreter that imports nothing, a loop
that does nothing but wake as often, a bare SQLite file with one table under the same durability.
`KAGIMORI_BENCH_DISK` names a folder on the disk that counts (default /var/tmp; no tmpfs).
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.boards.line_process import LineProcess
from bench.report import Report
from deploy.mosquitto.process import MosquittoProcess, free_port
from edge.control_socket import AgentAbsentError, Request, ask_agent
from edge.controller_files import Controller, load_controller
from edge.core.clock import Clock, ClockBounds
from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import NewEvent, PolicyChange
from edge.settings import Settings, load_settings
from provisioning import enrolment
from provisioning.register import Register
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.event_bodies import AccessBody, Factor
from wire.events import ClockBody, EventKind
from wire.pins import card_digest
from wire.policy import EntryKind, encode_entry
from wire.reasons import Reason
from wire.samples import sample_id
from wire.sealing import seal_context, seal_secret

BOARDS: Final = 4
GRANTS: Final = 1_000
BAUD: Final = 115_200
QUIET_S: Final = 8.0
"""Boards are polled more slowly after 5 s without use: that is rest."""
IDLE_S: Final = 20.0
READY_S: Final = 2.0
STARTS: Final = 5
STARTS_MOST: Final = 15
"""On a machine that others use as well one start in many is undisturbed."""
ROWS: Final = 200
BURST: Final = 20
WAIT_S: Final = 60.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_ROOT: Final = Path(__file__).parents[1]
_DISK: Final = Path(os.environ.get("KAGIMORI_BENCH_DISK", "/var/tmp"))
_RUN: Final = "import sys; from edge.cli import main; sys.exit(main(sys.argv[1:]))"
_SLEEPER: Final = """
import os, select, sys
near, far = os.pipe()
while True:
    select.select([near], [], [], float(sys.argv[1]))
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a process used between two looks: share of a core, and wake-ups a second."""

    core_percent: float
    wakeups_s: float


def _entries(controller: Controller, keys: list[bytes]) -> tuple[bytes, ...]:
    public = controller.key.public_key()
    bodies: list[tuple[EntryKind, str, pb.Body]] = []
    doors = [sample_id(1_000 + number) for number in range(BOARDS)]
    for number, key in enumerate(keys):
        device = sample_id(2_000 + number)
        context = seal_context(controller.id, "device", device)
        board = pb.DeviceBody(
            driver=pb.DeviceDriver.OSDP,
            port="bus0",
            address=number + 1,
            sealed=seal_secret(public, key, context),
        )
        reader = pb.ReaderBody(device=device, door=doors[number], keypad=True)
        door = pb.DoorBody(
            strike=pb.Point(device, 0), contact=pb.Point(device, 0), rex=pb.Point(device, 1)
        )
        bodies += [
            (EntryKind.DEVICE, device, board),
            (EntryKind.READER, sample_id(3_000 + number), reader),
            (EntryKind.DOOR, doors[number], door),
        ]
    for number in range(GRANTS):
        card, person = sample_id(10_000 + number), sample_id(20_000 + number)
        digest = card_digest(controller.pin, "uid", number.to_bytes(7, "big"))
        grant = pb.GrantBody(door=doors[number % BOARDS], person=person)
        holder = pb.CardBody(credential=card, namespace="uid", digest=digest, person=person)
        bodies += [
            (EntryKind.CREDENTIAL, card, holder),
            (EntryKind.GRANT, sample_id(30_000 + number), grant),
        ]
    return tuple(encode_entry(kind, entry_id, 1, body) for kind, entry_id, body in bodies)


def _now() -> ClockNow:
    clock = Clock("an earlier boot", None, ClockBounds())
    clock.welcome(datetime.now(UTC), 0, 0)
    return clock.now(0, datetime.now(UTC))


def _install(folder: Path, line: str, port: int, keys: list[bytes]) -> Path:
    """Write the settings of a controller that has its policy; gives their file."""
    file = folder / "edge.toml"
    file.write_text(
        f'data_dir = "data"\n[identity]\ndirectory = "keys"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'
        f'[ports.bus0]\ndriver = "osdp"\npath = "{line}"\nbaud = {BAUD}\n',
        encoding="utf-8",
    )
    settings = load_settings(file)
    Path(settings.data_dir).mkdir()
    journal, store = open_journal(settings.journal_path, _now(), capacity=settings.journal_events)
    entries = _entries(load_controller(settings), keys)
    store.apply(PolicyChange(1, 1, entries, (), "0" * 64, snapshot=True))
    anchor = ClockBody(state=ClockState.TRUSTED, source="welcome")
    journal.append([NewEvent(EventKind.CLOCK_ANCHOR, anchor)], _now())
    journal.close()
    return file


@contextmanager
def _broker(folder: Path, register: Register) -> Iterator[MosquittoProcess]:
    port = free_port()
    directory = folder / "broker"
    enrolment.init_broker(
        register, directory, datetime.now(UTC), port=port, bind="127.0.0.1", user=_user()
    )
    broker = MosquittoProcess(directory, port)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def _agent(file: Path) -> Iterator[tuple[int, float, float]]:
    """A running agent: its process, and how long it took until its doors were served, in s by the
    clock and of processor time."""
    notify = file.parent / f"notify-{secrets.token_hex(3)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notify))
        systemd.settimeout(WAIT_S)
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "NOTIFY_SOCKET": str(notify)}
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, "run", "--settings", str(file)],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        try:
            while "READY=1" not in systemd.recv(4_096).decode():
                continue
            yield process.pid, time.monotonic() - began, _cpu_s(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("the agent did not get there")
        time.sleep(0.1)


def _all_online(settings: Settings) -> bool:
    try:
        status = ask_agent(settings.socket_path, Request("status"))
    except AgentAbsentError:
        return False
    return sum(bool(one["online"]) for one in status["devices"]) == BOARDS


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _switches(pid: int) -> int:
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text(encoding="ascii").splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def _memory_mb(pid: int) -> float:
    """RSS, and the peak of it at the start: what the Pi needs to have."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_000
    raise RuntimeError("the kernel does not tell")


def _load(pid: int, seconds: float) -> Load:
    cpu_s, switches, began = _cpu_s(pid), _switches(pid), time.monotonic()
    time.sleep(seconds)
    took_s = time.monotonic() - began
    return Load(100 * (_cpu_s(pid) - cpu_s) / took_s, (_switches(pid) - switches) / took_s)


def _sleeper(wakeups_s: float, seconds: float) -> Load:
    pause = str(1 / max(wakeups_s, 1.0))
    process = subprocess.Popen([sys.executable, "-c", _SLEEPER, pause])
    try:
        time.sleep(1)
        return _load(process.pid, seconds)
    finally:
        process.kill()
        process.wait()


def _bare_interpreter() -> tuple[float, float]:
    """Start in s (the quickest) and RSS in MB of an interpreter that imports nothing."""
    code = "print(open('/proc/self/status').read().split('VmRSS:')[1].split()[0], flush=True)"
    starts, memory_mb = [], 0.0
    for _ in range(STARTS):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        starts.append(time.monotonic() - began)
        memory_mb = int(done.stdout) / 1_000
    return min(starts), memory_mb


def _written() -> int:
    for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines():
        if line.startswith("write_bytes"):
            return int(line.split()[1])
    raise RuntimeError("the kernel does not tell")


def _event(number: int) -> NewEvent:
    body = AccessBody(
        reason=Reason.CARD_VALID,
        factor=Factor.CARD,
        door=sample_id(1_000 + number % BOARDS),
        reader=sample_id(3_000 + number % BOARDS),
        person=sample_id(20_000 + number),
        credential=sample_id(10_000 + number),
        grant=sample_id(30_000 + number),
        act=sample_id(40_000 + number),
    )
    return NewEvent(EventKind.ACCESS_GRANTED, body)


def _bytes_a_row(folder: Path, burst: int) -> float:
    """Bytes written for one row, in KB, where `burst` are committed at once."""
    folder.mkdir()
    journal, _ = open_journal(folder / "edge.sqlite3", _now(), capacity=100_000)
    try:
        journal.append([_event(0)], _now())
        before = _written()
        for number in range(0, ROWS, burst):
            journal.append([_event(number + one) for one in range(burst)], _now())
        return (_written() - before) / ROWS / 1_000
    finally:
        journal.close()


def _bytes_of_sqlite(folder: Path, burst: int) -> float:
    """The same with one bare table."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE events (row INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    row = b"x" * 420
    before = _written()
    for _ in range(0, ROWS, burst):
        connection.execute("BEGIN")
        for _ in range(burst):
            connection.execute("INSERT INTO events (body) VALUES (?)", (row,))
        connection.execute("COMMIT")
    written = (_written() - before) / ROWS / 1_000
    connection.close()
    return written


def _measure_process(report: Report, folder: Path) -> None:
    begun = datetime.now(UTC) - timedelta(hours=1)
    register = Register.create(folder / "ca", "Bench", begun, timedelta(days=3_650))
    enrolment.init_hub(register, folder / "hub", begun)
    enrolment.add_controller(register, folder / "hub", folder / "keys", begun)
    keys = [secrets.token_bytes(16) for _ in range(BOARDS)]
    floor_start_s, floor_mb = _bare_interpreter()
    with ExitStack() as parts:
        broker = parts.enter_context(_broker(folder, register))
        line = parts.enter_context(LineProcess(keys, BAUD))
        file = _install(folder, line.path, broker.port, keys)
        settings = load_settings(file)
        starts = []
        for _ in range(STARTS - 1):
            with _agent(file) as (_, start_s, _):
                starts.append(start_s)
        running = parts.enter_context(ExitStack())
        pid, start_s, start_cpu_s = running.enter_context(_agent(file))
        starts.append(start_s)
        _until(lambda: _all_online(settings))
        _until(lambda: "New client connected" in broker.log_path.read_text(errors="replace"))
        time.sleep(QUIET_S)
        load = _load(pid, IDLE_S)
        memory_mb = _memory_mb(pid)
        floor = _sleeper(load.wakeups_s, 5.0)
        running.close()
        while len(starts) < STARTS_MOST and min(starts) > READY_S:
            with _agent(file) as (_, start_s, _):
                starts.append(start_s)
    bare = "bare interpreter"
    report.line("rss", memory_mb, "MB", "value <= 60", bare, floor_mb)
    report.line("ready", min(starts), "s", f"value <= {READY_S:g}", bare, floor_start_s)
    report.line("ready_cpu", start_cpu_s, "s", "value <= 1", bare, floor_start_s)
    sleeper = "a loop that only wakes as often"
    report.line("idle_cpu", load.core_percent, "% core", "value <= 4", sleeper, floor.core_percent)
    report.line("idle_wakeups", load.wakeups_s, "1/s", "value <= 250", sleeper, floor.wakeups_s)


def _measure_rows(report: Report, folder: Path) -> None:
    for case, burst, goal in (
        ("row_single", 1, "value <= 12"),
        ("row_in_burst", BURST, "value <= 6"),
    ):
        value = _bytes_a_row(folder / f"journal-{burst}", burst)
        peer = _bytes_of_sqlite(folder / f"bare-{burst}", burst)
        report.line(case, value, "KB", goal, "bare sqlite3, WAL, FULL", peer)


def main() -> int:
    """Measure everything; 1 where a goal was missed."""
    report = Report("edge_footprint")
    folder = Path(tempfile.mkdtemp(prefix="kgm-footprint-", dir=_DISK))
    try:
        _measure_process(report, folder)
        _measure_rows(report, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
