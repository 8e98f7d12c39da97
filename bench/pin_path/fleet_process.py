"""The simulator as a process: commands in, one line out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from bench.event_path.native import ROOT
from bench.event_path.site import Site


class FleetProcess:
    """Use it as a context; everybody in `fleet.json` has a journal then, and no connection."""

    def __init__(self, site: Site, folder: Path, capacity: int) -> None:
        folder.mkdir()
        arguments = [str(site.folder), str(site.plain_port), str(folder), str(capacity)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.pin_path.fleet", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        self._line()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def send(self, word: str) -> None:
        """Give a command that is not answered."""
        if self._process.stdin is None:
            raise RuntimeError("the simulator has no stdin")
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def ask(self, word: str) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self.send(word)
        return self._line()

    def _line(self) -> dict[str, Any]:
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError("the simulator ended by itself")
        found: dict[str, Any] = json.loads(line)
        return found
