"""Grants to a zone, grants that need an escort, cards that expire."""

from __future__ import annotations

from datetime import timedelta

import pytest

from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.policy import EntryKind
from wire.reasons import Reason


def test_a_grant_to_a_zone_opens_every_door_that_leads_into_it_and_no_other(world):
    hall = world.add_zone()
    world.add_card("suica", person=world.id("person"))
    world.add_person()
    world.add_grant(door=None, zone=hall, person=world.id("person"))
    assert world.card("suica").reason is Reason.NO_GRANT
    world.add_door(zone_in=hall)
    decision = world.card("suica")
    assert (decision.reason, decision.grant) == (Reason.CARD_VALID, world.id("grant"))
    world.add_door(zone_in=world.add_zone("yard"), zone_out=hall)
    assert world.card("suica").reason is Reason.NO_GRANT


def test_grants_to_the_door_and_to_its_zone_both_count(world):
    hall = world.add_zone()
    world.add_door(zone_in=hall)
    world.add_card("suica", person=world.id("person"))
    world.add_person()
    world.add_grant("blocked", person=world.id("person"), state=pb.EntryState.BLOCKED)
    world.add_grant("zone", door=None, zone=hall, person=world.id("person"))
    assert world.card("suica").grant == world.id("zone")
    world.drop(EntryKind.GRANT, world.id("zone"))
    assert world.card("suica").reason is Reason.CREDENTIAL_BLOCKED


def _visitor(world, **changes) -> None:
    world.add_card("visitor")
    body = {"credential": world.id("card"), "escorts": (world.id("host"),), "escort_s": 20}
    world.add_grant(**{**body, **changes})


def test_a_visitor_goes_in_only_after_an_escort_within_its_seconds(world):
    _visitor(world)
    world.add_person("host")
    assert world.card("visitor").reason is Reason.ESCORT_MISSING
    world.let_in[world.door, pb.Side.ENTRY] = {world.id("host"): world.mono_ns}
    assert world.card("visitor").reason is Reason.CARD_VALID
    world.go(20)
    assert world.card("visitor").reason is Reason.CARD_VALID
    world.go(0.001)
    assert world.card("visitor").reason is Reason.ESCORT_MISSING


def test_somebody_else_or_at_another_side_is_no_escort(world):
    _visitor(world)
    world.add_person("host")
    world.let_in[world.door, pb.Side.ENTRY] = {world.id("stranger"): world.mono_ns}
    world.let_in[world.door, pb.Side.EXIT] = {world.id("host"): world.mono_ns}
    assert world.card("visitor").reason is Reason.ESCORT_MISSING


def test_a_member_of_an_escorting_group_is_an_escort(world):
    _visitor(world, escorts=(world.id("guides"),))
    world.add_person("anna", groups=(world.id("guides"),))
    world.let_in[world.door, pb.Side.ENTRY] = {world.id("anna"): world.mono_ns}
    assert world.card("visitor").reason is Reason.CARD_VALID


def test_a_card_ends_at_its_end_whatever_it_was_granted(staffed):
    end = staffed.NOON + timedelta(minutes=1)
    staffed.add_card("suica", person=staffed.id("person"), end=end)
    assert staffed.card("suica").reason is Reason.CARD_VALID
    staffed.go(60)
    assert staffed.card("suica").reason is Reason.EXPIRED


def test_a_right_pin_without_its_escort_costs_no_try_as_a_wrong_one_does(world):
    """It opens a moment later, and guess-risk counts it as live."""
    world.add_pin("482915")
    world.add_grant(credential=world.id("pin"), escorts=(world.id("host"),))
    told = [world.pin(digits) for digits in ("482915", "111213")]
    assert [(each.reason, each.spends_try) for each in told] == [
        (Reason.ESCORT_MISSING, False),
        (Reason.UNKNOWN_PIN, True),
    ]


@pytest.mark.parametrize("mode", [pb.DoorMode.LOCKED, pb.DoorMode.HOLD_OPEN])
def test_a_card_that_is_over_is_told_so_before_a_manual_mode(staffed, mode):
    staffed.add_card("suica", person=staffed.id("person"), end=staffed.NOON)
    staffed.add_mode(mode, 1)
    assert staffed.card("suica").reason is Reason.EXPIRED
    staffed.add_mode(pb.DoorMode.LOCKDOWN, 2)
    assert staffed.card("suica").reason is Reason.LOCKDOWN


def test_without_a_clock_a_card_is_over_only_when_that_is_certain(staffed):
    staffed.add_card("suica", person=staffed.id("person"), end=staffed.floor)
    staffed.state = ClockState.UNTRUSTED
    assert staffed.card("suica").reason is Reason.BELOW_FLOOR
    later = staffed.floor + timedelta(seconds=1)
    staffed.add_card("suica", person=staffed.id("person"), end=later)
    assert staffed.card("suica").reason is Reason.CARD_VALID
