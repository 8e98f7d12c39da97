"""A visitor's card opens after an escort's, and an escorted visitor escorts nobody."""

from __future__ import annotations

import pytest

from tests.edge.conftest import PERSON, made_id
from wire.events import EventKind
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
