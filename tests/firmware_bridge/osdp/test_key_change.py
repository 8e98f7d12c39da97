"""Moving a peripheral to another key: over the secured line, whatever gets lost on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp import (
    Bus,
    ConfigError,
    KeyChanged,
    KeysPressed,
    Offline,
    OfflineReason,
    Online,
    PDConfig,
    ReaderStatus,
)
from firmware_bridge.osdp.codes import SCBK_D, CommandCode
from firmware_bridge.osdp.config import SECOND
from firmware_bridge.osdp.framing import Decoder, Frame
from firmware_bridge.osdp.keyring import KeyRing

MakeWire = Callable[..., Any]
OLD, NEW, OTHER = (random.Random(seed).randbytes(16) for seed in (1, 2, 3))


def key_sets(wire: Any) -> list[Frame]:
    frames = [frame for raw in wire.sent for frame in Decoder().feed(raw)]
    return [frame for frame in frames if frame.payload[0] == CommandCode.KEYSET]


def test_a_board_that_is_online_moves_at_once_and_comes_back_under_the_new_key(
    make_wire: MakeWire,
) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.bus.rekey(PDConfig(1, NEW), wire.now_ns)
    wire.until(lambda: wire.of(KeyChanged))
    wire.until(lambda: len(wire.of(Online)) == 3)
    assert wire.boards[1].config.scbk == NEW
    assert wire.of(KeyChanged) == [KeyChanged(1)]
    assert wire.of(Offline) == [Offline(1, OfflineReason.KEY_CHANGED, was_online=True)]
    assert [frame.block for frame in key_sets(wire)] == [0x17]


def test_a_board_that_is_away_moves_when_it_is_back(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.mute.add(1)
    wire.until(lambda: wire.of(Offline))
    wire.bus.rekey(PDConfig(1, NEW), wire.now_ns)
    wire.run(5_000)
    wire.mute.clear()
    wire.until(lambda: wire.of(KeyChanged), 20_000)
    wire.run(2_000)
    assert wire.boards[1].config.scbk == NEW
    assert len(wire.of(KeyChanged)) == len(key_sets(wire)) == 1
    assert wire.bus.peripherals()[0].serving


def test_after_a_restart_a_former_key_is_used_for_moving_to_the_new_one(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    rng = random.Random(4)
    config = PDConfig(1, NEW, formers=(OTHER, wire.boards[1].config.scbk))
    wire.bus = Bus([config], baud=115200, nonce=lambda: rng.randbytes(8))
    wire.until(lambda: wire.of(KeyChanged), 20_000)
    wire.until(lambda: wire.bus.peripherals()[0].serving)
    wire.run(1_000)
    assert wire.boards[1].config.scbk == NEW
    assert len(key_sets(wire)) == 1


def test_a_board_that_has_the_new_key_already_settles_the_matter(make_wire: MakeWire) -> None:
    wire = make_wire()
    rng = random.Random(4)
    wire.boards[1].config.scbk = NEW
    config = PDConfig(1, NEW, formers=(OLD,))
    wire.bus = Bus([config], baud=115200, nonce=lambda: rng.randbytes(8))
    wire.until(lambda: wire.of(ReaderStatus))
    assert wire.of(KeyChanged) == [KeyChanged(1)]
    assert key_sets(wire) == []


def test_a_board_that_is_told_to_move_to_the_key_it_has_tells_of_no_change() -> None:
    ring = KeyRing(NEW)
    ring.want(NEW)
    assert not ring.needs_change
    assert not ring.proved(NEW)
    ring.want(OTHER)
    ring.want(NEW)
    assert ring.proved(NEW)


@pytest.mark.parametrize("lost", ["the command", "its answer"])
def test_whichever_half_of_the_change_is_lost_the_board_ends_under_the_new_key(
    make_wire: MakeWire, lost: str
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    cut_until_ns = [0]

    def cut(data: bytes, to_panel: bool) -> bytes:
        last = Decoder().feed(wire.sent[-1])[0]
        if last.payload[0] == CommandCode.KEYSET and to_panel is (lost == "its answer"):
            cut_until_ns[0] = wire.now_ns + 3 * SECOND
        return b"" if wire.now_ns < cut_until_ns[0] else data

    wire.spoil = cut
    wire.bus.rekey(PDConfig(1, NEW), wire.now_ns)
    wire.until(lambda: cut_until_ns[0] > 0)
    wire.run(1_000)
    wire.spoil = lambda data, _to_panel: data
    wire.until(lambda: wire.of(KeyChanged), 30_000)
    wire.until(lambda: wire.bus.peripherals()[0].serving)
    assert wire.boards[1].config.scbk == NEW


def test_a_second_change_before_the_first_is_settled_loses_no_key(make_wire: MakeWire) -> None:
    """The board took the first new key while its answer was lost."""
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.mute.add(1)
    wire.until(lambda: wire.of(Offline))
    wire.bus.rekey(PDConfig(1, OTHER), wire.now_ns)
    wire.boards[1].config.scbk = OTHER
    wire.bus.rekey(PDConfig(1, NEW), wire.now_ns)
    wire.mute.clear()
    wire.until(lambda: wire.of(KeyChanged), 30_000)
    wire.until(lambda: wire.bus.peripherals()[0].serving)
    assert wire.boards[1].config.scbk == NEW


def test_an_installation_gives_the_key_that_is_wanted(make_wire: MakeWire) -> None:
    wire = make_wire()
    rng = random.Random(4)
    board = wire.boards[1]
    board.config.install_mode, board.config.scbk = True, OTHER
    wire.bus = Bus([PDConfig(1, NEW, (OLD,))], baud=115200, nonce=lambda: rng.randbytes(8))
    wire.bus.begin_install(1, 60 * SECOND, 0)
    wire.until(lambda: wire.of(Online), 20_000)
    assert board.config.scbk == NEW
    assert wire.of(KeyChanged) == [KeyChanged(1)]


def test_keys_pressed_around_a_change_arrive_once_and_those_of_its_gap_are_stale(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.bus.rekey(PDConfig(1, NEW), wire.now_ns)
    wire.devices[1].press("12")
    wire.until(lambda: wire.of(KeyChanged))
    wire.devices[1].press("34")
    wire.until(lambda: len(wire.of(KeysPressed)) == 2, 20_000)
    assert [event.keys for event in wire.of(KeysPressed)] == ["12", "34"]
    assert wire.of(KeysPressed)[1].stale


@pytest.mark.parametrize("weak", [SCBK_D, bytes(16), bytes(range(16))])
def test_a_weak_former_key_is_refused_as_well(weak: bytes) -> None:
    with pytest.raises(ConfigError):
        PDConfig(1, NEW, formers=(weak,))


@given(st.lists(st.sampled_from(["want", "doubt", "prove", "refuse", "install"]), max_size=30))
def test_a_ring_never_forgets_the_wanted_key_and_never_offers_the_default_one(
    steps: list[str],
) -> None:
    ring = KeyRing(OLD)
    rng = random.Random(7)
    for step in steps:
        match step:
            case "want":
                ring.want(rng.choice([NEW, OTHER, OLD]))
            case "doubt":
                ring.doubt(rng.choice([NEW, OTHER]))
            case "prove":
                ring.proved(ring.current())
            case "refuse":
                ring.refused()
            case "install":
                ring.installed()
        offered = set()
        for _ in range(8):
            offered.add(ring.current())
            ring.refused()
        assert ring.own in offered
        assert ring.target in offered
        assert SCBK_D not in offered
