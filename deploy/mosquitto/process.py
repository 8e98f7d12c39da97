"""A Mosquitto of our own: started on a provisioned directory, watched, reloaded, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

from provisioning.mosquitto import CONFIGURATION

_START_DEADLINE_S: Final = 15.0
_STOP_DEADLINE_S: Final = 3.0
_POLL_S: Final = 0.02
_PLACES: Final = os.pathsep.join(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"])


class BrokerError(Exception):
    """The broker is not there or did not start; says what it said last."""


def find_mosquitto() -> Path | None:
    """Give where Mosquitto is installed, also outside a user's PATH; None if it is not."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)
    return Path(found) if found else None


def free_port() -> int:
    """Give a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class BrokerProcess:
    """One broker process on a provisioned directory; its messages go to `broker.log` there."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it accepts connections; raise `BrokerError` if it does not."""
        command = self.command()
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and files
                command, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_DEADLINE_S
        while not (self._answers() and self.running):
            if not self.running or time.monotonic() > deadline:
                self.stop()
                raise BrokerError(f"the broker did not start: {self._last_words()}")
            time.sleep(_POLL_S)

    def command(self) -> list[str]:
        """Give the program and its arguments; raise `BrokerError` if it is not there."""
        raise BrokerError("no broker was chosen")

    @property
    def log_path(self) -> Path:
        """Where its messages go."""
        return self.directory / "broker.log"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def reload(self) -> None:
        """Make it read ACL, certificates and revocation list again; live sessions go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it, by force if it lingers."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def _last_words(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


class MosquittoProcess(BrokerProcess):
    """A Mosquitto on the configuration in its directory."""

    def command(self) -> list[str]:
        """Give the installed Mosquitto and its configuration."""
        program = find_mosquitto()
        if program is None:
            raise BrokerError("Mosquitto is not installed")
        return [str(program), "-c", str(self.directory / CONFIGURATION)]
