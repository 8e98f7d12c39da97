"""Records of a device's log ring, 24 bytes each with a crc of their own.

index 4 | time 4 | error_s 2 | boot 2 | kind 1 | reason 1 | data 8 | crc 2
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from firmware_bridge.keybox.codes import (
    RECORD_LENGTH,
    UNKNOWN_ERROR_S,
    CodeReason,
    MessageError,
    RecordKind,
)
from firmware_bridge.keybox.framing import crc16

_RECORD: Final = struct.Struct(">IIHHBB8s")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record. `time_s` counts from the epoch of sealed codes, None where the clock was not
    known; then `error_s` is None as well. `data` has 8 bytes."""

    index: int
    time_s: int | None
    error_s: int | None
    boot: int
    kind: int
    reason: int = 0
    data: bytes = bytes(8)

    def encode(self) -> bytes:
        """24 bytes."""
        error_s = UNKNOWN_ERROR_S if self.error_s is None else min(self.error_s, UNKNOWN_ERROR_S)
        body = _RECORD.pack(
            self.index,
            self.time_s or 0,
            error_s,
            self.boot,
            self.kind,
            self.reason,
            self.data,
        )
        return body + crc16(body)

    @classmethod
    def decode(cls, data: bytes) -> LogRecord:
        """Read 24 bytes; raise `MessageError` for another number or a wrong crc. A kind that is
        not known is no error: a later device's."""
        if len(data) != RECORD_LENGTH or crc16(data[:-2]) != data[-2:]:
            raise MessageError("not a log record")
        index, time_s, error_s, boot, kind, reason, rest = _RECORD.unpack(data[:-2])
        known = time_s != 0 and error_s != UNKNOWN_ERROR_S
        return cls(
            index,
            time_s or None,
            error_s if known else None,
            boot,
            kind,
            reason,
            rest,
        )

    # --- what the data of a kind says ------------------------------------------------------------

    @property
    def number(self) -> int:
        """The first four bytes of the data, unsigned."""
        return int.from_bytes(self.data[:4], "big")

    @property
    def second_number(self) -> int:
        """The last four bytes of the data, unsigned."""
        return int.from_bytes(self.data[4:], "big")

    @property
    def code(self) -> tuple[int, int, int, int] | None:
        """Shape, slot, generation and variant of a code; None where the digits were none."""
        carries = self.reason not in _NO_CODE
        if self.kind not in (RecordKind.CODE_ACCEPTED, RecordKind.CODE_REFUSED) or not carries:
            return None
        shape, generation, variant = self.data[:3]
        return shape, self.second_number, generation, variant

    @property
    def battery(self) -> tuple[int, int, int]:
        """Millivolts, tenths of a degree (0x7FFF unknown) and uses of a battery record."""
        return struct.unpack(">HhI", self.data)

    @property
    def clock(self) -> tuple[int, int]:
        """Offset in seconds (0x7FFFFFFF unknown) and rate in 0.1 ppm of a clock-set record."""
        offset_s, rate = struct.unpack(">ih", self.data[:6])
        return offset_s, rate

    @property
    def session(self) -> tuple[int, int]:
        """Day and rights of a session record."""
        day, rights = struct.unpack(">IH", self.data[:6])
        return day, rights


_NO_CODE: Final = frozenset(
    {
        CodeReason.NONE,
        CodeReason.NOT_A_CODE,
        CodeReason.THROTTLED,
        CodeReason.CLOCK_UNKNOWN,
        CodeReason.NO_SECRET,
    }
)


def code_data(shape: int, slot: int, generation: int, variant: int) -> bytes:
    """The data of a code record."""
    return struct.pack(">BBBBI", shape, generation, variant, 0, slot)
