"""A visitor's card opens after an escort's, and an escorted visitor escorts nobody."""

from __future__ import annotations

import pytest

from tests.edge.conftest import BEGIN, PERSON, made_id
from wire.events import EventKind
from wire.policy import EntryKind
from wire.policy_bodies import DoorMode, EntryState
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
