"""Messages in clear: how a session is opened, and how a blank device gets its first secret.

Nothing in them is believed until the proofs hold.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import ClassVar, Self

from firmware_bridge.keybox.body import cut, exactly, number
from firmware_bridge.keybox.codes import (
    DEVICE_LENGTH,
    NONCE_LENGTH,
    PROOF_LENGTH,
    Kind,
    MessageError,
    Rights,
    TicketKind,
)


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """Who a device says it is; nothing of it is proved."""

    device: bytes
    kind: int
    firmware: int
    boots: int
    nonce: bytes
    flags: int

    _SHAPE: ClassVar[struct.Struct] = struct.Struct(">16sBII16sB")

    def encode(self) -> bytes:
        exactly(DEVICE_LENGTH, device=self.device, nonce=self.nonce)
        return self._SHAPE.pack(
            self.device, self.kind, self.firmware, self.boots, self.nonce, self.flags
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        if len(body) != cls._SHAPE.size:
            raise MessageError("not a hello's answer")
        return cls(*cls._SHAPE.unpack(body))


@dataclass(frozen=True, slots=True)
class Open:
    """A host wants a session under a ticket or link key, and proves that it holds it."""

    ticket: TicketKind
    day: int
    rights: Rights
    nonce: bytes
    proof: bytes

    def encode(self) -> bytes:
        exactly(NONCE_LENGTH, nonce=self.nonce, proof=self.proof)
        return struct.pack(">BIH", self.ticket, self.day, self.rights) + self.nonce + self.proof

    @classmethod
    def decode(cls, body: bytes) -> Self:
        kind, day, rights, nonce, proof = cut(body, 1, 4, 2, NONCE_LENGTH, PROOF_LENGTH)
        try:
            ticket = TicketKind(kind[0])
        except ValueError as error:
            raise MessageError("no such ticket") from error
        return cls(ticket, number(day), Rights(number(rights)), nonce, proof)


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """The device holds the same key."""

    proof: bytes

    def encode(self) -> bytes:
        return self.proof

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*cut(body, PROOF_LENGTH))


@dataclass(frozen=True, slots=True)
class Provision:
    """Makes a blank device the one of that id."""

    device: bytes
    kind: Kind
    maintenance: bytes = field(repr=False)

    def encode(self) -> bytes:
        exactly(DEVICE_LENGTH, device=self.device)
        return self.device + bytes((self.kind,)) + self.maintenance

    @classmethod
    def decode(cls, body: bytes) -> Self:
        device, kind, maintenance = cut(body, DEVICE_LENGTH, 1, 32)
        try:
            return cls(device, Kind(kind[0]), maintenance)
        except ValueError as error:
            raise MessageError("no such kind") from error


@dataclass(frozen=True, slots=True)
class Refused:
    """A device does not do it; `cause` is one of `Cause`, or a later device's."""

    cause: int

    def encode(self) -> bytes:
        return bytes((self.cause,))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*cut(body, 1)[0])
