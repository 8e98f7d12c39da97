"""A shelter is opened on the spot without any network: by its switch, a sign, or somebody there."""

from __future__ import annotations

import pytest

from edge.service.shelter import ShelterInput, SwitchStillOnError
from wire.events import EventKind
from wire.policy_bodies import DoorMode
from wire.reasons import Reason

SWITCH = 6


@pytest.fixture
def make_site(make_rig):
    """A site whose door is a shelter's, away from its hub; its switch is wired to channel 6."""

    def make(*, shelter=True, **switch):
        rig = make_rig().usual()
        rig.policy(rig.town.door(shelter=shelter))
        rig.shelter_input = ShelterInput(rig.town.device_id, SWITCH, **switch)
        rig.restart()
        rig.set_input(SWITCH, True)
        rig.set_input(SWITCH, False)
        return rig

    return make


def test_the_switch_opens_without_a_hub_and_says_so(make_site):
    rig = make_site()
    assert not rig.parts.memory.link_up
    rig.set_input(SWITCH, True)
    assert rig.unlocked
    applied = rig.last(EventKind.MODE_APPLIED)
    assert (applied.mode, applied.order, applied.cause) == (DoorMode.EMERGENCY_OPEN, 0, "shelter")
    rig.set_input(SWITCH, False)
    assert not rig.unlocked
    assert rig.last(EventKind.MODE_ENDED).order == 0


def test_whoever_comes_is_let_in_and_told_why(make_site):
    rig = make_site()
    rig.set_input(SWITCH, True)
    rig.press("909090#")
    assert rig.last(EventKind.ACCESS_GRANTED).reason is Reason.EMERGENCY_OPEN


def test_what_somebody_at_the_pi_opened_stays_open_over_a_restart(make_site):
    rig = make_site()
    rig.parts.happenings.shelter.open(rig.loop.now())
    rig.go(1)
    assert rig.unlocked
    rig.restart(crash=True)
    assert rig.unlocked
    rig.parts.happenings.shelter.close(rig.loop.now())
    rig.go(1)
    assert not rig.unlocked


def test_a_sign_that_is_latched_stays_until_somebody_takes_it_back(make_site):
    rig = make_site(latching=True)
    rig.parts.happenings.shelter.close(rig.loop.now())
    rig.set_input(SWITCH, True)
    rig.set_input(SWITCH, False)
    assert rig.unlocked
    rig.restart(crash=True, reboot=True)
    assert rig.unlocked
    rig.parts.happenings.shelter.close(rig.loop.now())
    rig.go(1)
    assert not rig.unlocked


def test_nobody_at_the_pi_closes_what_the_switch_holds_open(make_site):
    rig = make_site()
    rig.set_input(SWITCH, True)
    with pytest.raises(SwitchStillOnError):
        rig.parts.happenings.shelter.close(rig.loop.now())
    assert rig.unlocked


def test_a_lockdown_of_the_hub_stands_above_it_whichever_came_first(make_site):
    rig = make_site()
    rig.set_input(SWITCH, True)
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 3))
    assert not rig.unlocked
    rig.set_input(SWITCH, False)
    rig.set_input(SWITCH, True)
    assert not rig.unlocked


def test_a_lock_by_hand_does_not(make_site):
    rig = make_site()
    rig.policy(rig.town.mode(DoorMode.LOCKED, 3))
    rig.set_input(SWITCH, True)
    assert rig.unlocked


def test_a_door_that_is_no_shelters_stays_as_it_is(make_site):
    rig = make_site(shelter=False)
    rig.set_input(SWITCH, True)
    assert not rig.unlocked


def test_doors_named_at_the_pi_need_no_policy_that_says_so(make_site, make_rig):
    rig = make_rig().usual()
    rig.shelter_input = ShelterInput(
        rig.town.device_id, SWITCH, doors=frozenset({rig.town.door_id})
    )
    rig.restart()
    rig.set_input(SWITCH, True)
    assert rig.unlocked
