"""The peripheral's end of the line, without I/O: frames in, answers out, security enforced.

A `PeripheralSession` serves one `Device`. Without a session it answers ID and CAP and the
handshake only; under the default key, which it takes in install mode only, it takes KEYSET
and nothing that moves or reports anything. A repeated command gets the same bytes again.
Source: SIA OSDP v2.2, clause 5 and Annex D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from firmware_bridge.osdp.codes import (
    BROADCAST,
    SCBK_D,
    Malformed,
    NakCode,
    OsdpError,
    SecurityBlock,
)
from firmware_bridge.osdp.command_reader import decode_command
from firmware_bridge.osdp.commands import (
    Abort,
    AskCapabilities,
    AskIdentity,
    Challenge,
    Command,
    ComSet,
    FileFragment,
    KeySet,
    Poll,
    ServerCryptogram,
)
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.file_receiver import FileReceiver, FileTaker
from firmware_bridge.osdp.framing import Decoder, Frame, encode_frame
from firmware_bridge.osdp.replies import (
    CUID_LEN,
    Ack,
    Busy,
    Capabilities,
    ClientCryptogram,
    Communication,
    Identity,
    InitialMac,
    Nak,
    Reply,
)
from firmware_bridge.osdp.secure_channel import SecureSession, SessionKeys, same

_SILENCE_NS: Final = 8 * SECOND
_CHARACTER_GAP_NS: Final = 20 * MS
_NEVER_NS: Final = 1 << 62
_OPEN_TO_ALL: Final = (AskIdentity, AskCapabilities)
_UNDER_DEFAULT_KEY: Final = (*_OPEN_TO_ALL, KeySet)


class Device(Protocol):
    """What stands behind a peripheral: the reader or door board, real or virtual."""

    identity: Identity
    capabilities: Capabilities

    def is_busy(self, now_ns: int) -> bool:
        """Whether commands have to wait."""

    def handle(self, command: Command, now_ns: int) -> Reply:
        """Carries a command out and answers it; Nak when it cannot be done."""

    def next_report(self, now_ns: int) -> Reply | None:
        """The oldest thing to report, which the caller now owns."""


@dataclass(slots=True)
class PeripheralConfig:
    """Address and base key; `install_mode` accepts the default key until a key is set."""

    address: int
    scbk: bytes = field(repr=False)
    install_mode: bool = False


@dataclass(frozen=True, slots=True)
class PeripheralStep:
    """What to write now, and when to call again without input."""

    send: bytes
    wake_ns: int


@dataclass(frozen=True, slots=True)
class _Answered:
    command: Frame
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Opening:
    keys: SessionKeys
    expected: bytes
    is_default_key: bool


class PeripheralSession:
    """One peripheral's protocol state; `nonce` gives 8 fresh random bytes a call. Without
    `files` a FILETRANSFER is an unknown command."""

    def __init__(
        self,
        config: PeripheralConfig,
        device: Device,
        nonce: Callable[[], bytes],
        files: FileTaker | None = None,
    ) -> None:
        self.config = config
        self.decoder = Decoder()
        self._device = device
        self._nonce = nonce
        self._files = None if files is None else FileReceiver(files)
        self._session: SecureSession | None = None
        self._opening: _Opening | None = None
        self._is_default_key = False
        self._sequence = 0
        self._last: _Answered | None = None
        self._heard_ns = -_NEVER_NS
        self._last_byte_ns = 0

    @property
    def is_secure(self) -> bool:
        """Whether a session under the peripheral's own key stands."""
        return self._session is not None and not self._is_default_key

    def is_online(self, now_ns: int) -> bool:
        """Whether a panel has spoken to this peripheral lately."""
        return now_ns - self._heard_ns < _SILENCE_NS

    def step(self, now_ns: int, received: bytes = b"") -> PeripheralStep:
        """Answers what came in; of several frames in one chunk only the last is answered."""
        frames: list[Frame] = []
        if self.decoder.is_waiting and now_ns >= self._last_byte_ns + _CHARACTER_GAP_NS:
            # A start byte in noise must not swallow the calls that follow.
            frames = self.decoder.give_up()
        if received:
            self._last_byte_ns = now_ns
            frames += self.decoder.feed(received)
        if self._session is not None and not self.is_online(now_ns):
            self._close()
        send = b""
        for frame in frames:
            if not frame.is_reply and frame.address in (self.config.address, BROADCAST):
                self._heard_ns = now_ns
                send = self._answer(frame, now_ns)
        waiting = self.decoder.is_waiting
        wake_ns = self._last_byte_ns + _CHARACTER_GAP_NS if waiting else _NEVER_NS
        return PeripheralStep(send, wake_ns)

    def _close(self) -> None:
        self._session = None
        self._opening = None
        self._last = None
        if self._files is not None:
            self._files.forget()

    def _answer(self, frame: Frame, now_ns: int) -> bytes:
        if self._device.is_busy(now_ns):
            return self._plain(frame, Busy(), sequence=0)
        if frame.sequence == 0:
            self._close()
        elif self._last is not None and self._last.command == frame:
            return self._last.raw
        elif frame.sequence != self._sequence % 3 + 1:
            return self._plain(frame, Nak(NakCode.BAD_SEQUENCE))
        self._sequence = frame.sequence
        raw = self._answer_new(frame, now_ns)
        self._last = _Answered(frame, raw)
        return raw

    def _answer_new(self, frame: Frame, now_ns: int) -> bytes:
        try:
            payload = self._opened(frame)
        except OsdpError as error:
            self.decoder.malformed[error.cause] += 1
            self._close()
            return self._plain(frame, Nak(NakCode.SECURITY_REQUIRED))
        try:
            commands = decode_command(payload)
        except OsdpError as error:
            self.decoder.malformed[error.cause] += 1
            unknown = error.cause is Malformed.UNKNOWN_CODE
            code = NakCode.UNKNOWN_COMMAND if unknown else NakCode.BAD_LENGTH
            return self._reply(frame, Nak(code))
        match commands[0]:
            case Challenge(nonce):
                return self._challenged(frame, nonce)
            case ServerCryptogram(cryptogram):
                return self._proved(frame, cryptogram)
        if self._session is None and not isinstance(commands[0], _OPEN_TO_ALL):
            return self._plain(frame, Nak(NakCode.SECURITY_REQUIRED))
        restricted = self._session is not None and self._is_default_key
        if restricted and not isinstance(commands[0], _UNDER_DEFAULT_KEY):
            return self._reply(frame, Nak(NakCode.SECURITY_REQUIRED))
        return self._carried_out(frame, commands, now_ns)

    def _opened(self, frame: Frame) -> bytes:
        """The clear payload; OsdpError when the session does not allow the frame."""
        handshake = (SecurityBlock.CHALLENGE, SecurityBlock.CRYPTOGRAM)
        if self._session is None:
            if frame.has_mac:
                raise OsdpError(Malformed.SECURITY_BLOCK, "a MAC outside of a session")
            return frame.payload
        if frame.block in handshake:
            self._session = None
            return frame.payload
        if frame.block not in (SecurityBlock.COMMAND_MAC, SecurityBlock.COMMAND_ENCRYPTED):
            raise OsdpError(Malformed.CLEAR_TEXT, "a command without a MAC in a session")
        self._session.verify_command(frame.signed, frame.mac)
        if frame.block == SecurityBlock.COMMAND_MAC or len(frame.payload) == 1:
            return frame.payload
        return frame.payload[:1] + self._session.decrypt_command(frame.payload[1:])

    def _challenged(self, frame: Frame, panel_nonce: bytes) -> bytes:
        is_default = frame.block_data == b"\x00"
        if frame.block != SecurityBlock.CHALLENGE or (is_default and not self.config.install_mode):
            return self._plain(frame, Nak(NakCode.SECURITY_REQUIRED))
        keys = SessionKeys.derive(SCBK_D if is_default else self.config.scbk, panel_nonce)
        nonce = self._nonce()
        expected = keys.server_cryptogram(panel_nonce, nonce)
        self._opening = _Opening(keys, expected, is_default)
        proof = keys.client_cryptogram(panel_nonce, nonce)
        cuid = self._device.identity.data()[:CUID_LEN]
        reply = ClientCryptogram(cuid, nonce, proof)
        return self._plain(frame, reply, SecurityBlock.CHALLENGE_REPLY, frame.block_data)

    def _proved(self, frame: Frame, cryptogram: bytes) -> bytes:
        opening, self._opening = self._opening, None
        wrong_block = frame.block != SecurityBlock.CRYPTOGRAM
        if opening is None or wrong_block or not same(opening.expected, cryptogram):
            return self._plain(frame, Nak(NakCode.SECURITY_REQUIRED))
        initial_mac = opening.keys.initial_mac(cryptogram)
        raw = self._plain(frame, InitialMac(initial_mac), SecurityBlock.CRYPTOGRAM_REPLY, b"\x01")
        self._session = SecureSession(opening.keys, initial_mac)
        self._is_default_key = opening.is_default_key
        return raw

    def _carried_out(self, frame: Frame, commands: tuple[Command, ...], now_ns: int) -> bytes:
        reply: Reply = Ack()
        for command in commands:
            reply = self._handle(command, now_ns)
            if isinstance(reply, Nak):
                break
        raw = self._reply(frame, reply)
        command = commands[0]
        if isinstance(command, KeySet) and isinstance(reply, Ack):
            self.config.scbk = command.key
            self.config.install_mode = False
            self._session = None
        elif isinstance(command, ComSet) and isinstance(reply, Communication):
            self.config.address = reply.address
        return raw

    def _handle(self, command: Command, now_ns: int) -> Reply:
        match command:
            case Poll():
                return self._device.next_report(now_ns) or Ack()
            case AskIdentity():
                return self._device.identity
            case AskCapabilities():
                return self._device.capabilities
            case FileFragment() if self._files is not None:
                return self._files.take(command, now_ns)
            case Abort() if self._files is not None:
                self._files.forget()
                return Ack()
        return self._device.handle(command, now_ns)

    def _reply(self, frame: Frame, reply: Reply) -> bytes:
        session = self._session
        if session is None:
            return self._plain(frame, reply)
        payload, block = reply.encode(), SecurityBlock.REPLY_MAC
        if len(payload) > 1:
            block = SecurityBlock.REPLY_ENCRYPTED
            payload = payload[:1] + session.encrypt_reply(payload[1:])
        answer = Frame(frame.address, True, frame.sequence, payload, frame.check, block)
        return encode_frame(answer, session.sign_reply)

    def _plain(
        self,
        frame: Frame,
        reply: Reply,
        block: SecurityBlock | None = None,
        block_data: bytes = b"",
        sequence: int | None = None,
    ) -> bytes:
        number = frame.sequence if sequence is None else sequence
        answer = Frame(frame.address, True, number, reply.encode(), frame.check, block, block_data)
        return encode_frame(answer)
