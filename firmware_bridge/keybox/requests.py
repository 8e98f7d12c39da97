"""What a host asks inside a session: one frozen class a request.

Each knows its type byte, the right it needs and the class of its answer. docs/keybox-link.md has
the table.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self, TypeAlias

from firmware_bridge.keybox.answers import (
    Answer,
    BoxStatus,
    Cleared,
    ClockAnswer,
    Drove,
    ListStanding,
    LogAnswer,
    NextOffset,
)
from firmware_bridge.keybox.body import Empty, cut, exactly, number, unpack
from firmware_bridge.keybox.codes import (
    ENTRY_LENGTH,
    MAX_CHUNK,
    MAX_ENTRIES,
    MAX_RECORDS,
    PROOF_LENGTH,
    MessageError,
    Rights,
    Signalled,
    Type,
)


@dataclass(frozen=True, slots=True)
class AskStatus(Empty):
    """How do you stand?"""

    TYPE: ClassVar[Type] = Type.STATUS
    RIGHT: ClassVar[Rights] = Rights.READ
    ANSWER: ClassVar[type[Answer]] = BoxStatus


@dataclass(frozen=True, slots=True)
class ReadLog:
    """Give up to `most` records from an index on."""

    log_epoch: int
    start: int
    most: int = MAX_RECORDS

    TYPE: ClassVar[Type] = Type.READ_LOG
    RIGHT: ClassVar[Rights] = Rights.READ
    ANSWER: ClassVar[type[Answer]] = LogAnswer
    _SHAPE: ClassVar[struct.Struct] = struct.Struct(">IIB")

    def encode(self) -> bytes:
        return self._SHAPE.pack(self.log_epoch, self.start, self.most)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*unpack(cls._SHAPE, body))


@dataclass(frozen=True, slots=True)
class SetClock:
    """It is that time, within `error_s`."""

    time_s: int
    error_s: int

    TYPE: ClassVar[Type] = Type.SET_CLOCK
    RIGHT: ClassVar[Rights] = Rights.CLOCK
    ANSWER: ClassVar[type[Answer]] = ClockAnswer
    _SHAPE: ClassVar[struct.Struct] = struct.Struct(">IH")

    def encode(self) -> bytes:
        return self._SHAPE.pack(self.time_s, self.error_s)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*unpack(cls._SHAPE, body))


@dataclass(frozen=True, slots=True)
class ClearLog:
    """The hub holds everything through that index, and here is its receipt."""

    log_epoch: int
    through: int
    receipt: bytes

    TYPE: ClassVar[Type] = Type.CLEAR_LOG
    RIGHT: ClassVar[Rights] = Rights.CLEAR
    ANSWER: ClassVar[type[Answer]] = Cleared

    def encode(self) -> bytes:
        exactly(PROOF_LENGTH, receipt=self.receipt)
        return struct.pack(">II", self.log_epoch, self.through) + self.receipt

    @classmethod
    def decode(cls, body: bytes) -> Self:
        epoch, through, receipt = cut(body, 4, 4, PROOF_LENGTH)
        return cls(number(epoch), number(through), receipt)


@dataclass(frozen=True, slots=True)
class InstallSecret:
    """New secrets in the hub's envelope, 102 bytes."""

    envelope: bytes = field(repr=False)

    TYPE: ClassVar[Type] = Type.INSTALL_SECRET
    RIGHT: ClassVar[Rights] = Rights.SECRET
    ANSWER: ClassVar[type[Answer]] = Empty

    def encode(self) -> bytes:
        exactly(102, envelope=self.envelope)
        return self.envelope

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*cut(body, 102))


@dataclass(frozen=True, slots=True)
class Retire:
    """Codes before that generation are dead, and here is the hub's token."""

    generation: int
    token: bytes

    TYPE: ClassVar[Type] = Type.RETIRE
    RIGHT: ClassVar[Rights] = Rights.SECRET
    ANSWER: ClassVar[type[Answer]] = Empty

    def encode(self) -> bytes:
        exactly(PROOF_LENGTH, token=self.token)
        return bytes((self.generation,)) + self.token

    @classmethod
    def decode(cls, body: bytes) -> Self:
        generation, token = cut(body, 1, PROOF_LENGTH)
        return cls(generation[0], token)


@dataclass(frozen=True, slots=True)
class FirmwareBegin:
    """An image of that header, 48 bytes, and its signature, 64, is coming."""

    header: bytes
    signature: bytes

    TYPE: ClassVar[Type] = Type.FIRMWARE_BEGIN
    RIGHT: ClassVar[Rights] = Rights.FIRMWARE
    ANSWER: ClassVar[type[Answer]] = NextOffset

    def encode(self) -> bytes:
        exactly(48, header=self.header)
        exactly(64, signature=self.signature)
        return self.header + self.signature

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(*cut(body, 48, 64))


@dataclass(frozen=True, slots=True)
class FirmwareData:
    """1 to 256 bytes of the image."""

    offset: int
    data: bytes = field(repr=False)

    TYPE: ClassVar[Type] = Type.FIRMWARE_DATA
    RIGHT: ClassVar[Rights] = Rights.FIRMWARE
    ANSWER: ClassVar[type[Answer]] = NextOffset

    def encode(self) -> bytes:
        if not 1 <= len(self.data) <= MAX_CHUNK:
            raise ValueError(f"a chunk has 1 to {MAX_CHUNK} bytes")
        return self.offset.to_bytes(4, "big") + self.data

    @classmethod
    def decode(cls, body: bytes) -> Self:
        if not 4 < len(body) <= 4 + MAX_CHUNK:
            raise MessageError("a chunk has 1 to 256 bytes")
        return cls(number(body[:4]), body[4:])


@dataclass(frozen=True, slots=True)
class FirmwareEnd(Empty):
    """The image is whole: check it and start it on trial."""

    TYPE: ClassVar[Type] = Type.FIRMWARE_END
    RIGHT: ClassVar[Rights] = Rights.FIRMWARE
    ANSWER: ClassVar[type[Answer]] = Empty


@dataclass(frozen=True, slots=True)
class FirmwareAbort(Empty):
    """Forget the image."""

    TYPE: ClassVar[Type] = Type.FIRMWARE_ABORT
    RIGHT: ClassVar[Rights] = Rights.FIRMWARE
    ANSWER: ClassVar[type[Answer]] = Empty


@dataclass(frozen=True, slots=True)
class Release:
    """Retract the bolt for a while."""

    pulse_ms: int

    TYPE: ClassVar[Type] = Type.RELEASE
    RIGHT: ClassVar[Rights] = Rights.OPERATE
    ANSWER: ClassVar[type[Answer]] = Drove

    def encode(self) -> bytes:
        return self.pulse_ms.to_bytes(4, "big")

    @classmethod
    def decode(cls, body: bytes) -> Self:
        return cls(number(cut(body, 4)[0]))


@dataclass(frozen=True, slots=True)
class Hold(Empty):
    """Keep the bolt retracted."""

    TYPE: ClassVar[Type] = Type.HOLD
    RIGHT: ClassVar[Rights] = Rights.OPERATE
    ANSWER: ClassVar[type[Answer]] = Drove


@dataclass(frozen=True, slots=True)
class SecureBolt(Empty):
    """Let the bolt go."""

    TYPE: ClassVar[Type] = Type.SECURE
    RIGHT: ClassVar[Rights] = Rights.OPERATE
    ANSWER: ClassVar[type[Answer]] = Drove


@dataclass(frozen=True, slots=True)
class Signal:
    """Show and sound something."""

    feedback: Signalled

    TYPE: ClassVar[Type] = Type.SIGNAL
    RIGHT: ClassVar[Rights] = Rights.OPERATE
    ANSWER: ClassVar[type[Answer]] = Empty

    def encode(self) -> bytes:
        return bytes((self.feedback,))

    @classmethod
    def decode(cls, body: bytes) -> Self:
        try:
            return cls(Signalled(cut(body, 1)[0][0]))
        except ValueError as error:
            raise MessageError("no such signal") from error


@dataclass(frozen=True, slots=True)
class ListBegin:
    """A list of so many entries with that digest is coming."""

    count: int
    digest: bytes

    TYPE: ClassVar[Type] = Type.LIST_BEGIN
    RIGHT: ClassVar[Rights] = Rights.LIST
    ANSWER: ClassVar[type[Answer]] = Empty

    def encode(self) -> bytes:
        exactly(32, digest=self.digest)
        return self.count.to_bytes(2, "big") + self.digest

    @classmethod
    def decode(cls, body: bytes) -> Self:
        count, digest = cut(body, 2, 32)
        return cls(number(count), digest)


@dataclass(frozen=True, slots=True)
class ListData:
    """1 to 15 entries of 24 bytes."""

    entries: tuple[bytes, ...] = field(repr=False)

    TYPE: ClassVar[Type] = Type.LIST_DATA
    RIGHT: ClassVar[Rights] = Rights.LIST
    ANSWER: ClassVar[type[Answer]] = Empty

    def encode(self) -> bytes:
        if not 1 <= len(self.entries) <= MAX_ENTRIES:
            raise ValueError(f"1 to {MAX_ENTRIES} entries fit")
        return b"".join(self.entries)

    @classmethod
    def decode(cls, body: bytes) -> Self:
        count, rest = divmod(len(body), ENTRY_LENGTH)
        if rest or not 1 <= count <= MAX_ENTRIES:
            raise MessageError("1 to 15 entries of 24 bytes")
        return cls(tuple(cut(body, *([ENTRY_LENGTH] * count))))


@dataclass(frozen=True, slots=True)
class ListEnd(Empty):
    """The list is whole: swap it in."""

    TYPE: ClassVar[Type] = Type.LIST_END
    RIGHT: ClassVar[Rights] = Rights.LIST
    ANSWER: ClassVar[type[Answer]] = ListStanding


@dataclass(frozen=True, slots=True)
class AskList(Empty):
    """Which list do you hold?"""

    TYPE: ClassVar[Type] = Type.LIST_STATUS
    RIGHT: ClassVar[Rights] = Rights.LIST
    ANSWER: ClassVar[type[Answer]] = ListStanding


@dataclass(frozen=True, slots=True)
class Close(Empty):
    """The session is over."""

    TYPE: ClassVar[Type] = Type.CLOSE
    RIGHT: ClassVar[Rights] = Rights(0)
    ANSWER: ClassVar[type[Answer]] = Empty


Request: TypeAlias = (
    AskStatus
    | ReadLog
    | SetClock
    | ClearLog
    | InstallSecret
    | Retire
    | FirmwareBegin
    | FirmwareData
    | FirmwareEnd
    | FirmwareAbort
    | Release
    | Hold
    | SecureBolt
    | Signal
    | ListBegin
    | ListData
    | ListEnd
    | AskList
    | Close
)

REQUESTS: Final[dict[int, type[Request]]] = {
    AskStatus.TYPE: AskStatus,
    ReadLog.TYPE: ReadLog,
    SetClock.TYPE: SetClock,
    ClearLog.TYPE: ClearLog,
    InstallSecret.TYPE: InstallSecret,
    Retire.TYPE: Retire,
    FirmwareBegin.TYPE: FirmwareBegin,
    FirmwareData.TYPE: FirmwareData,
    FirmwareEnd.TYPE: FirmwareEnd,
    FirmwareAbort.TYPE: FirmwareAbort,
    Release.TYPE: Release,
    Hold.TYPE: Hold,
    SecureBolt.TYPE: SecureBolt,
    Signal.TYPE: Signal,
    ListBegin.TYPE: ListBegin,
    ListData.TYPE: ListData,
    ListEnd.TYPE: ListEnd,
    AskList.TYPE: AskList,
    Close.TYPE: Close,
}
"""The requests by their type byte."""
