"""Threads that die or hang: told once, revived where they died, and a reason to end the process
where doors depend upon one that does not come back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edge.core.model import DeviceOffline
from edge.ports import ThreadSign
from edge.service.thread_watch import FAULT, HANGS_MOST_S, ThreadWatch
from wire.events import EventKind

PART = "bus0: bus"


@dataclass
class Owner:
    """A thread in the test's hand."""

    time: object
    alive: bool = True
    frozen_ns: int | None = None
    must_live: bool = True
    devices: tuple[str, ...] = ()
    comes_back: bool = True
    revivals: int = 0
    refuses: bool = False
    log: list[str] = field(default_factory=list)

    def threads(self) -> tuple[ThreadSign, ...]:
        beat_ns = self.time.mono if self.frozen_ns is None else self.frozen_ns
        return (ThreadSign("bus", self.alive, beat_ns, 6.0, self.must_live, self.devices),)

    def revive(self) -> None:
        self.revivals += 1
        if self.refuses:
            raise OSError("no more threads")
        self.alive = self.comes_back


@pytest.fixture
def owner(rig) -> Owner:
    return Owner(rig.time, devices=(rig.town.device_id,))


@pytest.fixture
def watched(rig, owner):
    parts = rig.parts
    watch = ThreadWatch(lambda: {"bus0": owner}, parts.memory, parts.recorder, parts.happenings)

    def go(seconds: float) -> ThreadWatch:
        for _ in range(round(seconds)):
            rig.time.go(1)
            watch.tick(rig.loop.now())
        return watch

    watch.begin({}, "", rig.loop.now())
    go(2)
    return go


def test_a_thread_that_hangs_is_told_once_within_8_s_and_once_that_it_is_over(rig, owner, watched):
    owner.frozen_ns = rig.time.mono
    watched(8)
    assert [body.cause for body in rig.bodies(EventKind.AGENT_FAULT)] == ["hangs"]
    assert rig.parts.memory.standing(rig.town.device_id).cause == "thread_hangs"
    watched(40)
    owner.frozen_ns = None
    watched(20)
    assert rig.parts.memory.standing(rig.town.device_id).online
    assert rig.bodies(EventKind.AGENT_FAULT_CLEARED) == []
    watched(20)
    assert len(rig.bodies(EventKind.AGENT_FAULT)) == 1
    assert len(rig.bodies(EventKind.AGENT_FAULT_CLEARED)) == 1
    assert rig.journal.state(FAULT) == {}
    assert owner.revivals == 0


def test_its_devices_are_told_offline_once_and_one_that_was_away_stays_away(rig, owner, watched):
    device = rig.town.device_id
    rig.loop.handle(DeviceOffline(device, "port_lost", rig.time.mono))
    before = len(rig.bodies(EventKind.DEVICE_OFFLINE))
    owner.frozen_ns = rig.time.mono
    watched(10)
    owner.frozen_ns = None
    watched(40)
    assert len(rig.bodies(EventKind.DEVICE_OFFLINE)) == before
    assert rig.parts.memory.standing(device).online is False


def test_after_a_hang_and_a_death_the_driver_alone_tells_who_is_back(rig, owner, watched):
    """The new thread goes round before anybody has answered it."""
    owner.frozen_ns = rig.time.mono
    watched(10)
    owner.alive = False
    watched(1)
    owner.frozen_ns = None
    watched(3)
    assert (owner.revivals, owner.alive) == (1, True)
    assert rig.parts.memory.standing(rig.town.device_id).online is False


def test_a_thread_that_died_is_revived_at_once_and_told_once(rig, owner, watched):
    owner.alive = False
    watched(1)
    assert (owner.revivals, owner.alive) == (1, True)
    watched(40)
    assert [body.cause for body in rig.bodies(EventKind.AGENT_FAULT)] == ["died"]
    (over,) = rig.bodies(EventKind.AGENT_FAULT_CLEARED)
    assert (over.part, over.revived) == (PART, 1)
    assert rig.parts.memory.counters["threads_revived"] == 1


@pytest.mark.parametrize("refuses", [False, True])
def test_one_that_dies_again_and_again_is_given_up_and_the_process_is_unfit(
    rig, owner, watched, refuses
):
    owner.alive, owner.comes_back, owner.refuses = False, False, refuses
    watch = watched(200)
    assert owner.revivals == 5
    causes = [body.cause for body in rig.bodies(EventKind.AGENT_FAULT)]
    assert causes == ["died", "given_up"]
    assert watch.unfit == PART


def test_without_one_that_no_door_depends_upon_the_process_stays_fit(rig, owner, watched):
    owner.alive, owner.comes_back, owner.must_live = False, False, False
    watch = watched(300)
    assert watch.unfit == ""
    assert [one.state for one in watch.standings] == ["given_up"]


def test_a_hang_that_lasts_makes_the_process_unfit_until_it_ends(rig, owner, watched):
    owner.frozen_ns = rig.time.mono
    assert watched(HANGS_MOST_S).unfit == ""
    assert watched(10).unfit == PART
    owner.frozen_ns = None
    assert watched(2).unfit == ""


def test_a_pause_of_the_whole_process_is_held_against_no_thread(rig, owner, watched):
    owner.frozen_ns = rig.time.mono
    rig.time.go(30)
    watch = watched(1)
    owner.frozen_ns = None
    watched(5)
    assert rig.bodies(EventKind.AGENT_FAULT) == []
    assert [one.state for one in watch.standings] == ["well"]


def test_after_a_long_sleep_a_thread_that_goes_round_every_5_s_has_its_time(rig, owner, watched):
    owner.frozen_ns = rig.time.mono
    rig.time.go(8 * 3600)
    watched(5)
    assert rig.bodies(EventKind.AGENT_FAULT) == []
    watched(3)
    assert [body.cause for body in rig.bodies(EventKind.AGENT_FAULT)] == ["hangs"]


def test_a_fault_that_a_restart_left_is_over_once_the_thread_goes_round(rig, owner, watched):
    owner.alive, owner.comes_back = False, False
    watched(2)
    assert list(rig.journal.state(FAULT)) == [FAULT + PART]
    parts = rig.parts
    again = ThreadWatch(lambda: {"bus0": owner}, parts.memory, parts.recorder, parts.happenings)
    owner.alive = True
    again.begin(rig.journal.state(FAULT), "", rig.loop.now())
    for _ in range(40):
        rig.time.go(1)
        again.tick(rig.loop.now())
    assert len(rig.bodies(EventKind.AGENT_FAULT)) == 1
    assert len(rig.bodies(EventKind.AGENT_FAULT_CLEARED)) == 1
    assert rig.journal.state(FAULT) == {}


def test_a_loop_that_hung_is_told_by_the_next_life_and_cleared_by_it(rig, owner):
    parts = rig.parts
    watch = ThreadWatch(lambda: {"bus0": owner}, parts.memory, parts.recorder, parts.happenings)
    watch.begin({}, "loop", rig.loop.now())
    (fault,) = rig.bodies(EventKind.AGENT_FAULT)
    assert (fault.part, fault.cause) == ("loop", "hangs")
    for _ in range(60):
        rig.time.go(1)
        watch.tick(rig.loop.now())
    (over,) = rig.bodies(EventKind.AGENT_FAULT_CLEARED)
    assert over.part == "loop"
    assert rig.journal.state(FAULT) == {}


def test_an_owner_that_cannot_say_is_logged_and_keeps_the_loop_from_nothing(rig, owner, watched):
    def broken():
        raise RuntimeError("broken")

    owner.threads = broken
    before = rig.parts.memory.counters["internal_errors"]
    watched(3)
    assert rig.parts.memory.counters["internal_errors"] == before + 3
