"""A visitor's card opens after an escort's, and an escorted visitor escorts nobody."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tests.edge.conftest import BEGIN, PERSON, made_id
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import DaySpan, DoorMode, EntryState, ScheduleBody, WeekSpan
from wire.reasons import Reason

VISITOR, OTHER = made_id(80), made_id(82)
VISITORS_NUMBER, OTHERS_NUMBER = bytes.fromhex("04777777777777"), bytes.fromhex("04666666666666")


@pytest.fixture
def visited(rig):
    """A door, and two visitors whom the usual person (or the first of them) leads."""
    town = rig.town
    rig.policy(
        town.person(VISITOR),
        town.card(VISITORS_NUMBER, credential=made_id(81), person=VISITOR),
        town.grant(made_id(84), person=VISITOR, escorts=(PERSON,), escort_s=15),
        town.card(OTHERS_NUMBER, credential=OTHER, person=None),
        town.grant(made_id(85), credential=OTHER, escorts=(VISITOR,), escort_s=15),
    )
    return rig


def _reason(rig) -> Reason:
    bodies = rig.bodies(EventKind.ACCESS_DENIED) + rig.bodies(EventKind.ACCESS_GRANTED)
    assert bodies
    events = rig.events(EventKind.ACCESS_DENIED, EventKind.ACCESS_GRANTED)
    last = events[-1].kind
    return rig.last(last).reason


def test_the_host_goes_first_then_the_visitor_within_the_seconds(visited):
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING
    visited.tap()
    visited.go(10)
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.CARD_VALID
    visited.go(6)
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


def test_an_escorted_visitor_escorts_nobody(visited):
    visited.tap()
    visited.tap(VISITORS_NUMBER)
    visited.tap(OTHERS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


def test_a_restart_forgets_who_was_let_in(visited):
    visited.tap()
    visited.restart()
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


def test_an_escort_who_is_blocked_meanwhile_leads_nobody(visited):
    visited.tap()
    visited.go(1)
    visited.policy(visited.town.person(PERSON, state=EntryState.BLOCKED))
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


@pytest.mark.parametrize("grant", [None, {"end": BEGIN}, {"state": EntryState.BLOCKED}])
def test_whom_an_open_door_lets_in_without_a_grant_of_theirs_leads_nobody(visited, grant):
    """While everybody may walk in, a card that is shown says nothing of who may be there."""
    town = visited.town
    visited.policy(town.mode(DoorMode.EMERGENCY_OPEN, 1))
    if grant is None:
        visited.policy(drop=[town.drop(EntryKind.GRANT, made_id(20))])
    else:
        visited.policy(town.grant(made_id(20), person=PERSON, **grant))
    visited.tap()
    assert _reason(visited) is Reason.EMERGENCY_OPEN
    visited.policy(drop=[town.drop(EntryKind.MODE, made_id(900))])
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


def test_whoever_types_a_duress_pin_at_a_held_open_door_leads_nobody(visited):
    town = visited.town
    visited.policy(town.pin("736150", credential=made_id(86), person=PERSON, duress=True))
    visited.policy(town.mode(DoorMode.HOLD_OPEN, 1))
    visited.press("736150#")
    assert visited.last(EventKind.ACCESS_DURESS).reason is Reason.DURESS_PIN
    visited.policy(drop=[town.drop(EntryKind.MODE, made_id(900))])
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING
    visited.press("736150#")
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.CARD_VALID


def test_a_booking_s_pin_leads_nobody_for_its_guests_share_it(visited):
    town = visited.town
    booked = town.pin("736150", credential=made_id(86), person=PERSON, booking=made_id(87))
    visited.policy(booked, town.grant(made_id(88), credential=made_id(86)))
    visited.press("736150#")
    assert _reason(visited) is Reason.PIN_VALID
    visited.tap(VISITORS_NUMBER)
    assert _reason(visited) is Reason.ESCORT_MISSING


def test_a_visit_s_pin_opens_after_the_host_alone_and_costs_no_try_before(rig):
    """However often a visitor types it too early, the keypad goes on listening to them."""
    town = rig.town
    guest = made_id(90)
    pin = town.pin("736150", credential=guest, person=None)
    rig.policy(pin, town.grant(made_id(91), credential=guest, escorts=(PERSON,), escort_s=20))
    for _ in range(12):
        rig.press("736150#")
        assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.ESCORT_MISSING
    assert rig.bodies(EventKind.PIN_LOCKOUT) == []
    assert rig.bodies(EventKind.ACCESS_GRANTED) == []
    rig.tap()
    rig.press("736150#")
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.PIN_VALID
    rig.go(21)
    rig.press("736150#")
    assert _reason(rig) is Reason.ESCORT_MISSING


def test_a_visit_s_pin_opens_nothing_from_the_moment_its_visitor_left(rig):
    """The revoked PIN comes as a new entry of the policy; an escort helps it no more."""
    town = rig.town
    guest = made_id(90)
    grant = town.grant(made_id(91), credential=guest, escorts=(PERSON,), escort_s=60)
    rig.policy(town.pin("736150", credential=guest, person=None), grant)
    rig.tap()
    rig.press("736150#")
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.PIN_VALID
    gone = EntryState.REVOKED
    rig.policy(town.pin("736150", credential=guest, person=None, state=gone))
    opened = len(rig.bodies(EventKind.ACCESS_GRANTED))
    rig.tap()
    rig.press("736150#")
    assert _reason(rig) is not Reason.PIN_VALID
    assert len(rig.bodies(EventKind.ACCESS_GRANTED)) == opened + 1, "the host's tap alone"


def test_a_daily_visit_s_pin_opens_in_each_day_s_hours_after_its_host(rig):
    """Its grant names a schedule of its own, under the credential's id."""
    town = rig.town
    guest = made_id(90)
    now = rig.time.wall_now.astimezone(ZoneInfo("Asia/Tokyo"))
    minute = now.hour * 60 + now.minute
    week = WeekSpan((0, 1, 2, 3, 4, 5, 6), (DaySpan(max(minute - 60, 0), minute + 5),))
    hours = town.put(EntryKind.SCHEDULE, guest, ScheduleBody(week=(week,)))
    grant = town.grant(made_id(91), credential=guest, escorts=(PERSON,), schedule=guest)
    rig.policy(hours, town.pin("736150", credential=guest, person=None), grant)
    rig.press("736150#")
    assert _reason(rig) is Reason.ESCORT_MISSING
    rig.tap()
    rig.press("736150#")
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.PIN_VALID
    rig.go(360, step_s=5)
    rig.tap()
    rig.press("736150#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.OUTSIDE_SCHEDULE
