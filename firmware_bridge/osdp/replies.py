"""What a peripheral may answer: one frozen class a reply, its bytes and back.

`encode()` gives code and data as one payload; `decode_reply` reads a payload and raises
OsdpError when its length or content does not fit. Source: SIA OSDP v2.2, clause 7.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from firmware_bridge.osdp.codes import Malformed, NakCode, OsdpError, ReplyCode
from firmware_bridge.osdp.commands import KEY_LEN, NONCE_LEN, need

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


def _identity(data: bytes) -> Identity:
    vendor, model, version, serial, *firmware = Identity.layout.unpack(data)
    major, minor, build = firmware
    return Identity(int.from_bytes(vendor, "little"), model, version, serial, (major, minor, build))


def _capabilities(data: bytes) -> Capabilities:
    need(len(data) % 3 == 0, "PDCAP has entries of 3 bytes")
    return Capabilities(tuple(Capability(*data[at : at + 3]) for at in range(0, len(data), 3)))


def _raw(data: bytes) -> RawCard:
    need(len(data) >= RawCard.layout.size, "RAW is too short")
    reader_no, card_format, bits = RawCard.layout.unpack_from(data)
    card = data[RawCard.layout.size :]
    need(len(card) == (bits + 7) // 8, f"RAW promises {bits} bits in {len(card)} bytes")
    return RawCard(reader_no, card_format, bits, card)


def _formatted(data: bytes) -> FormattedCard:
    need(len(data) >= 3 and len(data) == 3 + data[2], "FMT length does not fit")
    return FormattedCard(data[0], data[1], data[3:])


def _keys(data: bytes) -> Keys:
    need(len(data) >= 2 and len(data) == 2 + data[1], "KEYPAD length does not fit")
    return Keys(data[0], data[2:])


def _nak(data: bytes) -> Nak:
    need(len(data) >= 1, "NAK has an error code")
    return Nak(data[0], data[1:])


def _cryptogram(data: bytes) -> ClientCryptogram:
    return ClientCryptogram(
        data[:CUID_LEN], data[CUID_LEN : CUID_LEN + NONCE_LEN], data[CUID_LEN + NONCE_LEN :]
    )


def _exactly(size: int, build: Callable[[bytes], Reply]) -> Callable[[bytes], Reply]:
    def read(data: bytes) -> Reply:
        need(len(data) == size, f"{size} bytes of data")
        return build(data)

    return read


def _bools(data: bytes) -> tuple[bool, ...]:
    return tuple(byte != 0 for byte in data)


_READ: Final[dict[ReplyCode, Callable[[bytes], Reply]]] = {
    ReplyCode.ACK: _exactly(0, lambda _: Ack()),
    ReplyCode.NAK: _nak,
    ReplyCode.PDID: _exactly(Identity.layout.size, _identity),
    ReplyCode.PDCAP: _capabilities,
    ReplyCode.LSTATR: _exactly(2, lambda data: LocalState(*_bools(data))),
    ReplyCode.ISTATR: lambda data: Inputs(_bools(data)),
    ReplyCode.OSTATR: lambda data: Outputs(_bools(data)),
    ReplyCode.RSTATR: lambda data: Readers(tuple(data)),
    ReplyCode.RAW: _raw,
    ReplyCode.FMT: _formatted,
    ReplyCode.KEYPAD: _keys,
    ReplyCode.COM: _exactly(5, lambda data: Communication(*Communication.layout.unpack(data))),
    ReplyCode.CCRYPT: _exactly(CUID_LEN + NONCE_LEN + KEY_LEN, _cryptogram),
    ReplyCode.RMAC_I: _exactly(KEY_LEN, InitialMac),
    ReplyCode.BUSY: _exactly(0, lambda _: Busy()),
}


def decode_reply(payload: bytes) -> Reply:
    """The reply in a payload; OsdpError for unknown codes and data that does not fit."""
    need(len(payload) > 0, "a payload has at least its code")
    try:
        read = _READ[ReplyCode(payload[0])]
    except (ValueError, KeyError):
        detail = f"reply 0x{payload[0]:02x}"
        raise OsdpError(Malformed.UNKNOWN_CODE, detail) from None
    return read(payload[1:])
