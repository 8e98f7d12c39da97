"""Modes and fire: strikes that are held driven, told about, and let go; egress in every mode."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.core.model import OutputMode, Source
from edge.ports import PolicyChange
from edge.service.happenings import FireAlarm
from wire.events import EventKind, Factor
from wire.policy import EntryKind
from wire.policy_bodies import (
    Assurance,
    DoorMode,
    FailMode,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
)
from wire.reasons import Reason

CONTACT, REX, KEY_SWITCH, FIRE = 0, 2, 3, 4
HOUR = timedelta(hours=1)


def _acts(rig) -> list[OutputMode]:
    return [act.mode for act in rig.site.acts()]


def _drop_mode(rig, number: int = 900) -> None:
    rig.policy(drop=[rig.town.drop(EntryKind.MODE, rig.town_id(number))])


def test_hold_open_drives_the_strike_until_it_is_withdrawn(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    assert rig.unlocked
    rig.go(60, step_s=5)
    assert rig.unlocked
    _drop_mode(rig)
    assert not rig.unlocked
    assert _acts(rig) == [OutputMode.ON, OutputMode.OFF]
    ended = rig.last(EventKind.MODE_ENDED)
    assert (ended.mode, ended.order, ended.cause) == (DoorMode.HOLD_OPEN, 1, "withdrawn")


def test_the_beginning_is_journaled_before_the_strike_moves(rig):
    seen = []
    append = rig.journal.journal.append

    def watched(events, *rest, **named):
        if any(event.kind is EventKind.MODE_APPLIED for event in events):
            seen.append(rig.unlocked)
        return append(events, *rest, **named)

    rig.journal.journal.append = watched
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    assert seen == [False]


def test_a_hold_ends_at_its_instant_and_leaves_no_door_open(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1, expires_at=rig.time.wall_now + HOUR))
    rig.go(3_599, step_s=600)
    assert rig.unlocked
    rig.go(2)
    assert not rig.unlocked
    assert rig.last(EventKind.MODE_ENDED).cause == "expired"


def test_a_hold_that_ended_while_the_agent_was_down_is_let_go_at_the_start(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1, expires_at=rig.time.wall_now + HOUR))
    rig.crash()
    rig.time.go(7_200)
    rig.open()
    assert not rig.unlocked
    assert rig.last(EventKind.MODE_ENDED).mode is DoorMode.HOLD_OPEN


def test_a_hold_goes_on_over_a_restart_without_a_second_event(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    rig.restart()
    assert rig.unlocked
    assert len(rig.events(EventKind.MODE_APPLIED)) == 1
    assert rig.events(EventKind.MODE_ENDED) == []


def test_a_hold_whose_clock_is_lost_at_a_reboot_is_let_go(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1, expires_at=rig.time.wall_now + HOUR))
    rig.time.ntp = type(rig.time.ntp)(synchronised=False, error_ms=16_000)
    rig.restart(crash=True, reboot=True)
    assert not rig.unlocked
    assert rig.last(EventKind.MODE_ENDED).cause == "clock_untrusted"


def test_lockdown_lets_a_held_door_go_and_the_hold_comes_back_after_it(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 2, number=901))
    assert not rig.unlocked
    assert rig.last(EventKind.MODE_ENDED).cause == "superseded"
    _drop_mode(rig, 901)
    assert rig.unlocked


def test_a_release_under_way_ends_when_a_lockdown_begins(rig):
    rig.press("482915#")
    assert rig.unlocked
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 1))
    assert not rig.unlocked


def test_emergency_open_and_lockdown_follow_the_later_order(rig):
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 1))
    rig.policy(rig.town.mode(DoorMode.EMERGENCY_OPEN, 2, number=901))
    assert rig.unlocked
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 3))
    assert not rig.unlocked


def test_a_device_that_comes_back_is_told_again(rig):
    device = next(iter(rig.parts.memory.index.devices))
    rig.site.unplug(device)
    rig.settle()
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    assert not rig.unlocked
    rig.site.plug(device)
    rig.settle()
    assert rig.unlocked


def test_a_strike_that_falls_by_itself_is_driven_again(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    source = Source(next(iter(rig.parts.memory.index.devices)), 0)
    rig.site._set_output(source, rig.site._outputs[source], on=False)
    rig.go(6)
    assert rig.unlocked


def test_a_strike_that_is_rewired_while_held_is_let_go_at_its_old_place(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    device = next(iter(rig.parts.memory.index.devices))
    rig.policy(rig.town.door(strike=Point(device, 1)))
    assert rig.site.outputs() == {Source(device, 0): False, Source(device, 1): True}


def test_a_held_door_may_stand_open_and_is_neither_forced_nor_held(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    mark = len(rig.kinds())
    rig.set_input(CONTACT, True)
    rig.go(120, step_s=5)
    assert rig.since(mark) == ["door_opened"]


def test_starting_and_restarting_moves_nothing(make_rig):
    rig = make_rig()
    rig.usual()
    for how in ({}, {"crash": True}, {"crash": True, "reboot": True}):
        rig.restart(**how)
        rig.go(3)
    assert rig.site.acts() == []


# --- egress --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [None, DoorMode.LOCKED, DoorMode.LOCKDOWN])
def test_egress_is_never_refused_by_a_mode(rig, mode):
    if mode is not None:
        rig.policy(rig.town.mode(mode, 1))
    mark = len(rig.kinds())
    rig.set_input(REX, True)
    assert rig.unlocked
    granted = rig.last(EventKind.ACCESS_GRANTED)
    assert (granted.reason, granted.factor) == (Reason.EGRESS, Factor.REX)
    assert rig.since(mark) == ["access_granted", "bolt_retracted", "act_result"]


def test_rex_at_a_door_that_needs_no_release_is_told_as_such(rig):
    rig.policy(rig.town.mode(DoorMode.EMERGENCY_OPEN, 1))
    acts = len(rig.site.acts())
    rig.set_input(REX, True)
    assert rig.kinds()[-1] == "rex"
    assert len(rig.site.acts()) == acts


@pytest.mark.parametrize(
    "setting",
    [
        {"detect_forced": False},
        {"min_assurance": Assurance.CHALLENGE},
        {"min_digits": 10},
        {"fail": FailMode.SAFE},
        {"on_untrusted_clock": OnUntrustedClock.FLOOR_IN_WINDOW},
        {"on_journal_failure": OnJournalFailure.OPEN},
        {"contact": None},
        {"bolt": None},
        {"mechanical_key": None},
        {"held_after_ms": 0},
    ],
)
def test_no_setting_of_a_door_disables_its_rex(rig, setting):
    rig.policy(rig.town.door(**setting))
    rig.set_input(REX, True)
    assert rig.unlocked


# --- fire ----------------------------------------------------------------------------------------


@pytest.fixture
def burning(make_rig):
    rig = make_rig().usual()
    rig.fire_alarm = FireAlarm(next(iter(rig.parts.memory.index.devices)), FIRE)
    rig.restart()
    return rig


def test_fire_releases_the_doors_and_its_end_shuts_them(burning):
    mark = len(burning.kinds())
    burning.set_input(FIRE, True)
    assert burning.unlocked
    burning.set_input(FIRE, False)
    assert not burning.unlocked
    told = [kind for kind in burning.since(mark) if kind.startswith("fire")]
    assert told == ["fire_alarm", "fire_alarm_cleared"]


def test_fire_opens_before_anything_is_journaled(burning):
    seen = []
    append = burning.journal.journal.append

    def watched(events, *rest, **named):
        seen.append(len(burning.site.acts()))
        return append(events, *rest, **named)

    burning.journal.journal.append = watched
    burning.set_input(FIRE, True)
    assert min(seen) == 1


def test_fire_rules_over_lockdown_and_no_later_order_takes_it_back(burning):
    burning.policy(burning.town.mode(DoorMode.LOCKDOWN, 1))
    burning.set_input(FIRE, True)
    assert burning.unlocked
    burning.policy(burning.town.mode(DoorMode.LOCKDOWN, 2))
    burning.go(3)
    assert burning.unlocked


def test_an_alarm_that_rings_at_the_start_counts(burning):
    burning.set_input(FIRE, True)
    burning.restart(crash=True, reboot=True)
    assert burning.unlocked


def test_a_restart_during_an_alarm_shuts_no_door_even_before_its_input_is_heard(burning):
    burning.set_input(FIRE, True)
    mark = len(burning.site.acts())
    burning.site._state.inputs.pop(Source(burning.fire_alarm.device, FIRE))
    burning.restart(crash=True, reboot=True)
    burning.go(3)
    assert burning.unlocked
    assert OutputMode.OFF not in _acts(burning)[mark:]
    burning.set_input(FIRE, True)
    burning.set_input(FIRE, False)
    assert not burning.unlocked
    burning.restart()
    assert not burning.unlocked


def test_a_door_that_the_policy_brings_during_an_alarm_is_released_too(burning):
    (door,) = burning.parts.memory.doors
    burning.policy(drop=[burning.town.drop(EntryKind.DOOR, door)])
    burning.set_input(FIRE, True)
    assert not burning.unlocked
    burning.policy(burning.town.door())
    assert burning.unlocked


def test_an_inverted_input_releases_when_its_wire_is_cut(make_rig):
    rig = make_rig().usual()
    rig.set_input(FIRE, True)
    device = next(iter(rig.parts.memory.index.devices))
    rig.fire_alarm = FireAlarm(device, FIRE, inverted=True)
    rig.restart()
    assert not rig.unlocked
    rig.set_input(FIRE, False)
    assert rig.unlocked


def test_fire_releases_the_doors_it_is_set_up_for(make_rig):
    rig = make_rig().usual()
    device = next(iter(rig.parts.memory.index.devices))
    rig.fire_alarm = FireAlarm(device, FIRE, doors=frozenset({"another door"}))
    rig.restart()
    rig.set_input(FIRE, True)
    assert not rig.unlocked


# --- policy --------------------------------------------------------------------------------------


def test_a_policy_that_removes_a_door_lets_it_go(rig):
    rig.policy(rig.town.mode(DoorMode.HOLD_OPEN, 1))
    door = next(iter(rig.parts.memory.doors))
    rig.policy(drop=[rig.town.drop(EntryKind.DOOR, door)])
    assert not rig.unlocked


def test_the_report_names_what_was_left_out(rig):
    change = PolicyChange(
        1, 50, (b'{"kind":"elevator","id":"e","rev":1,"body":{}}', b"[]"), (), "0" * 64, False
    )
    assert rig.parts.policies.apply(change, rig.loop.now())
    applied = rig.last(EventKind.POLICY_APPLIED)
    assert (applied.version, applied.rejected) == (50, 2)
    rig.restart()
    named = [(one.kind, one.reason.value) for one in rig.parts.memory.index.rejected]
    assert named == [("elevator", "unknown_kind")]
