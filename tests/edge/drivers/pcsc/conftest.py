"""The real card service with its virtual reader, in a network and mount namespace of its own.

Only pcscd and the cards live in the namespace: the service is reached through a Unix socket, which
is found by its path, so that the driver under test runs in the test's own process.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.cards.vpcd_card import FIRST_PORT
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from wire.policy_bodies import DeviceBody, DeviceDriver

T = TypeVar("T")
REMEDY = "run deploy/dev/system-packages.sh, and the tests as root"
LIBRARY = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
TOOLS = ("pcscd", "unshare", "nsenter", "setpriv")


class Inbox:
    """What a driver emitted, in order; `expect` waits for it."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._news = threading.Condition()

    def __call__(self, item: object) -> None:
        with self._news:
            self.items.append(item)
            self._news.notify_all()

    def expect(self, kind: type[T], nth: int = 1, timeout_s: float = 8.0) -> T:
        """The nth thing of a kind, waiting for it."""
        deadline = time.monotonic() + timeout_s
        with self._news:
            while len(found := [one for one in self.items if isinstance(one, kind)]) < nth:
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    pytest.fail(f"no {nth}. {kind.__name__} within {timeout_s} s: {self.items}")
            return found[nth - 1]

    def count(self, kind: type) -> int:
        return sum(isinstance(one, kind) for one in self.items)


def poll(condition: Callable[[], bool], what: str, timeout_s: float = 8.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout_s} s: {what}")
        time.sleep(0.01)


class CardService:
    """pcscd with two virtual readers; `put` lays a card on one, `take` takes it away."""

    readers = ("Virtual PCD 00 00", "Virtual PCD 00 01")

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kagimori-pcsc-"))
        self.socket = self.folder / "comm"
        self._config = self.folder / "readers"
        self._config.mkdir()
        (self._config / "vpcd").write_text(
            'FRIENDLYNAME "Virtual PCD"\n'
            f"DEVICENAME /dev/null:{FIRST_PORT:#x}\n"
            f"LIBPATH {LIBRARY}\n"
            f"CHANNELID {FIRST_PORT:#x}\n"
        )
        self._cards: dict[int, subprocess.Popen[bytes]] = {}
        self._daemon: subprocess.Popen[bytes] | None = None
        setup = "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && ip link set lo up && exec cat"
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "-m", "sh", "-c", setup],
            stdin=subprocess.PIPE,
        )
        poll(lambda: self._inside_is_ready(), "the namespace: " + REMEDY)

    def start(self) -> None:
        """Start pcscd on our socket, as systemd would, and wait until its readers listen."""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.socket))
            listening.listen()
            # LISTEN_PID is its own process id: the shell's, kept by the programs it becomes.
            script = (
                "export LISTEN_PID=$$ LISTEN_FDS=1; "
                f"exec {' '.join(self._enter())} pcscd -f -c {self._config} 3<&0"
            )
            self._daemon = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "sh", "-c", script],
                stdin=listening,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        poll(lambda: self._listens(0) and self._listens(1), "pcscd with vpcd: " + REMEDY)

    def stop(self) -> None:
        """End pcscd; its socket is gone with it."""
        assert self._daemon is not None
        self.socket.unlink()
        _end(self._daemon)
        self._daemon = None
        for slot in list(self._cards):
            self.take(slot)

    def put(self, slot: int, *card: str) -> None:
        """Lay a card on a reader: the arguments of `edge.cards.vpcd_card`."""
        program = [sys.executable, "-m", "edge.cards.vpcd_card", "--port", str(FIRST_PORT + slot)]
        self._cards[slot] = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self._enter(), *program, *card]
        )

    def take(self, slot: int) -> None:
        """Take the card away and wait until the service has seen it."""
        _end(self._cards.pop(slot))
        if self._daemon is not None:
            poll(lambda: not self.has_card(slot), f"reader {slot} empty")

    def has_card(self, slot: int) -> bool:
        """Whether the service sees a card on a reader."""
        from smartcard import scard

        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        try:
            _, states = scard.SCardGetStatusChange(context, 0, [(self.readers[slot], 0)])
            return bool(states[0][1] & scard.SCARD_STATE_PRESENT)
        finally:
            scard.SCardReleaseContext(context)

    def wait_for_card(self, slot: int) -> None:
        """Wait until the service sees a card on a reader."""
        poll(lambda: self.has_card(slot), f"a card on reader {slot}")

    def close(self) -> None:
        for card in self._cards.values():
            _end(card)
        if self._daemon is not None:
            _end(self._daemon)
        _end(self._holder)
        shutil.rmtree(self.folder)

    def clear(self) -> None:
        """Leave a running service with empty readers for the next test."""
        for slot in list(self._cards):
            self.take(slot)
        if self._daemon is None:
            self.start()

    def _enter(self) -> list[str]:
        inside = f"/proc/{self._holder.pid}/ns"
        return ["nsenter", f"--net={inside}/net", f"--mount={inside}/mnt"]

    def _inside_is_ready(self) -> bool:
        assert self._holder.poll() is None, "no namespace of our own: " + REMEDY
        return Path(f"/proc/{self._holder.pid}/comm").read_text().strip() == "cat"

    def _listens(self, slot: int) -> bool:
        assert self._daemon is not None
        assert self._daemon.poll() is None, "pcscd ended: " + REMEDY
        sockets = Path(f"/proc/{self._holder.pid}/net/tcp").read_text()
        return f":{FIRST_PORT + slot:04X} 00000000:0000 0A" in sockets


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    if process.stdin is not None:
        process.stdin.close()


@pytest.fixture(scope="session")
def running_service() -> Iterator[CardService]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    missing += [] if LIBRARY.exists() else ["vsmartcard-vpcd"]
    assert not missing, f"missing {missing}: {REMEDY}"
    assert os.geteuid() == 0, f"a network namespace needs root: {REMEDY}"
    service = CardService()
    # pcsc-lite reads this once in the life of a process.
    os.environ["PCSCLITE_CSOCK_NAME"] = str(service.socket)
    try:
        service.start()
        yield service
    finally:
        service.close()


@pytest.fixture
def service(running_service: CardService) -> Iterator[CardService]:
    """A running card service with two empty readers."""
    running_service.clear()
    yield running_service
    running_service.clear()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def terminal(name: str | None = None) -> DeviceBody:
    return DeviceBody(driver=DeviceDriver.PCSC, port="cards", reader_name=name)


@pytest.fixture
def make_driver() -> Iterator[Callable[..., PcscDriver]]:
    """Builds drivers whose devices are `front` (first reader) and `back` (second)."""
    drivers: list[PcscDriver] = []

    def make(
        inbox: Inbox,
        profiles: tuple[str, ...] = DEFAULT_PROFILES,
        narrow_to: str | None = None,
        tap_timeout_s: float = 3.0,
    ) -> PcscDriver:
        chosen = choose_profiles(load_profiles(), profiles)
        reading = CardReading(chosen, narrow_to, tap_timeout_s)
        driver = PcscDriver(reading, PcscTimes(retry_first_s=0.05, retry_most_s=0.2))
        driver.configure({"front": terminal("*00 00"), "back": terminal("00 01")}, {})
        driver.start(inbox)
        drivers.append(driver)
        return driver

    yield make
    for driver in drivers:
        driver.stop()
