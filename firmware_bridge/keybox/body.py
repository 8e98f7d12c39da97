"""What the bodies of all messages share: cutting bytes, and a body without any."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol, Self

from firmware_bridge.keybox.codes import MessageError


class Message(Protocol):
    """What all messages have."""

    def encode(self) -> bytes:
        """The body's bytes."""

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Read a body; raise `MessageError` for another shape."""


def unpack(shape: struct.Struct, body: bytes) -> tuple[int, ...]:
    """Read a fixed shape; raise `MessageError` for another length."""
    if len(body) != shape.size:
        raise MessageError(f"{len(body)} bytes where {shape.size} belong")
    return shape.unpack(body)


def cut(body: bytes, *lengths: int) -> list[bytes]:
    """Cut a body into pieces of those lengths; raise `MessageError` where they do not fit."""
    if len(body) != sum(lengths):
        raise MessageError(f"{len(body)} bytes where {sum(lengths)} belong")
    parts, place = [], 0
    for length in lengths:
        parts.append(body[place : place + length])
        place += length
    return parts


def number(data: bytes) -> int:
    """Read an unsigned integer."""
    return int.from_bytes(data, "big")


def exactly(length: int, **values: bytes) -> None:
    """Refuse to send a value of another length; raise `ValueError`."""
    for name, value in values.items():
        if len(value) != length:
            raise ValueError(f"{name} has {length} bytes")


@dataclass(frozen=True, slots=True)
class Empty:
    """A body without bytes."""

    def encode(self) -> bytes:
        return b""

    @classmethod
    def decode(cls, body: bytes) -> Self:
        if body:
            raise MessageError("bytes where none belong")
        return cls()
