"""The agent's unit is one that systemd takes, forbids what the agent does not need, and allows what
it does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.machine import Machine

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = UNITS / "kagimori-edge.service"
EXPOSURE = 25  # of 100, where 92 is a service that nothing was taken from
PCSC_ACTIONS = {"org.debian.pcsc-lite.access_pcsc", "org.debian.pcsc-lite.access_card"}


def _lines(key: str) -> list[str]:
    found = re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, key
    return found


def _systemd_analyze() -> str:
    """It is part of Debian's `systemd`, which runs nothing here."""
    found = shutil.which("systemd-analyze")
    assert found, "apt-get install systemd"
    return found


@pytest.fixture
def unit(tmp_path) -> Path:
    """The unit with a program that is there on every machine."""
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/usr/bin/env", UNIT.read_text(), flags=re.MULTILINE)
    made = tmp_path / UNIT.name
    made.write_text(text, encoding="utf-8")
    return made


def test_systemd_takes_the_unit_without_a_complaint(unit):
    done = subprocess.run(
        [_systemd_analyze(), "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_mistake_in_the_unit_would_be_found(unit):
    unit.write_text(unit.read_text().replace("WatchdogSec=30", "WatchdogSecs=30"))
    done = subprocess.run(
        [_systemd_analyze(), "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert "WatchdogSecs" in done.stderr


def test_little_is_left_to_attack(unit):
    command = ["security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(unit)]
    done = subprocess.run(
        [_systemd_analyze(), *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_it_is_started_anew_for_ever_and_watched():
    assert _lines("Type") == ["notify"]
    assert _lines("Restart") == ["always"]
    assert _lines("StartLimitIntervalSec") == ["0"]
    assert 10 <= int(_lines("WatchdogSec")[0]) <= 60
    assert _lines("LimitCORE") == ["0"], "a core holds keys"


def test_it_reaches_serial_lines_and_pins_and_no_other_device():
    assert _lines("DevicePolicy") == ["closed"]
    allowed = {line.split()[0] for line in _lines("DeviceAllow")}
    assert allowed == {f"char-{one}" for one in ("ttyUSB", "ttyACM", "ttyAMA", "ttyS", "gpiochip")}
    assert _lines("SupplementaryGroups") == ["dialout gpio"]
    sysusers = (UNITS / "kagimori-edge.sysusers").read_text(encoding="utf-8")
    for group in ("dialout", "gpio"):
        assert f"m kagimori {group}" in sysusers


def test_the_question_for_ntp_is_allowed_after_whatever_was_forbidden():
    """systemd reads the filters in their order; @privileged holds @clock, which holds adjtimex."""
    filters = _lines("SystemCallFilter")
    assert "adjtimex" in filters[-1].split()
    assert not any(line.startswith("ProtectClock=yes") for line in UNIT.read_text().splitlines())
    assert Machine().kernel().error_ms >= 0


def test_the_card_service_lets_the_agents_user_in_and_nobody_else():
    rules = (UNITS / "50-kagimori-pcscd.rules").read_text(encoding="utf-8")
    assert set(re.findall(r'"(org\.[a-z.\-_]+)"', rules)) == PCSC_ACTIONS
    assert re.findall(r'subject\.user === "(\w+)"', rules) == _lines("User")
    installed = Path("/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy")
    if installed.exists():  # Debian's pcscd brings it; its own names are the proof
        assert set(re.findall(r'action id="([^"]+)"', installed.read_text())) >= PCSC_ACTIONS
