"""What a device answers inside a session."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from firmware_bridge.keybox.body import Empty, cut, number, unpack
from firmware_bridge.keybox.codes import (
    RECORD_LENGTH,
    UNKNOWN_I16,
    UNKNOWN_I32,
    Driven,
    MessageError,
)
from firmware_bridge.keybox.records import LogRecord


@dataclass(frozen=True, slots=True)
class BoxStatus:
    """How a device stands. Times count seconds from the epoch of sealed codes; `rate` is in
    0.1 ppm, `temperature` in 0.1 °C (both may be 0x7FFF, unknown); `slot_states` has the first
    slot's in its high byte."""

    time_s: int
    clock_known: int
    earliest_s: int
    latest_s: int
    rate: int
    profile: int
    generation: int
    lockout_s: int
    lockout_level: int
    tries_left: int
    battery_mv: int
    temperature: int
    uses: int
    inputs: int
    outputs: int
    log_epoch: int
    oldest: int
    next: int
    receipted: int
    secret_version: int
    firmware: int
    rollback: int
    slot: int
    slot_states: int
    reset_cause: int
    boots: int
    lost_frames: int

    _SHAPE: ClassVar[struct.Struct] = struct.Struct(">IBIIhBBIBBHhIHHIIIIIIIBHBII")

    def encode(self) -> bytes:
        return self._SHAPE.pack(*(getattr(self, name) for name in _STATUS_FIELDS))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*unpack(cls._SHAPE, body))


_STATUS_FIELDS: Final = tuple(BoxStatus.__match_args__)


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Records of the ring, in the order of their indexes, which may have holes: `oldest` is the
    first that is left, `next` the one to be written next."""

    log_epoch: int
    oldest: int
    next: int
    records: tuple[LogRecord, ...]

    def encode(self) -> bytes:
        head = struct.pack(">IIIB", self.log_epoch, self.oldest, self.next, len(self.records))
        return head + b"".join(record.encode() for record in self.records)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        if len(body) < 13:
            raise MessageError("a log answer has a head of 13 bytes")
        log_epoch, oldest, following, count = struct.unpack(">IIIB", body[:13])
        parts = cut(body[13:], *([RECORD_LENGTH] * count))
        return cls(log_epoch, oldest, following, tuple(map(LogRecord.decode, parts)))


@dataclass(frozen=True, slots=True)
class ClockAnswer:
    """How far the device's clock was ahead, in seconds, and the rate it has now (0.1 ppm); None
    where unknown."""

    offset_s: int | None
    rate: int | None

    def encode(self) -> bytes:
        return struct.pack(
            ">ih",
            UNKNOWN_I32 if self.offset_s is None else self.offset_s,
            UNKNOWN_I16 if self.rate is None else self.rate,
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        offset_s, rate = unpack(struct.Struct(">ih"), body)
        return cls(
            None if offset_s == UNKNOWN_I32 else offset_s, None if rate == UNKNOWN_I16 else rate
        )


@dataclass(frozen=True, slots=True)
class Cleared:
    """The oldest index that is left."""

    oldest: int

    def encode(self) -> bytes:
        return self.oldest.to_bytes(4, "big")

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(number(cut(body, 4)[0]))


@dataclass(frozen=True, slots=True)
class NextOffset:
    """Where an image goes on."""

    offset: int

    def encode(self) -> bytes:
        return self.offset.to_bytes(4, "big")

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(number(cut(body, 4)[0]))


@dataclass(frozen=True, slots=True)
class Drove:
    """What came of driving the bolt."""

    outcome: Driven

    def encode(self) -> bytes:
        return bytes((self.outcome,))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        try:
            return cls(Driven(cut(body, 1)[0][0]))
        except ValueError as error:
            raise MessageError("no such outcome") from error


@dataclass(frozen=True, slots=True)
class ListStanding:
    """The digest of a lock's list and how many entries it has."""

    digest: bytes
    count: int

    def encode(self) -> bytes:
        return self.digest + self.count.to_bytes(2, "big")

    @classmethod
    def decode(cls, body: bytes) -> Self:
        digest, count = cut(body, 32, 2)
        return cls(digest, number(count))


Answer = Empty | BoxStatus | LogAnswer | ClockAnswer | Cleared | NextOffset | Drove | ListStanding
