"""The real card service with two virtual readers, for one run of tests or measurements.

Only pcscd and the cards live in a network and mount namespace (the virtual reader would listen on
all addresses, and pcscd writes to /run). The service is reached through a Unix socket, which is
found by its path, so that the program under test stays where it is. Needs root and the packages of
`system-packages.sh`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from edge.cards.vpcd_card import FIRST_PORT
from edge.drivers.pcsc_api import open_pcsc

REMEDY: Final = "run deploy/dev/system-packages.sh, and this as root"
READERS: Final = ("Virtual PCD 00 00", "Virtual PCD 00 01")
_LIBRARY: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_TOOLS: Final = ("pcscd", "unshare", "nsenter", "setpriv", "ip")
_DIE_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL")
_WAIT_S: Final = 8.0


class CardServiceError(RuntimeError):
    """The card service cannot be had here; the text says what to do."""


class CardService:
    """pcscd with two readers: `put` lays a card on one, `take` takes it away.

    pcsc-lite reads `PCSCLITE_CSOCK_NAME` once in the life of a process, so a process has one
    `CardService` at most; it may `stop` and `start` it as often as it likes.
    """

    def __init__(self) -> None:
        missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
        missing += [] if _LIBRARY.exists() else [str(_LIBRARY)]
        if missing or os.geteuid() != 0:
            raise CardServiceError(f"missing {missing or 'root'}: {REMEDY}")
        self.folder = Path(tempfile.mkdtemp(prefix="kagimori-pcsc-"))
        self.socket = self.folder / "comm"
        os.environ["PCSCLITE_CSOCK_NAME"] = str(self.socket)
        self._config = self.folder / "readers"
        self._config.mkdir()
        (self._config / "vpcd").write_text(
            'FRIENDLYNAME "Virtual PCD"\n'
            f"DEVICENAME /dev/null:{FIRST_PORT:#x}\n"
            f"LIBPATH {_LIBRARY}\n"
            f"CHANNELID {FIRST_PORT:#x}\n",
            encoding="utf-8",
        )
        self._cards: dict[int, subprocess.Popen[bytes]] = {}
        self._daemon: subprocess.Popen[bytes] | None = None
        setup = "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && ip link set lo up && exec cat"
        self._holder = _start("unshare", "-n", "-m", "sh", "-c", setup, stdin=subprocess.PIPE)
        _wait(self._namespace_ready, "a namespace of its own")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start pcscd on our socket, as systemd would, and wait until its readers listen."""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.socket))
            listening.listen()
            # LISTEN_PID is its own process id: the shell's, kept by the programs it becomes.
            script = (
                "export LISTEN_PID=$$ LISTEN_FDS=1; "
                f"exec {' '.join(self._enter())} pcscd -f -c {self._config} 3<&0 >/dev/null 2>&1"
            )
            self._daemon = _start("sh", "-c", script, stdin=listening.fileno())
        _wait(self._readers_listen, "pcscd with its virtual readers")

    def stop(self) -> None:
        """End pcscd; its socket is gone with it, and so are the cards."""
        if self._daemon is None:
            return
        self.socket.unlink()
        _end(self._daemon)
        self._daemon = None
        for slot in list(self._cards):
            self.take(slot)

    def put(self, slot: int, *card: str) -> None:
        """Lay a card on reader 0 or 1: the arguments of `edge.cards.vpcd_card`."""
        module = ("-m", "edge.cards.vpcd_card", "--port", str(FIRST_PORT + slot))
        self._cards[slot] = _start(*self._enter(), sys.executable, *module, *card)

    def take(self, slot: int) -> None:
        """Take the card away and wait until the service has seen it."""
        _end(self._cards.pop(slot))
        if self._daemon is not None:
            _wait(lambda: not self.has_card(slot), f"reader {slot} empty")

    def wait_for_card(self, slot: int) -> None:
        """Wait until the service sees a card on a reader."""
        _wait(lambda: self.has_card(slot), f"a card on reader {slot}")

    def has_card(self, slot: int) -> bool:
        """Whether the service sees a card on a reader."""
        pcsc = open_pcsc()
        context = pcsc.establish()
        try:
            return any(
                state.flags & pcsc.present for state in pcsc.wait(context, {READERS[slot]: 0}, 0)
            )
        finally:
            pcsc.release(context)

    def clear(self) -> None:
        """Leave a running service with empty readers."""
        for slot in list(self._cards):
            self.take(slot)
        if self._daemon is None:
            self.start()

    def close(self) -> None:
        """End everything and leave nothing behind."""
        for process in (*self._cards.values(), self._daemon, self._holder):
            if process is not None:
                _end(process)
        shutil.rmtree(self.folder)

    def _enter(self) -> tuple[str, ...]:
        inside = f"/proc/{self._holder.pid}/ns"
        return "nsenter", f"--net={inside}/net", f"--mount={inside}/mnt"

    def _namespace_ready(self) -> bool:
        if self._holder.poll() is not None:
            raise CardServiceError(f"no namespace of its own: {REMEDY}")
        return Path(f"/proc/{self._holder.pid}/comm").read_text(encoding="ascii").strip() == "cat"

    def _readers_listen(self) -> bool:
        if self._daemon is None or self._daemon.poll() is not None:
            raise CardServiceError(f"pcscd ended: {REMEDY}")
        sockets = Path(f"/proc/{self._holder.pid}/net/tcp").read_text(encoding="ascii")
        return all(f":{FIRST_PORT + slot:04X} 00000000:0000 0A" in sockets for slot in (0, 1))


def _start(*command: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*_DIE_WITH_US, *command], stdin=stdin)  # noqa: S603 - our own words


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stdin is not None:
        process.stdin.close()


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise CardServiceError(f"not within {_WAIT_S} s: {what}; {REMEDY}")
        time.sleep(0.01)
