"""A town on this machine: its keys, its broker, and hubs as shipped, each a process."""

from __future__ import annotations

import os
import pwd
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import psycopg

from bench.event_path.native import ROOT
from deploy.mosquitto.process import MosquittoProcess, free_port
from hub.database.migrate import migrate
from provisioning import enrolment
from provisioning.controller_keys import load_identity
from provisioning.mosquitto import ACCESS_RULES, CONFIGURATION
from provisioning.register import Register
from wire.keys import LinkKey

START_S: Final = 60.0
STALL_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.004


class Site:
    """An authority, a hub's keys, one controller, and a Mosquitto as provisioned.

    Only two things differ from what `kagimori-provision broker` writes: load and peers come in by a
    second listener without TLS, and the broker queues without bound, since a load that is no edge
    does not send again what a full queue dropped.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        now = datetime.now(UTC)
        folder.chmod(0o711)
        self.register = Register.create(folder / "ca", "Bench", now, timedelta(days=2))
        self.hub = folder / "hub"
        enrolment.init_hub(self.register, self.hub, now)
        self.controller = enrolment.new_controller_id()
        self.controller_files = folder / "controller"
        enrolment.add_controller(
            self.register, self.hub, self.controller_files, now, self.controller
        )
        self.port, self.plain_port = free_port(), free_port()
        self.broker = self._make_broker(now)

    def _make_broker(self, now: datetime) -> MosquittoProcess:
        at = self.folder / "broker"
        user = pwd.getpwuid(os.geteuid()).pw_name
        enrolment.init_broker(self.register, at, now, port=self.port, bind="127.0.0.1", user=user)
        path, rules = at / CONFIGURATION, f"acl_file {at / ACCESS_RULES}\n"
        text = path.read_text()
        for before, after in (
            (rules, ""),
            ("per_listener_settings false", "per_listener_settings true"),
            ("max_queued_messages 2000", "max_queued_messages 0"),
        ):
            if before not in text:
                raise RuntimeError(f"the broker's configuration says no more {before!r}")
            text = text.replace(before, after)
        plain = f"listener {self.plain_port} 127.0.0.1\nallow_anonymous true\n"
        path.write_text(f"{text}{rules}\n{plain}")
        return MosquittoProcess(at, self.port)

    @property
    def link_key(self) -> LinkKey:
        """The controller's K_link."""
        return load_identity(self.controller_files / "identity.json").link


class HubProcess:
    """`kagimori-hub serve`, with a database of its own.

    `preload` is a library for `LD_PRELOAD`, `environment` what it is told.
    """

    def __init__(
        self,
        site: Site,
        name: str,
        *,
        roles: tuple[str, ...] = ("ingest",),
        postgresql: str | None = None,
        preload: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._site, self._roles = site, roles
        self.database = site.folder / f"{name}.db"
        self.url = postgresql or f"sqlite:///{self.database}"
        self._postgresql = postgresql
        self.http_port = free_port()
        self._config = site.folder / f"{name}.toml"
        self._config.write_text(
            f'directory = "{site.hub}"\n[listen]\nport = {self.http_port}\ntls = false\n'
            f'[database]\nurl = "{self.url}"\n[mqtt]\nhost = "127.0.0.1"\nport = {site.port}\n'
        )
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        if preload is not None:
            self._environment["LD_PRELOAD"] = str(preload)
        self._log = site.folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the schema, start, and wait until the hub says that it is ready."""
        migrate(self.url)
        command = [sys.executable, "-m", "hub.cli", "serve", "--config", str(self._config)]
        for role in self._roles:
            command += ["--role", role]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.http_port}/readyz", timeout=2
            ) as said:
                return bool(said.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            raise RuntimeError("the hub does not run")
        return self._process.pid

    def stop(self) -> None:
        """End it as a service is ended."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def committed_ns(self, epoch: int, seq: int) -> int:
        """Wait until everything through a seq is committed; give the monotonic instant at which
        another process saw it. Raises `TimeoutError` when nothing moves any more."""
        with _Watermark(self) as mark:
            return mark.wait_for(epoch, seq)


class _Watermark:
    """Reads the watermark out of the database, in this process."""

    _SQL: Final = "SELECT through_seq FROM raw_watermarks WHERE epoch = {}"

    def __init__(self, hub: HubProcess) -> None:
        if hub._postgresql is not None:
            self._connection: sqlite3.Connection | psycopg.Connection = psycopg.connect(
                hub._postgresql, autocommit=True
            )
            self._sql = self._SQL.format("%s")
        else:
            self._connection = sqlite3.connect(
                f"file:{hub.database}?mode=ro", uri=True, isolation_level=None
            )
            self._sql = self._SQL.format("?")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def wait_for(self, epoch: int, seq: int) -> int:
        last, moved = -1, time.monotonic()
        while True:
            row = self._connection.execute(self._sql, (epoch,)).fetchone()
            through = row[0] if row else 0
            if through >= seq:
                return time.monotonic_ns()
            if through != last:
                last, moved = through, time.monotonic()
            elif time.monotonic() - moved > STALL_S:
                raise TimeoutError(f"the hub stands still at {through} of {seq}")
            time.sleep(_LOOK_EVERY_S)
