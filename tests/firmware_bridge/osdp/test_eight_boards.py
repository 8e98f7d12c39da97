"""Eight production peripherals on one pseudo-terminal: sick ones, and a line that changes speed."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.boards.noisy_port import NoisyPort
from firmware_bridge.osdp import (
    AttackSeen,
    BusStoppedError,
    BytesDropped,
    ConfigError,
    KeysPressed,
    LineMoved,
    Offline,
    Online,
    Outcome,
    PDConfig,
    ReaderStatus,
    SerialBus,
    SetOutput,
)
from firmware_bridge.osdp.device import CommunicationSet
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort

BAUD = 115200
ADDRESSES = range(1, 9)
DEAD, NOISY = 4, 6


@pytest.fixture
def keys() -> dict[int, bytes]:
    return {address: secrets.token_bytes(16) for address in ADDRESSES}


@pytest.fixture
def doors(keys: dict[int, bytes]) -> list[SimulatedDoor]:
    return [SimulatedDoor(PeripheralConfig(address, key)) for address, key in keys.items()]


@pytest.fixture
def bus(
    keys: dict[int, bytes], start_bus: Callable[..., SerialBus], recorder: Any
) -> Callable[[], SerialBus]:
    def start() -> SerialBus:
        line = start_bus(recorder, *(PDConfig(address, key) for address, key in keys.items()))
        recorder.wait_until(lambda: len(recorder.of(ReaderStatus)) == 8, what="eight boards")
        return line

    return start


def test_one_dead_and_one_noisy_leave_the_others_served(
    pty_port: PtyPort, doors: list[SimulatedDoor], bus: Callable[[], SerialBus], recorder: Any
) -> None:
    port = NoisyPort(pty_port)
    port.rate = 0.5
    with SimulatedLine(port, doors, baud=BAUD) as line:
        panel = bus()
        port.address = NOISY
        line.set_mute(DEAD, True)
        well = [address for address in ADDRESSES if address not in (DEAD, NOISY)]
        recorder.wait_until(lambda: any(e.address == DEAD for e in recorder.of(Offline)))
        delays = []
        for no in range(30):
            began, before = time.monotonic(), len(recorder.of(KeysPressed))
            line.press(well[no % len(well)], "5")
            recorder.wait_for(KeysPressed, before + 1)
            delays.append(time.monotonic() - began)
        assert sorted(delays)[28] < 0.5
        done = [panel.submit(address, SetOutput(0, 2)).result(5).outcome for address in well]
        assert set(done) == {Outcome.DONE}
        assert {event.address for event in recorder.of(Offline)} <= {DEAD, NOISY}
        assert recorder.of(BytesDropped)
        assert recorder.of(AttackSeen) == []


def key_delays(wire: Any, addresses: list[int], count: int) -> list[int]:
    """Nanoseconds from press to event, sorted; presses fall anywhere between two polls."""
    rng = random.Random(3)
    delays = []
    for no in range(count):
        wire.run(rng.randrange(75, 125))
        before, pressed_ns = len(wire.of(KeysPressed)), wire.now_ns
        wire.devices[addresses[no % len(addresses)]].press("5")
        wire.until(lambda before=before: len(wire.of(KeysPressed)) > before)
        delays.append(wire.now_ns - pressed_ns)
    return sorted(delays)


@pytest.mark.parametrize("rate", [0.5])
def test_one_dead_and_one_noisy_cost_the_others_no_more_than_half_of_their_speed(
    make_wire: Callable[..., Any], rate: float
) -> None:
    """95th percentile of key to event, the time in which the panel finds out included."""
    wire = make_wire(8)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 8)
    well = [address for address in ADDRESSES if address not in (DEAD, NOISY)]
    key_delays(wire, well, 6)
    healthy = key_delays(wire, well, 60)
    rng = random.Random(5)

    def spoil(data: bytes, to_panel: bool) -> bytes:
        noisy = to_panel and len(data) > 2 and data[1] == 0x80 | NOISY and rng.random() < rate
        if not noisy:
            return data
        changed = bytearray(data)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        return rng.randbytes(rng.randrange(4)) + bytes(changed)

    wire.spoil = spoil
    wire.mute.add(DEAD)
    sick = key_delays(wire, well, 100)
    assert sick[94] <= 1.5 * healthy[57]
    assert wire.of(AttackSeen) == []


# --- another speed -------------------------------------------------------------------------------


@pytest.fixture
def speeding(
    pty_port: PtyPort, doors: list[SimulatedDoor], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[SimulatedLine, list[Any]]]:
    """A line whose boards hear one speed only; `after` may set a board's speed when it was told.
    Nobody is waited for as long as on a real line."""
    for patience in ("_GATHER_NS", "_LOOK_NS"):
        monkeypatch.setattr(f"firmware_bridge.osdp.line_move.{patience}", 800_000_000)
    monkeypatch.setattr("firmware_bridge.osdp.line_move._ROUNDS", 2)
    after: list[Callable[[SimulatedDoor, int], None]] = []

    def on_change(address: int, change: Any, _now_ns: int) -> None:
        if isinstance(change, CommunicationSet):
            for act in after:
                act(doors[address - 1], change.baud)

    for door in doors:
        door.baud = BAUD
    with SimulatedLine(pty_port, doors, on_change) as line:
        yield line, after


def serves_all(panel: SerialBus) -> bool:
    return all(state.serving for state in panel.peripherals())


def test_a_whole_line_moves_to_another_speed(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus], recorder: Any
) -> None:
    panel = bus()
    assert panel.move_line(38400).result(20) == LineMoved(True, 38400, ())
    assert {door.baud for door in doors} == {38400}
    assert len(recorder.of(Online)) == 16
    assert panel.submit(8, SetOutput(0, 2)).result(5).outcome is Outcome.DONE


def test_a_board_that_missed_the_move_is_found_at_the_old_speed_and_told_again(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus]
) -> None:
    _, after = speeding
    missed: list[int] = []

    def miss_once(door: SimulatedDoor, _baud: int) -> None:
        if door.address == 3 and not missed:
            missed.append(door.address)
            door.baud = BAUD

    after.append(miss_once)
    panel = bus()
    assert panel.move_line(57600).result(30) == LineMoved(True, 57600, ())
    assert missed == [3]
    assert {door.baud for door in doors} == {57600}


def test_a_line_with_a_board_that_cannot_follow_goes_back(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus]
) -> None:
    _, after = speeding

    def never(door: SimulatedDoor, _baud: int) -> None:
        if door.address == 3:
            door.baud = BAUD

    after.append(never)
    panel = bus()
    assert panel.move_line(230400).result(60) == LineMoved(False, BAUD, ())
    assert {door.baud for door in doors} == {BAUD}
    assert serves_all(panel)


def test_a_board_that_went_to_a_speed_of_its_own_is_brought_back(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus]
) -> None:
    _, after = speeding

    def astray(door: SimulatedDoor, baud: int) -> None:
        if door.address == 5 and baud == 9600:
            door.baud = 19200

    after.append(astray)
    panel = bus()
    assert panel.move_line(9600).result(60) == LineMoved(False, BAUD, ())
    assert {door.baud for door in doors} == {BAUD}


def test_a_line_with_a_board_away_is_not_touched(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus], recorder: Any
) -> None:
    line, _ = speeding
    panel = bus()
    line.set_mute(2, True)
    recorder.wait_for(Offline)
    assert panel.move_line(9600).result(5) == LineMoved(False, BAUD, (2,))
    assert {door.baud for door in doors} == {BAUD}


def test_a_board_taken_from_the_line_during_a_move_does_not_stop_it(
    speeding: Any, doors: list[SimulatedDoor], bus: Callable[[], SerialBus]
) -> None:
    _, after = speeding
    panel = bus()
    after.append(lambda door, _baud: panel.remove(8) if door.address == 1 else None)
    assert panel.move_line(57600).result(20) == LineMoved(True, 57600, ())
    assert {door.baud for door in doors[:7]} == {57600}
    assert doors[7].baud == BAUD


def test_a_speed_that_osdp_does_not_know_is_refused_and_one_move_goes_at_a_time(
    speeding: Any, bus: Callable[[], SerialBus]
) -> None:
    panel = bus()
    with pytest.raises(ConfigError, match="baud"):
        panel.move_line(12345).result(5)
    moving = panel.move_line(38400)
    with pytest.raises(ConfigError, match="already"):
        panel.move_line(9600).result(5)
    panel.stop()
    with pytest.raises(BusStoppedError):
        moving.result(5)
