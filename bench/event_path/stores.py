"""Stores at the edge, each filled by a process of its own that dies or stops right after:

    python -m bench.event_path.stores WHOSE FOLDER COUNT END

WHOSE is `journal` (ours) or `gateway` (thingsboard-gateway's SQLite storage, with its defaults and
nothing of it changed). It takes COUNT events, 500 a second, says `accepted` after each, and ends
by SIGKILL to itself (`kill`) or by the store's own stop (`stop`). With END `times` it prints
milliseconds from accepting an event to its row being durable: for the gateway, which says nothing
of that, until another connection reads it; for the journal, which lets nobody else in while it is
open, until it says so (that this is true is what `kill` shows, and the soak).
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from bench.event_path.edge import clock_now, new_event
from bench.event_path.load import event_bytes
from bench.event_path.native import ROOT
from edge.journal.journal import open_journal

JOURNAL: Final = "journal"
GATEWAY: Final = "gateway"
GATEWAY_NAME: Final = "thingsboard-gateway 3.8.5"
_PEERS: Final = ROOT / ".venv-bench"
_LOCK: Final = ROOT / "locks" / "bench.txt"
_GAP_S: Final = 0.002
_ROW_S: Final = 10.0
_TRACE: Final = 5


class Store(Protocol):
    """What takes events."""

    def accept(self, number: int) -> bool:
        """Take an event; True says that it is safe, as far as its user can know."""

    def stop(self) -> None:
        """End as a service is ended."""


class OurJournal:
    """The agent's journal."""

    def __init__(self, folder: Path) -> None:
        self._journal, _ = open_journal(folder / "journal.db", clock_now())

    def accept(self, _number: int) -> bool:
        return len(self._journal.append([new_event()], clock_now())) == 1

    def stop(self) -> None:
        self._journal.close()


class GatewayStore:
    """The peer's storage, as the gateway makes it."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(_PEERS))
        module: Any = importlib.import_module(
            "thingsboard_gateway.storage.sqlite.sqlite_event_storage"
        )
        logger: Any = logging.getLogger(GATEWAY)
        logger.trace = lambda *_more, **_named: None  # the gateway adds this word to its loggers
        logger.setLevel(logging.CRITICAL)
        self._storage = module.SQLiteEventStorage(
            {"data_file_path": f"{folder}/"}, logger, threading.Event()
        )

    def accept(self, number: int) -> bool:
        return bool(self._storage.put(event_bytes(number).decode()))

    def stop(self) -> None:
        self._storage.stop()


_STORES: Final[dict[str, Callable[[Path], Store]]] = {JOURNAL: OurJournal, GATEWAY: GatewayStore}
_ROWS: Final = {
    JOURNAL: (
        "journal.db",
        "SELECT count(*) FROM events WHERE instr(body, CAST('access_granted' AS BLOB))",
    ),
    GATEWAY: ("data.db", "SELECT count(*) FROM messages"),
}


def install_gateway() -> bool:
    """Have the peer, by the lock and without its dependencies; False, told on stderr, if not."""
    if not (_PEERS / "thingsboard_gateway").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        more = ["--no-deps", "--require-hashes", "--target", str(_PEERS), "-r", str(_LOCK)]
        if subprocess.run([*pip, *more], check=False, stdout=sys.stderr).returncode:
            print(f"{GATEWAY_NAME} cannot be had: its lines are left out", file=sys.stderr)
            return False
    return True


def rows_in(whose: str, folder: Path) -> int:
    """How many events a store's file holds, read as it lies there."""
    name, sql = _ROWS[whose]
    connection = sqlite3.connect(folder / name)
    try:
        return int(connection.execute(sql).fetchone()[0])
    finally:
        connection.close()


def lost(whose: str, folder: Path, count: int, end: str) -> int:
    """Let a store take events and end it; give how many of the accepted ones are not there."""
    folder.mkdir()
    process = _start(whose, folder, count, end)
    said, _ = process.communicate()
    accepted = said.count("accepted")
    expected = -signal.SIGKILL if end == "kill" else 0
    if process.returncode != expected or accepted != count:
        raise RuntimeError(f"the store of {whose} ended otherwise: {process.returncode}")
    return accepted - rows_in(whose, folder)


def durable_times(whose: str, folder: Path, count: int) -> list[float]:
    """Milliseconds from accepting an event to its row, for each of `count` events."""
    folder.mkdir()
    said, _ = _start(whose, folder, count, "times").communicate()
    return [float(line) for line in said.splitlines()]


def _start(whose: str, folder: Path, count: int, end: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.event_path.stores", whose, str(folder), str(count), end]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _fill(store: Store, count: int) -> None:
    for number in range(count):
        if store.accept(number):
            os.write(1, b"accepted\n")
        time.sleep(_GAP_S)


def _time(whose: str, store: Store, folder: Path, count: int) -> None:
    for number in range(count):
        begun = time.perf_counter()
        store.accept(number)
        while whose == GATEWAY and rows_in(whose, folder) <= number:
            if time.perf_counter() - begun > _ROW_S:
                raise TimeoutError("the row never came")
        print(1000 * (time.perf_counter() - begun), flush=True)
        time.sleep(_GAP_S * (1 + number % 7))


def main(whose: str, folder: Path, count: int, end: str) -> None:
    """Fill a store and end it."""
    store = _STORES[whose](folder)
    if end == "times":
        _time(whose, store, folder, count)
        store.stop()
        return
    _fill(store, count)
    if end == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    store.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
