"""Runs of journal writers and ingest processes that die, and the comparison at their end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.database.all_tables import all_tables

ROOT = Path(__file__).parents[3]
TOWN_ID = "0190a000-0000-7000-8000-000000000001"


class Zygote:
    """Talks to the process that forks children."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self._answer()
        self._alive: set[int] = set()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        assert line, "the zygote is gone"
        return json.loads(line)

    def _ask(self, order: dict) -> dict:
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def spawn(self, order: dict) -> int:
        pid = self._ask(order)["born"]
        self._alive.add(pid)
        return pid

    def ended(self, pid: int) -> int | None:
        """The signal that ended a child, None while it lives; fails if it ended otherwise."""
        answer = self._ask({"wait": pid, "poll": True})
        if not answer["dead"]:
            return None
        self._alive.discard(pid)
        assert answer["signal"], f"a child ended by itself, status {answer['status']}"
        return answer["signal"]

    def kill(self, pid: int) -> None:
        if pid in self._alive:
            os.kill(pid, signal.SIGKILL)
            self._ask({"wait": pid, "poll": False})
            self._alive.discard(pid)

    def close(self) -> None:
        for pid in tuple(self._alive):
            self.kill(pid)
        self._process.stdin.close()
        self._process.wait(5)
        self._process.stdout.close()


def create_tables(path: Path) -> None:
    """Make an empty hub's database."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    all_tables().create_all(engine)
    engine.dispose()


class Delivery:
    """One run: the files, the children, and the comparison at the end."""

    def __init__(self, zygote, town, broker, folder, mqtt5) -> None:
        self.zygote, self.town, self.broker, self.folder = zygote, town, broker, folder
        self.controller = town.add_controller()
        self.database = folder / "hub.db"
        create_tables(self.database)
        self.journal = folder / "journal.db"
        self.port = broker.port
        self.mqtt5 = mqtt5
        self.lives = 0
        self.alive: list[int] = []

    def order(
        self,
        role: str,
        step: str = "",
        at: int = 0,
        limit: int = 10**9,
        burst: int = 0,
        keepalive_s: int = 30,
    ) -> dict:
        """`burst`: how many events the writer journals in one commit; 0: a few at a time."""
        self.lives += 1
        return {
            "role": role,
            "burst": burst,
            "keepalive_s": keepalive_s,
            "step": step,
            "at": at,
            "life": self.lives,
            "limit": limit,
            "controller": str(self.town.controllers[self.controller]),
            "ca": str(self.town.ca),
            "signing": str(self.town.hub / "signing.pem"),
            "hub": str(self.town.hub),
            "journal": str(self.journal),
            "accepted": str(self.folder / "accepted"),
            "complaints": str(self.folder / "complaints"),
            "database": f"sqlite:///{self.database}",
            "town": TOWN_ID,
            "port": self.port,
            "mqtt5": self.mqtt5,
        }

    def start(self, role: str, **more) -> int:
        pid = self.zygote.spawn(self.order(role, **more))
        self.alive.append(pid)
        return pid

    def finish(self) -> None:
        """End, by SIGKILL, whatever still lives."""
        while self.alive:
            self.zygote.kill(self.alive.pop())

    def settle(self, timeout_s: float = 30.0) -> None:
        """Let both live, with no new events, until the hub has everything; then end them."""
        with sqlite3.connect(self.journal) as journal:
            first, rows = journal.execute("SELECT min(row), max(row) FROM events").fetchone()
        journal.close()
        assert first == 1, "rows that the hub has were deleted: nothing is left to compare"
        ingest, writer = self.start("ingest"), self.start("writer", limit=0)
        deadline = time.monotonic() + timeout_s
        while self.in_hub() < rows:
            assert time.monotonic() < deadline, (self.in_hub(), rows)
            time.sleep(0.05)
        self.zygote.kill(writer)
        self.zygote.kill(ingest)

    def in_hub(self) -> int:
        """How far the hub is: the sum of its watermarks."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as hub:
            return hub.execute("SELECT sum(through_seq) FROM raw_watermarks").fetchone()[0] or 0

    def accepted(self) -> list[int]:
        path = self.folder / "accepted"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def verdict(self) -> dict:
        """Compare what the journal holds, what was accepted and what the hub stored: row by row,
        body by body, from one end to the other."""
        waiting = Counter(self.accepted())
        compared, same, doubled = 0, True, 0
        with sqlite3.connect(self.journal) as journal, sqlite3.connect(self.database) as hub:
            epochs = journal.execute("SELECT epoch FROM epochs").fetchall()
            conflicts = hub.execute("SELECT count(*) FROM raw_conflicts").fetchone()[0]
            alarms = hub.execute("SELECT alarm, cause, count FROM link_alarms").fetchall()
            mine = journal.execute("SELECT row, body FROM events ORDER BY row")
            theirs = hub.execute("SELECT seq, body FROM raw_events ORDER BY epoch, seq")
            numbers: set[int] = set()
            for here, there in zip_longest(mine, theirs):
                same = same and here == there
                number = number_in(there[1]) if there else None
                if number is None:
                    continue
                compared += 1
                doubled += number in numbers
                numbers.add(number)
        assert max(waiting.values(), default=1) == 1, "a writer accepted a number twice"
        assert len(epochs) == 1, "a journal that was never rolled back opened an epoch"
        assert not conflicts
        assert not (self.folder / "complaints").exists(), (self.folder / "complaints").read_text()
        return {
            "events": compared,
            "lost": len(waiting.keys() - numbers),
            "doubled": doubled,
            "same": same,
            "alarms": alarms,
        }


def number_in(body: bytes) -> int | None:
    found = json.loads(body)
    return found.get("body", {}).get("open_ms") if found["kind"] == "door_opened" else None


class KillRun:
    """Kills writer, ingest and broker again and again, the first two each at its next step.

    `broker_every`: after so many kills of the others the broker dies too, 0: never. `burst`: events
    a commit of the writer.
    """

    STEPS: ClassVar = {
        "writer": (
            "before_journal_commit",
            "after_journal_commit",
            "before_publish",
            "after_publish",
            "after_puback",
            "before_watermark",
            "after_watermark",
        ),
        "ingest": (
            "before_hub_commit",
            "after_hub_commit",
            "before_mqtt_ack",
            "before_app_ack",
            "after_app_ack",
            "after_acks",
        ),
    }
    LIFE_S = 3.0

    def __init__(self, delivery: Delivery, chance, *, broker_every: int = 0, burst: int = 0):
        self.delivery, self.chance = delivery, chance
        self.broker_every, self.burst = broker_every, burst
        self.kills: Counter[str] = Counter()
        self.overdue = 0
        self._turn = dict.fromkeys(self.STEPS, 0)
        self._broker_after = broker_every

    def killed(self, role: str) -> int:
        """How many kills fell on a role."""
        return sum(self.kills[step] for step in self.STEPS.get(role, (role,)))

    def run(self, kills: int, timeout_s: float) -> None:
        children = {role: self._next(role) for role in self.STEPS}
        deadline = time.monotonic() + timeout_s
        while self.kills.total() < kills:
            assert time.monotonic() < deadline, self.kills
            for role, (pid, step, born) in children.items():
                if self.delivery.zygote.ended(pid) is not None:
                    self.kills[step] += 1
                elif time.monotonic() - born > self.LIFE_S:
                    self.delivery.zygote.kill(pid)  # never came to its step: killed where it stands
                    self.overdue += 1
                else:
                    continue
                children[role] = self._next(role)
            self._maybe_kill_broker()
            time.sleep(0.002)
        for pid, _, _ in children.values():
            self.delivery.zygote.kill(pid)

    def _maybe_kill_broker(self) -> None:
        if not self.broker_every or self.kills.total() < self._broker_after:
            return
        time.sleep(self.chance.random() * 0.2)  # somewhere in what is on its way
        self.delivery.broker.kill()
        self.kills["broker"] += 1
        time.sleep(self.chance.choice((0.0, 0.05)))
        self.delivery.broker.start()
        self._broker_after = self.kills.total() + self.broker_every

    def _next(self, role: str) -> tuple[int, str, float]:
        steps = self.STEPS[role]
        step = steps[self._turn[role] % len(steps)]
        self._turn[role] += 1
        at = self.chance.choice((1, 1, 2, 3, 9))
        pid = self.delivery.start(role, step=step, at=at, burst=self.burst)
        return pid, step, time.monotonic()
