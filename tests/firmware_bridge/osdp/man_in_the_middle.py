"""A man in the middle: two pseudo-terminals, and hooks on every frame that passes.

The panel opens `panel_path` and believes it is the line; the boards sit on a line of their own.
A hook gets a decoded frame and gives the bytes to pass on, b"" to swallow it.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from firmware_bridge.osdp.framing import Decoder, Frame, encode_frame
from firmware_bridge.osdp.replies import Reply
from firmware_bridge.serial_link import PtyPort, SerialPort, SerialSettings

Hook = Callable[[Frame], bytes]


def as_it_was(frame: Frame) -> bytes:
    """The frame's own bytes."""
    return encode_frame(frame)


def in_clear(asked: Frame, reply: Reply) -> bytes:
    """A reply in clear to a command, with the right sequence and check character."""
    return encode_frame(Frame(asked.address, True, asked.sequence, reply.encode(), asked.check))


def with_flipped_bit(raw: bytes, bit: int, *, repaired: bool) -> bytes:
    """A frame with one bit changed, its CRC right again where `repaired`."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    if not repaired:
        return bytes(changed)
    frame = Decoder().feed(raw)[0]
    message = bytes(changed[: -frame.check.value])
    return message + frame.check.over(message)


def resealed(frame: Frame, mac: bytes) -> bytes:
    """The frame with another MAC and a right check character."""
    return encode_frame(replace(frame, mac=mac))


class ManInTheMiddle:
    """The thread between panel and boards; use it as a context manager."""

    def __init__(self, boards_path: str, baud: int) -> None:
        self._panel = PtyPort()
        self._boards = SerialPort(SerialSettings(boards_path, baud))
        self._decoders = {True: Decoder(), False: Decoder()}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="man in the middle", daemon=True)
        self.panel_path = self._panel.far_path
        self.on_command: Hook = as_it_was
        self.on_reply: Hook = as_it_was
        self.commands: list[Frame] = []
        self.replies: list[Frame] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._boards.close()
        self._panel.close()

    def to_panel(self, raw: bytes) -> None:
        """Says something to the panel."""
        self._panel.write(raw)

    def to_boards(self, raw: bytes) -> None:
        """Says something to the boards."""
        self._boards.write(raw)

    def honest(self) -> None:
        """Passes everything on again."""
        self.on_command = self.on_reply = as_it_was

    def last_command(self) -> Frame:
        """What the panel said last."""
        return self.commands[-1]

    def _run(self) -> None:
        while not self._stopping.is_set():
            readable, _, _ = select.select([self._panel, self._boards], [], [], 0.05)
            if self._panel in readable:
                for frame in self._decoders[False].feed(self._panel.read()):
                    self.commands.append(frame)
                    self._boards.write(self.on_command(frame))
            if self._boards in readable:
                for frame in self._decoders[True].feed(self._boards.read()):
                    self.replies.append(frame)
                    self._panel.write(self.on_reply(frame))
