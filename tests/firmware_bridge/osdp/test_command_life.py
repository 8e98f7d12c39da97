"""Commands end once, in time, and never act late; what a board kept meanwhile is stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from firmware_bridge.osdp import (
    AskInputs,
    Buzz,
    CardRead,
    CommandFinished,
    InputReport,
    KeyChanged,
    KeySet,
    KeysPressed,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    ReaderStatus,
    SetLed,
    SetOutput,
)
from firmware_bridge.osdp.codes import OsdpError
from firmware_bridge.osdp.commands import Challenge, Poll
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.pending import MAX_PENDING

MakeWire = Callable[..., Any]
NEW_KEY = bytes.fromhex("6f1e2d3c4b5a69788796a5b4c3d2e1f0")


def online_wire(make_wire: MakeWire, count: int = 1) -> Any:
    wire = make_wire(count)
    wire.until(lambda: len(wire.of(ReaderStatus)) == count)
    wire.run(6_000)
    return wire


def submit(wire: Any, command: Any, life_ms: int = 2_000, address: int = 1) -> int:
    return wire.bus.submit(address, command, wire.now_ns + life_ms * MS, wire.now_ns)


def test_a_command_for_a_lost_board_ends_at_once_and_is_never_delivered(
    make_wire: MakeWire,
) -> None:
    wire = online_wire(make_wire)
    wire.mute.add(1)
    wire.until(lambda: wire.of(Offline))
    command_id = submit(wire, SetOutput(0, 2), life_ms=200_000)
    wire.run(1)
    finished = wire.results()[command_id]
    assert (finished.outcome, finished.sent) == (Outcome.LINK_LOST, False)
    wire.mute.clear()
    wire.until(lambda: len(wire.of(Online)) == 2)
    wire.run(10_000)
    assert wire.devices[1].outputs == (False, False)


def test_commands_queued_on_a_link_that_drops_end_with_it(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    heard: list[bytes] = []
    wire.spoil = lambda data, to_panel: data if to_panel else heard.append(data) or b""
    ids = [submit(wire, SetOutput(0, 2), life_ms=200_000) for _ in range(3)]
    wire.until(lambda: wire.of(Offline))
    results = [wire.results()[command_id] for command_id in ids]
    assert [result.outcome for result in results] == [Outcome.LINK_LOST] * 3
    assert [result.sent for result in results] == [True, False, False]
    wire.spoil = lambda data, to_panel: data
    wire.until(lambda: len(wire.of(Online)) == 2)
    wire.run(3_000)
    assert wire.devices[1].outputs == (False, False)


def test_a_command_past_its_deadline_is_not_sent(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    wire.devices[1].busy_until_ns = wire.now_ns + SECOND
    first = submit(wire, SetOutput(0, 2), life_ms=3_000)
    second = submit(wire, SetOutput(1, 2), life_ms=300)
    wire.run(400)
    finished = wire.results()[second]
    assert (finished.outcome, finished.sent) == (Outcome.EXPIRED, False)
    wire.until(lambda: first in wire.results())
    wire.run(2_000)
    assert wire.devices[1].outputs == (True, False)


def test_a_sent_command_past_its_deadline_is_not_sent_again(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    wire.spoil = lambda data, to_panel: data if to_panel else b""
    command_id = submit(wire, SetOutput(0, 2), life_ms=250)
    wire.until(lambda: command_id in wire.results())
    finished = wire.results()[command_id]
    assert (finished.outcome, finished.sent) == (Outcome.EXPIRED, True)
    wire.spoil = lambda data, to_panel: data
    wire.until(lambda: len(wire.of(Online)) == 2)
    wire.run(3_000)
    assert wire.of(Offline)[0].reason is OfflineReason.COMMAND_ABANDONED
    assert wire.devices[1].outputs == (False, False)


def test_a_lost_light_costs_no_conversation(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    lose = iter([b""] * 2)
    wire.spoil = lambda data, to_panel: data if to_panel else next(lose, data)
    command_id = submit(wire, SetLed(), life_ms=250)
    wire.run(1_000)
    finished = wire.results()[command_id]
    assert (finished.outcome, finished.sent) == (Outcome.EXPIRED, True)
    assert wire.of(Offline) == []


def test_what_moves_a_door_goes_before_lights_and_tones(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    commands = [SetLed(), Buzz(), SetOutput(0, 2), AskInputs(), SetOutput(1, 2)]
    ids = [submit(wire, command) for command in commands]
    wire.until(lambda: len(wire.results()) == len(ids))
    done = [event.command for event in wire.of(CommandFinished)]
    assert done == [SetOutput(0, 2), SetOutput(1, 2), SetLed(), Buzz(), AskInputs()]


def test_an_expired_command_is_told_in_time_while_a_neighbour_is_mute(
    make_wire: MakeWire,
) -> None:
    wire = online_wire(make_wire, 2)
    wire.mute |= {1, 2}
    command_id = submit(wire, SetOutput(0, 2), life_ms=150)
    began_ns = wire.now_ns
    wire.until(lambda: command_id in wire.results())
    assert wire.now_ns - began_ns <= 320 * MS


def test_a_dead_on_arrival_command_expires_at_once(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    command_id = submit(wire, SetOutput(0, 2), life_ms=0)
    wire.run(1)
    assert wire.results()[command_id].outcome is Outcome.EXPIRED


@pytest.mark.parametrize("command", [Poll(), Challenge(bytes(8))])
def test_what_only_the_bus_may_say_is_refused(make_wire: MakeWire, command: Any) -> None:
    wire = online_wire(make_wire)
    command_id = submit(wire, command)
    wire.run(1)
    assert wire.results()[command_id].outcome is Outcome.REFUSED


def test_a_number_that_does_not_fit_is_refused_by_name(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    with pytest.raises(OsdpError, match="SetOutput"):
        submit(wire, SetOutput(0, 2, 70_000))


def test_a_flood_of_commands_is_refused_beyond_the_queue(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    ids = [submit(wire, SetOutput(0, 2), life_ms=9_000) for _ in range(MAX_PENDING + 5)]
    wire.until(lambda: len(wire.results()) == len(ids))
    outcomes = [wire.results()[command_id].outcome for command_id in ids]
    assert outcomes.count(Outcome.REFUSED) == 5
    assert outcomes.count(Outcome.DONE) == MAX_PENDING


def test_what_a_board_kept_while_unplugged_is_stale_and_its_states_are_fresh(
    make_wire: MakeWire,
) -> None:
    wire = online_wire(make_wire)
    wire.mute.add(1)
    wire.until(lambda: wire.of(Offline))
    wire.devices[1].press("1234#")
    wire.devices[1].present_card(26, bytes.fromhex("3a5f1c40"))
    wire.devices[1].set_input(0, True)
    wire.run(30_000)
    first = len(wire.events)
    wire.mute.clear()
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    returned = [event for event in wire.events[first:] if hasattr(event, "stale")]
    assert returned[:3] == [
        KeysPressed(1, 0, "1234#", stale=True),
        CardRead(1, 0, 26, bytes.fromhex("3a5f1c40"), stale=True),
        InputReport(1, (True, False, False, False), stale=True),
    ]
    assert InputReport(1, (True, False, False, False), stale=False) in returned
    assert not any(event.stale for event in returned[3:])
    wire.devices[1].press("9")
    wire.until(lambda: len(wire.of(KeysPressed)) == 2)
    assert wire.of(KeysPressed)[1] == KeysPressed(1, 0, "9", stale=False)


def test_a_key_whose_acknowledgement_is_lost_is_found_out(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    wire.mute.add(1)
    command_id = submit(wire, KeySet(NEW_KEY), life_ms=100)
    wire.until(lambda: command_id in wire.results())
    finished = wire.results()[command_id]
    assert (finished.outcome, finished.sent) == (Outcome.EXPIRED, True)
    assert wire.boards[1].config.scbk == NEW_KEY
    assert wire.of(KeyChanged) == []
    wire.mute.clear()
    wire.until(lambda: len(wire.of(Online)) == 2)
    assert wire.of(KeyChanged) == [KeyChanged(1)]


def test_a_key_that_never_arrived_leaves_the_old_one(make_wire: MakeWire) -> None:
    wire = online_wire(make_wire)
    old_key = wire.boards[1].config.scbk
    wire.spoil = lambda data, to_panel: b""
    command_id = submit(wire, KeySet(NEW_KEY), life_ms=100)
    wire.until(lambda: command_id in wire.results())
    wire.spoil = lambda data, to_panel: data
    wire.until(lambda: len(wire.of(Online)) == 2)
    assert wire.boards[1].config.scbk == old_key
    assert wire.of(KeyChanged) == []
