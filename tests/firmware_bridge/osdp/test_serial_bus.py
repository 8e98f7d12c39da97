"""The thread on a real pseudo-terminal: missing ports, unplugging, echoes, faults, speed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.osdp import (
    Bus,
    BusStoppedError,
    CommandFinished,
    ConfigError,
    KeysPressed,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    PDConfig,
    PortLost,
    PortOpened,
    ReaderStatus,
    SerialBus,
    SetOutput,
)
from firmware_bridge.osdp.codes import OsdpError
from firmware_bridge.osdp.device import OutputChanged
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PortError, PtyPort, SerialPort, SerialSettings

BAUD = 115200


def make_bus(key: bytes) -> Bus:
    return Bus([PDConfig(1, key)], baud=BAUD, nonce=lambda: secrets.token_bytes(8))


def door(key: bytes) -> SimulatedDoor:
    return SimulatedDoor(PeripheralConfig(1, key))


def test_keys_pass_on_an_echoing_two_wire_line(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    with SimulatedLine(pty_port, [door(key)], baud=BAUD, echoes=True) as line:
        bus = start_bus(recorder, PDConfig(1, key))
        recorder.wait_for(ReaderStatus)
        line.press(1, "2580#")
        assert recorder.wait_for(KeysPressed) == [KeysPressed(1, 0, "2580#", stale=False)]
        assert bus._bus.malformed == {}


def test_a_key_is_heard_and_an_output_moves_within_milliseconds(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    moved = threading.Event()

    def on_change(_address: int, change: Any, _now_ns: int) -> None:
        if isinstance(change, OutputChanged):
            moved.set()

    with SimulatedLine(pty_port, [door(key)], on_change, baud=BAUD) as line:
        bus = start_bus(recorder, PDConfig(1, key))
        recorder.wait_for(ReaderStatus)
        delays = []
        for no in range(10):
            began = time.monotonic()
            line.press(1, "1")
            recorder.wait_for(KeysPressed, no + 1)
            delays.append(time.monotonic() - began)
        assert sorted(delays)[5] < 0.03
        began = time.monotonic()
        bus.submit(1, SetOutput(0, 2))
        assert moved.wait(2)
        assert time.monotonic() - began < 0.1


def test_a_command_may_be_submitted_from_inside_the_event_handler(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    results: list[Any] = []

    def on_event(event: Any) -> None:
        recorder(event)
        if isinstance(event, KeysPressed):
            future = bus.submit(1, SetOutput(0, 2))
            future.add_done_callback(lambda done: results.append(done.result().outcome))

    with SimulatedLine(pty_port, [door(key)]) as line:
        bus = start_bus(on_event, PDConfig(1, key))
        recorder.wait_for(ReaderStatus)
        line.press(1, "1")
        recorder.wait_until(lambda: results == [Outcome.DONE])
        assert line.outputs(1) == (True, False)


def test_an_exception_in_the_event_handler_stops_nothing(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    def on_event(event: Any) -> None:
        recorder(event)
        raise RuntimeError("the owner's mistake")

    with SimulatedLine(pty_port, [door(key)]) as line:
        start_bus(on_event, PDConfig(1, key))
        recorder.wait_for(ReaderStatus)
        for no in range(3):
            line.press(1, "7")
            recorder.wait_for(KeysPressed, no + 1)


def test_a_missing_port_is_named_and_taken_when_it_appears(
    tmp_path: Path, pty_port: PtyPort, recorder: Any, key: bytes
) -> None:
    path = tmp_path / "ttyDOOR"
    with (
        SimulatedLine(pty_port, [door(key)]),
        SerialBus(SerialSettings(str(path), BAUD), make_bus(key), recorder) as bus,
    ):
        (lost,) = recorder.wait_for(PortLost)
        assert str(path) in lost.detail
        assert "Check the path" in lost.detail
        assert bus.submit(1, SetOutput(0, 2)).result(2).outcome is Outcome.LINK_LOST
        assert not bus.is_open
        path.symlink_to(pty_port.far_path)
        recorder.wait_for(Online)
        assert recorder.of(PortOpened) == [PortOpened(str(path))]
        assert len(recorder.of(PortLost)) == 1
        assert bus.is_open


def test_an_unplugged_adapter_is_noticed_at_once_and_taken_back(
    tmp_path: Path, recorder: Any, key: bytes
) -> None:
    path = tmp_path / "ttyDOOR"
    first = PtyPort()
    path.symlink_to(first.far_path)
    line = SimulatedLine(first, [door(key)])
    line.start()
    with SerialBus(SerialSettings(str(path), BAUD), make_bus(key), recorder) as bus:
        recorder.wait_for(ReaderStatus)
        line.stop()
        path.unlink()
        first.close()
        recorder.wait_for(PortLost)
        assert recorder.of(Offline) == [Offline(1, OfflineReason.PORT_LOST, was_online=True)]
        assert bus.submit(1, SetOutput(0, 2)).result(2).outcome is Outcome.LINK_LOST
        with PtyPort() as second, SimulatedLine(second, [door(key)]):
            path.symlink_to(second.far_path)
            recorder.wait_for(Online, count=2)
            assert bus.submit(1, SetOutput(0, 2)).result(2).outcome is Outcome.DONE


def test_a_fault_of_our_own_leaves_no_dead_bus(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    with SimulatedLine(pty_port, [door(key)]):
        bus = start_bus(recorder, PDConfig(1, key))
        recorder.wait_for(Online)
        working = bus._bus.step

        def broken(*_: Any) -> Any:
            bus._bus.step = working  # type: ignore[method-assign]
            raise ZeroDivisionError("a mistake of ours")

        bus._bus.step = broken  # type: ignore[method-assign]
        (lost,) = recorder.wait_for(PortLost)
        assert "ZeroDivisionError" in lost.detail
        recorder.wait_for(Online, count=2)
        assert bus.submit(1, SetOutput(0, 2)).result(2).outcome is Outcome.DONE


def test_a_stopped_bus_ends_its_commands_and_takes_no_more(
    pty_port: PtyPort, recorder: Any, key: bytes
) -> None:
    with SimulatedLine(pty_port, [door(key)]) as line:
        settings = SerialSettings(pty_port.far_path, BAUD)
        with SerialBus(settings, make_bus(key), recorder) as bus:
            recorder.wait_for(ReaderStatus)
            line.set_mute(1, True)
            future = bus.submit(1, SetOutput(0, 2), life_s=60)
        assert future.result(0).outcome is Outcome.LINK_LOST
        assert len(recorder.of(CommandFinished)) == 1
        with pytest.raises(BusStoppedError):
            bus.submit(1, SetOutput(0, 2)).result(0)


def test_a_command_that_cannot_be_meant_is_its_futures_exception(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    bus = start_bus(recorder, PDConfig(1, key))
    with pytest.raises(ConfigError, match="no peripheral with address 99"):
        bus.submit(99, SetOutput(0, 2)).result(2)
    with pytest.raises(OsdpError, match="SetOutput"):
        bus.submit(1, SetOutput(300, 2)).result(2)


def test_a_future_cancelled_by_its_owner_disturbs_nothing(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    with SimulatedLine(pty_port, [door(key)]):
        bus = start_bus(recorder, PDConfig(1, key))
        recorder.wait_for(ReaderStatus)
        futures = [bus.submit(1, SetOutput(0, 2)) for _ in range(10)]
        for future in futures:
            future.cancel()
        assert bus.submit(1, SetOutput(1, 2)).result(2).outcome is Outcome.DONE
        assert all(future.done() for future in futures)
        assert recorder.of(PortLost) == []


def test_boards_are_added_removed_and_rekeyed_while_it_runs(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    other = secrets.token_bytes(16)
    with SimulatedLine(pty_port, [door(key)]):
        bus = start_bus(recorder)
        bus.add(PDConfig(1, other))
        recorder.wait_until(lambda: wrong_key in recorder.events, what="wrong key")
        bus.rekey(PDConfig(1, key))
        recorder.wait_for(Online)
        bus.remove(1)
        recorder.wait_until(lambda: removed in recorder.events, what="removal")
        assert bus.peripherals() == ()


wrong_key = Offline(1, OfflineReason.WRONG_KEY, was_online=False)
removed = Offline(1, OfflineReason.REMOVED, was_online=True)


def test_a_change_of_speed_opens_the_port_anew(
    pty_port: PtyPort, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes
) -> None:
    with SimulatedLine(pty_port, [door(key)]):
        bus = start_bus(recorder, PDConfig(1, key))
        recorder.wait_for(Online)
        bus.change_baud(9600)
        recorder.wait_for(PortOpened, count=2)
        recorder.wait_for(Online, count=2)
        assert bus._settings.baud == 9600


def test_a_port_that_cannot_switch_direction_says_so(pty_port: PtyPort) -> None:
    with pytest.raises(PortError, match="rs485"):
        SerialPort(SerialSettings(pty_port.far_path, BAUD, rs485=True))
