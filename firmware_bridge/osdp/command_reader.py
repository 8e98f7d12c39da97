"""From a payload to the commands in it, every length checked first.

OUT, LED and BUZ carry several records: they decode to one command per record.
Source: SIA OSDP v2.2, clause 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_bridge.osdp.codes import CommandCode, Malformed, OsdpError
from firmware_bridge.osdp.commands import (
    KEY_LEN,
    NONCE_LEN,
    SCBK_TYPE,
    Abort,
    AskCapabilities,
    AskIdentity,
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    Challenge,
    Command,
    ComSet,
    FileFragment,
    KeySet,
    PanelBufferSize,
    PermanentLed,
    Poll,
    ServerCryptogram,
    SetLed,
    SetOutput,
    ShowText,
    TemporaryLed,
    need,
)


def _led(record: bytes) -> SetLed:
    values = SetLed.layout.unpack(record)
    return SetLed(values[0], values[1], TemporaryLed(*values[2:8]), PermanentLed(*values[8:]))


def _text(data: bytes) -> ShowText:
    need(len(data) >= ShowText.layout.size, "TEXT is too short")
    reader_no, mode, time_s, row, column, length = ShowText.layout.unpack_from(data)
    raw = data[ShowText.layout.size :]
    need(len(raw) == length and raw.isascii(), "TEXT length or characters do not fit")
    return ShowText(raw.decode("ascii"), reader_no, mode, time_s, row, column)


def _keyset(data: bytes) -> KeySet:
    need(len(data) == 2 + KEY_LEN, "KEYSET has 18 bytes")
    need(data[:2] == bytes([SCBK_TYPE, KEY_LEN]), "KEYSET names no 16-byte base key")
    return KeySet(data[2:])


def _fragment(data: bytes) -> FileFragment:
    need(len(data) >= FileFragment.layout.size, "FILETRANSFER is too short")
    file_type, total_len, offset, length = FileFragment.layout.unpack_from(data)
    fragment = data[FileFragment.layout.size :]
    need(len(fragment) == length, "FILETRANSFER length does not fit")
    need(offset + length <= total_len, "FILETRANSFER passes the end of its file")
    return FileFragment(file_type, total_len, offset, fragment)


def _records(
    size: int, build: Callable[[bytes], Command]
) -> Callable[[bytes], tuple[Command, ...]]:
    def read(data: bytes) -> tuple[Command, ...]:
        need(len(data) > 0 and len(data) % size == 0, f"records of {size} bytes")
        return tuple(build(data[at : at + size]) for at in range(0, len(data), size))

    return read


def _exactly(size: int, build: Callable[[bytes], Command]) -> Callable[[bytes], tuple[Command]]:
    def read(data: bytes) -> tuple[Command]:
        need(len(data) == size, f"{size} bytes of data")
        return (build(data),)

    return read


_READ: Final[dict[CommandCode, Callable[[bytes], tuple[Command, ...]]]] = {
    CommandCode.POLL: _exactly(0, lambda _: Poll()),
    CommandCode.ID: _exactly(1, lambda _: AskIdentity()),
    CommandCode.CAP: _exactly(1, lambda _: AskCapabilities()),
    CommandCode.LSTAT: _exactly(0, lambda _: AskLocalStatus()),
    CommandCode.ISTAT: _exactly(0, lambda _: AskInputs()),
    CommandCode.OSTAT: _exactly(0, lambda _: AskOutputs()),
    CommandCode.RSTAT: _exactly(0, lambda _: AskReaders()),
    CommandCode.OUT: _records(4, lambda data: SetOutput(*SetOutput.layout.unpack(data))),
    CommandCode.LED: _records(14, _led),
    CommandCode.BUZ: _records(5, lambda data: Buzz(*Buzz.layout.unpack(data))),
    CommandCode.TEXT: lambda data: (_text(data),),
    CommandCode.COMSET: _exactly(5, lambda data: ComSet(*ComSet.layout.unpack(data))),
    CommandCode.KEYSET: lambda data: (_keyset(data),),
    CommandCode.CHLNG: _exactly(NONCE_LEN, Challenge),
    CommandCode.SCRYPT: _exactly(KEY_LEN, ServerCryptogram),
    CommandCode.ACURXSIZE: _exactly(
        2, lambda data: PanelBufferSize(int.from_bytes(data, "little"))
    ),
    CommandCode.FILETRANSFER: lambda data: (_fragment(data),),
    CommandCode.ABORT: _exactly(0, lambda _: Abort()),
}


def decode_command(payload: bytes) -> tuple[Command, ...]:
    """The commands in a payload, one per record; OsdpError for unknown codes and bad data."""
    need(len(payload) > 0, "a payload has at least its code")
    try:
        read = _READ[CommandCode(payload[0])]
    except (ValueError, KeyError):
        detail = f"command 0x{payload[0]:02x}"
        raise OsdpError(Malformed.UNKNOWN_CODE, detail) from None
    return read(payload[1:])
