"""Two hundred agents come back after an outage: the hub is not flooded, and what happens now does
not wait.

Real sessions and journals, the hub's real desk, pacing and ingest over its real database; the
network and the hub's speed are the test's.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.promises.fleet_bench import SimEdge, SimHub, Time, numbers_in

AGENTS = 200
BACKLOG = 60
HUB_ROWS_PER_S = 3_000
STEP_S = 0.25
LIVE = 1_000_000


class Fleet:
    """Agents that all come back within two seconds, and people at their doors meanwhile."""

    def __init__(self, folder, *, paced: bool) -> None:
        self.chance = random.Random(20261126)
        self.time = Time()
        self.hub = SimHub(folder, self.time)
        if not paced:
            self.hub.pacing.per_s = lambda: 1_000_000
        self.edges = {}
        for number in range(AGENTS):
            name = f"agent{number:011d}"
            path = folder / f"{name}.db"
            self.edges[name] = SimEdge(self.hub, name, path, f"boot-{number}", capacity=1_000)
            self.edges[name].happen(*range(BACKLOG))
        self.hub.say = self._down
        self.hub.committed = self._note
        self.back_at = {name: 2.0 * self.chance.random() for name in self.edges}
        self.next_live_s = {name: 10 * self.chance.random() for name in self.edges}
        self.born: dict[int, float] = {}
        self.latency: list[float] = []
        self.numbers = LIVE

    def _down(self, topic: str, payload: bytes) -> bool:
        return self.edges[topic.split("/")[2]].hear(topic, payload)

    def _note(self, read) -> None:
        for number in numbers_in(row.body for row in read.rows):
            if number in self.born:
                self.latency.append(self.time.s - self.born.pop(number))

    def run(self, longest_s: float) -> float:
        """Run until everybody has caught up; give how long it took."""
        while not all(edge.caught_up and edge.online for edge in self.edges.values()):
            assert self.time.s < longest_s, "it does not drain"
            self.run_for(STEP_S)
        return self.time.s

    def run_for(self, seconds: float) -> None:
        """Run for a while."""
        end = self.time.s + seconds
        while self.time.s < end:
            self.time.s += STEP_S
            for name, edge in self.edges.items():
                self._live(name, edge)
            self.hub.serve(int(HUB_ROWS_PER_S * STEP_S), HUB_ROWS_PER_S)

    def _live(self, name: str, edge: SimEdge) -> None:
        if not edge.online:
            if self.time.s >= self.back_at[name]:
                edge.connect()
            return
        edge.tick()
        if self.time.s >= self.next_live_s[name]:
            self.next_live_s[name] = self.time.s + 5 + 10 * self.chance.random()
            self.numbers += 1
            self.born[self.numbers] = self.time.s
            edge.happen(self.numbers)

    def close(self) -> None:
        for edge in self.edges.values():
            edge.journal.close()
        self.hub.end()


@pytest.fixture
def fleet(memory_folder, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: None)  # 400 journals, each whole at once
    made = []

    def make(name, **how):
        folder = memory_folder / name
        folder.mkdir()
        made.append(Fleet(folder, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_two_hundred_agents_drain_their_backlogs_and_what_happens_now_passes_them(fleet):
    paced = fleet("paced", paced=True)
    took_s = paced.run(120)
    rows = AGENTS * (BACKLOG + 1)
    assert took_s < 4 * rows / HUB_ROWS_PER_S, "half the hub's speed is used, and little wasted"
    live_s = sorted(paced.latency)
    assert len(live_s) > AGENTS / 2
    assert live_s[len(live_s) * 99 // 100] <= 1.0, "what happens now waits for no backlog"
    kept = [numbers_in(body for _, _, body in paced.hub.bodies(name)) for name in paced.edges]
    assert all(sorted(one)[:BACKLOG] == [*range(BACKLOG)] for one in kept)
    assert all(len(one) == len(set(one)) for one in kept)
    assert sum(len(one) for one in kept) == AGENTS * BACKLOG + paced.numbers - LIVE

    flooded = fleet("flooded", paced=False)
    flooded.run_for(6)
    assert paced.hub.most_waiting * 5 < flooded.hub.most_waiting, "the hub's queue is shorter"
    assert live_s[-1] * 5 < max(flooded.latency), "which is what the pace is for"
