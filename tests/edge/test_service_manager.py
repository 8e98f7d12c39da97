"""What systemd hears of the agent, from a real `kagimori-edge run` and from the pure parts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from edge.agent_log import configure_log, lost_exceptions_logged
from edge.glance import Glance, Health, status_line
from edge.service_manager import (
    HUNG_EXIT,
    LAST_WORDS,
    ServiceManager,
    leave_last_words,
    stacks,
    systemd_notifier,
    take_last_words,
)
from edge.words import Language, Words
from provisioning import enrolment
from provisioning.register import Register

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)
WELL = Health(loop_alive=True, loop_age_s=0.1, glance=Glance(doors=3, online=4, devices=4))
HANG = """
import signal, sys, threading, time
from edge.service.loop import Loop

tick, hang = Loop._tick, threading.Event()

def hanging(self, now):
    if hang.is_set():
        time.sleep(1_000)
    tick(self, now)

Loop._tick = hanging
signal.signal(signal.SIGUSR1, lambda *_: hang.set())
"""


class Systemd:
    """The service manager's end of the notification socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self.heard: list[tuple[float, str]] = []

    def hear(self, timeout_s: float) -> bool:
        """Take one message; False where none comes in time."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            self.heard.append((time.monotonic(), self._socket.recv(4_096).decode()))
        except TimeoutError:
            return False
        return True

    def until(self, text: str, timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        seen = len(self.heard)
        while not any(text in message for _, message in self.heard[seen:]):
            assert self.hear(deadline - time.monotonic()), (text, self.heard)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    begun = NOW - timedelta(hours=1)
    register = Register.create(folder / "ca", "Town", begun, timedelta(days=3_650))
    enrolment.init_hub(register, folder / "hub", begun)
    enrolment.add_controller(register, folder / "hub", folder / "keys", begun)
    file = folder / "edge.toml"
    file.write_text(
        'data_dir = "data"\njournal_events = 1000\nlanguage = "en"\n[identity]\n'
        'directory = "keys"\n[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
        '[ports.site]\ndriver = "virtual"\n',
        encoding="utf-8",
    )
    return file


@pytest.fixture
def systemd(tmp_path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.close()


def _start(installed: Path, systemd: Systemd, watchdog_s: float, before: str = ""):
    main = "from edge.cli import main; sys.exit(main(['run', '--settings', sys.argv[1]]))"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NOTIFY_SOCKET": str(systemd.path),
        "WATCHDOG_USEC": str(round(watchdog_s * 1e6)),
    }
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys\n{before}\n{main}", str(installed)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_systemd_hears_ready_alive_status_and_stopping_in_this_order(installed, systemd):
    process = _start(installed, systemd, watchdog_s=2)
    try:
        systemd.until("READY=1")
        before_ready = [message for _, message in systemd.heard[:-1]]
        assert all("WATCHDOG" not in one and "READY" not in one for one in before_ready)
        systemd.until("Serving 0 doors")
        for _ in range(3):
            systemd.until("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        systemd.until("STOPPING=1")
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_loop_that_hangs_is_no_longer_vouched_for_and_the_next_life_journals_it(
    installed, systemd
):
    process = _start(installed, systemd, watchdog_s=2, before=HANG)
    try:
        systemd.until("READY=1")
        systemd.until("WATCHDOG=1")
        process.send_signal(signal.SIGUSR1)
        systemd.until("STATUS=loop hangs")
        heard = len(systemd.heard)
        while systemd.hear(1.5):
            continue
        assert not any("WATCHDOG" in message for _, message in systemd.heard[heard:])
        os.kill(process.pid, signal.SIGABRT)  # as systemd does once WatchdogSec is over
        said = process.communicate(timeout=15)[1]
    finally:
        process.kill()
    assert process.returncode == -signal.SIGABRT
    assert '"part": "loop"' in said
    assert "hanging" in said, "the log shows where the loop stands"
    assert "Fatal Python error: Aborted" in said
    _next_life_journals(installed, systemd)


def _next_life_journals(installed: Path, systemd: Systemd) -> None:
    from edge.control_socket import Request, ask_agent

    process = _start(installed, systemd, watchdog_s=2)
    try:
        systemd.until("READY=1")
        rows = ask_agent(installed.parent / "data" / "edge.sock", Request("journal", 20))
        faults = [row["event"]["body"] for row in rows if row["event"]["kind"] == "agent_fault"]
        assert faults == [{"part": "loop", "cause": "hangs"}]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.communicate()


# --- the pure parts ------------------------------------------------------------------------------


class Ear:
    """Hears what systemd would."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def notify(self, state: str) -> None:
        self.heard.append(state)


class Agent:
    """An agent whose health is in the test's hand."""

    def __init__(self) -> None:
        self.now = WELL

    def health(self) -> Health:
        return self.now


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def ended() -> list[int]:
    return []


def _manager(ear, ended, folder, watchdog_us: str = "20000000") -> ServiceManager:
    words = Words("status", Language.EN)
    environment = {"WATCHDOG_USEC": watchdog_us} if watchdog_us else {}
    return ServiceManager(ear, words, folder, environment, ended.append)


def test_the_status_line_is_sent_when_it_changes_and_the_watchdog_fed_at_each_look(
    ear, ended, tmp_path
):
    manager, agent = _manager(ear, ended, tmp_path), Agent()
    for _ in range(3):
        assert manager.look(agent)
    agent.now = replace(WELL, glance=replace(WELL.glance, link_up=True))
    manager.look(agent)
    assert [one.count("STATUS=") for one in ear.heard] == [1, 0, 0, 1]
    assert all(one.startswith("WATCHDOG=1") for one in ear.heard)
    assert "hub reached" in ear.heard[-1]


@pytest.mark.parametrize(
    ("health", "part"),
    [
        (replace(WELL, loop_age_s=60), "loop"),
        (replace(WELL, glance=replace(WELL.glance, unfit="bus0: bus")), "bus0: bus"),
    ],
)
def test_without_loop_or_a_thread_that_must_live_the_watchdog_starves(
    ear, ended, tmp_path, health, part
):
    manager, agent = _manager(ear, ended, tmp_path), Agent()
    agent.now = health
    for _ in range(3):
        assert manager.look(agent)
    assert len(ear.heard) == 1
    assert part in ear.heard[0]
    assert "WATCHDOG" not in ear.heard[0]
    assert ended == [], "systemd ends it, and keeps what it wrote"
    assert take_last_words(tmp_path) == part
    agent.now = WELL
    manager.look(agent)
    assert ear.heard[-1].startswith("WATCHDOG=1\nSTATUS=Serving")


def test_where_no_watchdog_watches_the_process_ends_itself(ear, ended, tmp_path):
    manager, agent = _manager(ear, ended, tmp_path, watchdog_us=""), Agent()
    agent.now = replace(WELL, loop_age_s=20)
    manager.look(agent)
    assert ended == []
    agent.now = replace(WELL, loop_age_s=60)
    manager.look(agent)
    assert ended == [HUNG_EXIT]


def test_a_manager_that_never_reads_keeps_nobody_waiting(systemd, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(systemd.path))
    notifier = systemd_notifier()
    began = time.monotonic()
    for _ in range(2_000):  # a queue of datagrams holds some ten or hundred
        notifier.notify("WATCHDOG=1")
    assert time.monotonic() - began < 5
    assert systemd.hear(1)


def test_a_watchdog_of_another_process_is_not_ours(ear, ended, tmp_path):
    words = Words("status", Language.EN)
    environment = {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}
    assert not ServiceManager(ear, words, tmp_path, environment).watched
    for wrong in ("", "0", "-5", "soon"):
        assert not ServiceManager(ear, words, tmp_path, {"WATCHDOG_USEC": wrong}).watched


def test_a_loop_whose_thread_is_gone_ends_the_service(ear, ended, tmp_path):
    manager, agent = _manager(ear, ended, tmp_path), Agent()
    agent.now = replace(WELL, loop_alive=False)
    manager.every_s = 0.01
    assert manager.serve(agent, threading.Event()) is False
    assert take_last_words(tmp_path) == "loop"


def test_last_words_are_read_once_and_bounded(tmp_path):
    assert take_last_words(tmp_path) == ""
    leave_last_words(tmp_path, "x" * 500)
    assert take_last_words(tmp_path) == "x" * 64
    assert take_last_words(tmp_path) == ""
    (tmp_path / LAST_WORDS).write_bytes(b"\xff\xfe")
    assert len(take_last_words(tmp_path)) == 2
    leave_last_words(tmp_path / "gone", "loop")


@pytest.mark.parametrize("language", list(Language))
def test_the_status_line_tells_in_every_language_what_is_wrong_first(language):
    glance = Glance(
        doors=2, online=1, devices=2, unsent=7, failure="disk_io", burning=True, faults=("a: b",)
    )
    line = status_line(glance, Words("status", language))
    assert "disk_io" in line.split(". " if language is Language.EN else "。")[1]
    assert all(word in line for word in ("2", "7", "a: b"))
    assert len(line.encode()) < 512


def test_stacks_name_threads_and_lines_and_no_values():
    secret = "482915"  # what must not be logged
    assert secret
    found = stacks()["MainThread"]
    assert "test_stacks_name_threads" in found
    assert "482915" not in found.replace('secret = "482915"', "")


def test_an_exception_that_ends_a_thread_is_logged_with_its_name(capsys):
    before = structlog.get_config()
    structlog.reset_defaults()
    configure_log()
    try:
        with lost_exceptions_logged():
            thread = threading.Thread(target=lambda: 1 / 0, name="bus of the west door")
            thread.start()
            thread.join()
    finally:
        structlog.configure(**before)
    said = capsys.readouterr().err
    assert "thread_died" in said
    assert "bus of the west door" in said
    assert "ZeroDivisionError" in said


def test_a_journal_that_cannot_count_keeps_neither_the_loop_nor_the_watchdog_from_their_work(
    installed, monkeypatch, tmp_path
):
    from edge.bootstrap import build
    from edge.journal.journal import SqliteJournal
    from edge.ports import JournalError
    from edge.settings import load_settings

    def broken(_self):
        raise JournalError("disk_io")

    text = installed.read_text(encoding="utf-8").replace('"data"', f'"{tmp_path / "data"}"')
    file = installed.with_name("broken.toml")
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(SqliteJournal, "counters", broken)
    agent = build(load_settings(file))
    agent.start()
    try:
        survived = []
        monkeypatch.setattr(type(agent._loop), "_survive", lambda *_: survived.append(1))
        time.sleep(1.5)
        assert agent.health().loop_age_s < 1
        assert survived == []
    finally:
        agent.stop()
