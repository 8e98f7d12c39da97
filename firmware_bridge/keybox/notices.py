"""What a lock tells of its own accord inside a session: `kind 1 | data`."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.keybox.codes import UNKNOWN_I16, Input, MessageError, Output

_KEYS: Final = frozenset(b"0123456789*#")
MAX_KEYS: Final = 32


@dataclass(frozen=True, slots=True)
class InputsNotice:
    """All inputs and outputs as they are now; the first of a session tells the states."""

    inputs: Input
    outputs: Output


@dataclass(frozen=True, slots=True)
class KeysNotice:
    """Keys in the order pressed."""

    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BatteryNotice:
    """A battery reading; `temperature_dc` is None where it is not measured."""

    battery_mv: int
    temperature_dc: int | None
    uses: int


@dataclass(frozen=True, slots=True)
class LoggedNotice:
    """The log has grown: the index to be written next."""

    next: int


Notice = InputsNotice | KeysNotice | BatteryNotice | LoggedNotice

_INPUTS, _KEYS_KIND, _BATTERY, _LOGGED = 1, 2, 3, 4


def encode_notice(notice: Notice) -> bytes:
    """The body of a notice."""
    match notice:
        case InputsNotice():
            return struct.pack(">BHH", _INPUTS, notice.inputs, notice.outputs)
        case KeysNotice():
            return bytes((_KEYS_KIND,)) + notice.keys.encode("ascii")
        case BatteryNotice():
            unknown = notice.temperature_dc is None
            temperature = UNKNOWN_I16 if unknown else notice.temperature_dc
            return struct.pack(">BHhI", _BATTERY, notice.battery_mv, temperature, notice.uses)
        case LoggedNotice():
            return struct.pack(">BI", _LOGGED, notice.next)


def decode_notice(body: bytes) -> Notice | None:
    """Read a notice; None for a kind that is not known, a later device's. Raises `MessageError` for
    another shape."""
    kind, data = body[:1], body[1:]
    try:
        if kind == b"\x01":
            inputs, outputs = struct.unpack(">HH", data)
            return InputsNotice(Input(inputs), Output(outputs))
        if kind == b"\x03":
            battery_mv, temperature, uses = struct.unpack(">HhI", data)
            measured = None if temperature == UNKNOWN_I16 else temperature
            return BatteryNotice(battery_mv, measured, uses)
        if kind == b"\x04":
            return LoggedNotice(*struct.unpack(">I", data))
    except struct.error as error:
        raise MessageError("a notice of another length") from error
    if kind == b"\x02":
        if not 1 <= len(data) <= MAX_KEYS or not _KEYS.issuperset(data):
            raise MessageError("not keys")
        return KeysNotice(data.decode("ascii"))
    if not kind:
        raise MessageError("a notice without a kind")
    return None
