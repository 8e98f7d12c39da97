"""Peers of the hub, each a process:

    python -m bench.event_path.subscribers KIND PORT COUNT FOLDER

- `count`: a paho subscriber that counts and does nothing else, QoS 1, paho's own acknowledgement.
- `tutorial-wal`: what a tutorial shows, `json.loads` and one INSERT and COMMIT a message, on SQLite
  with `journal_mode=WAL`, `synchronous=FULL`.
- `tutorial-defaults`: the same with SQLite's defaults (a rollback journal, FULL).

Says `ready` once it is subscribed, then, after COUNT messages, nanoseconds of the monotonic clock.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.event_path.native import ROOT
from wire.topics import PREFIX, Channel

COUNT: Final = "count"
TUTORIAL_WAL: Final = "tutorial-wal"
TUTORIAL_DEFAULTS: Final = "tutorial-defaults"
_ENVELOPE: Final = 40
"""Our envelope before the JSON, which a tutorial's payload does not have."""


def _counting() -> Callable[[bytes], None]:
    return lambda _payload: None


def _tutorial(path: Path, *pragmas: str) -> Callable[[bytes], None]:
    database = sqlite3.connect(path, check_same_thread=False)
    for pragma in pragmas:
        database.execute(pragma)
    database.execute("CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, seq, event TEXT)")

    def store(payload: bytes) -> None:
        message = json.loads(payload[_ENVELOPE:])
        for event in message["events"]:
            database.execute(
                "INSERT INTO events (seq, event) VALUES (?, ?)",
                (message["first_seq"], json.dumps(event)),
            )
        database.commit()

    return store


def _work(kind: str, folder: Path) -> Callable[[bytes], None]:
    if kind == COUNT:
        return _counting()
    if kind == TUTORIAL_WAL:
        return _tutorial(
            folder / "tutorial-wal.db", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"
        )
    return _tutorial(folder / "tutorial-defaults.db")


def main(kind: str, port: int, count: int, folder: Path) -> None:
    """Subscribe, take COUNT messages, say when."""
    threading.excepthook = lambda _failure: os._exit(1)  # paho's thread would end in silence
    work, left, done = _work(kind, folder), count, threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=kind)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        nonlocal left
        work(bytes(message.payload))
        left -= 1
        if left == 0:
            print(time.monotonic_ns(), flush=True)
            done.set()

    def on_connect(*_: Any) -> None:
        client.subscribe(f"{PREFIX}/+/{Channel.EVENTS.value}", qos=1)

    client.on_message = on_message
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait()
    client.disconnect()
    client.loop_stop()


class Subscriber:
    """One of these as a process. Use it as a context: it is subscribed then."""

    def __init__(self, kind: str, port: int, count: int, folder: Path) -> None:
        command = [sys.executable, "-m", "bench.event_path.subscribers"]
        self._process = subprocess.Popen(
            [*command, kind, str(port), str(count), str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        self._line()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def done_ns(self) -> int:
        """Wait for the last message; give the instant."""
        return int(self._line())

    def _line(self) -> str:
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError("a subscriber ended by itself")
        return line


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
