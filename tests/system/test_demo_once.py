"""The demonstration from the outside: its whole story, with nothing but Python and pip."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

STEPS = [
    "booking_made",
    "pin_placed",
    "early_pin_denied",
    "pin_opens",
    "bolt_moved",
    "entry_recorded",
    "wrong_pin_denied",
    "card_opens",
    "inside_counted",
    "punch_recorded",
    "month_reckoned",
    "closing_blockers_named",
    "remote_unlock_confirmed",
    "offline_pin_opens",
    "offline_code_given",
    "offline_code_opens",
    "wrong_code_refused",
    "key_box_log_collected",
    "key_box_entry_recorded",
    "delivered_exactly_once",
    "cancelled_pin_denied",
    "done",
]
NOT_NEEDED = ["smartcard", "hypothesis", "osdp", "selenium", "pytest"]


def test_the_whole_story_holds_on_the_embedded_broker():
    """From the booking to the bolt, offline and back: every step, in order, exit 0."""
    command = [sys.executable, "-m", "deploy.demo.cli", "--once", "--json", "--embedded"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["step"] for one in told] == STEPS, done.stderr
    assert [one for one in told if not one["ok"]] == [], done.stderr
    assert done.returncode == 0
    assert told[-1]["detail"]["broker"] == "embedded"


def test_the_demo_asks_for_nothing_beyond_its_own_extra():
    """No compiler, no Debian package, no test library: its processes import without them."""
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in NOT_NEEDED)
    modules = ["cli", "edge_process", "hub_process", "embedded_broker", "page.app"]
    wanted = ", ".join(f"deploy.demo.{name}" for name in modules)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {blocked}; import {wanted}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--directory", "."]])
def test_wrong_usage_exits_2_and_starts_nothing(arguments):
    command = [sys.executable, "-m", "deploy.demo", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_directory_too_long_for_sockets_is_refused_with_the_remedy(tmp_path):
    place = tmp_path / ("x" * 100)
    command = [sys.executable, "-m", "deploy.demo.cli", "--once", "--directory", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "name a shorter --directory" in done.stderr


@pytest.fixture
def place():
    """A directory with a short path."""
    with tempfile.TemporaryDirectory(prefix="kgm-") as made:
        yield Path(made)


def test_nothing_stays_behind_when_the_demo_is_killed(place):
    """Hub, broker and agents end with it, even by kill -9."""
    command = [sys.executable, "-m", "deploy.demo.cli", "--json", "--directory", str(place)]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        told = json.loads(demo.stdout.readline())
        assert told["hub"].startswith("https://localhost:")
        before = processes_of(place)
        assert len(before) >= 4, before
    finally:
        demo.kill()
        demo.wait()
        demo.stdout.close()
    end = time.monotonic() + 20
    while left := processes_of(place):
        assert time.monotonic() < end, left
        time.sleep(0.05)


def processes_of(directory) -> list[str]:
    """The command lines of all processes that name a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(directory) in line:
                found.append(line)
    return found
