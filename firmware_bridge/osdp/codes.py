"""The closed lists of OSDP: command, reply, error, security-block and capability codes.

Source: SIA OSDP v2.2 (IEC 60839-11-5), command and reply tables and Annex D.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

SOM: Final = 0x53
MARK: Final = 0xFF
REPLY_BIT: Final = 0x80
BROADCAST: Final = 0x7F
MAX_ADDRESS: Final = 0x7E
BAUD_RATES: Final = (9600, 19200, 38400, 57600, 115200, 230400)

# The default base key: public knowledge, fit for one thing only, a timed installation.
SCBK_D: Final = bytes(range(0x30, 0x40))


class CommandCode(IntEnum):
    """First payload byte of a frame from the control panel."""

    POLL = 0x60
    ID = 0x61
    CAP = 0x62
    LSTAT = 0x64
    ISTAT = 0x65
    OSTAT = 0x66
    RSTAT = 0x67
    OUT = 0x68
    LED = 0x69
    BUZ = 0x6A
    TEXT = 0x6B
    COMSET = 0x6E
    KEYSET = 0x75
    CHLNG = 0x76
    SCRYPT = 0x77
    ACURXSIZE = 0x7B
    FILETRANSFER = 0x7C
    ABORT = 0xA2
    KEEPACTIVE = 0xA7


class ReplyCode(IntEnum):
    """First payload byte of a frame from a peripheral."""

    ACK = 0x40
    NAK = 0x41
    PDID = 0x45
    PDCAP = 0x46
    LSTATR = 0x48
    ISTATR = 0x49
    OSTATR = 0x4A
    RSTATR = 0x4B
    RAW = 0x50
    FMT = 0x51
    KEYPAD = 0x53
    COM = 0x54
    CCRYPT = 0x76
    RMAC_I = 0x78
    BUSY = 0x79
    FTSTAT = 0x7A


class NakCode(IntEnum):
    """Why a peripheral refused a command (NAK reply, first data byte)."""

    NONE = 0
    BAD_CHECK = 1
    BAD_LENGTH = 2
    UNKNOWN_COMMAND = 3
    BAD_SEQUENCE = 4
    SECURITY_UNSUPPORTED = 5
    SECURITY_REQUIRED = 6
    BIO_TYPE = 7
    BIO_FORMAT = 8
    BAD_RECORD = 9
    OTHER = 0xFF


class SecurityBlock(IntEnum):
    """Type byte of a security block; odd from the panel, even from the peripheral."""

    CHALLENGE = 0x11
    CHALLENGE_REPLY = 0x12
    CRYPTOGRAM = 0x13
    CRYPTOGRAM_REPLY = 0x14
    COMMAND_MAC = 0x15
    REPLY_MAC = 0x16
    COMMAND_ENCRYPTED = 0x17
    REPLY_ENCRYPTED = 0x18


class CapabilityCode(IntEnum):
    """What a peripheral can report in PDCAP; unknown codes are kept as plain numbers."""

    CONTACT_STATUS = 1
    OUTPUT_CONTROL = 2
    CARD_FORMAT = 3
    LED_CONTROL = 4
    AUDIBLE_OUTPUT = 5
    TEXT_OUTPUT = 6
    TIME_KEEPING = 7
    CHECK_CHARACTER = 8
    COMMUNICATION_SECURITY = 9
    RECEIVE_BUFFER = 10
    COMBINED_MESSAGE = 11
    SMART_CARD = 12
    READERS = 13
    BIOMETRICS = 14
    SECURE_PIN_ENTRY = 15
    OSDP_VERSION = 16


class OutputControl(IntEnum):
    """Control code of one OUT record; the timed ones need a time."""

    NO_CHANGE = 0
    OFF_NOW = 1
    ON_NOW = 2
    OFF_AFTER_TIMED = 3
    ON_AFTER_TIMED = 4
    ON_TIMED = 5
    OFF_TIMED = 6


class FileStatusCode(IntEnum):
    """How a file fares (FTSTAT); below 0 the peripheral has given it up."""

    PROCEED = 0
    PROCESSED = 1
    REBOOTING = 2
    FINISHING = 3
    ABORTED = -1
    UNRECOGNIZED = -2
    MALFORMED = -3


class Tone(IntEnum):
    """Tone code of BUZ."""

    NONE = 0
    OFF = 1
    DEFAULT = 2


class LedColor(IntEnum):
    """Colours a reader LED can be asked for."""

    BLACK = 0
    RED = 1
    GREEN = 2
    AMBER = 3
    BLUE = 4
    MAGENTA = 5
    CYAN = 6
    WHITE = 7


class TextMode(IntEnum):
    """Text command of TEXT."""

    PERMANENT = 1
    PERMANENT_WRAPPED = 2
    TEMPORARY = 3
    TEMPORARY_WRAPPED = 4


class Malformed(StrEnum):
    """Why received bytes were dropped: one counter each, per bus."""

    NOISE = "noise"
    LENGTH = "length"
    CHECK = "check"
    SECURITY_BLOCK = "security_block"
    TRUNCATED = "truncated"
    FOREIGN_COMMAND = "foreign_command"
    ADDRESS = "address"
    SEQUENCE = "sequence"
    UNSOLICITED = "unsolicited"
    CLEAR_TEXT = "clear_text"
    MAC = "mac"
    PADDING = "padding"
    UNKNOWN_CODE = "unknown_code"
    PAYLOAD = "payload"


class OsdpError(ValueError):
    """A frame, payload or setting that OSDP does not allow; `cause` names the counter."""

    def __init__(self, cause: Malformed, detail: str) -> None:
        super().__init__(f"{cause.value}: {detail}")
        self.cause = cause
