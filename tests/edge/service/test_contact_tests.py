"""A contact passes its test when it saw the door open and close; else the cause says what it did
not see, and the journal has it either way."""

from __future__ import annotations

import pytest

from edge.service.contact_tests import LONGEST_S, TestRefusedError
from wire.events import EventKind

CONTACT = 0


@pytest.fixture
def tests(rig):
    return rig.parts.happenings.tests


def begin(rig) -> None:
    rig.parts.happenings.tests.begin(rig.town.door_id, rig.loop.now())


def body(rig):
    (told,) = rig.bodies(EventKind.CONTACT_TESTED)
    return told


def test_a_contact_that_saw_the_door_open_and_close_passes(rig, tests):
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)
    begin(rig)
    assert tests.result(rig.town.door_id).passed is None
    rig.set_input(CONTACT, True)
    assert tests.result(rig.town.door_id).seen_open
    rig.set_input(CONTACT, False)
    assert tests.result(rig.town.door_id).passed
    told = body(rig)
    assert (told.door, told.passed, told.cause) == (rig.town.door_id, True, "")


def test_a_door_that_stands_open_at_the_beginning_is_closed_and_counts(rig):
    rig.set_input(CONTACT, True)
    begin(rig)
    rig.go(1)
    rig.set_input(CONTACT, False)
    assert body(rig).passed


def _closed(rig) -> None:
    rig.set_input(CONTACT, True)
    rig.set_input(CONTACT, False)


def _open(rig) -> None:
    rig.set_input(CONTACT, True)


def _offline(rig) -> None:
    _closed(rig)
    rig.site.unplug(rig.town.device_id)
    rig.settle()


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        (lambda rig: None, "contact_unknown"),
        (_closed, "never_opened"),
        (_open, "never_closed"),
        (_offline, "device_offline"),
    ],
)
def test_what_was_not_seen_in_time_is_named(rig, how, cause):
    how(rig)
    begin(rig)
    rig.go(LONGEST_S - 1, step_s=1)
    assert rig.events(EventKind.CONTACT_TESTED) == []
    rig.go(2)
    told = body(rig)
    assert (told.passed, told.cause) == (False, cause)


def test_a_door_that_is_not_here_or_has_no_contact_is_refused(rig, tests):
    with pytest.raises(TestRefusedError, match="no such door"):
        tests.begin("nowhere", rig.loop.now())
    rig.policy(rig.town.door(contact=None))
    with pytest.raises(TestRefusedError, match="no contact"):
        tests.begin(rig.town.door_id, rig.loop.now())
    with pytest.raises(TestRefusedError):
        tests.result(rig.town.door_id)


def test_a_door_that_the_policy_takes_away_meanwhile_fails(rig):
    from wire.policy import EntryKind

    begin(rig)
    rig.policy(drop=[rig.town.drop(EntryKind.DOOR, rig.town.door_id)])
    rig.go(1)
    assert not body(rig).passed


def test_a_test_that_is_begun_again_ends_once(rig):
    _closed(rig)
    begin(rig)
    rig.go(20, step_s=1)
    begin(rig)
    rig.go(20, step_s=1)
    assert rig.events(EventKind.CONTACT_TESTED) == []
    rig.go(11, step_s=1)
    assert body(rig).cause == "never_opened"
