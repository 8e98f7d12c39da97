"""An agent of its own process, killed the moment its page says something: what it said is there."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.settings import load_settings
from edge.settings_terminal import Terminal
from tests.edge.terminal.installation import Installation
from wire.samples import sample_id

ROOT = Path(__file__).parents[3]
PROCESS = Path(__file__).with_name("agent_process.py")


class Running:
    """The process, and its page's stream."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port
        self.stream = self._ask("GET", "/views")
        page = self._ask("GET", "/").read().decode()
        self.token = page.split('name="page-token" content="')[1].split('"')[0]

    def _ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def tap(self, number: int | str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()

    def choose(self, direction: str) -> None:
        body = json.dumps({"direction": direction}).encode()
        answer = self._ask("POST", "/choose", body, **{"X-Kagimori-Page": self.token})
        assert answer.status == 204
        self.until(lambda view: view["chosen"] == direction)

    def until(self, holds) -> dict:
        while True:
            line = self.stream.readline()
            assert line
            if line.startswith(b"data: {"):
                view = json.loads(line.removeprefix(b"data: "))["view"]
                if holds(view):
                    return view

    def result(self, kind: str) -> dict:
        return self.until(lambda view: view["result"] and view["result"]["kind"] == kind)["result"]


@contextmanager
def running(installed: Installation) -> Iterator[Running]:
    """The agent, which is killed at the end of the block unless it has ended."""
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), str(installed.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "serves\n"
        yield Running(process, installed.port)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    return Installation.make(tmp_path)


def test_what_the_screen_said_is_in_the_journal_of_an_agent_that_was_killed(installed):
    for number, direction in enumerate(("in", "out")):
        with running(installed) as agent:
            agent.choose(direction)
            agent.tap(number)
            shown = agent.result("recorded")
        assert shown["direction"] == direction
        newest = installed.punches()[-1]
        assert (newest.person, newest.direction.value) == (sample_id(20_000 + number), direction)
    assert len(installed.punches()) == 2


def test_a_tap_that_was_asked_about_when_the_agent_was_killed_is_recorded_by_the_next(installed):
    with running(installed) as agent:
        agent.tap(0)
        assert agent.result("ask")["name"] == "山田"
    assert installed.punches() == []
    with running(installed) as agent:
        view = agent.until(lambda one: one["keys"])
        assert view["result"] is None
    assert [body.direction.value for body in installed.punches()] == ["inferred"]


def test_todays_punches_are_known_to_the_next_run_and_no_log_has_a_name(installed):
    with running(installed) as agent:
        agent.choose("in")
        agent.tap(0)
        agent.result("recorded")
        agent.tap("-")
        assert agent.result("denied")["reason"] == "unknown_card"
        _, log = agent.process.communicate(timeout=10)
    with running(installed) as agent:
        agent.choose("out")
        agent.tap(0)
        lines = agent.result("recorded")["lines"]
        assert [line["direction"] for line in lines] == ["in", "out"]
    assert "page_not_served" not in log
    assert "山田" not in log


def test_a_controller_without_a_terminal_loads_nothing_of_it(installed):
    """The memory of a door's controller is counted: not one module, not one open port."""
    assert load_settings(installed.file).terminal == Terminal(port=installed.port)
    text = installed.file.read_text(encoding="utf-8")
    installed.file.write_text(text[: text.index("[terminal]")], encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from edge.bootstrap import build;"
        "from edge.settings import load_settings;"
        f"agent = build(load_settings(Path({str(installed.file)!r}))); agent.start();"
        "loaded = sorted(sys.modules); agent.stop(); print(' '.join(loaded))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(done.stdout.split())
    assert not [one for one in loaded if one.startswith("edge.terminal")]
    assert not loaded & {"http.server", "socketserver", "wire.sealed_names", "edge.ports.terminal"}
    assert "edge.agent" in loaded
