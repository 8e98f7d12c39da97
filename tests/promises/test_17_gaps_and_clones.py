"""Two machines with one identity, and holes in a numbering, are reported; the rightful loses
nothing.

A memory card is copied while the power is off (its file keeps its inode, as `dd` keeps it), and
both run. Whatever the hub is told by both under one number, it keeps both; each machine learns by
the hash at the watermark that somebody else wrote there, and goes on in an epoch of its own. What
both copies hold from before counts once.
"""

from __future__ import annotations

import random
import shutil

import pytest

from edge.journal.standing_tables import StandingTables
from tests.promises.fleet_bench import SimEdge, SimHub, Time, numbers_in

NAME = "k7w2m9x4c1t8z5qa"


@pytest.fixture
def copied_cards_keep_their_inode(monkeypatch):
    monkeypatch.setattr(StandingTables, "inode", 12_345)


@pytest.fixture
def hub(tmp_path, copied_cards_keep_their_inode):
    made = SimHub(tmp_path, Time())
    yield made
    made.end()


class Air:
    """One identity has one connection: who connects throws the other out, as a broker does."""

    def __init__(self, hub: SimHub) -> None:
        self.hub, self.holder = hub, None
        hub.say = lambda topic, payload: bool(self.holder and self.holder.hear(topic, payload))

    def take(self, edge: SimEdge) -> None:
        if self.holder is not None and self.holder is not edge:
            self.holder.lose()
        self.holder = edge
        edge.connect()

    def settle(self, edge: SimEdge) -> None:
        for _ in range(200):
            self.hub.time.s += 0.5
            edge.tick()
            self.hub.serve(500)
            if edge.caught_up:
                return
        raise AssertionError("it never caught up")


def copied(hub, folder, air, before):
    """A controller lived for a while, its card was copied, and both copies start."""
    first = SimEdge(hub, NAME, folder / "first.db", "boot-0")
    air.take(first)
    for number in range(before):
        first.happen(number)
        hub.serve(500)
    first.happen(before, before + 1, before + 2)  # in the hub, but the ack is lost with the power
    air.holder = None
    hub.serve(500)
    first.journal.close()
    shutil.copy(folder / "first.db", folder / "copy.db")
    return (
        SimEdge(hub, NAME, folder / "first.db", "boot-a"),
        SimEdge(hub, NAME, folder / "copy.db", "boot-b"),
    )


def check(hub, *edges):
    """Everything that any of them journaled counts exactly once."""
    kept = [body for _, _, body in hub.bodies(NAME)]
    numbers = sorted(numbers_in(kept))
    assert len(numbers) == len(set(numbers)), "something counts twice"
    for edge in edges:
        assert set(numbers_in(edge.bodies())) <= set(numbers), "something is lost"


def test_a_copied_card_is_one_alarm_that_names_the_controller_and_nothing_is_lost(hub, tmp_path):
    air = Air(hub)
    mine, clone = copied(hub, tmp_path, air, before=20)
    for turn in range(6):
        for edge, base in ((mine, 1_000), (clone, 2_000)):
            edge.happen(*range(base + turn * 10, base + turn * 10 + 5))
            air.take(edge)
            edge.happen(*range(base + turn * 10 + 5, base + turn * 10 + 10))
            hub.serve(500)
            hub.time.s += 1
    for edge in (clone, mine):
        air.take(edge)
        air.settle(edge)
    check(hub, mine, clone)
    alarms = hub.alarm_rows()
    assert {name for name, _ in alarms} == {NAME}
    assert (NAME, "cloned_controller") in alarms
    assert mine.journal.epoch != clone.journal.epoch, "they share a numbering no longer"


def test_two_bodies_under_one_number_are_both_kept_and_told(hub, tmp_path):
    """The clone's rows wait at the hub while the rightful one sends its own under the same seqs."""
    air = Air(hub)
    mine, clone = copied(hub, tmp_path, air, before=5)
    air.take(clone)
    clone.happen(2_001, 2_002)
    air.take(mine)
    mine.happen(1_001, 1_002)
    hub.serve(500)
    two = hub.conflicts(NAME)
    assert len(two) == 2
    assert all(first != second for _, first, second in two)
    for edge in (mine, clone):
        air.take(edge)
        air.settle(edge)
    assert hub.alarm_rows()[NAME, "two_bodies"] >= 2
    check(hub, mine, clone)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_order_two_copies_come_in_nothing_is_lost_or_counted_twice(hub, tmp_path, seed):
    chance, air = random.Random(seed), Air(hub)
    mine, clone = copied(hub, tmp_path, air, before=chance.randrange(30))
    number = 1_000
    for _ in range(60):
        edge = chance.choice((mine, clone))
        match chance.randrange(5):
            case 0:
                air.take(edge)
            case 1 | 2:
                count = chance.randrange(1, 5)
                edge.happen(*range(number, number + count))
                number += count
            case 3:
                hub.serve(chance.choice((1, 500)))
            case _:
                hub.time.s += chance.random() * 4
                edge.tick()
    for edge in (clone, mine, clone, mine):
        air.take(edge)
        air.settle(edge)
    check(hub, mine, clone)


def test_yesterdays_image_put_back_sends_what_is_new_and_counts_nothing_twice(hub, tmp_path):
    """The watermark is higher than all it can have sent: a new epoch, and what was not
    acknowledged moves into it; the hub knows most of it already."""
    air = Air(hub)
    edge = SimEdge(hub, NAME, tmp_path / "edge.db", "boot-1")
    air.take(edge)
    edge.happen(*range(40))
    edge.journal.close()
    shutil.copy(tmp_path / "edge.db", tmp_path / "yesterday.db")
    edge = SimEdge(hub, NAME, tmp_path / "edge.db", "boot-2")
    air.take(edge)
    edge.happen(*range(100, 160))
    air.settle(edge)
    first = edge.journal.epoch
    air.holder = None
    edge.journal.close()

    back = SimEdge(hub, NAME, tmp_path / "yesterday.db", "boot-3")
    back.happen(500, 501)
    air.take(back)
    back.happen(502)
    air.settle(back)
    assert back.journal.epoch != first
    numbers = sorted(numbers_in(body for _, _, body in hub.bodies(NAME)))
    assert numbers == [*range(40), *range(100, 160), 500, 501, 502]
    assert (NAME, "journal_rolled_back") in hub.alarm_rows()


def test_a_hole_that_does_not_fill_is_one_alarm_that_names_the_controller(hub, tmp_path):
    """Somebody holds one message back, again and again, and lets all the others pass."""
    air = Air(hub)
    edge = SimEdge(hub, NAME, tmp_path / "edge.db", "boot-1")
    air.take(edge)
    air.settle(edge)
    held_back = edge.journal.last_seq + 1
    marked = b'"open_ms":77}'

    def carry(topic, payload):
        if marked not in payload:
            hub.receive(topic, payload)

    edge.carry = carry
    edge.happen(77)
    for number in range(1_000, 1_400):
        hub.time.s += 1
        hub._clock_s = hub.time.s
        edge.happen(number)
        edge.tick()
        hub.serve(500)
        if number == 1_200:
            assert (NAME, "seq_hole") not in hub.alarm_rows()
    assert hub.alarm_rows()[NAME, "seq_hole"] == 1
    assert edge.journal.through_seq == held_back - 1, "nothing behind the hole is acknowledged"
    edge.carry = hub.receive
    air.settle(edge)
    check(hub, edge)


def test_an_ack_that_nobody_earned_is_an_alarm_and_moves_nothing(hub, tmp_path):
    """It lies beyond what was ever sent, in an authentic message of a hub that is confused."""
    air = Air(hub)
    edge = SimEdge(hub, NAME, tmp_path / "edge.db", "boot-1")
    air.take(edge)
    edge.happen(1, 2, 3)
    hub.ingest._acknowledge([], _acknowledged(edge, 5_000))
    assert [alarm.alarm.value for alarm in edge.alarms] == ["ack_beyond_sent"]
    assert edge.journal.through_seq == 0
    air.settle(edge)
    check(hub, edge)


def _acknowledged(edge, through):
    from hub.ingest.repository import Stored

    return Stored(through={(NAME, edge.journal.epoch): through})
