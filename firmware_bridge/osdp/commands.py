"""What a control panel may say: one frozen class a command, its bytes and back.

`encode()` gives code and data as one payload; `command_reader.decode_command` reads one.
Source: SIA OSDP v2.2, clause 6.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import ClassVar, Final

from firmware_bridge.osdp.codes import CommandCode, Malformed, OsdpError

KEY_LEN: Final = 16
NONCE_LEN: Final = 8
MAX_TEXT_LEN: Final = 32
SCBK_TYPE: Final = 1


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
        return bytes([SCBK_TYPE, KEY_LEN]) + self.key


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


@dataclass(frozen=True, slots=True)
class FileFragment(Command):
    """FILETRANSFER: a piece of a file. Without data it only asks how the file fares.

    `file_type` 1 is a file that the peripheral knows how to read, 128..255 are the maker's own.
    """

    code: ClassVar[CommandCode] = CommandCode.FILETRANSFER
    layout: ClassVar[struct.Struct] = struct.Struct("<BIIH")
    file_type: int
    total_len: int
    offset: int
    fragment: bytes = field(default=b"", repr=False)

    def data(self) -> bytes:
        head = (self.file_type, self.total_len, self.offset, len(self.fragment))
        return self.layout.pack(*head) + self.fragment
