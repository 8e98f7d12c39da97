"""A duress PIN looks like any PIN: the reader is told the same, in the same frames, after the same
time, by the same work; and exactly one silent alarm is journaled.

The whole agent is on a real serial line with an OSDP board. What its panel sends is compared as it
is on the wire (length, address, security block, whatever no session changes) and as the board reads
it. Left out are what differs between any two frames: sequence number, MAC and enciphered bytes.
"""

from __future__ import annotations

import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import edge
import wire
from edge.bootstrap import build
from edge.controller_files import load_controller
from edge.settings import load_settings
from firmware_bridge.osdp.codes import CommandCode
from firmware_bridge.osdp.commands import Command
from firmware_bridge.osdp.device import VirtualDevice
from firmware_bridge.osdp.framing import Decoder
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.replies import Reply
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from tests.edge.conftest import made_id
from tests.edge.test_agent_osdp import DOOR, NOW, _leave_policy, _policy, _until
from tests.promises.pins_bench import quick_folder, rig_at, shut, told_since
from wire import policy_bodies as pb
from wire.events import EventKind, decode_row
from wire.identity import pin_policy_id
from wire.pins import pin_digest
from wire.policy import EntryKind, encode_entry

GOOD, DURESS = "482915", "704913"
ROUNDS = 4
PULSE_MS = 1_000
FEEDBACK_S = 1.4
"""Until a reader shows again what it shows to nobody."""
TIMING_CLASS_S = 0.1
"""A poll on this line takes 20 to 50 ms: what is within two of them nobody tells apart."""
WORK_SHARE = 0.03
SHOWN = {CommandCode.OUT, CommandCode.LED, CommandCode.BUZ, CommandCode.TEXT}
OURS = tuple(str(Path(package.__file__).parent) for package in (edge, wire))


class Tapped:
    """A serial port that keeps what came in, and when."""

    def __init__(self, port: PtyPort) -> None:
        self._port = port
        self.heard: list[tuple[float, bytes]] = []

    def read(self) -> bytes:
        data = self._port.read()
        if data:
            self.heard.append((time.monotonic(), data))
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


class Listening(VirtualDevice):
    """A board that keeps what it was told to show or move, deciphered, and when."""

    def __init__(self) -> None:
        super().__init__(serial=1)
        self.told: list[tuple[float, Command]] = []

    def handle(self, command: Command, now_ns: int) -> Reply:
        if command.code in SHOWN:
            self.told.append((time.monotonic(), command))
        return super().handle(command, now_ns)


@dataclass(frozen=True)
class Seen:
    """What one entry brought about on the line."""

    commands: tuple[Command, ...]
    frames: tuple[tuple[Any, ...], ...]
    after_s: float


@dataclass
class Board:
    """The agent and its board."""

    agent: Any
    line: SimulatedLine
    device: Listening
    port: Tapped

    def enter(self, digits: str) -> Seen:
        """Type it, wait until bolt and lights are as before, and give what the panel sent."""
        self.line.press(1, digits)
        time.sleep(0.15)  # the digits have been polled; what counts begins with the confirm key
        told, heard = len(self.device.told), len(self.port.heard)
        pressed_at = time.monotonic()
        self.line.press(1, "#")
        _until(lambda: len(self.device.told) > told)
        while time.monotonic() - self.device.told[-1][0] < FEEDBACK_S:
            time.sleep(0.02)
        said = self.device.told[told:]
        return Seen(
            tuple(command for _, command in said),
            tuple(self._shapes(heard)),
            said[0][0] - pressed_at,
        )

    def _shapes(self, since: int) -> Iterator[tuple[Any, ...]]:
        """What anybody on the line sees of the frames that move or show something."""
        decoder = Decoder()
        for _, data in self.port.heard[since:]:
            for frame in decoder.feed(data):
                code, length = frame.payload[:1], len(frame.payload)
                if frame.is_reply or code not in {bytes([one]) for one in SHOWN}:
                    continue
                yield (frame.address, code, length, frame.block, len(frame.mac), frame.check)


def _entries(controller: Any, key: bytes) -> tuple[bytes, ...]:
    """The usual policy of the board's door, with a duress PIN of the same window."""
    credential = made_id(60)
    pin = pb.PinBody(
        credential=credential,
        door=DOOR,
        digest=pin_digest(controller.pin, DOOR, DURESS),
        duress=True,
    )
    grant = pb.GrantBody(
        door=DOOR,
        credential=credential,
        start=NOW - timedelta(hours=1),
        end=NOW + timedelta(hours=1),
    )
    door = pb.DoorBody(
        strike=pb.Point(made_id(3), 0),
        unlock_ms=PULSE_MS,
        on_untrusted_clock=pb.OnUntrustedClock.FLOOR_IN_WINDOW,
    )
    usual = [one for one in _policy(controller, key) if b'"kind":"door"' not in one]
    return (
        encode_entry(EntryKind.DOOR, DOOR, 1, door),
        *usual,
        encode_entry(EntryKind.CREDENTIAL, pin_policy_id(credential, DOOR), 1, pin),
        encode_entry(EntryKind.GRANT, made_id(61), 1, grant),
    )


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    register = Register.create(
        tmp_path / "ca", "Town", NOW - timedelta(hours=1), timedelta(days=3_650)
    )
    enrolment.init_hub(register, tmp_path / "hub", NOW - timedelta(hours=1))
    enrolment.add_controller(
        register, tmp_path / "hub", tmp_path / "keys", NOW - timedelta(hours=1)
    )
    key = secrets.token_bytes(16)
    with PtyPort() as pty:
        file = tmp_path / "edge.toml"
        file.write_text(
            'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
            '[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
            f'[ports.bus0]\ndriver = "osdp"\npath = "{pty.far_path}"\nface = "whole"\n',
            encoding="utf-8",
        )
        settings = load_settings(file)
        _leave_policy(settings, _entries(load_controller(settings), key))
        device, port = Listening(), Tapped(pty)
        line = SimulatedLine(port, [SimulatedDoor(PeripheralConfig(1, key), device)])
        agent = build(settings)
        with line:
            agent.start()
            _until(lambda: any(one.online for one in agent.status().devices))
            time.sleep(0.5)
            yield Board(agent, line, device, port)
            agent.stop()


def test_duress_looks_like_any_pin_on_the_line(board):
    good, duress = [], []
    for _ in range(ROUNDS // 2):  # in turn, so that both meet the same machine
        good.append(board.enter(GOOD))
        duress.append(board.enter(DURESS))
    kinds = Counter(row for _, row in _rows(board))
    assert kinds["access_duress"] == kinds["access_granted"] == ROUNDS // 2
    assert kinds["security_alarm"] == kinds["access_denied"] == 0
    one = good[0]
    assert len(one.commands) >= 2, "a strike and a light at least"
    for seen in (*good, *duress):
        assert seen.commands == one.commands
    assert all(seen.frames == one.frames for seen in (*good, *duress))
    # The quickest of each: what a busy machine adds is no property of the PIN.
    apart_s = abs(min(seen.after_s for seen in good) - min(seen.after_s for seen in duress))
    assert apart_s < TIMING_CLASS_S


def _rows(board: Board) -> list[tuple[int, str]]:
    return [(seq, decode_row(data).kind) for seq, data in board.agent.tail(500)]


# --- by the same work ----------------------------------------------------------------------------


def _lines_of(handle: Callable[[], None]) -> int:
    """How many lines of ours run: a measure of the time that no other load disturbs."""
    count = 0

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        count += event == "line"
        return trace

    assert threading.current_thread() is threading.main_thread()
    sys.settrace(trace)
    try:
        handle()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("mode", [None, pb.DoorMode.LOCKED, pb.DoorMode.LOCKDOWN])
def test_duress_looks_like_any_pin_by_feedback_acts_and_work(mode):
    """Also at a door that is locked: it stays shut for both, and the alarm is raised."""
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        town = rig.town
        rig.policy(
            town.reader(tries=20),
            town.pin(DURESS, made_id(60), duress=True, booking=made_id(8)),
            town.grant(
                made_id(61),
                credential=made_id(60),
                start=rig.time.wall_now - timedelta(minutes=1),
                end=rig.time.wall_now + timedelta(hours=2),
                booking=made_id(8),
            ),
        )
        if mode is not None:
            rig.policy(town.mode(mode, 1))
        seen = {}
        for digits in (GOOD, DURESS, GOOD, DURESS):
            mark, acts = rig.journal.last_seq, len(rig.site.acts())
            shown = len(rig.site.shown())
            lines = _lines_of(lambda one=digits: rig.press(f"{one}#"))
            told = [event.kind for event in told_since(rig, mark)]
            feedback = rig.site.shown()[shown:]
            drove = [(act.target, act.mode, act.pulse_ms) for act in rig.site.acts()[acts:]]
            seen[digits] = (len(told), feedback, drove), lines, told
            shut(rig)
        (good, good_lines, _), (duress, duress_lines, told) = seen[GOOD], seen[DURESS]
    assert good == duress
    assert told.count(EventKind.ACCESS_DURESS) == 1
    assert abs(good_lines - duress_lines) <= WORK_SHARE * good_lines
