"""Commands to a card and its answers as bytes: short APDUs of ISO/IEC 7816-4, 5.1 to 5.3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.cards.faults import CardError, CardFault

MAX_DATA: Final = 255
MAX_ANSWER: Final = 256
STATUS_OK: Final = 0x9000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card answered: up to 256 bytes and the status word."""

    data: bytes = field(repr=False)
    status: int


def encode_command(header: bytes, data: bytes = b"", le: int | None = None) -> bytes:
    """Make the bytes of a command. `header` = CLA INS P1 P2; `le` = bytes expected, 1 to 256."""
    if len(header) != 4:
        raise ValueError("a command header has 4 bytes")
    if len(data) > MAX_DATA:
        raise ValueError("a short command carries at most 255 bytes")
    if le is not None and not 1 <= le <= MAX_ANSWER:
        raise ValueError("a short command expects 1 to 256 bytes")
    lc = bytes([len(data)]) if data else b""
    return header + lc + data + (b"" if le is None else bytes([le % 256]))


def decode_answer(raw: bytes) -> Answer:
    """Split data from status; raise `CardError(MALFORMED_ANSWER)` for less than 2 bytes, more than
    258, or a first status byte that is neither 6x nor 9x."""
    if not 2 <= len(raw) <= MAX_ANSWER + 2:
        raise CardError(CardFault.MALFORMED_ANSWER, f"{len(raw)} bytes")
    status = int.from_bytes(raw[-2:], "big")
    if status >> 12 not in (6, 9):
        raise CardError(CardFault.MALFORMED_ANSWER, f"status {status:04X}")
    return Answer(raw[:-2], status)


def with_le(command: bytes, le: int) -> bytes:
    """Give the same command with another last byte, as 6Cxx asks (`le` 0 stands for 256)."""
    return command[:-1] + bytes([le])


def get_response(cla: int, le: int) -> bytes:
    """Make GET RESPONSE for `le` more bytes, as 61xx asks (0 stands for 256)."""
    return bytes([cla, 0xC0, 0x00, 0x00, le])
