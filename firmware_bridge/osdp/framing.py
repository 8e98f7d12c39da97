"""Frames on the wire: check characters, encoding, and a decoder that survives noise.

    SOM addr len_lo len_hi ctrl [block_len block_type block_data...] payload [mac 4] check

`len` counts everything from SOM to the check; ctrl: bits 0-1 sequence, bit 2 CRC-16
instead of a checksum, bit 3 security block. The MAC is present exactly when the block
type is 0x15 or above. Mark bytes (0xFF) may stand between frames.
Source: SIA OSDP v2.2, clause 5 and Annex D; CRC: x^16+x^12+x^5+1, start 0x1D0F.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from firmware_bridge.osdp.codes import MARK, REPLY_BIT, SOM, Malformed, SecurityBlock

HEADER_LEN: Final = 5
MAC_LEN: Final = 4
MAX_FRAME_LEN: Final = 1440
_SEQUENCE_BITS: Final = 0x03
_CRC_BIT: Final = 0x04
_BLOCK_BIT: Final = 0x08


class Check(IntEnum):
    """The two check characters; the value is their length in bytes."""

    CHECKSUM = 1
    CRC16 = 2

    def over(self, message: bytes) -> bytes:
        """The check bytes of `message`, in wire order."""
        if self is Check.CRC16:
            return crc_hqx(message, 0x1D0F).to_bytes(2, "little")
        return bytes([-sum(message) & 0xFF])


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose check character held; nothing in it is authenticated yet."""

    address: int
    is_reply: bool
    sequence: int
    payload: bytes
    check: Check = Check.CRC16
    block: int | None = None
    block_data: bytes = b""
    mac: bytes = b""
    signed: bytes = b""

    @property
    def has_mac(self) -> bool:
        """Whether the security block type promises a MAC."""
        return self.block is not None and self.block >= SecurityBlock.COMMAND_MAC


def encode_frame(frame: Frame, sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """The bytes of `frame`; `sign` turns what precedes the MAC into its four bytes."""
    block = b""
    control = frame.sequence & _SEQUENCE_BITS
    if frame.check is Check.CRC16:
        control |= _CRC_BIT
    if frame.block is not None:
        control |= _BLOCK_BIT
        block = bytes([2 + len(frame.block_data), frame.block]) + frame.block_data
    mac_len = MAC_LEN if frame.has_mac else 0
    length = HEADER_LEN + len(block) + len(frame.payload) + mac_len + frame.check.value
    address = frame.address | REPLY_BIT if frame.is_reply else frame.address
    head = bytes([SOM, address, length & 0xFF, length >> 8, control])
    message = head + block + frame.payload
    if mac_len:
        message += frame.mac if sign is None else sign(message)
    return message + frame.check.over(message)


class Decoder:
    """Finds frames in a byte stream; what is not a frame is counted in `malformed` and dropped.

    A start byte inside noise may promise a long frame that never comes: when the line has
    been silent too long the caller uses `give_up`, which searches the same bytes again.
    """

    def __init__(self, max_frame_len: int = MAX_FRAME_LEN) -> None:
        self.malformed: Counter[Malformed] = Counter()
        self._max_frame_len = max_frame_len
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        self._buffer += data
        return self._scan()

    @property
    def is_waiting(self) -> bool:
        """Whether the beginning of a frame waits for its end."""
        return len(self._buffer) > 0

    def give_up(self) -> list[Frame]:
        """Treats the unfinished frame's start byte as noise; returns frames hidden behind it."""
        found: list[Frame] = []
        while self._buffer:
            self.malformed[Malformed.TRUNCATED] += 1
            del self._buffer[0]
            found += self._scan()
        return found

    def clear(self) -> None:
        """Drops an unfinished frame (counted) without searching it."""
        if self._buffer:
            self.malformed[Malformed.TRUNCATED] += 1
            self._buffer.clear()

    def _promised_len(self) -> int:
        if len(self._buffer) < HEADER_LEN:
            return HEADER_LEN
        return self._buffer[2] | self._buffer[3] << 8

    def _scan(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._skip_to_start() and len(self._buffer) >= HEADER_LEN:
            length = self._promised_len()
            control = self._buffer[4]
            shortest = HEADER_LEN + 1 + (2 if control & _CRC_BIT else 1)
            if not shortest <= length <= self._max_frame_len:
                self._reject(Malformed.LENGTH)
            elif len(self._buffer) < length:
                break
            else:
                raw = bytes(self._buffer[:length])
                result = _parse(raw)
                if isinstance(result, Malformed):
                    self._reject(result)
                else:
                    del self._buffer[:length]
                    frames.append(result)
        return frames

    def _skip_to_start(self) -> bool:
        start = self._buffer.find(SOM)
        skipped = self._buffer if start < 0 else self._buffer[:start]
        if skipped:
            if any(byte != MARK for byte in skipped):
                self.malformed[Malformed.NOISE] += 1
            del self._buffer[: len(skipped)]
        return start >= 0

    def _reject(self, cause: Malformed) -> None:
        self.malformed[cause] += 1
        del self._buffer[0]


def _parse(raw: bytes) -> Frame | Malformed:
    """One whole frame by its length field, or the cause why it is none."""
    control = raw[4]
    check = Check.CRC16 if control & _CRC_BIT else Check.CHECKSUM
    message, tail = raw[: -check.value], raw[-check.value :]
    if check.over(message) != tail:
        return Malformed.CHECK
    block: int | None = None
    block_data = b""
    mac_len = 0
    start = HEADER_LEN
    if control & _BLOCK_BIT:
        block_len = message[HEADER_LEN]
        if block_len < 2 or HEADER_LEN + block_len >= len(message):
            return Malformed.SECURITY_BLOCK
        block = message[HEADER_LEN + 1]
        block_data = message[HEADER_LEN + 2 : HEADER_LEN + block_len]
        start += block_len
        mac_len = MAC_LEN if block >= SecurityBlock.COMMAND_MAC else 0
    end = len(message) - mac_len
    if end <= start:
        return Malformed.LENGTH
    return Frame(
        address=raw[1] & ~REPLY_BIT,
        is_reply=bool(raw[1] & REPLY_BIT),
        sequence=control & _SEQUENCE_BITS,
        payload=message[start:end],
        check=check,
        block=block,
        block_data=block_data,
        mac=message[end:],
        signed=message[:end] if mac_len else b"",
    )
