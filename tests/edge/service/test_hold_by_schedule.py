"""Doors that stand open by schedule: begun and ended by the clock, told like a mode."""

from __future__ import annotations

import pytest

from edge.service.status import status_of
from tests.edge.conftest import DOOR, PERSON, made_id
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import Assurance, DaySpan, DoorMode, ScheduleBody, WeekSpan
from wire.reasons import Reason

CONTACT = 0


@pytest.fixture
def office(rig):
    """A door that is held open from 18:30 to 19:00 in Tokyo; it is 18:00 there."""
    week = (WeekSpan((0, 1, 2, 3, 4), (DaySpan(1_110, 1_140),)),)
    schedule = rig.town.put(EntryKind.SCHEDULE, made_id(80), ScheduleBody(week=week))
    rig.policy(schedule, rig.town.door(hold_schedule=made_id(80)))
    return rig


def test_a_schedule_holds_its_door_open_and_shuts_it_again(office):
    office.go(1_799, step_s=60)
    assert not office.unlocked
    office.go(2)
    assert office.unlocked
    applied = office.last(EventKind.MODE_APPLIED)
    assert (applied.mode, applied.order, applied.cause) == (DoorMode.HOLD_OPEN, 0, "schedule")
    office.set_input(CONTACT, True)
    assert office.kinds()[-1] == "door_opened"  # not forced
    office.go(1_800, step_s=60)
    assert not office.unlocked
    assert office.last(EventKind.MODE_ENDED).cause == "schedule"


def test_a_hold_by_schedule_ends_with_its_clock(office):
    office.go(1_801, step_s=60)
    assert office.unlocked
    office.time.ntp = type(office.time.ntp)(synchronised=False, error_ms=16_000)
    office.restart(crash=True, reboot=True)
    assert not office.unlocked
    assert office.last(EventKind.MODE_ENDED).cause == "clock_untrusted"
    office.hub_time()
    office.go(1)
    assert office.unlocked


def test_a_lock_rules_over_the_schedule_and_the_schedule_over_nothing_else(office):
    office.go(1_801, step_s=60)
    office.policy(office.town.mode(DoorMode.LOCKED, 4))
    assert not office.unlocked
    office.policy(drop=[office.town.drop(EntryKind.MODE, made_id(900))])
    assert office.unlocked


def test_a_hold_waits_for_the_first_person_who_came_through_the_door(office):
    town = office.town
    office.policy(
        town.door(hold_schedule=made_id(80), first_person="hold"),
        town.grant(made_id(20), person=PERSON, first_person=True),
    )
    office.set_input(CONTACT, True)
    office.set_input(CONTACT, False)
    office.go(1_801, step_s=60)
    assert not office.unlocked
    office.tap(assurance=Assurance.READER_VERIFIED)
    office.go(10)
    assert not office.unlocked  # nobody opened the door
    office.tap(assurance=Assurance.READER_VERIFIED)
    office.set_input(CONTACT, True)
    office.set_input(CONTACT, False)
    office.go(1)
    assert office.unlocked
    assert list(office.journal.state("first/")) == [f"first/{DOOR}"]
    office.restart(crash=True)
    assert office.unlocked


def test_status_says_that_a_schedule_holds_the_door(office):
    office.go(1_801, step_s=60)
    parts = office.parts
    status = status_of("test", "c", parts.memory, parts.recorder, office.loop.now())
    assert (status.doors[0].mode, status.doors[0].held_by_schedule) == (None, True)


def test_a_remote_unlock_moves_nothing_at_a_door_that_its_schedule_holds(office):
    office.go(1_801, step_s=60)
    acts = len(office.site.acts())
    office.command()
    assert office.last(EventKind.COMMAND_RESULT).reason is Reason.HELD_OPEN
    assert len(office.site.acts()) == acts
