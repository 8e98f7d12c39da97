"""The script that installs what the tests need."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "deploy" / "dev" / "system-packages.sh"


def run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = None if path is None else {"PATH": path}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=30,
    )


def stub(folder: Path, name: str, body: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def tools(folder: Path, *names: str) -> None:
    for name in names:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)


def test_everything_the_tests_need_is_installed_here() -> None:
    done = run("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    tools(tmp_path, "sed", "grep", "sh")
    stub(tmp_path, "dpkg-query", "echo 'ii mosquitto'; echo 'rc pcscd'")
    stub(tmp_path, "apt-get", "exit 9")
    done = run("--check", path=str(tmp_path))
    assert done.returncode == 1
    words = done.stderr.split()
    assert "pcscd" in words, "removed, its settings kept: not installed"
    assert "mosquitto" not in words


def test_another_system_is_told_what_to_install(tmp_path: Path) -> None:
    done = run(path=str(tmp_path))
    assert done.returncode == 1
    assert "no Debian system" in done.stderr
    assert "vsmartcard-vpcd" in done.stderr


def test_without_root_and_sudo_the_command_to_type_is_told(tmp_path: Path) -> None:
    tools(tmp_path, "sed", "grep")
    stub(tmp_path, "dpkg-query", "exit 0")
    stub(tmp_path, "apt-get", "exit 9")
    stub(tmp_path, "id", "echo 1000")
    done = run(path=str(tmp_path))
    assert done.returncode == 1
    assert "root is needed for: apt-get install mosquitto" in done.stderr
