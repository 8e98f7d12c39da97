"""Both directions against libosdp on a pseudo-terminal, secure channel enforced."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from typing import Any

import osdp
import pytest

from firmware_bridge.osdp import (
    Buzz,
    CardRead,
    CommandFinished,
    InputReport,
    KeyChanged,
    KeySet,
    KeysPressed,
    LocalStatus,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    OutputReport,
    PDConfig,
    PermanentLed,
    SerialBus,
    SetLed,
    SetOutput,
    ShowText,
)
from firmware_bridge.osdp.codes import LedColor, OutputControl
from firmware_bridge.osdp.device import OutputChanged, SignalShown
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort

ADDRESS = 5
CAPABILITIES = osdp.PDCapabilities(
    [
        (osdp.Capability.OutputControl, 1, 2),
        (osdp.Capability.ContactStatusMonitoring, 1, 3),
        (osdp.Capability.LEDControl, 1, 1),
        (osdp.Capability.AudibleControl, 1, 1),
        (osdp.Capability.TextOutput, 1, 1),
    ]
)


def accepted() -> tuple[int, None]:
    """libosdp's binding gives back one reference more than it got: lend it one."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
    return 0, None


class PeerBoard:
    """libosdp's peripheral with the commands that it got."""

    def __init__(self, channel: Any, key: bytes, flags: list[int]) -> None:
        self.commands: list[dict[str, Any]] = []
        info = osdp.PDInfo(ADDRESS, channel, scbk=key, flags=flags)
        self.pd = osdp.PeripheralDevice(
            info, CAPABILITIES, log_level=osdp.LogLevel.Emergency, command_handler=self._handle
        )
        self.pd.start()

    def _handle(self, command: dict[str, Any]) -> tuple[int, None]:
        self.commands.append(command)
        return accepted()

    def of(self, code: int) -> list[dict[str, Any]]:
        return [command for command in list(self.commands) if command["command"] == code]


@pytest.fixture
def start_board(channel: Any) -> Iterator[Callable[..., PeerBoard]]:
    boards: list[PeerBoard] = []

    def start(key: bytes, *flags: int) -> PeerBoard:
        board = PeerBoard(channel, key, [osdp.LibFlag.EnforceSecure, *flags])
        boards.append(board)
        return board

    yield start
    for board in boards:
        board.pd.teardown()


@pytest.fixture
def online_board(
    start_board: Callable[..., PeerBoard],
    start_bus: Callable[..., SerialBus],
    recorder: Any,
    key: bytes,
) -> tuple[PeerBoard, SerialBus]:
    board = start_board(key)
    line = start_bus(recorder, PDConfig(ADDRESS, key))
    recorder.wait_for(Online)
    return board, line


def test_our_panel_reads_who_libosdp_is_inside_the_secure_channel(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any
) -> None:
    (online,) = recorder.of(Online)
    assert online.identity.serial == 0xDEADBEAF
    assert online.capabilities.count(2) == 2
    assert online_board[0].pd.is_sc_active()


def test_keys_cards_and_states_of_a_libosdp_board_reach_our_panel(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any
) -> None:
    board, _ = online_board
    recorder.wait_for(LocalStatus)
    board.pd.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": b"1234\r\x7f"})
    board.pd.submit_event(
        {
            "event": osdp.Event.CardRead,
            "reader_no": 1,
            "direction": 0,
            "length": 26,
            "format": osdp.CardFormat.Wiegand,
            "data": bytes.fromhex("3a5f1c40"),
        }
    )
    board.pd.submit_event(
        {
            "event": osdp.Event.Status,
            "type": osdp.StatusReportType.Input,
            "report": bytes([0, 1, 0]),
        }
    )
    board.pd.submit_event(
        {
            "event": osdp.Event.Status,
            "type": osdp.StatusReportType.Output,
            "report": bytes([1, 0]),
        }
    )
    recorder.wait_until(lambda: OutputReport(ADDRESS, (True, False), False) in recorder.events)
    recorder.wait_until(
        lambda: InputReport(ADDRESS, (False, True, False), False) in recorder.events
    )
    assert recorder.of(KeysPressed) == [KeysPressed(ADDRESS, 0, "1234#*", stale=False)]
    assert recorder.of(CardRead) == [
        CardRead(ADDRESS, 1, 26, bytes.fromhex("3a5f1c40"), stale=False)
    ]


def test_commands_of_our_panel_are_carried_out_by_a_libosdp_board(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any
) -> None:
    board, line = online_board
    green = PermanentLed(1, on_100ms=5, off_100ms=0, on_color=LedColor.GREEN)
    futures = [
        line.submit(ADDRESS, SetOutput(1, OutputControl.ON_TIMED, 300)),
        line.submit(ADDRESS, SetLed(permanent=green)),
        line.submit(ADDRESS, Buzz(on_100ms=2, off_100ms=1, count=3)),
        line.submit(ADDRESS, ShowText("HELLO")),
    ]
    assert [future.result(5).outcome for future in futures] == [Outcome.DONE] * 4
    (output,) = board.of(osdp.Command.Output)
    assert (output["output_no"], output["control_code"]) == (1, OutputControl.ON_TIMED)
    assert board.of(osdp.Command.LED)[0]["on_color"] == osdp.CommandLEDColor.Green
    assert board.of(osdp.Command.Buzzer)[0]["rep_count"] == 3
    assert board.of(osdp.Command.Text)[0]["data"] == "HELLO"


def test_a_command_that_a_libosdp_board_refuses_ends_with_its_nak(
    online_board: tuple[PeerBoard, SerialBus],
) -> None:
    _, line = online_board
    finished = line.submit(ADDRESS, SetOutput(7, OutputControl.ON_NOW)).result(5)
    assert finished.outcome is Outcome.NAK


def test_a_new_key_is_taken_and_used_at_once(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any
) -> None:
    board, line = online_board
    new_key = bytes.fromhex("c2a1905f3e7d4b6a8897a6b5c4d3e2f1")
    assert line.submit(ADDRESS, KeySet(new_key)).result(5).outcome is Outcome.DONE
    recorder.wait_for(Online, count=2)
    assert recorder.of(KeyChanged) == [KeyChanged(ADDRESS)]
    assert board.of(osdp.Command.Keyset)[0]["data"] == new_key


def test_an_unplugged_libosdp_board_is_noticed_and_what_it_kept_is_stale(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any, channel: Any
) -> None:
    board, line = online_board
    recorder.wait_for(LocalStatus)
    channel.is_plugged = False
    began = time.monotonic()
    lost = line.submit(ADDRESS, SetOutput(0, OutputControl.ON_NOW), life_s=30)
    recorder.wait_for(Offline)
    assert time.monotonic() - began < 3
    assert recorder.of(Offline) == [Offline(ADDRESS, OfflineReason.NO_REPLY, was_online=True)]
    assert lost.result(1).outcome is Outcome.LINK_LOST
    late = line.submit(ADDRESS, SetOutput(0, OutputControl.ON_NOW), life_s=30).result(5)
    assert (late.outcome, late.sent) == (Outcome.LINK_LOST, False)
    board.pd.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": b"9"})
    channel.is_plugged = True
    recorder.wait_for(Online, count=2)
    assert recorder.wait_for(KeysPressed) == [KeysPressed(ADDRESS, 0, "9", stale=True)]
    assert board.of(osdp.Command.Output) == []
    recorder.wait_for(LocalStatus, count=2)
    board.pd.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": b"8"})
    assert recorder.wait_for(KeysPressed, 2)[1] == KeysPressed(ADDRESS, 0, "8", stale=False)


def test_with_the_wrong_key_nothing_but_the_handshake_is_ever_said(
    start_board: Callable[..., PeerBoard], start_bus: Callable[..., SerialBus], recorder: Any
) -> None:
    board = start_board(bytes.fromhex("00112233445566778899aabbccddee0f"))
    line = start_bus(recorder, PDConfig(ADDRESS, bytes.fromhex("ff0112233445566778899aabbccddee0")))
    (offline,) = recorder.wait_for(Offline)
    assert offline.reason is OfflineReason.WRONG_KEY
    assert line.submit(ADDRESS, SetOutput(0, 2)).result(5).outcome is Outcome.LINK_LOST
    assert board.commands == []
    assert not board.pd.is_sc_active()
    assert recorder.of(Online) == []


def test_installing_gives_a_libosdp_board_its_own_key(
    start_bus: Callable[..., SerialBus], recorder: Any, channel: Any, key: bytes
) -> None:
    info = osdp.PDInfo(ADDRESS, channel, scbk=None, flags=[osdp.LibFlag.InstallMode])
    commands: list[dict[str, Any]] = []

    def handle(command: dict[str, Any]) -> tuple[int, None]:
        commands.append(command)
        return accepted()

    pd = osdp.PeripheralDevice(
        info, CAPABILITIES, log_level=osdp.LogLevel.Emergency, command_handler=handle
    )
    pd.start()
    try:
        line = start_bus(recorder, PDConfig(ADDRESS, key))
        recorder.wait_for(Offline)
        assert commands == []
        line.begin_install(ADDRESS, duration_s=20)
        recorder.wait_for(Online)
        assert [c["data"] for c in commands if c["command"] == osdp.Command.Keyset] == [key]
    finally:
        pd.teardown()


@pytest.fixture
def panel_of_libosdp(
    pty_port: PtyPort, open_far_channel: Callable[[], Any], key: bytes, recorder: Any
) -> Iterator[tuple[Any, SimulatedLine, list[Any]]]:
    """libosdp's panel over our two simulated boards on an echo-free line."""
    changes: list[Any] = []
    doors = [SimulatedDoor(PeripheralConfig(address, key)) for address in (ADDRESS, ADDRESS + 1)]
    far = open_far_channel()
    infos = [
        osdp.PDInfo(address, far, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
        for address in (ADDRESS, ADDRESS + 1)
    ]
    panel = osdp.ControlPanel(
        infos,
        log_level=osdp.LogLevel.Emergency,
        event_handler=lambda pd, event: recorder((pd, event)) or 0,
    )
    with SimulatedLine(pty_port, doors, lambda *change: changes.append(change[:2])) as line:
        panel.start()
        recorder.wait_until(lambda: panel.get_num_sc_active() == 2, what="secure channel")
        yield panel, line, changes
        panel.teardown()


def test_our_boards_report_to_a_libosdp_panel(
    panel_of_libosdp: tuple[Any, SimulatedLine, list[Any]], recorder: Any
) -> None:
    _, line, _ = panel_of_libosdp
    assert line.is_secure(ADDRESS)
    line.press(ADDRESS, "42#")
    line.present_card(ADDRESS + 1, 32, bytes.fromhex("cafebabe"))
    line.set_input(ADDRESS, 2, True)

    def seen(pd: int, **fields: Any) -> bool:
        return any(
            index == pd and all(event.get(name) == value for name, value in fields.items())
            for index, event in list(recorder.events)
        )

    recorder.wait_until(lambda: seen(0, event=osdp.Event.KeyPress, data=b"42\r"))
    recorder.wait_until(lambda: seen(1, event=osdp.Event.CardRead, data=bytes.fromhex("cafebabe")))
    recorder.wait_until(lambda: seen(0, event=osdp.Event.Status, report=bytes([0, 0, 1, 0])))


def test_our_boards_obey_a_libosdp_panel(
    panel_of_libosdp: tuple[Any, SimulatedLine, list[Any]], recorder: Any
) -> None:
    panel, line, changes = panel_of_libosdp
    on = {
        "command": osdp.Command.Output,
        "output_no": 1,
        "control_code": int(OutputControl.ON_TIMED),
        "timer_count": 1,
    }
    text = {
        "command": osdp.Command.Text,
        "reader": 0,
        "control_code": 1,
        "temp_time": 0,
        "offset_row": 1,
        "offset_col": 1,
        "data": "OPEN",
    }
    assert panel.submit_command(ADDRESS, on)
    assert panel.submit_command(ADDRESS, text)
    shown = (ADDRESS, SignalShown(ShowText("OPEN")))
    recorder.wait_until(lambda: shown in changes)
    fell_back = (ADDRESS, OutputChanged(1, False))
    recorder.wait_until(lambda: fell_back in changes)
    assert changes.index((ADDRESS, OutputChanged(1, True))) < changes.index(fell_back)
    assert line.outputs(ADDRESS) == (False, False)


def test_a_key_from_a_libosdp_panel_is_taken(
    panel_of_libosdp: tuple[Any, SimulatedLine, list[Any]], recorder: Any
) -> None:
    panel, line, _ = panel_of_libosdp
    new_key = bytes.fromhex("9e107d9d372bb6826bd81d3542a419d6")
    command = {"command": osdp.Command.Keyset, "type": 1, "data": new_key}
    assert panel.submit_command(ADDRESS, command)
    recorder.wait_until(lambda: not line.is_secure(ADDRESS), what="end of the old session")
    recorder.wait_until(lambda: line.is_secure(ADDRESS), what="session under the new key")


def test_every_command_has_exactly_one_result(
    online_board: tuple[PeerBoard, SerialBus], recorder: Any
) -> None:
    _, line = online_board
    futures = [line.submit(ADDRESS, SetOutput(0, 2), life_s=5) for _ in range(40)]
    assert {future.result(8).outcome for future in futures} == {Outcome.DONE}
    assert len(recorder.of(CommandFinished)) == 40
