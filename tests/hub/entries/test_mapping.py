"""From events to entries, states and alarms: tables that cover the whole closed list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.entries.alarms import (
    CLEARS,
    CRITICAL,
    MOMENTARY,
    RAISES,
    WIRE,
    AlarmKind,
    Clear,
    Raise,
    alarms_of,
    rule_broken,
)
from hub.entries.devices import Contact, DeviceState, apply_device_event, device_of
from hub.entries.domain import Result
from hub.entries.doors import Bolt, DoorState, Leaf, apply_door_event, door_of
from hub.entries.mapping import TOPICS, entry_of
from hub.projection.domain import ProjectedEvent, read_row
from hub.projection.memory_journal import MemoryJournal
from wire import events as ev
from wire import samples
from wire.events import EventKind, Origin
from wire.policy_bodies import DoorMode
from wire.reasons import Reason

DOOR = samples.DOOR


def happened(kind: EventKind, body: ev.EventBody, at_s: int = 0) -> ProjectedEvent:
    journal = MemoryJournal()
    journal.add(kind, body, at_s)
    event = read_row(journal.rows[0])
    assert isinstance(event, ProjectedEvent)
    return event


def door(kind: EventKind, at_s: int = 0) -> ProjectedEvent:
    return happened(kind, ev.DoorEventBody(door=DOOR), at_s)


def mode(kind: EventKind, which: DoorMode, order: int) -> ProjectedEvent:
    return happened(kind, ev.ModeEventBody(door=DOOR, mode=which, order=order))


def test_every_kind_of_event_has_its_place_in_the_log() -> None:
    """A new kind cannot be forgotten."""
    assert set(TOPICS) == set(EventKind)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_decision_keeps_its_reason_and_result(reason: Reason) -> None:
    """What opens is granted, whatever else is denied; only an unknown card's digest is kept."""
    body = ev.AccessBody(reason=reason, factor=ev.Factor.CARD, door=DOOR, card="ab" * 32)
    entry = entry_of(happened(EventKind.ACCESS_GRANTED, body))
    assert entry is not None
    assert entry.reason is reason
    assert entry.result is (Result.GRANTED if reason.outcome == "grant" else Result.DENIED)
    assert (entry.card_digest is not None) == (reason is Reason.UNKNOWN_CARD)


@pytest.mark.parametrize("reason", [Reason.DOOR_LOCKED, Reason.LOCKDOWN, Reason.JOURNAL_FAILED])
def test_duress_at_a_door_that_stays_shut_is_an_alarm_and_a_denial(reason: Reason) -> None:
    """The silent alarm does not depend on the door's opening."""
    body = ev.AccessBody(reason=reason, factor=ev.Factor.PIN, door=DOOR)
    event = happened(EventKind.ACCESS_DURESS, body)
    entry = entry_of(event)
    assert entry is not None
    assert (entry.result, entry.reason) == (Result.DENIED, reason)
    assert [raised.kind for raised in alarms_of(event)] == [AlarmKind.DURESS]


def test_a_door_follows_its_events() -> None:
    """Leaf, bolt, held and forced; a closed door is neither held nor forced."""
    state = DoorState(DOOR)
    assert (state.leaf, state.bolt, state.heard_at) == (Leaf.UNKNOWN, Bolt.UNKNOWN, None)
    for kind in (EventKind.BOLT_RETRACTED, EventKind.DOOR_FORCED, EventKind.DOOR_HELD):
        state = apply_door_event(state, door(kind))
    assert (state.leaf, state.bolt) == (Leaf.OPEN, Bolt.RETRACTED)
    assert state.held_since
    assert state.forced_since
    for kind in (EventKind.DOOR_CLOSED, EventKind.BOLT_EXTENDED):
        state = apply_door_event(state, door(kind, 5))
    assert (state.leaf, state.bolt) == (Leaf.CLOSED, Bolt.EXTENDED)
    assert (state.held_since, state.forced_since) == (None, None)


def test_a_door_is_known_from_the_first_look_at_it() -> None:
    """How it was found is a state; only what moved while nobody looked is an entry."""

    def found(**told: bool) -> ProjectedEvent:
        return happened(EventKind.DOOR_FOUND, ev.DoorFoundBody(door=DOOR, **told))

    state = apply_door_event(DoorState(DOOR), found(open=False))
    state = apply_door_event(state, found(bolt_retracted=False))
    assert (state.leaf, state.bolt) == (Leaf.CLOSED, Bolt.EXTENDED)
    state = apply_door_event(state, found(open=True, changed=True))
    assert (state.leaf, state.bolt) == (Leaf.OPEN, Bolt.EXTENDED)
    assert entry_of(found(open=False)) is None
    entry = entry_of(found(open=True, changed=True))
    assert entry is not None
    assert (entry.door_id, entry.cause) == (DOOR, "open")


def test_of_several_modes_the_one_of_the_wires_precedence_prevails() -> None:
    """An emergency beats a manual order, and of emergencies the later order wins."""
    applied, ended = EventKind.MODE_APPLIED, EventKind.MODE_ENDED
    state = DoorState(DOOR)
    for which, order in (
        (DoorMode.LOCKDOWN, 4),
        (DoorMode.EMERGENCY_OPEN, 5),
        (DoorMode.HOLD_OPEN, 9),
    ):
        state = apply_door_event(state, mode(applied, which, order))
    assert state.mode is not None
    assert state.mode.mode is DoorMode.EMERGENCY_OPEN
    state = apply_door_event(state, mode(ended, DoorMode.EMERGENCY_OPEN, 5))
    assert state.mode is not None
    assert state.mode.mode is DoorMode.LOCKDOWN
    state = apply_door_event(state, mode(ended, DoorMode.LOCKDOWN, 4))
    assert state.mode is not None
    assert state.mode.mode is DoorMode.HOLD_OPEN
    state = apply_door_event(state, mode(ended, DoorMode.HOLD_OPEN, 9))
    assert state.mode is None


def test_a_record_collected_late_says_nothing_of_a_door_heard_since() -> None:
    """An offline device's log does not turn the present state back."""
    now = apply_door_event(DoorState(DOOR), door(EventKind.DOOR_CLOSED, 60))
    old = replace(door(EventKind.DOOR_OPENED, 5), origin=Origin(device="d", log_epoch=1, index=1))
    assert apply_door_event(now, old) == now


def test_of_one_devices_log_the_index_tells_and_not_the_time() -> None:
    """A box that knew no time, or whose clock was set back, writes records that stand too early."""
    log = Origin(device="d", log_epoch=1, index=7)
    opened = replace(door(EventKind.DOOR_OPENED, 60), origin=log)
    state = apply_door_event(DoorState(DOOR), opened)
    after = replace(door(EventKind.DOOR_CLOSED, 5), origin=replace_index(log, 8))
    state = apply_door_event(state, after)
    assert (state.leaf, state.heard_at) == (Leaf.CLOSED, opened.at)
    before = replace(door(EventKind.DOOR_OPENED, 90), origin=replace_index(log, 6))
    assert apply_door_event(state, before) == state
    other = replace(
        door(EventKind.DOOR_OPENED, 30), origin=Origin(device="d", log_epoch=2, index=0)
    )
    assert apply_door_event(state, other) == state  # of another log the time tells
    live = apply_door_event(state, door(EventKind.DOOR_OPENED, 70))
    assert (live.leaf, live.heard_origin) == (Leaf.OPEN, None)
    assert apply_door_event(live, replace(after, origin=replace_index(log, 9))) == live


def test_a_devices_own_log_is_followed_by_its_index_too() -> None:
    body = ev.DeviceEventBody(device=samples.DEVICE)
    log = Origin(device=samples.DEVICE, log_epoch=3, index=4)
    began = replace(happened(EventKind.TAMPER, body, 60), origin=log)
    state = apply_device_event(DeviceState(samples.DEVICE), began)
    ended = replace(happened(EventKind.TAMPER_CLEARED, body, 2), origin=replace_index(log, 5))
    state = apply_device_event(state, ended)
    assert (state.tamper_since, state.heard_at) == (None, began.at)
    again = replace(happened(EventKind.TAMPER, body, 99), origin=replace_index(log, 3))
    assert apply_device_event(state, again) == state


@given(st.permutations(range(6)), st.lists(st.integers(0, 50), min_size=6, max_size=6))
def test_a_log_brought_in_any_order_of_times_ends_where_its_newest_record_does(
    order: list[int], times: list[int]
) -> None:
    """Whoever brings its parts, in whatever order: the record with the highest index decides."""
    kinds = [EventKind.DOOR_OPENED, EventKind.DOOR_CLOSED]
    state = DoorState(DOOR)
    for index in order:
        origin = Origin(device="d", log_epoch=1, index=index)
        state = apply_door_event(
            state, replace(door(kinds[index % 2], times[index]), origin=origin)
        )
    assert state.leaf is Leaf.CLOSED
    assert state.heard_origin is not None
    assert state.heard_origin.index == 5


def replace_index(origin: Origin, index: int) -> Origin:
    return Origin(device=origin.device, log_epoch=origin.log_epoch, index=index)


def test_a_rule_that_is_only_reported_is_an_alarm_of_its_door_and_rule() -> None:
    for soft in (Reason.ANTI_PASSBACK, Reason.ZONE_FULL):
        body = ev.AccessBody(
            reason=Reason.CARD_VALID, factor=ev.Factor.CARD, door=DOOR, soft=soft, partner="c2"
        )
        event = happened(EventKind.ACCESS_GRANTED, body)
        assert alarms_of(event) == ()  # whether a rule was broken, more than the event may tell
        alarm = rule_broken(event, soft)
        assert isinstance(alarm, Raise)
        assert (alarm.kind, alarm.cause, alarm.door_id) == (AlarmKind.RULE_BROKEN, soft, DOOR)
        assert alarm.subject == f"{DOOR}/{soft}"
        entry = entry_of(event)
        assert entry is not None
        assert (entry.soft, entry.partner_id) == (soft, "c2")


def test_an_opening_under_duress_raises_its_own_alarm_and_no_other() -> None:
    """Whoever looks over a shoulder at the board sees nothing that a duress PIN adds."""
    body = ev.AccessBody(
        reason=Reason.DURESS_PIN, factor=ev.Factor.PIN, door=DOOR, soft=Reason.ANTI_PASSBACK
    )
    event = happened(EventKind.ACCESS_DURESS, body)
    assert [change.kind for change in alarms_of(event)] == [AlarmKind.DURESS]
    assert rule_broken(event, Reason.ANTI_PASSBACK) is None


def test_a_device_is_unknown_until_heard_of() -> None:
    """Then contact, tamper, power and battery follow its events; `since` is when it began."""
    state = DeviceState(samples.DEVICE)
    assert (state.contact, state.battery_mv) == (Contact.UNKNOWN, None)
    body = ev.DeviceEventBody(device=samples.DEVICE, cause="no_reply")
    for at_s, kind in enumerate((EventKind.DEVICE_OFFLINE, EventKind.DEVICE_OFFLINE)):
        state = apply_device_event(state, happened(kind, body, at_s))
    began = state.contact_since
    assert (state.contact, state.cause) == (Contact.OFFLINE, "no_reply")
    assert began == happened(EventKind.REX, ev.DoorEventBody(door=DOOR)).at
    for kind in (EventKind.TAMPER, EventKind.POWER_FAILED, EventKind.DEVICE_ONLINE):
        state = apply_device_event(state, happened(kind, body, 9))
    assert state.contact is Contact.ONLINE
    assert state.tamper_since
    assert state.power_failed_since
    battery = ev.BatteryBody(device=samples.DEVICE, millivolts=2_900, temperature_dc=-50)
    state = apply_device_event(state, happened(EventKind.BATTERY, battery, 10))
    assert (state.battery_mv, state.battery_dc, state.battery_at) == (2_900, -50, state.heard_at)


def test_a_serial_lock_is_known_by_the_list_that_it_last_proved() -> None:
    state = DeviceState(samples.DEVICE)
    assert state.list_count is None
    for placed, at_s in ((False, 1), (True, 2)):
        body = ev.LockListBody(
            device=samples.DEVICE, digest=samples.DIGEST, count=12, placed=placed
        )
        state = apply_device_event(state, happened(EventKind.LOCK_LIST_PLACED, body, at_s))
        assert (state.list_count, state.list_placed) == (12, placed)
        assert state.list_at == state.heard_at


@given(st.lists(st.sampled_from(sorted(EventKind)), max_size=30))
def test_any_sequence_of_events_folds_into_states(kinds: list[EventKind]) -> None:
    """No order of events breaks a state, and `heard_at` is the last one's."""
    state, device = DoorState(DOOR), DeviceState(samples.DEVICE)
    for at_s, kind in enumerate(kinds):
        event = happened(kind, ev.decode_event_body(samples.sample_event(kind)), at_s)
        if door_of(event):
            state = apply_door_event(state, event)
            assert state.heard_at == event.at
        if device_of(event):
            device = apply_device_event(device, event)
            assert device.heard_at == event.at


def test_every_alarm_that_is_not_momentary_can_be_cleared() -> None:
    """Or it would stand for ever. A low battery is over by what `hub.batteries` finds."""
    cleared = {kind for kinds in CLEARS.values() for kind in kinds}
    reckoned = {AlarmKind.BATTERY_LOW}  # raised and cleared by what readings come to
    assert cleared == set(AlarmKind) - MOMENTARY - WIRE - reckoned
    looked_up = {AlarmKind.UNKNOWN_CODE}  # raised where a code is nobody's
    assert set(RAISES.values()) >= CRITICAL - WIRE - looked_up


@pytest.mark.parametrize("kind", [*RAISES, *CLEARS])
def test_what_clears_an_alarm_names_the_subject_that_raised_it(kind: EventKind) -> None:
    """Door for doors, device for devices, controller for the agent."""
    event = happened(kind, ev.decode_event_body(samples.sample_event(kind)))
    subjects = {change.subject for change in alarms_of(event)}
    of_device = ({samples.DEVICE}, {f"{samples.DEVICE}/0"})
    of_agent = ({event.controller}, {f"{event.controller}/bus0: bus"})
    assert subjects in ({DOOR}, *of_device, {samples.READER}, *of_agent)
    assert isinstance(alarms_of(event)[0], Clear) == (kind in CLEARS)


def test_each_input_line_has_an_alarm_of_its_own() -> None:
    """One that is well again says nothing of another of the same device."""
    raised, cleared = (
        alarms_of(happened(kind, ev.DeviceEventBody(device="d", cause="cut", channel=channel)))[0]
        for kind, channel in ((EventKind.INPUT_FAULT, 1), (EventKind.INPUT_FAULT_CLEARED, 2))
    )
    assert raised.subject == "d/1"
    assert cleared.subject == "d/2"


def test_an_attack_on_a_bus_names_the_reader_and_stands_apart_for_each() -> None:
    """And an alarm about messages is the controller's."""
    on_bus = ev.AlarmBody(alarm=ev.Alarm.BUS_ATTACK, cause="forged_reply", device=samples.DEVICE)
    event = happened(EventKind.SECURITY_ALARM, on_bus)
    entry = entry_of(event)
    assert entry is not None
    assert entry.device_id == samples.DEVICE
    assert {change.subject for change in alarms_of(event)} == {samples.DEVICE}
    forged = ev.AlarmBody(alarm=ev.Alarm.FORGED_MESSAGE, cause="bad_tag")
    event = happened(EventKind.SECURITY_ALARM, forged)
    assert {change.subject for change in alarms_of(event)} == {event.controller}
