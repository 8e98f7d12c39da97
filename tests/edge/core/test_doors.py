"""One stimulus, one event: forced, held, opened, closed, bolt, REX, mechanical key."""

from __future__ import annotations

import pytest

from edge.core.doors import GRACE_MS, Door, Leaf
from wire.events import DoorFoundBody, EventKind, Observed
from wire.policy_bodies import DoorBody, Point

MS = 1_000_000
SECOND = 1_000 * MS


@pytest.fixture
def door() -> Door:
    """A shut door, its state read at connect."""
    body = DoorBody(contact=Point("d", 0), bolt=Point("d", 1), held_after_ms=30_000)
    one = Door("door", body)
    one.found("contact", False, 0)
    one.found("bolt", False, 0)
    return one


def kinds(events) -> list[EventKind]:
    return [event.kind for event in events]


def test_an_opening_after_a_release_is_opened(door):
    door.release(10 * SECOND)
    assert kinds(door.input("contact", True, 9 * SECOND)) == [EventKind.DOOR_OPENED]


def test_an_opening_without_a_release_is_forced(door):
    assert kinds(door.input("contact", True, 9 * SECOND)) == [EventKind.DOOR_FORCED]


def test_a_release_holds_until_its_end_and_the_contacts_grace(door):
    door.release(10 * SECOND)
    at = 10 * SECOND + GRACE_MS * MS
    assert kinds(door.input("contact", True, at)) == [EventKind.DOOR_OPENED]
    door.input("contact", False, at)
    assert kinds(door.input("contact", True, at + 1)) == [EventKind.DOOR_FORCED]


def test_a_door_that_does_not_detect_forcing_is_opened(door):
    door.body = DoorBody(contact=Point("d", 0), detect_forced=False)
    assert kinds(door.input("contact", True, SECOND)) == [EventKind.DOOR_OPENED]


def test_a_contact_that_repeats_itself_tells_nothing(door):
    door.input("contact", True, SECOND)
    assert door.input("contact", True, 2 * SECOND) == []
    door.input("contact", False, 3 * SECOND)
    assert door.input("contact", False, 4 * SECOND) == []


def test_left_open_too_long_is_held_once_and_closing_tells_how_long(door):
    door.release(2 * SECOND)
    door.input("contact", True, SECOND)
    assert door.due_ns == 31 * SECOND
    assert door.tick(31 * SECOND - 1) == []
    assert kinds(door.tick(31 * SECOND)) == [EventKind.DOOR_HELD]
    assert door.tick(99 * SECOND) == []
    (closed,) = door.input("contact", False, 100 * SECOND)
    assert closed.kind is EventKind.DOOR_CLOSED
    assert closed.body.open_ms == 99_000
    assert door.due_ns is None


def test_a_forced_door_left_open_is_held_too(door):
    door.input("contact", True, SECOND)
    assert kinds(door.tick(31 * SECOND)) == [EventKind.DOOR_HELD]


def test_closing_in_time_tells_closed_and_how_long_it_was_open(door):
    door.release(2 * SECOND)
    door.input("contact", True, SECOND)
    (closed,) = door.input("contact", False, 3 * SECOND)
    assert (closed.kind, closed.body.open_ms) == (EventKind.DOOR_CLOSED, 2_000)


def test_a_door_that_is_driven_open_is_neither_forced_nor_held(door):
    door.drive_open(True, 0)
    assert kinds(door.input("contact", True, SECOND)) == [EventKind.DOOR_OPENED]
    assert door.tick(3_600 * SECOND) == []
    door.drive_open(False, 3_600 * SECOND)
    assert door.tick(3_630 * SECOND - 1) == []
    assert kinds(door.tick(3_630 * SECOND)) == [EventKind.DOOR_HELD]


def test_a_held_door_that_a_mode_lets_stand_open_is_held_no_longer(door):
    door.input("contact", True, SECOND)
    door.tick(31 * SECOND)
    assert kinds(door.drive_open(True, 40 * SECOND)) == [EventKind.DOOR_HELD_CLEARED]
    assert door.drive_open(True, 41 * SECOND) == []
    assert door.drive_open(False, 50 * SECOND) == []
    assert kinds(door.tick(80 * SECOND)) == [EventKind.DOOR_HELD]


def test_an_input_that_is_wired_elsewhere_is_no_longer_known(door):
    assert door.knows("contact")
    door.adopt(DoorBody(contact=Point("d", 5), bolt=Point("d", 1)))
    assert (door.knows("contact"), door.knows("bolt")) == (False, True)
    door.adopt(DoorBody(contact=Point("d", 5), bolt=Point("d", 6)))
    assert not door.knows("bolt")
    assert door.knows("rex")


def test_the_bolt_tells_each_change_once(door):
    assert kinds(door.input("bolt", True, 1)) == [EventKind.BOLT_RETRACTED]
    assert door.input("bolt", True, 2) == []
    assert kinds(door.input("bolt", False, 3)) == [EventKind.BOLT_EXTENDED]


@pytest.mark.parametrize(
    ("role", "kind"), [("rex", EventKind.REX), ("mechanical_key", EventKind.MECHANICAL_KEY)]
)
def test_rex_and_the_mechanical_key_release_the_leaf(door, role, kind):
    assert kinds(door.input(role, True, SECOND)) == [kind]
    assert door.input(role, False, SECOND) == []
    assert kinds(door.input("contact", True, 2 * SECOND)) == [EventKind.DOOR_OPENED]


def test_a_state_read_at_connect_is_told_once_and_is_no_happening(door):
    assert door.found("contact", False, SECOND) == []
    fresh = Door("other", door.body)
    (told,) = fresh.found("contact", True, SECOND)
    assert told.kind is EventKind.DOOR_FOUND
    assert told.body == DoorFoundBody(door="other", open=True)
    assert fresh.leaf is Leaf.OPEN
    assert fresh.found("contact", True, 2 * SECOND) == []


def test_a_state_read_at_connect_that_contradicts_is_noticed(door):
    door.found("bolt", False, SECOND)
    for role in ("contact", "bolt"):
        (told,) = door.found(role, True, SECOND)
        assert isinstance(told.body, DoorFoundBody)
        assert told.body.changed
    assert kinds(door.tick(31 * SECOND)) == [EventKind.DOOR_HELD]


def test_what_was_observed_is_the_bolts_word_first(door):
    assert door.observed() is Observed.NOTHING
    door.release(SECOND)
    door.input("contact", True, SECOND)
    assert door.observed() is Observed.DOOR_OPENED
    door.input("bolt", True, SECOND)
    assert door.observed() is Observed.BOLT_RETRACTED
