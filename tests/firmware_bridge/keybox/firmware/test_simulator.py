"""The simulator as a process: its pty, its own time, its words as the guide lists them."""

from __future__ import annotations

import json
import os
import re
import select
import struct
import subprocess
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.keybox.firmware import build

GUIDE = (build.SOURCES / "hal" / "posix" / "README.md").read_text()
HELLO = b"\1\1\7"


@pytest.fixture
def running(programs: Path, tmp_path: Path) -> Iterator[Any]:
    """Starts simulators; each is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [programs / "keybox-sim", "--state", tmp_path / "state", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_frame(fd: int) -> bytes:
    """Bytes up to and with the zero, within five seconds."""
    read = b""
    while not read.endswith(b"\0"):
        ready, _, _ = select.select([fd], [], [], 5)
        assert ready, "no answer"
        read += os.read(fd, 600)
    return read


def test_a_host_says_hello_on_the_pty_in_real_time(running: Any, wire: Any, tmp_path: Path) -> None:
    process = running("--pty-link", str(tmp_path / "line"), "--rtc", "50000000")
    assert json.loads(process.stdout.readline()) == {"link": str(tmp_path / "line")}
    for _ in range(2):
        # A host may come and go.
        fd = os.open(tmp_path / "line", os.O_RDWR | os.O_NOCTTY)
        tty.setraw(fd)
        os.write(fd, wire.frame(HELLO))
        answer = wire.decode(read_frame(fd)[:-1])
        assert answer[:3] == b"\1\x81\7"
        os.close(fd)
    process.stdin.write("keys 1\nquit\n")
    assert [line.strip() for line in process.stdout] == ["event feedback key", "ok", "ok"]
    assert process.wait() == 0
    assert not (tmp_path / "line").is_symlink()


def test_a_bolt_falls_after_its_pulse_of_real_time(workshop: Any) -> None:
    box = workshop.start("real", "--clock", "real")
    host = workshop.provision(box, 2)
    host.open()
    began = time.monotonic()
    host.send(0x20, struct.pack(">I", 300))
    assert box.events == ["released"]
    while "secured" not in box.events:
        assert box.show()["released"] or time.monotonic() - began >= 0.29
    assert 0.29 <= time.monotonic() - began < 5


def test_a_file_of_another_kind_is_not_taken(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Sir or Madam")
    done = subprocess.run(
        [programs / "keybox-sim", "--state", tmp_path / "letter"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "not a state file" in done.stderr
    assert (tmp_path / "letter").read_text() == "Dear Sir or Madam"


@pytest.mark.parametrize(
    "word",
    [
        *("keys", "keys abc", "advance", "advance -1", "rtc x", "input leaf 2", "input door 1"),
        *("bolt", "battery 1", "link 0", "link zz", "power-cut x", "sing", "keys " + "1" * 300),
    ],
)
def test_a_word_that_is_none_is_an_error_and_changes_nothing(workshop: Any, word: str) -> None:
    box = workshop.start()
    before = box.show()
    with pytest.raises(AssertionError, match="error"):
        box.say(word)
    assert box.show() == before


def test_the_guide_lists_every_option_and_word() -> None:
    main = (build.SOURCES / "tools" / "keybox_sim.c").read_text()
    words = (build.SOURCES / "hal" / "posix" / "sim_words.c").read_text()
    for option in set(re.findall(r'"(--[a-z-]+)"', main)):
        assert f"`{option} " in GUIDE, option
    table = words[words.index("WORDS[] = {") :]
    for word in [*re.findall(r'\{"([a-z-]+)",', table), "show", "quit"]:
        assert f"`{word}" in GUIDE, word
