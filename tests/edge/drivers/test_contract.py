"""What every driver owes the loop, the virtual one included. A new driver adds its bench."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from edge.core.model import (
    ActFinished,
    CardPresented,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    KeysPressed,
    OutputMode,
    Source,
)
from edge.running_clock import running_ns
from tests.edge.drivers.benches import BOARDS, LOCKS, READERS, RELAYS, MakeBench
from tests.edge.drivers.benches.bench import DEVICES, Bench
from wire.events import ActOutcome, Observed

ALL = {**BOARDS, **LOCKS, **READERS, **RELAYS}


@pytest.fixture(params=ALL)
def bench(request) -> Iterator[Bench]:
    """Every driver."""
    yield from _on_the_bench(ALL[request.param])


@pytest.fixture(params=[*BOARDS, *READERS])
def reader(request) -> Iterator[Bench]:
    """The drivers of devices that read cards."""
    yield from _on_the_bench(ALL[request.param])


@pytest.fixture(params=[*BOARDS, *LOCKS, *RELAYS])
def board(request) -> Iterator[Bench]:
    """The drivers of devices that have inputs and outputs."""
    yield from _on_the_bench(ALL[request.param])


@pytest.fixture(params=[*BOARDS, *LOCKS])
def keypad(request) -> Iterator[Bench]:
    """The drivers of devices that have keys."""
    yield from _on_the_bench(ALL[request.param])


def _on_the_bench(make: MakeBench) -> Iterator[Bench]:
    making = make()
    yield next(making)
    next(making, None)


def test_a_card_reaches_the_loop_with_its_source_and_time(reader):
    reader.begin()
    for device in DEVICES:
        reader.tap(device)
        card = reader.wait(CardPresented, device, stale=False)
        assert card.identity == b"\x01\x02\x03\x04"
        assert card.source == Source(device, 0)
        assert abs(running_ns() - card.at_ns) < 2e9


def test_keys_reach_the_loop_in_their_order(keypad):
    keypad.begin()
    keypad.press("device-b", "42#")
    pressed = ""
    while len(pressed) < 3:
        item = keypad.wait(KeysPressed, "device-b", stale=False)
        pressed += item.keys
        assert abs(running_ns() - item.at_ns) < 2e9
    assert pressed == "42#"


def test_inputs_reach_the_loop_with_their_source(board):
    board.begin()
    board.set_input("device-a", 1, True)
    changed = board.wait(InputChanged, "device-a", active=True)
    assert (changed.source, changed.initial) == (Source("device-a", 1), False)


def test_starting_moves_nothing(board):
    board.begin()
    for device in DEVICES:
        board.lives(device)
        assert not board.output(device, 0)
    assert not [one for one in board.seen if isinstance(one, ActFinished)]


@pytest.mark.parametrize(
    ("mode", "on", "observed"),
    [
        (OutputMode.PULSE, True, Observed.OUTPUT_ON),
        (OutputMode.ON, True, Observed.OUTPUT_ON),
        (OutputMode.OFF, False, Observed.NOTHING),
    ],
)
def test_an_act_moves_its_output_and_finishes_exactly_once(board, mode, on, observed):
    board.begin()
    act = board.act("device-a", mode, pulse_ms=60_000)
    finished = board.wait(ActFinished)
    assert (finished.act, finished.outcome) == (act.act, ActOutcome.DONE)
    assert finished.observed is observed
    board.until(lambda: board.output("device-a", 0) == on)
    assert not board.output("device-b", 0)
    board.lives("device-a")
    assert [one for one in board.seen if isinstance(one, ActFinished)] == [finished]


def test_a_pulse_ends_by_itself(board):
    board.begin()
    board.act("device-a", OutputMode.PULSE, pulse_ms=200)
    board.until(lambda: board.output("device-a", 0))
    board.until(lambda: not board.output("device-a", 0))


def test_of_two_pulses_the_later_end_counts_and_off_ends_them(board):
    board.begin()
    for pulse_ms in (100, 60_000):
        act = board.act("device-a", OutputMode.PULSE, pulse_ms=pulse_ms)
        assert board.wait(ActFinished).act == act.act
    board.act("device-b", OutputMode.PULSE, pulse_ms=300)
    board.until(lambda: board.output("device-b", 0))
    board.until(lambda: not board.output("device-b", 0))
    assert board.output("device-a", 0)
    board.act("device-a", OutputMode.OFF)
    board.until(lambda: not board.output("device-a", 0))


def test_an_act_past_its_deadline_never_reaches_the_door(board):
    board.begin()
    act = board.act("device-a", OutputMode.ON, life_s=-0.001)
    finished = board.wait(ActFinished)
    assert (finished.act, finished.outcome) == (act.act, ActOutcome.EXPIRED)
    assert not board.output("device-a", 0)


def test_an_act_that_cannot_be_done_finishes_exactly_once(bench):
    """On a device that nobody knows, or one without outputs."""
    bench.begin()
    act = bench.act("device-z", OutputMode.ON)
    finished = bench.wait(ActFinished)
    assert finished.act == act.act
    assert finished.outcome in {ActOutcome.FAILED, ActOutcome.REFUSED}
    bench.lives("device-a")
    assert [one for one in bench.seen if isinstance(one, ActFinished)] == [finished]


def test_an_act_on_a_device_that_is_gone_has_a_result_and_is_not_done_when_it_returns(bench):
    bench.begin()
    bench.unplug("device-a")
    bench.wait(DeviceOffline, "device-a")
    bench.act("device-a", OutputMode.ON)
    assert bench.wait(ActFinished).outcome is not ActOutcome.DONE
    bench.plug("device-a")
    bench.wait(DeviceOnline, "device-a")
    bench.lives("device-b")
    assert not bench.output("device-a", 0)


def test_one_device_that_leaves_disturbs_no_other(bench):
    bench.begin()
    bench.unplug("device-a")
    bench.wait(DeviceOffline, "device-a")
    bench.lives("device-b")
    assert not [
        one for one in bench.seen if isinstance(one, DeviceOffline) and one.device == "device-b"
    ]


def test_a_change_of_the_policy_disturbs_no_device_that_stays(bench):
    bench.begin()
    only = {"device-b": bench.bodies["device-b"]}
    bench.driver.configure(only, {name: bench.secrets[name] for name in only if bench.secrets})
    bench.lives("device-b")
    bench.driver.configure(bench.bodies, bench.secrets)
    bench.wait(DeviceOnline, "device-a")
    changed = [one for one in bench.seen if isinstance(one, DeviceOnline | DeviceOffline)]
    assert [one.device for one in changed].count("device-b") == 1


def test_feedback_of_every_kind_delays_and_breaks_nothing(bench):
    bench.begin()
    for feedback in Feedback:
        bench.driver.show(Source("device-a", 0), feedback)
    bench.driver.show(Source("device-z", 9), Feedback.GRANTED)
    act = bench.act("device-a", OutputMode.ON)
    assert bench.wait(ActFinished).act == act.act
    bench.lives("device-a")


def test_it_may_be_configured_after_its_start(bench):
    bench.driver.start(bench.heard.put)
    bench.driver.configure(bench.bodies, bench.secrets)
    for device in DEVICES:
        bench.wait(DeviceOnline, device)


def test_stopping_ends_its_threads_within_two_seconds(bench):
    before = set(threading.enumerate())
    bench.begin()
    bench.lives("device-a")
    begun = time.monotonic()
    bench.driver.stop()
    assert time.monotonic() - begun < 2
    assert not [one for one in threading.enumerate() if one not in before]


def test_stopping_moves_no_output(board):
    board.begin()
    board.act("device-a", OutputMode.ON)
    board.wait(ActFinished)
    board.until(lambda: board.output("device-a", 0))
    board.driver.stop()
    assert board.output("device-a", 0)
