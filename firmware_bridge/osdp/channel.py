"""The panel's end of the conversation with one peripheral: sequence, check and security.

`seal` turns a command into wire bytes, `open` a frame into a reply. Once a session is set,
nothing leaves without a MAC and nothing without one is believed.
Source: SIA OSDP v2.2, clause 5.9 (sequence) and Annex D (security blocks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from firmware_bridge.osdp.codes import Malformed, OsdpError, SecurityBlock
from firmware_bridge.osdp.commands import Command
from firmware_bridge.osdp.framing import Check, Frame, encode_frame
from firmware_bridge.osdp.replies import Reply
from firmware_bridge.osdp.reply_reader import decode_reply
from firmware_bridge.osdp.secure_channel import SecureSession

_LAST_SEQUENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Sealed:
    """A command ready for the wire; a repetition sends the same bytes again."""

    frame: Frame
    raw: bytes


class PanelChannel:
    """Sequence 0 starts a conversation; 1, 2, 3 follow one another in it."""

    __slots__ = ("_address", "_sequence", "check", "session")

    def __init__(self, address: int, check: Check) -> None:
        self._address = address
        self._sequence = 0
        self.check = check
        self.session: SecureSession | None = None

    def seal(self, command: Command, block: int | None = None, block_data: bytes = b"") -> Sealed:
        """The frame of a command; `block` is for the two handshake commands only."""
        payload = command.encode()
        session = self.session
        if session is not None:
            block, block_data = SecurityBlock.COMMAND_MAC, b""
            if len(payload) > 1:
                block = SecurityBlock.COMMAND_ENCRYPTED
                payload = payload[:1] + session.encrypt_command(payload[1:])
        frame = Frame(self._address, False, self._sequence, payload, self.check, block, block_data)
        sign = session.sign_command if session is not None else None
        return Sealed(frame, encode_frame(frame, sign))

    def next(self) -> None:
        """Moves on after an answered command."""
        self._sequence = self._sequence % _LAST_SEQUENCE + 1

    def open(self, frame: Frame) -> Reply:
        """The reply in a frame; OsdpError when the session does not allow it or it is none."""
        payload = frame.payload
        if self.session is not None:
            payload = _opened(self.session, frame)
        elif frame.has_mac:
            raise OsdpError(Malformed.SECURITY_BLOCK, "a MAC outside of a session")
        return decode_reply(payload)


def _opened(session: SecureSession, frame: Frame) -> bytes:
    """The clear payload of a reply in a session."""
    if frame.block is None:
        raise OsdpError(Malformed.CLEAR_TEXT, "a reply without a MAC in a session")
    if frame.block not in (SecurityBlock.REPLY_MAC, SecurityBlock.REPLY_ENCRYPTED):
        raise OsdpError(Malformed.SECURITY_BLOCK, f"block 0x{frame.block:02x} in a reply")
    session.verify_reply(frame.signed, frame.mac)
    if frame.block == SecurityBlock.REPLY_MAC or len(frame.payload) == 1:
        return frame.payload
    return frame.payload[:1] + session.decrypt_reply(frame.payload[1:])
