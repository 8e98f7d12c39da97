"""The hub's command line, and a real `serve` with TLS."""

from __future__ import annotations

import io
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.cli import main
from provisioning.enrolment import init_hub
from provisioning.register import Register


@dataclass(frozen=True)
class Ran:
    """What a run of the command line left."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hub's keys and settings; its database does not exist yet."""
    folder = tmp_path_factory.mktemp("installed")
    now = datetime.now(UTC)
    register = Register.create(folder / "ca", "Kagimori test authority", now, timedelta(days=10))
    init_hub(register, folder / "hub", now)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port, closed = free.getsockname()[1], 1
    (folder / "hub.toml").write_text(
        f'public_url = "https://localhost:{port}"\ndirectory = "hub"\n'
        f'[listen]\nport = {port}\n[database]\nurl = "sqlite:///{folder}/hub.db"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {closed}\n'
    )
    return folder


@pytest.fixture
def run(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`run("migrate", ...)` runs the command line and gives exit code, stdout and stderr."""

    def call(*arguments: str, stdin: str = "") -> Ran:
        config = ["--config", str(installed / "hub.toml")]
        monkeypatch.setattr(sys, "argv", ["kagimori-hub", *arguments, *config])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code: Any = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        return Ran(int(code or 0), *capsys.readouterr())

    return call


def test_a_hub_is_installed_used_and_served(installed: Path, run: Run) -> None:
    """One story: each step stands on the one before."""
    for early in (run("serve"), run("config", "check"), run("token", "create", "x")):
        assert early.code == 1
        assert "kagimori-hub migrate" in early.err
    migrated = run("migrate", "--json")
    assert (migrated.code, set(json.loads(migrated.out))) == (0, {"level"})
    assert run("config", "check").code == 0
    weak = run("user", "add", "hana", "--role", "admin", stdin="short\n")
    assert (weak.code, "Traceback" in weak.err) == (1, False)
    assert weak.err.startswith("kagimori-hub: password: ")
    assert run("user", "add", "hana", "--role", "admin", stdin="correct horse battery\n").code == 0
    made = run("token", "create", "booking", "--role", "auditor", "--days", "1", "--json")
    assert made.code == 0, made.err
    token = json.loads(made.out)["token"]
    audit = json.loads(run("audit", "verify", "--json").out)
    assert (audit["entries"], audit["broken_at"]) == (2, None)
    assert run("user", "add", "--nonsense").code == 2
    with _served(installed) as served:
        client = _client(installed)
        header = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/v1/me", headers=header).json()["role"] == "auditor"
        checks = client.get("/readyz").json()["checks"]
        assert (checks["database"], checks["schema"], checks["keys"]) == (True, True, True)
        second = run("token", "create", "x")
        assert (second.code, "open in another process" in second.err) == (1, True)
    log = (installed / "log").read_text()
    assert served.returncode in (0, -signal.SIGTERM), log
    assert token not in log
    assert all(line.startswith("{") for line in log.splitlines()), log


@contextmanager
def _served(installed: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`kagimori-hub serve` as a program of its own, ended by SIGTERM."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--config", str(installed / "hub.toml")]
    with (installed / "log").open("wb") as log:
        served = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield served
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(timeout=30)


def _client(installed: Path) -> httpx.Client:
    """A client that trusts the installation's authority alone, once the hub answers."""
    text = (installed / "hub.toml").read_text()
    base: Any = text.split('"')[1]
    trusted = ssl.create_default_context(cafile=str(installed / "hub" / "ca.pem"))
    client = httpx.Client(base_url=base, verify=trusted)
    deadline = time.monotonic() + 60
    while True:
        try:
            client.get("/healthz")
        except httpx.ConnectError:
            assert time.monotonic() < deadline, (installed / "log").read_text()
            time.sleep(0.1)
        else:
            return client


def test_the_settings_file_is_named_as_at_the_edge(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--settings` is what `kagimori-edge` calls it; nobody has to remember which."""
    told = []
    for option in ("--settings", "--config"):
        arguments = ["kagimori-hub", "restore", "none.db", option, str(installed / "hub.toml")]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]
    assert "none.db" in told[0]
