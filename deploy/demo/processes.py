"""The demo's child processes: started with a log, watched, ended in order.

A child ends by itself when the demo is gone: it holds the reading end of a pipe that the demo keeps
open, and stops when that closes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

_STOP_DEADLINE_S: Final = 5.0
_LAST_LINES: Final = 5
_GO: Final = b"g"


class ChildFailedError(Exception):
    """A child process ended when it should not have; says what it said last."""


class ChildProcess:
    """A Python module of ours in a process of its own."""

    def __init__(self, name: str, module: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def go(self) -> None:
        """Let a child that waits with `wait_for_go` begin."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(_GO)
            self._process.stdin.flush()

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """Raise `ChildFailedError` if it has ended."""
        if not self.running:
            lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
            raise ChildFailedError(f"{self.name} has ended: " + " | ".join(lines))

    def ask_to_stop(self) -> None:
        """Tell it to end, without waiting."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """End it, by force if it lingers."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


def wait_for_go() -> bool:
    """In a child: wait until the demo says go; False if it is gone instead."""
    return os.read(sys.stdin.fileno(), 1) == _GO


def end_with_parent() -> None:
    """In a child: end in order when the demo is gone, however it went."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
