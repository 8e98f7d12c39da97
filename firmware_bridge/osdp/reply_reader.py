"""From a payload to the reply in it, every length checked first.

Source: SIA OSDP v2.2, clause 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_bridge.osdp.codes import Malformed, OsdpError, ReplyCode
from firmware_bridge.osdp.commands import KEY_LEN, NONCE_LEN, need
from firmware_bridge.osdp.replies import (
    CUID_LEN,
    Ack,
    Busy,
    Capabilities,
    Capability,
    ClientCryptogram,
    Communication,
    FileStatus,
    FormattedCard,
    Identity,
    InitialMac,
    Inputs,
    Keys,
    LocalState,
    Nak,
    Outputs,
    RawCard,
    Readers,
    Reply,
)


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


def _file_status(data: bytes) -> FileStatus:
    need(len(data) == FileStatus.layout.size, "FTSTAT has 7 bytes")
    action, delay_ms, status, longest_len = FileStatus.layout.unpack(data)
    flags = (bool(action & 1), bool(action & 2), bool(action & 4))
    return FileStatus(status, delay_ms, longest_len, *flags)


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
    ReplyCode.FTSTAT: _file_status,
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
