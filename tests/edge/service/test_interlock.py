"""Interlocked doors: at most one is open or released; nobody is kept inside by it. And the bell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.doors import Door
from edge.core.policy_index import InputRole
from edge.service.memory import Memory
from wire import policy_bodies as pb
from wire.events import EventKind
from wire.policy import EntryKind
from wire.reasons import Reason

CONTACT, REX, OTHER_CONTACT, BELL = 0, 2, 8, 9
OTHER_STRIKE, OTHER_READER = 5, 1


@pytest.fixture
def make_lock(make_rig):
    """A lock of two doors; both are shut."""

    def make():
        rig = make_rig().usual()
        town, point = rig.town, pb.Point
        other = pb.DoorBody(
            strike=point(town.device_id, OTHER_STRIKE),
            contact=point(town.device_id, OTHER_CONTACT),
            min_assurance=pb.Assurance.IDENTIFIER,
            interlock="lock",
        )
        reader = pb.ReaderBody(device=town.device_id, channel=OTHER_READER, door=town.id(50))
        grant = pb.GrantBody(door=town.id(50), person=town.person_id)
        rig.policy(
            town.door(interlock="lock", bell=point(town.device_id, BELL)),
            town.put(EntryKind.DOOR, town.id(50), other),
            town.put(EntryKind.READER, town.id(51), reader),
            town.put(EntryKind.GRANT, town.id(52), grant),
        )
        for channel in (CONTACT, OTHER_CONTACT):
            rig.set_input(channel, True)
            rig.set_input(channel, False)
        rig.go(60, step_s=5)
        return rig

    return make


def test_while_one_door_is_open_the_other_lets_nobody_in(make_lock):
    rig = make_lock()
    rig.tap()
    assert rig.unlocked
    rig.set_input(CONTACT, True)
    rig.go(20, step_s=5)
    rig.tap(channel=OTHER_READER)
    denied = rig.last(EventKind.ACCESS_DENIED)
    assert (denied.reason, denied.door) == (Reason.INTERLOCKED, rig.town.id(50))
    rig.set_input(CONTACT, False)
    rig.tap(channel=OTHER_READER)
    assert rig.last(EventKind.ACCESS_GRANTED).door == rig.town.id(50)


def test_while_one_is_released_and_nobody_has_gone_in_yet_neither(make_lock):
    rig = make_lock()
    rig.tap()
    rig.tap(channel=OTHER_READER)
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.INTERLOCKED
    rig.go(7)
    rig.tap(channel=OTHER_READER)
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.CARD_VALID


def test_nobody_is_kept_inside(make_lock):
    rig = make_lock()
    rig.tap(channel=OTHER_READER)
    rig.set_input(OTHER_CONTACT, True)
    rig.set_input(REX, True)
    assert rig.unlocked


def test_a_leaf_that_nobody_knows_keeps_the_other_shut(make_rig):
    memory = Memory()
    body = pb.DoorBody(interlock="lock", contact=pb.Point("d", 0))
    put = [("a", body), ("b", body)]
    for name, each in put:
        memory.doors[name] = Door(name, each)
    memory.index.doors.update(dict(put))
    assert memory.interlocked("a", 10**9)
    memory.doors["b"].found(InputRole.CONTACT, active=False, at_ns=0)
    assert not memory.interlocked("a", 10**9)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["ask", "open", "shut"]),
            st.integers(0, 8_000),
        ),
        max_size=40,
    )
)
def test_whatever_people_do_no_two_doors_are_let_open_at_once(steps):
    """Three doors of one interlock: of those that were opened by permission, never two at once."""
    memory = Memory()
    body = pb.DoorBody(interlock="lock", contact=pb.Point("d", 0), unlock_ms=5_000)
    for name in "abc":
        memory.doors[name] = Door(name, body)
        memory.index.doors[name] = body
        memory.doors[name].found(InputRole.CONTACT, active=False, at_ns=0)
    now_ns = 0
    for number, what, wait_ms in steps:
        name, door = "abc"[number], memory.doors["abc"[number]]
        now_ns += wait_ms * 1_000_000
        released = now_ns <= door._released_until_ns
        if what == "ask" and not memory.interlocked(name, now_ns):
            door.release(now_ns + 5_000 * 1_000_000)
        elif what == "open" and released:
            door.input(InputRole.CONTACT, True, now_ns)
        elif what == "shut":
            door.input(InputRole.CONTACT, False, now_ns)
        assert sum(each.is_open for each in memory.doors.values()) <= 1


def test_a_ring_is_told_and_opens_nothing(make_lock):
    rig = make_lock()
    rig.set_input(BELL, True)
    rig.set_input(BELL, False)
    assert [body.door for body in rig.bodies(EventKind.DOORBELL)] == [rig.town.door_id]
    assert not rig.unlocked
    rig.go(timedelta(minutes=1).total_seconds(), step_s=10)
    assert len(rig.events(EventKind.DOORBELL)) == 1
