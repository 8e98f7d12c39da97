"""What a control panel may say: one frozen class a command, its bytes and back.

`encode()` gives code and data as one payload; `decode_command` reads a payload and raises
OsdpError when its length or content does not fit. OUT, LED and BUZ carry several records:
they decode to one command per record. Source: SIA OSDP v2.2, clause 6.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from firmware_bridge.osdp.codes import CommandCode, Malformed, OsdpError

KEY_LEN: Final = 16
NONCE_LEN: Final = 8
MAX_TEXT_LEN: Final = 32
_SCBK_TYPE: Final = 1


def need(condition: bool, detail: str) -> None:
    """Raises OsdpError(PAYLOAD) unless `condition` holds."""
    if not condition:
        raise OsdpError(Malformed.PAYLOAD, detail)


@dataclass(frozen=True, slots=True)
class Command:
    """A command without data."""

    code: ClassVar[CommandCode]

    def data(self) -> bytes:
        """The bytes after the code."""
        return b""

    def encode(self) -> bytes:
        """Code and data: the payload of a frame; OsdpError when a number does not fit."""
        try:
            return bytes([self.code]) + self.data()
        except (struct.error, OverflowError) as error:
            detail = f"{type(self).__name__}: {error}"
            raise OsdpError(Malformed.PAYLOAD, detail) from error


@dataclass(frozen=True, slots=True)
class Poll(Command):
    """Asks for whatever the peripheral has to report."""

    code: ClassVar[CommandCode] = CommandCode.POLL


@dataclass(frozen=True, slots=True)
class AskIdentity(Command):
    """Asks for PDID."""

    code: ClassVar[CommandCode] = CommandCode.ID

    def data(self) -> bytes:
        return b"\x00"


@dataclass(frozen=True, slots=True)
class AskCapabilities(Command):
    """Asks for PDCAP."""

    code: ClassVar[CommandCode] = CommandCode.CAP

    def data(self) -> bytes:
        return b"\x00"


@dataclass(frozen=True, slots=True)
class AskLocalStatus(Command):
    """Asks for tamper and power of the peripheral itself."""

    code: ClassVar[CommandCode] = CommandCode.LSTAT


@dataclass(frozen=True, slots=True)
class AskInputs(Command):
    """Asks for the state of every input."""

    code: ClassVar[CommandCode] = CommandCode.ISTAT


@dataclass(frozen=True, slots=True)
class AskOutputs(Command):
    """Asks for the state of every output."""

    code: ClassVar[CommandCode] = CommandCode.OSTAT


@dataclass(frozen=True, slots=True)
class AskReaders(Command):
    """Asks for the tamper state of attached readers."""

    code: ClassVar[CommandCode] = CommandCode.RSTAT


@dataclass(frozen=True, slots=True)
class SetOutput(Command):
    """Switches one output; `time_100ms` counts for the timed control codes only."""

    code: ClassVar[CommandCode] = CommandCode.OUT
    layout: ClassVar[struct.Struct] = struct.Struct("<BBH")
    output_no: int
    control: int
    time_100ms: int = 0

    def data(self) -> bytes:
        return self.layout.pack(self.output_no, self.control, self.time_100ms)


@dataclass(frozen=True, slots=True)
class TemporaryLed:
    """LED setting for a while; control 1 cancels one, 2 sets it and starts its timer."""

    control: int = 0
    on_100ms: int = 0
    off_100ms: int = 0
    on_color: int = 0
    off_color: int = 0
    timer_100ms: int = 0


@dataclass(frozen=True, slots=True)
class PermanentLed:
    """LED setting until the next one; control 1 sets it."""

    control: int = 0
    on_100ms: int = 0
    off_100ms: int = 0
    on_color: int = 0
    off_color: int = 0


@dataclass(frozen=True, slots=True)
class SetLed(Command):
    """Sets the temporary and the permanent state of one LED."""

    code: ClassVar[CommandCode] = CommandCode.LED
    layout: ClassVar[struct.Struct] = struct.Struct("<BBBBBBBHBBBBB")
    reader_no: int = 0
    led_no: int = 0
    temporary: TemporaryLed = TemporaryLed()
    permanent: PermanentLed = PermanentLed()

    def data(self) -> bytes:
        brief, steady = self.temporary, self.permanent
        return self.layout.pack(
            self.reader_no,
            self.led_no,
            brief.control,
            brief.on_100ms,
            brief.off_100ms,
            brief.on_color,
            brief.off_color,
            brief.timer_100ms,
            steady.control,
            steady.on_100ms,
            steady.off_100ms,
            steady.on_color,
            steady.off_color,
        )


@dataclass(frozen=True, slots=True)
class Buzz(Command):
    """Sounds the reader's buzzer `count` times; 0 means until told otherwise."""

    code: ClassVar[CommandCode] = CommandCode.BUZ
    layout: ClassVar[struct.Struct] = struct.Struct("<BBBBB")
    reader_no: int = 0
    tone: int = 2
    on_100ms: int = 1
    off_100ms: int = 0
    count: int = 1

    def data(self) -> bytes:
        return self.layout.pack(
            self.reader_no, self.tone, self.on_100ms, self.off_100ms, self.count
        )


@dataclass(frozen=True, slots=True)
class ShowText(Command):
    """Shows up to 32 printable ASCII characters; `time_s` counts for the temporary modes."""

    code: ClassVar[CommandCode] = CommandCode.TEXT
    layout: ClassVar[struct.Struct] = struct.Struct("<BBBBBB")
    text: str
    reader_no: int = 0
    mode: int = 1
    time_s: int = 0
    row: int = 1
    column: int = 1

    def __post_init__(self) -> None:
        need(len(self.text) <= MAX_TEXT_LEN, f"at most {MAX_TEXT_LEN} characters")
        need(self.text.isascii() and (self.text.isprintable()), "printable ASCII only")

    def data(self) -> bytes:
        text = self.text.encode("ascii")
        head = (self.reader_no, self.mode, self.time_s, self.row, self.column, len(text))
        return self.layout.pack(*head) + text


@dataclass(frozen=True, slots=True)
class ComSet(Command):
    """Gives the peripheral a new address and baud rate, used after its reply."""

    code: ClassVar[CommandCode] = CommandCode.COMSET
    layout: ClassVar[struct.Struct] = struct.Struct("<BI")
    address: int
    baud: int

    def data(self) -> bytes:
        return self.layout.pack(self.address, self.baud)


@dataclass(frozen=True, slots=True)
class KeySet(Command):
    """Gives the peripheral a new 16-byte base key; only ever sent encrypted."""

    code: ClassVar[CommandCode] = CommandCode.KEYSET
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        need(len(self.key) == KEY_LEN, "a base key has 16 bytes")

    def data(self) -> bytes:
        return bytes([_SCBK_TYPE, KEY_LEN]) + self.key


@dataclass(frozen=True, slots=True)
class Challenge(Command):
    """Opens a secure channel with the panel's random number."""

    code: ClassVar[CommandCode] = CommandCode.CHLNG
    nonce: bytes

    def __post_init__(self) -> None:
        need(len(self.nonce) == NONCE_LEN, "a nonce has 8 bytes")

    def data(self) -> bytes:
        return self.nonce


@dataclass(frozen=True, slots=True)
class ServerCryptogram(Command):
    """Proves that the panel knows the key."""

    code: ClassVar[CommandCode] = CommandCode.SCRYPT
    cryptogram: bytes

    def __post_init__(self) -> None:
        need(len(self.cryptogram) == KEY_LEN, "a cryptogram has 16 bytes")

    def data(self) -> bytes:
        return self.cryptogram


@dataclass(frozen=True, slots=True)
class PanelBufferSize(Command):
    """Tells the peripheral the longest frame that the panel takes."""

    code: ClassVar[CommandCode] = CommandCode.ACURXSIZE
    size: int

    def data(self) -> bytes:
        return self.size.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Abort(Command):
    """Ends whatever longer operation the peripheral is in."""

    code: ClassVar[CommandCode] = CommandCode.ABORT


def _led(record: bytes) -> SetLed:
    values = SetLed.layout.unpack(record)
    return SetLed(values[0], values[1], TemporaryLed(*values[2:8]), PermanentLed(*values[8:]))


def _text(data: bytes) -> ShowText:
    need(len(data) >= ShowText.layout.size, "TEXT is too short")
    reader_no, mode, time_s, row, column, length = ShowText.layout.unpack_from(data)
    raw = data[ShowText.layout.size :]
    need(len(raw) == length and raw.isascii(), "TEXT length or characters do not fit")
    return ShowText(raw.decode("ascii"), reader_no, mode, time_s, row, column)


def _keyset(data: bytes) -> KeySet:
    need(len(data) == 2 + KEY_LEN, "KEYSET has 18 bytes")
    need(data[:2] == bytes([_SCBK_TYPE, KEY_LEN]), "KEYSET names no 16-byte base key")
    return KeySet(data[2:])


def _records(
    size: int, build: Callable[[bytes], Command]
) -> Callable[[bytes], tuple[Command, ...]]:
    def read(data: bytes) -> tuple[Command, ...]:
        need(len(data) > 0 and len(data) % size == 0, f"records of {size} bytes")
        return tuple(build(data[at : at + size]) for at in range(0, len(data), size))

    return read


def _exactly(size: int, build: Callable[[bytes], Command]) -> Callable[[bytes], tuple[Command]]:
    def read(data: bytes) -> tuple[Command]:
        need(len(data) == size, f"{size} bytes of data")
        return (build(data),)

    return read


_READ: Final[dict[CommandCode, Callable[[bytes], tuple[Command, ...]]]] = {
    CommandCode.POLL: _exactly(0, lambda _: Poll()),
    CommandCode.ID: _exactly(1, lambda _: AskIdentity()),
    CommandCode.CAP: _exactly(1, lambda _: AskCapabilities()),
    CommandCode.LSTAT: _exactly(0, lambda _: AskLocalStatus()),
    CommandCode.ISTAT: _exactly(0, lambda _: AskInputs()),
    CommandCode.OSTAT: _exactly(0, lambda _: AskOutputs()),
    CommandCode.RSTAT: _exactly(0, lambda _: AskReaders()),
    CommandCode.OUT: _records(4, lambda data: SetOutput(*SetOutput.layout.unpack(data))),
    CommandCode.LED: _records(14, _led),
    CommandCode.BUZ: _records(5, lambda data: Buzz(*Buzz.layout.unpack(data))),
    CommandCode.TEXT: lambda data: (_text(data),),
    CommandCode.COMSET: _exactly(5, lambda data: ComSet(*ComSet.layout.unpack(data))),
    CommandCode.KEYSET: lambda data: (_keyset(data),),
    CommandCode.CHLNG: _exactly(NONCE_LEN, Challenge),
    CommandCode.SCRYPT: _exactly(KEY_LEN, ServerCryptogram),
    CommandCode.ACURXSIZE: _exactly(
        2, lambda data: PanelBufferSize(int.from_bytes(data, "little"))
    ),
    CommandCode.ABORT: _exactly(0, lambda _: Abort()),
}


def decode_command(payload: bytes) -> tuple[Command, ...]:
    """The commands in a payload, one per record; OsdpError for unknown codes and bad data."""
    need(len(payload) > 0, "a payload has at least its code")
    try:
        read = _READ[CommandCode(payload[0])]
    except (ValueError, KeyError):
        detail = f"command 0x{payload[0]:02x}"
        raise OsdpError(Malformed.UNKNOWN_CODE, detail) from None
    return read(payload[1:])
