"""A panel, its board and an attacker between them, driven by a script of bytes.

Each step is an opcode byte and what it takes: who has no key may add, change, cut and repeat
frames in either direction, with every check character right, and let time pass.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from firmware_bridge.osdp import Bus, CardRead, KeysPressed, PDConfig
from firmware_bridge.osdp.config import MS
from firmware_bridge.osdp.device import VirtualDevice
from firmware_bridge.osdp.events import BusEvent
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.peripheral import PeripheralConfig, PeripheralSession

KEY = bytes.fromhex("5f0a1b8c7d6e4f3021a9b8c7d6e5f401")
ADDRESS = 1
_MAX_STEPS = 64
_MAX_WAITS = 100


class Op(IntEnum):
    """What the attacker does with the next exchange."""

    PASS = 0
    RAW = 1
    FRAME = 2
    REPLACE = 3
    DROP = 4
    PRESS = 5
    WAIT = 6
    FLIP = 7
    REPLAY = 8
    CUT = 9


class Script:
    """Reads a script; empty bytes where it ends."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        """The next byte, 0 at the end."""
        return (self.bytes(1) or b"\0")[0]

    def bytes(self, count: int) -> bytes:
        """The next bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def block(self) -> bytes:
        """Bytes after their own count."""
        return self.bytes(self.byte())

    def steps(self) -> Iterator[Op]:
        """The opcodes, in order."""
        for _ in range(_MAX_STEPS):
            if self._at >= len(self._data):
                return
            yield Op(self.byte() % len(Op))


def forged(script: Script, address: int, sequence: int, *, is_reply: bool) -> bytes:
    """A frame of the attacker's making, every check character right."""
    kind = script.byte()
    block = None if kind < 0x10 else 0x10 + kind % 9
    payload = script.block() or b"\x40"
    check = Check.CHECKSUM if kind & 0x80 else Check.CRC16
    if kind & 0x40:
        sequence = kind & 3
    data = script.block()[:8]
    mac = (script.bytes(4) + bytes(4))[:4]
    return encode_frame(Frame(address, is_reply, sequence, payload, check, block, data, mac))


def frame_of(raw: bytes) -> Frame | None:
    """The frame in honest bytes."""
    frames = Decoder().feed(raw)
    return frames[0] if frames else None


@dataclass
class Scene:
    """The line; `to_panel` says in which direction the attacker works."""

    to_panel: bool
    now_ns: int = 0
    pressed: str = ""
    events: list[BusEvent] = field(default_factory=list)
    recorded: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(1)
        self.device = VirtualDevice()
        self.board = PeripheralSession(
            PeripheralConfig(ADDRESS, KEY),
            self.device,
            lambda: rng.randbytes(8),
            self.device.files,
        )
        self.bus = Bus([PDConfig(ADDRESS, KEY)], baud=115200, nonce=lambda: rng.randbytes(8))
        self._arriving = b""

    def play(self, script: Script) -> None:
        """Runs a script from a line that is online, then lets it settle."""
        for _ in range(12):
            self._exchange(Op.PASS, script)
        for op in script.steps():
            if op is Op.WAIT:
                self.now_ns += script.byte() * 20 * MS
            elif op is Op.PRESS:
                key = "0123456789"[script.byte() % 10]
                self.pressed += key
                self.device.press(key)
            self._exchange(op, script)
        for _ in range(8):
            self._exchange(Op.PASS, script)

    def opened(self) -> list[str]:
        """The keys that came out of the panel; a card is one that nobody presented."""
        return [
            event.keys if isinstance(event, KeysPressed) else "card"
            for event in self.events
            if isinstance(event, KeysPressed | CardRead)
        ]

    def _exchange(self, op: Op, script: Script) -> None:
        heard = self._next_call()
        asked = frame_of(heard)
        if not self.to_panel and asked is not None:
            heard = self._spoil(op, script, heard, asked)
        answer = self.board.step(self.now_ns, heard).send
        if self.to_panel and asked is not None:
            answer = self._spoil(op, script, answer, asked)
        self._arriving = answer

    def _next_call(self) -> bytes:
        """What the panel says next; time passes until it does."""
        for _ in range(_MAX_WAITS):
            step = self.bus.step(self.now_ns, self._arriving)
            self._arriving = b""
            self.events += step.events
            if step.send:
                self.now_ns += 2 * MS
                return step.send
            self.now_ns = max(self.now_ns + MS, min(step.wake_ns, self.now_ns + 200 * MS))
        return b""

    def _spoil(self, op: Op, script: Script, honest: bytes, asked: Frame) -> bytes:
        self.recorded = [*self.recorded[-15:], honest]
        match op:
            case Op.RAW:
                return script.block() + honest
            case Op.FRAME | Op.REPLACE:
                frame = forged(script, ADDRESS, asked.sequence, is_reply=self.to_panel)
                return frame + (honest if op is Op.FRAME else b"")
            case Op.DROP:
                return b""
            case Op.FLIP if honest:
                changed = bytearray(honest)
                changed[script.byte() % len(changed)] ^= 1 << script.byte() % 8
                message = bytes(changed[:-2])
                return message + Check.CRC16.over(message)
            case Op.REPLAY:
                return self.recorded[script.byte() % len(self.recorded)]
            case Op.CUT:
                return honest[: script.byte()]
        return honest
