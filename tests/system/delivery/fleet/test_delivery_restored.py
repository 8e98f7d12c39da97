"""Days without a hub, a broker that forgets, and a hub put back from yesterday's backup: every
event is in the hub once."""

from __future__ import annotations

import random
import shutil

import pytest

from edge.ports import PolicyChange
from tests.promises.fleet_bench import SimEdge, SimHub, Time, numbers_in
from wire.messages import HeldPolicy
from wire.policy import PolicyDigest, entry_hash
from wire.samples import ENTRIES

NAMES = ("k7w2m9x4c1t8z5qa", "aaaabbbbccccdddd", "zzzz0000yyyy1111")
HOUR_S = 3_600


@pytest.fixture
def world(memory_folder):
    time = Time()
    hub = SimHub(memory_folder, time)
    edges = {
        name: SimEdge(hub, name, memory_folder / f"{name}.db", f"boot-{name}", capacity=20_000)
        for name in NAMES
    }
    hub.say = lambda topic, payload: edges[topic.split("/")[2]].hear(topic, payload)
    yield hub, edges, memory_folder
    for edge in edges.values():
        edge.journal.close()
    hub.end()


def settle(hub, edges, longest_s=4_000):
    end = hub.time.s + longest_s
    while not all(edge.caught_up for edge in edges.values()):
        assert hub.time.s < end, "it does not drain"
        hub.time.s += 0.25
        for edge in edges.values():
            edge.tick()
        hub.serve(1_000, 4_000)


def check(hub, edges, happened):
    for name, edge in edges.items():
        kept = [body for _, _, body in hub.bodies(name)]
        assert sorted(numbers_in(kept)) == sorted(happened[name]), name
        assert not edge.alarms, edge.alarms
    assert not hub.alarm_rows()


def happen(edges, happened, chance, count):
    for _ in range(count):
        name = chance.choice(NAMES)
        number = sum(map(len, happened.values()))
        happened[name].append(number)
        edges[name].happen(number)


@pytest.mark.parametrize("broker", ["stays", "forgets"])
def test_after_five_days_without_a_hub_everything_is_there_once(world, broker):
    """The hub is away for 120 hours; the broker stays, or is away as well and remembers nothing."""
    hub, edges, _ = world
    chance, happened = random.Random(5), {name: [] for name in NAMES}
    for edge in edges.values():
        edge.connect()
    happen(edges, happened, chance, 100)
    settle(hub, edges)
    hub.end()
    for edge in edges.values():
        edge.carry = lambda _topic, _payload: None  # nobody listens
        if broker == "forgets":
            edge.lose()
    for _ in range(120):
        happen(edges, happened, chance, 40)
        for _ in range(4):
            hub.time.s += HOUR_S / 4
            for edge in edges.values():
                edge.tick()
    hub.begin()
    for edge in edges.values():
        edge.carry = hub.receive
        if broker == "forgets":
            edge.connect()
    hub.time.s += 61  # hello is said at least once a minute
    settle(hub, edges)
    assert sum(map(len, happened.values())) == 4_900
    check(hub, edges, happened)


def test_a_hub_put_back_from_yesterday_gets_everything_again_and_nothing_twice(world):
    hub, edges, folder = world
    chance, happened = random.Random(7), {name: [] for name in NAMES}
    for edge in edges.values():
        edge.connect()
    happen(edges, happened, chance, 300)
    settle(hub, edges)
    hub.db.copy_to(folder / "backup.db")
    happen(edges, happened, chance, 700)
    hub.time.s += 24 * HOUR_S
    settle(hub, edges)
    happen(edges, happened, chance, 50)  # on their way when the disk dies
    hub.end()
    for name in ("hub.db", "hub.db-wal", "hub.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(folder / "backup.db", folder / "hub.db")
    hub.hub_epoch = 2
    hub.begin()
    for edge in edges.values():
        edge.lose()
        edge.connect()
    settle(hub, edges)
    check(hub, edges, happened)


def test_a_controller_follows_the_policy_of_the_hub_that_was_put_back(world):
    """Lower version, newer hub epoch: it asks for a snapshot, and holds it from then on."""
    hub, edges, _ = world
    edge = edges[NAMES[0]]
    edge.store.apply(change(hub_epoch=1, version=9, entries=ENTRIES))
    held = ENTRIES[:2]
    hub.held = lambda _scope, _controller: HeldPolicy(version=4, digest=digest(held))
    wants = []
    hub.wanted = lambda _scope, _controller, want: wants.append(want.from_version) or []
    hub.hub_epoch = 2
    hub.end()
    hub.begin()
    edge.connect()
    assert wants == [None]
    assert edge.session._inbox.hub_epoch == 2
    edge.store.apply(change(hub_epoch=2, version=4, entries=held))
    assert edge.store.numbers() == (2, 4)


def digest(entries):
    return PolicyDigest(map(entry_hash, entries)).hex


def change(hub_epoch, version, entries):
    return PolicyChange(
        hub_epoch=hub_epoch,
        version=version,
        put=tuple(entries),
        drop=(),
        digest=digest(entries),
        snapshot=True,
    )
