"""The numbers of the maintenance link: types, causes, kinds, bits, and their limits.

Source: docs/keybox-link.md, version 1.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag, StrEnum
from typing import Final

VERSION: Final = 1
MAX_FRAME: Final = 512
"""The most bytes of a decoded frame, version and crc included."""
SECURED_OVERHEAD: Final = 3 + 4 + 16 + 2
MAX_BODY: Final = MAX_FRAME - SECURED_OVERHEAD
RECORD_LENGTH: Final = 24
MAX_RECORDS: Final = (MAX_BODY - 13) // RECORD_LENGTH
"""The most log records in one answer: 19."""
ENTRY_LENGTH: Final = 24
MAX_ENTRIES: Final = 15
MAX_CHUNK: Final = 256
NONCE_LENGTH: Final = 16
DEVICE_LENGTH: Final = 16
PROOF_LENGTH: Final = 16
ANSWER_BIT: Final = 0x80
FIRST_SECURED: Final = 0x10
MAX_SET_ERROR_S: Final = 60
UNKNOWN_I32: Final = 0x7FFF_FFFF
UNKNOWN_I16: Final = 0x7FFF
UNKNOWN_ERROR_S: Final = 0xFFFF


class MessageError(ValueError):
    """A frame's body is not what its type demands."""


class Malformed(StrEnum):
    """Why a frame was dropped: the label of its counter."""

    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    CODING = "coding"
    VERSION = "version"
    CRC = "crc"


class Type(IntEnum):
    """The type byte. An answer is its request plus 0x80."""

    HELLO = 0x01
    OPEN = 0x02
    PROVISION = 0x03
    HELLO_ANSWER = 0x81
    OPEN_ANSWER = 0x82
    DONE = 0x83
    STATUS = 0x10
    READ_LOG = 0x11
    SET_CLOCK = 0x12
    CLEAR_LOG = 0x13
    INSTALL_SECRET = 0x14
    RETIRE = 0x15
    FIRMWARE_BEGIN = 0x16
    FIRMWARE_DATA = 0x17
    FIRMWARE_END = 0x18
    FIRMWARE_ABORT = 0x19
    RELEASE = 0x20
    HOLD = 0x21
    SECURE = 0x22
    SIGNAL = 0x23
    LIST_BEGIN = 0x24
    LIST_DATA = 0x25
    LIST_END = 0x26
    LIST_STATUS = 0x27
    NOTICE = 0x60
    NOTICED = 0x61
    CLOSE = 0x70
    REFUSED_CLEAR = 0xFE
    REFUSED = 0xFF


CLEAR_TYPES: Final = frozenset(
    {
        Type.HELLO,
        Type.OPEN,
        Type.PROVISION,
        Type.HELLO_ANSWER,
        Type.OPEN_ANSWER,
        Type.DONE,
        Type.REFUSED_CLEAR,
    }
)
"""What travels unsecured; every other type carries a counter and a tag."""


class Kind(IntEnum):
    """What a device is."""

    KEY_BOX = 1
    SERIAL_LOCK = 2


class TicketKind(IntEnum):
    """By which sort of key a session is opened."""

    DAY = 1
    LINK = 2


class HelloFlag(IntFlag):
    """How a device stands before anybody has proved anything."""

    CLOCK_KNOWN = 1
    LOCKED_OUT = 2
    BLANK = 4
    ON_TRIAL = 8


class Rights(IntFlag):
    """What a session allows; `wire.keybox_keys.Right` has the same bits."""

    READ = 1
    CLOCK = 2
    CLEAR = 4
    SECRET = 8
    FIRMWARE = 16
    OPERATE = 32
    LIST = 64


class Cause(IntEnum):
    """Why a device refuses."""

    MALFORMED = 1
    UNKNOWN_TYPE = 2
    NO_SESSION = 3
    NO_RIGHT = 4
    BAD_PROOF = 5
    BAD_DAY = 6
    BUSY = 7
    BAD_VALUE = 8
    TOO_OLD = 9
    BAD_SIGNATURE = 10
    BAD_RECEIPT = 11
    STORAGE = 12
    NOT_BLANK = 13
    TRY_LATER = 14
    NOT_SUPPORTED = 15
    BLANK = 16


class Input(IntFlag):
    """The inputs of a device."""

    LEAF = 1
    BOLT = 2
    REX = 4
    MECHANICAL_KEY = 8
    TAMPER = 16
    JAMMED = 32
    KEY_ABSENT = 64
    SUPPLY_LOW = 128


class Output(IntFlag):
    """The outputs of a device."""

    RELEASED = 1
    HELD = 2


class Driven(IntEnum):
    """What came of driving the bolt."""

    DONE = 1
    JAMMED = 2


class Signalled(IntEnum):
    """What a lock shows and sounds."""

    IDLE = 0
    GRANTED = 1
    DENIED = 2
    KEY = 3
    LOCKED_OUT = 4
    BUSY = 5


class SlotState(IntEnum):
    """How a firmware slot stands."""

    EMPTY = 0
    RECEIVING = 1
    ON_TRIAL = 2
    CONFIRMED = 3
    BAD = 4


class ResetCause(IntEnum):
    """Why a device started."""

    POWER = 1
    WATCHDOG = 2
    SOFTWARE = 3
    UPDATE = 4
    FALLBACK = 5


class RecordKind(IntEnum):
    """What a log record tells."""

    STARTED = 1
    CODE_ACCEPTED = 2
    CODE_REFUSED = 3
    LOCKOUT = 4
    OPENED = 5
    CLOSED = 6
    KEY_TAKEN = 7
    KEY_RETURNED = 8
    BATTERY = 9
    TAMPER = 10
    TAMPER_CLEARED = 11
    JAMMED = 12
    JAM_CLEARED = 13
    MECHANICAL_KEY = 14
    CLOCK_SET = 15
    SECRET_CHANGED = 16
    FIRMWARE_UPDATED = 17
    FIRMWARE_REFUSED = 18
    LOG_CLEARED = 19
    SESSION_OPENED = 20
    SESSION_REFUSED = 21
    LIST_PLACED = 22
    LIST_PIN_ACCEPTED = 23
    RELEASED_BY_HOST = 24
    FORCED = 25
    HELD = 26
    REX = 27
    GENERATION_RETIRED = 28


class CodeReason(IntEnum):
    """What a code came to: `reason` of the record kinds 2 and 3."""

    NONE = 0
    VALID = 1
    NOT_A_CODE = 2
    RETIRED = 3
    NOT_YET = 4
    EARLY = 5
    EXPIRED = 6
    USED = 7
    THROTTLED = 8
    CLOCK_UNKNOWN = 9
    ONE_TIME_FULL = 10
    NO_SECRET = 11


class RefusedError(Exception):
    """A request that is authentic and cannot be carried out."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        super().__init__(cause.name.lower())
