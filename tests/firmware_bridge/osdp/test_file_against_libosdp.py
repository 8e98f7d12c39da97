"""Files in both directions against libosdp on a pseudo-terminal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import osdp
import pytest

from firmware_bridge.osdp import (
    FileOutcome,
    FileProgress,
    KeysPressed,
    LocalStatus,
    PDConfig,
    SerialBus,
)
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.osdp.virtual_files import FileReceived
from firmware_bridge.serial_link import PtyPort
from tests.firmware_bridge.osdp.test_against_libosdp import ADDRESS, CAPABILITIES, accepted

CONTENT = random.Random(4).randbytes(4_000)
FILE_TYPE = 1


class PeerFiles:
    """libosdp's way to files: what it wrote, and what it reads."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content
        self.refuses = False
        self.written = bytearray()
        self.opened: list[tuple[int, int]] = []
        self.closed = 0

    def asked(self, command: dict[str, Any]) -> tuple[int, None]:
        refused = self.refuses and command["command"] == osdp.Command.FileTransfer
        return (-1, None) if refused else accepted()

    def open(self, file_type: int, size: int) -> int:
        self.opened.append((file_type, size))
        return len(self.content)

    def read(self, size: int, offset: int) -> bytes:
        return self.content[offset : offset + size]

    def write(self, data: bytes, offset: int) -> int:
        self.written[offset : offset + len(data)] = data
        return len(data)

    def close(self, _file_type: int) -> int:
        self.closed += 1
        return 0

    def operations(self) -> dict[str, Any]:
        return {"open": self.open, "read": self.read, "write": self.write, "close": self.close}


@pytest.fixture
def files() -> PeerFiles:
    return PeerFiles()


@pytest.fixture
def line_to_peer(
    channel: Any, start_bus: Callable[..., SerialBus], recorder: Any, key: bytes, files: PeerFiles
) -> Iterator[tuple[Any, SerialBus]]:
    """libosdp's board with files, online under our panel."""
    info = osdp.PDInfo(ADDRESS, channel, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    board = osdp.PeripheralDevice(
        info,
        CAPABILITIES,
        log_level=osdp.LogLevel.Emergency,
        command_handler=files.asked,
    )
    board.start()
    assert board.register_file_ops(files.operations())
    line = start_bus(recorder, PDConfig(ADDRESS, key))
    recorder.wait_for(LocalStatus)
    yield board, line
    board.teardown()


def test_a_libosdp_board_takes_our_file_whole(
    line_to_peer: tuple[Any, SerialBus], recorder: Any, files: PeerFiles
) -> None:
    board, line = line_to_peer
    future = line.send_file(ADDRESS, FILE_TYPE, CONTENT, life_s=20)
    recorder.wait_for(FileProgress)
    board.submit_event({"event": osdp.Event.KeyPress, "reader_no": 0, "data": b"42"})
    recorder.wait_for(KeysPressed)
    assert not future.done()
    assert future.result(20).outcome is FileOutcome.DELIVERED
    assert bytes(files.written) == CONTENT
    assert files.opened == [(FILE_TYPE, len(CONTENT))]
    assert files.closed == 1


def test_a_libosdp_board_forgets_a_file_that_we_cancel_and_takes_the_next(
    line_to_peer: tuple[Any, SerialBus], recorder: Any, files: PeerFiles
) -> None:
    _, line = line_to_peer
    future = line.send_file(ADDRESS, FILE_TYPE, CONTENT, life_s=20)
    recorder.wait_for(FileProgress, 2)
    line.cancel_file(future)
    assert future.result(5).outcome is FileOutcome.CANCELLED
    assert len(files.written) < len(CONTENT)
    files.written.clear()
    assert line.send_file(ADDRESS, FILE_TYPE, CONTENT).result(20).outcome is FileOutcome.DELIVERED
    assert bytes(files.written) == CONTENT


def test_a_libosdp_board_that_does_not_want_a_file_has_nothing_of_it_and_is_served_again(
    line_to_peer: tuple[Any, SerialBus], recorder: Any, files: PeerFiles
) -> None:
    """It says nothing at all then, so the link is opened anew."""
    _, line = line_to_peer
    files.refuses = True
    outcome = line.send_file(ADDRESS, FILE_TYPE, CONTENT).result(10).outcome
    assert outcome is FileOutcome.LINK_LOST
    assert files.written == b""
    recorder.wait_for(LocalStatus, 2)


def test_our_board_takes_a_file_from_a_libosdp_panel(
    pty_port: PtyPort, open_far_channel: Callable[[], Any], key: bytes, recorder: Any
) -> None:
    files = PeerFiles(CONTENT)
    changes: list[Any] = []
    far = open_far_channel()
    info = osdp.PDInfo(ADDRESS, far, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
    panel = osdp.ControlPanel([info], log_level=osdp.LogLevel.Emergency, event_handler=lambda *_: 0)
    doors = [SimulatedDoor(PeripheralConfig(ADDRESS, key))]
    with SimulatedLine(pty_port, doors, lambda *change: changes.append(change[1])):
        panel.start()
        try:
            recorder.wait_until(lambda: panel.get_num_sc_active() == 1, what="secure channel")
            assert panel.register_file_ops(ADDRESS, files.operations())
            command = {"command": osdp.Command.FileTransfer, "id": FILE_TYPE, "flags": 0}
            assert panel.submit_command(ADDRESS, command)
            arrived = FileReceived(FILE_TYPE, CONTENT)
            recorder.wait_until(lambda: arrived in changes, 20, "the file")
            recorder.wait_until(lambda: files.closed == 1, 30, "the panel's end")
        finally:
            panel.teardown()
