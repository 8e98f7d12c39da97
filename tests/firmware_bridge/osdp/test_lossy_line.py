"""Seeded loss, noise and bit flips: nothing is invented, doubled or believed; calm heals."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.osdp import (
    AttackSeen,
    CommandFinished,
    KeysPressed,
    Offline,
    Online,
    Outcome,
    ReaderStatus,
    SetOutput,
)
from firmware_bridge.osdp.codes import OutputControl
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.device import OutputChanged

MakeWire = Callable[..., Any]


# The fixture only makes wires: every example asks for its own.
CALM = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def bad_wire(rng: random.Random, rate: float) -> Callable[[bytes, bool], bytes]:
    """Loses, cuts, flips, doubles or surrounds with noise what passes, at `rate`."""

    def spoil(data: bytes, _to_panel: bool) -> bytes:
        if not data or rng.random() > rate:
            return data
        at = rng.randrange(len(data))
        return rng.choice(
            [
                b"",
                data[:at],
                data[at:],
                data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :],
                rng.randbytes(rng.randrange(20)) + data,
                data + rng.randbytes(rng.randrange(20)),
                data + data,
            ]
        )

    return spoil


@dataclass
class Story:
    """What a bad line did to keys and commands; all but the first two must stay 0."""

    keys: int = 0
    commands: int = 0
    invented_keys: int = 0
    doubled_results: int = 0
    unanswered_commands: int = 0
    unasked_moves: int = 0
    late_moves: int = 0
    boards_left_behind: int = 0


def tell(wire: Any, seed: int, rate: float, rounds: int = 24) -> Story:
    """Presses and switches on a bad line, then lets it calm down, and counts what is wrong."""
    rng = random.Random(seed)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.spoil = bad_wire(rng, rate)
    asked: dict[int, tuple[bool, int]] = {}
    moves: list[tuple[bool, int]] = []

    def run(duration_ms: int) -> None:
        for _ in range(0, duration_ms, 10):
            began_ns = wire.now_ns
            wire.run(10)
            changes = wire.devices[1].take_changes()
            moves.extend((c.is_on, began_ns) for c in changes if isinstance(c, OutputChanged))

    for no in range(rounds):
        wire.devices[1].press(str(no % 10))
        control = OutputControl.ON_NOW if no % 2 == 0 else OutputControl.OFF_NOW
        deadline_ns = wire.now_ns + rng.choice([50, 150, 300]) * MS
        command_id = wire.bus.submit(1, SetOutput(0, control), deadline_ns, wire.now_ns)
        asked[command_id] = (control is OutputControl.ON_NOW, deadline_ns)
        run(500)
    wire.spoil = lambda data, to_panel: data
    run(9_000)
    results = Counter(event.command_id for event in wire.of(CommandFinished))
    sent = sum(event.sent for event in wire.of(CommandFinished))
    heard = Counter(key for event in wire.of(KeysPressed) for key in event.keys)
    pressed = Counter(str(no % 10) for no in range(rounds))
    # Commands of one kind are a second apart, so a late one finds no other to excuse it; a frame
    # that left before its deadline may arrive three milliseconds after it.
    in_time = [
        any(on == is_on and at_ns <= until_ns + 3 * MS for on, until_ns in asked.values())
        for is_on, at_ns in moves
    ]
    return Story(
        keys=heard.total(),
        commands=len(asked),
        invented_keys=(heard - pressed).total(),
        doubled_results=results.total() - len(results),
        unanswered_commands=len(asked.keys() - results.keys()),
        unasked_moves=max(0, len(moves) - sent),
        late_moves=in_time.count(False),
        boards_left_behind=sum(not state.serving for state in wire.bus.peripherals()),
    )


def faults(story: Story) -> dict[str, int]:
    counts = asdict(story)
    return {name: counts[name] for name in list(counts)[2:] if counts[name]}


@pytest.mark.parametrize("seed", range(12))
def test_on_a_bad_line_every_key_comes_once_and_every_command_ends_once_and_in_time(
    make_wire: MakeWire, seed: int
) -> None:
    wire = make_wire(2, seed=seed)
    story = tell(wire, seed, rate=0.15)
    assert faults(story) == {}
    assert story.keys > 0
    assert any(event.outcome is Outcome.DONE for event in wire.of(CommandFinished))


@pytest.mark.soak
def test_no_bad_line_of_many_invents_doubles_delays_or_loses_for_ever(
    make_wire: MakeWire,
) -> None:
    total: Counter[str] = Counter()
    for seed in range(500):
        rate = random.Random(seed).choice([0.02, 0.1, 0.3, 0.6])
        story = tell(make_wire(2, seed=seed), seed, rate)
        assert faults(story) == {}, seed
        total.update(asdict(story))
    print(json.dumps({"soak": "osdp_lossy_line", "lines": 500, **total}))


@CALM
@given(seed=st.integers(0, 1 << 32), rate=st.floats(0.0, 1.0))
def test_whatever_the_line_did_calm_brings_the_board_back_and_commands_work(
    make_wire: MakeWire, seed: int, rate: float
) -> None:
    wire = make_wire(1, seed=seed)
    wire.spoil = bad_wire(random.Random(seed), rate)
    wire.run(4_000)
    wire.spoil = lambda data, to_panel: data
    # What is under way when the line calms down may still have to time out.
    wire.run(1_500)
    wire.until(lambda: wire.bus.peripherals()[0].serving, limit_ms=8_000)
    wire.run(200)
    deadline_ns = wire.now_ns + SECOND
    command_id = wire.bus.submit(1, SetOutput(1, 2), deadline_ns, wire.now_ns)
    wire.until(lambda: command_id in wire.results())
    assert wire.results()[command_id].outcome is Outcome.DONE
    assert wire.devices[1].outputs[1]


@CALM
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=30))
def test_a_line_of_pure_noise_yields_no_event_but_offline(
    make_wire: MakeWire, noise: list[bytes]
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    first = len(wire.events)
    chunks = iter(noise)
    wire.spoil = lambda data, to_panel: next(chunks, b"") if to_panel else data
    wire.run(5_000)
    kinds = {type(event).__name__ for event in wire.events[first:]}
    # Nor is it taken for an attack.
    assert kinds <= {"Offline", "BytesDropped"}
    assert "Offline" in kinds


def test_online_and_offline_alternate_whatever_happens(make_wire: MakeWire) -> None:
    for seed in range(8):
        wire = make_wire(1, seed=seed)
        rng = random.Random(seed)
        for _ in range(10):
            wire.spoil = bad_wire(rng, rng.choice([0.0, 0.3, 1.0]))
            wire.run(2_000)
        story = [
            event
            for event in wire.events
            if isinstance(event, Online) or (isinstance(event, Offline) and event.was_online)
        ]
        assert all(type(before) is not type(after) for before, after in pairwise(story))
        assert wire.of(AttackSeen) == []
