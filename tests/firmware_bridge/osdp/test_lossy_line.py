"""Seeded loss, noise and bit flips: nothing is invented, doubled or believed; calm heals."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.osdp import (
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


@pytest.mark.parametrize("seed", range(12))
def test_on_a_bad_line_every_key_comes_once_and_every_command_ends_once(
    make_wire: MakeWire, seed: int
) -> None:
    rng = random.Random(seed)
    wire = make_wire(2, seed=seed)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.spoil = bad_wire(rng, 0.15)
    pressed, ids, switched = [], [], 0
    for no in range(60):
        key = str(no % 10)
        pressed.append(key)
        wire.devices[1].press(key)
        control = OutputControl.ON_NOW if no % 2 == 0 else OutputControl.OFF_NOW
        life_ns = wire.now_ns + rng.choice([50, 500, 2000]) * MS
        ids.append(wire.bus.submit(1, SetOutput(0, control), life_ns, wire.now_ns))
        wire.run(100)
        changes = wire.devices[1].take_changes()
        switched += len([change for change in changes if isinstance(change, OutputChanged)])
    wire.spoil = lambda data, to_panel: data
    wire.until(lambda: len(wire.results()) == len(ids), limit_ms=30_000)
    wire.run(6_000)
    heard = [key for event in wire.of(KeysPressed) for key in event.keys]
    assert len(heard) <= len(pressed)
    remaining = iter(pressed)
    assert all(key in remaining for key in heard)
    assert Counter(event.command_id for event in wire.of(CommandFinished)) == Counter(ids)
    outcomes = Counter(event.outcome for event in wire.of(CommandFinished))
    assert outcomes[Outcome.DONE] > 0
    may_have_acted = sum(event.sent for event in wire.of(CommandFinished))
    assert switched <= may_have_acted
    assert all(state.serving for state in wire.bus.peripherals())


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
