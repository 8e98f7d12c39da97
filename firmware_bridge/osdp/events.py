"""What a bus tells its owner: frozen events, past tense, each naming the peripheral.

`stale` is True for all that a peripheral returns after a (re)connect before its first
plain ACK to a POLL: it may be hours old. It is to be journaled and must never unlock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.osdp.attacks import AttackKind
from firmware_bridge.osdp.codes import Malformed
from firmware_bridge.osdp.commands import Command
from firmware_bridge.osdp.file_sender import FileOutcome
from firmware_bridge.osdp.line_move import LineMoved
from firmware_bridge.osdp.replies import Capabilities, Identity, Reply


class OfflineReason(StrEnum):
    """Why a peripheral cannot be spoken to."""

    NO_REPLY = "no_reply"
    WRONG_KEY = "wrong_key"
    SECURITY_REFUSED = "security_refused"
    SESSION_LOST = "session_lost"
    UNEXPECTED_REPLY = "unexpected_reply"
    BUSY_TOO_LONG = "busy_too_long"
    COMMAND_ABANDONED = "command_abandoned"
    KEY_CHANGED = "key_changed"
    COMMUNICATION_CHANGED = "communication_changed"
    PORT_LOST = "port_lost"
    REMOVED = "removed"
    REBOOTING = "rebooting"


class Outcome(StrEnum):
    """How a command ended; only DONE means that the peripheral took it."""

    DONE = "done"
    NAK = "nak"
    EXPIRED = "expired"
    LINK_LOST = "link_lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one peripheral."""

    address: int


@dataclass(frozen=True, slots=True)
class Online(Event):
    """The secure channel stands; identity and capabilities were read inside it."""

    identity: Identity
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Offline(Event):
    """The peripheral left, or was tried and the reason why it cannot be reached changed."""

    reason: OfflineReason
    was_online: bool


@dataclass(frozen=True, slots=True)
class CardRead(Event):
    """A card was presented: `bits` bits, left-aligned in `data`."""

    reader_no: int
    bits: int
    data: bytes
    stale: bool


@dataclass(frozen=True, slots=True)
class KeysPressed(Event):
    """Keys in order, as 0-9, * and #; a key outside these is `?`."""

    reader_no: int
    keys: str
    stale: bool


@dataclass(frozen=True, slots=True)
class InputReport(Event):
    """The state of every input, True is active."""

    states: tuple[bool, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class OutputReport(Event):
    """The state of every output, True is on."""

    states: tuple[bool, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class LocalStatus(Event):
    """Whether the peripheral's case is open and whether its power is failing."""

    tamper: bool
    power_failure: bool
    stale: bool


@dataclass(frozen=True, slots=True)
class ReaderStatus(Event):
    """One byte an attached reader: 0 normal, 1 not connected, 2 tamper."""

    states: tuple[int, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class CommandFinished(Event):
    """The one result of a submitted command.

    `sent` tells whether it reached the wire: a command that expired or lost its link after
    that may have been carried out. `reply` stands with DONE and NAK.
    """

    command_id: int
    command: Command
    outcome: Outcome
    sent: bool
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class InstallBegan(Event):
    """The default key is accepted from this peripheral until `until_ns`."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class InstallEnded(Event):
    """The default key is refused again; `installed` when the peripheral took its own key."""

    installed: bool


@dataclass(frozen=True, slots=True)
class KeyChanged(Event):
    """The peripheral took the key of a KeySet command, which is used from now on."""


@dataclass(frozen=True, slots=True)
class CommunicationChanged(Event):
    """The peripheral moved to `new_address` and `baud`; the bus follows the address only."""

    new_address: int
    baud: int


@dataclass(frozen=True, slots=True)
class FileProgress(Event):
    """The peripheral took a piece of a file: `sent_len` of `total_len` bytes are there."""

    transfer_id: int
    sent_len: int
    total_len: int


@dataclass(frozen=True, slots=True)
class FileTransferFinished(Event):
    """The one result of a file transfer; short of `delivered` and `rebooting` the peripheral
    has nothing of the file, whatever `sent_len` says."""

    transfer_id: int
    file_type: int
    outcome: FileOutcome
    sent_len: int


@dataclass(frozen=True, slots=True)
class AttackSeen(Event):
    """Something was refused that neither noise nor an honest device sends: `count` times since
    it was last told, at most every 10 s. The address is the one that was claimed."""

    kind: AttackKind
    count: int


@dataclass(frozen=True, slots=True)
class BytesDropped:
    """Malformed input since the last report, at most one report a second: cause -> count."""

    counts: tuple[tuple[Malformed, int], ...]


BusEvent = Event | BytesDropped | LineMoved
