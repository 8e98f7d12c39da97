"""What a peripheral may answer: one frozen class a reply, its bytes and back.

`encode()` gives code and data as one payload; `reply_reader.decode_reply` reads one.
Source: SIA OSDP v2.2, clause 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

from firmware_bridge.osdp.codes import NakCode, ReplyCode

CUID_LEN: Final = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply without data."""

    code: ClassVar[ReplyCode]

    def data(self) -> bytes:
        """The bytes after the code."""
        return b""

    def encode(self) -> bytes:
        """Code and data: the payload of a frame."""
        return bytes([self.code]) + self.data()


@dataclass(frozen=True, slots=True)
class Ack(Reply):
    """Done; to a POLL: nothing to report."""

    code: ClassVar[ReplyCode] = ReplyCode.ACK


@dataclass(frozen=True, slots=True)
class Nak(Reply):
    """Refused; `error` is a NakCode or a maker's own number."""

    code: ClassVar[ReplyCode] = ReplyCode.NAK
    error: int
    detail: bytes = b""

    def data(self) -> bytes:
        return bytes([self.error]) + self.detail

    @property
    def name(self) -> str:
        """The error in words, for journals."""
        known = self.error in NakCode.__members__.values()
        return NakCode(self.error).name.lower() if known else f"error_{self.error}"


@dataclass(frozen=True, slots=True)
class Identity(Reply):
    """PDID: who made the peripheral, which one it is, firmware as (major, minor, build)."""

    code: ClassVar[ReplyCode] = ReplyCode.PDID
    layout: ClassVar[struct.Struct] = struct.Struct("<3sBBIBBB")
    vendor: int
    model: int
    version: int
    serial: int
    firmware: tuple[int, int, int]

    def data(self) -> bytes:
        vendor = self.vendor.to_bytes(3, "little")
        return self.layout.pack(vendor, self.model, self.version, self.serial, *self.firmware)


@dataclass(frozen=True, slots=True)
class Capability:
    """One PDCAP entry: what, how well, how many."""

    function: int
    compliance: int
    count: int


@dataclass(frozen=True, slots=True)
class Capabilities(Reply):
    """PDCAP: what the peripheral says that it can do."""

    code: ClassVar[ReplyCode] = ReplyCode.PDCAP
    entries: tuple[Capability, ...] = ()

    def data(self) -> bytes:
        return b"".join(bytes([e.function, e.compliance, e.count]) for e in self.entries)

    def find(self, function: int) -> Capability | None:
        """The entry of one function, None when the peripheral does not mention it."""
        return next((entry for entry in self.entries if entry.function == function), None)

    def count(self, function: int) -> int:
        """How many items of `function` there are; 0 when it is not supported."""
        entry = self.find(function)
        return entry.count if entry is not None and entry.compliance else 0


@dataclass(frozen=True, slots=True)
class LocalState(Reply):
    """LSTATR: whether the case is open and whether power is failing."""

    code: ClassVar[ReplyCode] = ReplyCode.LSTATR
    tamper: bool
    power_failure: bool

    def data(self) -> bytes:
        return bytes([self.tamper, self.power_failure])


@dataclass(frozen=True, slots=True)
class Inputs(Reply):
    """ISTATR: one bool an input, True is active."""

    code: ClassVar[ReplyCode] = ReplyCode.ISTATR
    states: tuple[bool, ...]

    def data(self) -> bytes:
        return bytes(self.states)


@dataclass(frozen=True, slots=True)
class Outputs(Reply):
    """OSTATR: one bool an output, True is on."""

    code: ClassVar[ReplyCode] = ReplyCode.OSTATR
    states: tuple[bool, ...]

    def data(self) -> bytes:
        return bytes(self.states)


@dataclass(frozen=True, slots=True)
class Readers(Reply):
    """RSTATR: one byte an attached reader: 0 normal, 1 not connected, 2 tamper."""

    code: ClassVar[ReplyCode] = ReplyCode.RSTATR
    states: tuple[int, ...]

    def data(self) -> bytes:
        return bytes(self.states)


@dataclass(frozen=True, slots=True)
class RawCard(Reply):
    """RAW: `bits` bits of card data, left-aligned in `card`."""

    code: ClassVar[ReplyCode] = ReplyCode.RAW
    layout: ClassVar[struct.Struct] = struct.Struct("<BBH")
    reader_no: int
    format: int
    bits: int
    card: bytes

    def data(self) -> bytes:
        return self.layout.pack(self.reader_no, self.format, self.bits) + self.card


@dataclass(frozen=True, slots=True)
class FormattedCard(Reply):
    """FMT: card data as characters; direction 0 is forward. Deprecated by the standard."""

    code: ClassVar[ReplyCode] = ReplyCode.FMT
    reader_no: int
    direction: int
    characters: bytes

    def data(self) -> bytes:
        return bytes([self.reader_no, self.direction, len(self.characters)]) + self.characters


@dataclass(frozen=True, slots=True)
class Keys(Reply):
    """KEYPAD: keys as sent: ASCII digits, 0x0D for enter or #, 0x7F for clear or *."""

    code: ClassVar[ReplyCode] = ReplyCode.KEYPAD
    reader_no: int
    keys: bytes

    def data(self) -> bytes:
        return bytes([self.reader_no, len(self.keys)]) + self.keys


@dataclass(frozen=True, slots=True)
class Communication(Reply):
    """COM: the address and baud rate that hold from now on."""

    code: ClassVar[ReplyCode] = ReplyCode.COM
    layout: ClassVar[struct.Struct] = struct.Struct("<BI")
    address: int
    baud: int

    def data(self) -> bytes:
        return self.layout.pack(self.address, self.baud)


@dataclass(frozen=True, slots=True)
class ClientCryptogram(Reply):
    """CCRYPT: the peripheral's identifier, random number and proof of the key."""

    code: ClassVar[ReplyCode] = ReplyCode.CCRYPT
    cuid: bytes
    nonce: bytes
    cryptogram: bytes

    def data(self) -> bytes:
        return self.cuid + self.nonce + self.cryptogram


@dataclass(frozen=True, slots=True)
class InitialMac(Reply):
    """RMAC_I: the first link of the MAC chain."""

    code: ClassVar[ReplyCode] = ReplyCode.RMAC_I
    mac: bytes

    def data(self) -> bytes:
        return self.mac


@dataclass(frozen=True, slots=True)
class Busy(Reply):
    """The command was not taken: send it again later with the same sequence number."""

    code: ClassVar[ReplyCode] = ReplyCode.BUSY


@dataclass(frozen=True, slots=True)
class FileStatus(Reply):
    """FTSTAT: how a file fares, and how the next fragment is wanted.

    `status` is a FileStatusCode or a maker's own number, below 0 when the file is refused;
    `longest_len` the longest FILETRANSFER frame from now on, 0 for as before. `interleave`:
    other commands may come in between; `leave_secure` asks for clear text, which nobody here
    grants; `has_report`: a poll would bring something.
    """

    code: ClassVar[ReplyCode] = ReplyCode.FTSTAT
    layout: ClassVar[struct.Struct] = struct.Struct("<BHhH")
    status: int
    delay_ms: int = 0
    longest_len: int = 0
    interleave: bool = True
    leave_secure: bool = False
    has_report: bool = False

    def data(self) -> bytes:
        action = self.interleave | self.leave_secure << 1 | self.has_report << 2
        return self.layout.pack(action, self.delay_ms, self.status, self.longest_len)
