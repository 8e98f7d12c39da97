"""From what a peripheral reports to the event that the owner of the bus reads."""

from __future__ import annotations

from typing import Final

from firmware_bridge.osdp.events import (
    CardRead,
    Event,
    InputReport,
    KeysPressed,
    LocalStatus,
    OutputReport,
    ReaderStatus,
)
from firmware_bridge.osdp.replies import (
    FormattedCard,
    Inputs,
    Keys,
    LocalState,
    Outputs,
    RawCard,
    Readers,
    Reply,
)

_KEYS: Final[dict[int, str]] = {
    **{code: chr(code) for code in b"0123456789*#"},
    0x0D: "#",
    0x7F: "*",
}
UNKNOWN_KEY: Final = "?"


def key_names(raw: bytes) -> str:
    """Keys as 0-9, * and #: KEYPAD sends enter as 0x0D and clear as 0x7F."""
    return "".join(_KEYS.get(code, UNKNOWN_KEY) for code in raw)


def report_event(address: int, reply: Reply, stale: bool) -> Event | None:
    """The event of a reply that reports something; None for the others."""
    match reply:
        case Keys(reader_no, keys):
            return KeysPressed(address, reader_no, key_names(keys), stale)
        case RawCard(reader_no, _, bits, card):
            return CardRead(address, reader_no, bits, card, stale)
        case FormattedCard(reader_no, _, characters):
            return CardRead(address, reader_no, 8 * len(characters), characters, stale)
        case Inputs(states):
            return InputReport(address, states, stale)
        case Outputs(states):
            return OutputReport(address, states, stale)
        case LocalState(tamper, power_failure):
            return LocalStatus(address, tamper, power_failure, stale)
        case Readers(readers):
            return ReaderStatus(address, readers, stale)
    return None
