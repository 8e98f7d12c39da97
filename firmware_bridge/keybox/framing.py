"""Frames on the wire: consistent overhead byte stuffing, a crc, and a decoder that survives noise.

    COBS( version 1 | type 1 | seq 1 | body | crc 2 ) 0x00

The crc is CRC-16, polynomial 0x1021, initial value 0xFFFF, not reflected. Nothing between two zero
bytes is an empty frame, which is how a sender clears the line; it is not counted.
Source: docs/keybox-link.md; COBS as in Cheshire and Baker, 1999.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import Counter
from dataclasses import dataclass
from typing import Final

from firmware_bridge.keybox.codes import MAX_FRAME, VERSION, Malformed

DELIMITER: Final = b"\x00"
_HEAD: Final = 3
_CRC: Final = 2
_BLOCK: Final = 254
MAX_CODED: Final = MAX_FRAME + MAX_FRAME // _BLOCK + 1
"""The most bytes of a frame as it travels, without its delimiter."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame whose crc held; nothing in it is authenticated yet."""

    type: int
    seq: int
    body: bytes

    @property
    def head(self) -> bytes:
        """Version, type and seq as they travel."""
        return bytes((VERSION, self.type, self.seq))


def crc16(data: bytes) -> bytes:
    """The two check bytes of a frame, and of a log record."""
    return crc_hqx(data, 0xFFFF).to_bytes(2, "big")


def cobs_encode(data: bytes) -> bytes:
    """Give data without zero bytes, at most one byte in 254 longer, and one."""
    coded = bytearray()
    *before, last = data.split(b"\x00")
    for block in before:
        coded += _stuffed(block) + bytes((len(block) % _BLOCK + 1,)) + _remainder(block)
    coded += _stuffed(last)
    if len(last) % _BLOCK or not last:
        coded += bytes((len(last) % _BLOCK + 1,)) + _remainder(last)
    return bytes(coded)


def _stuffed(block: bytes) -> bytes:
    whole = len(block) // _BLOCK
    parts = (block[number * _BLOCK : (number + 1) * _BLOCK] for number in range(whole))
    return b"".join(b"\xff" + part for part in parts)


def _remainder(block: bytes) -> bytes:
    return block[len(block) // _BLOCK * _BLOCK :]


def cobs_decode(coded: bytes) -> bytes:
    """Undo `cobs_encode`; raise `ValueError` for what it cannot have made."""
    data = bytearray()
    place = 0
    while place < len(coded):
        code = coded[place]
        block = coded[place + 1 : place + code]
        if code == 0 or len(block) != code - 1 or 0 in block:
            raise ValueError("not stuffed bytes")
        data += block
        place += code
        if code != _BLOCK + 1 and place < len(coded):
            data.append(0)
    return bytes(data)


def encode_frame(frame: Frame) -> bytes:
    """Give a frame as it travels, its delimiter included; raise `ValueError` for one too long."""
    message = frame.head + frame.body
    if len(message) + _CRC > MAX_FRAME:
        raise ValueError(f"a frame has at most {MAX_FRAME} bytes")
    return cobs_encode(message + crc16(message)) + DELIMITER


class Decoder:
    """Finds frames in a byte stream; what is none is counted in `malformed` and dropped."""

    def __init__(self) -> None:
        self.malformed: Counter[Malformed] = Counter()
        self._buffer = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data`."""
        frames: list[Frame] = []
        *whole, rest = data.split(DELIMITER)
        for part in whole:
            self._take(part)
            frames += self._finish()
        self._take(rest)
        return frames

    def _take(self, part: bytes) -> None:
        if len(self._buffer) + len(part) > MAX_CODED:
            self._overlong = True
            self._buffer.clear()
        if not self._overlong:
            self._buffer += part

    def _finish(self) -> list[Frame]:
        coded, overlong = bytes(self._buffer), self._overlong
        self._buffer.clear()
        self._overlong = False
        if overlong:
            self.malformed[Malformed.TOO_LONG] += 1
            return []
        if not coded:
            return []
        found = _parse(coded)
        if isinstance(found, Malformed):
            self.malformed[found] += 1
            return []
        return [found]


def _parse(coded: bytes) -> Frame | Malformed:
    try:
        data = cobs_decode(coded)
    except ValueError:
        return Malformed.CODING
    if len(data) > MAX_FRAME:
        return Malformed.TOO_LONG
    if len(data) < _HEAD + _CRC:
        return Malformed.TOO_SHORT
    message, check = data[:-_CRC], data[-_CRC:]
    if crc16(message) != check:
        return Malformed.CRC
    if message[0] != VERSION:
        return Malformed.VERSION
    return Frame(message[1], message[2], message[_HEAD:])
