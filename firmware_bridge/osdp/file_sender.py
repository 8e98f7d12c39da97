"""The panel's side of one file transfer: which fragment is next, and what an answer means.

A file is delivered whole or not at all: nothing is ever resumed. Fragments fit the
peripheral's receive buffer and a share of the wire's time; between two of them the peripheral
is polled, so that its keypad goes on working. What the peripheral asks about clear text is
not granted. Source: SIA OSDP v2.2, FILETRANSFER and FTSTAT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firmware_bridge.osdp.codes import CapabilityCode, FileStatusCode
from firmware_bridge.osdp.commands import Abort, Command, FileFragment, need
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.framing import HEADER_LEN, MAC_LEN, MAX_FRAME_LEN, Check
from firmware_bridge.osdp.replies import Capabilities, FileStatus, Reply
from firmware_bridge.osdp.secure_channel import BLOCK_LEN

MAX_FILE_LEN: Final = 0xFFFFFFFF
# The standard's least receive buffer, for a peripheral that does not name its own.
_LEAST_BUFFER_LEN: Final = 128
_SECURITY_BLOCK_LEN: Final = 2
_CODE_LEN: Final = 1
# How often the end of a file is asked for, and a peripheral polled that wants no polls.
_FINISHING_NS: Final = 100 * MS
_EXCLUSIVE_POLL_NS: Final = 1 * SECOND


class FileOutcome(StrEnum):
    """How a file transfer ended; only the first two mean that the peripheral has the file."""

    DELIVERED = "delivered"
    REBOOTING = "rebooting"
    ABORTED = "aborted"
    UNRECOGNIZED = "unrecognized"
    MALFORMED = "malformed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    LINK_LOST = "link_lost"


_ENDS: Final[dict[int, FileOutcome]] = {
    FileStatusCode.PROCESSED: FileOutcome.DELIVERED,
    FileStatusCode.REBOOTING: FileOutcome.REBOOTING,
    FileStatusCode.ABORTED: FileOutcome.ABORTED,
    FileStatusCode.UNRECOGNIZED: FileOutcome.UNRECOGNIZED,
    FileStatusCode.MALFORMED: FileOutcome.MALFORMED,
}


def receive_buffer_len(capabilities: Capabilities) -> int:
    """The longest frame that a peripheral says it takes, in bytes (PDCAP 10: low, high byte)."""
    entry = capabilities.find(CapabilityCode.RECEIVE_BUFFER)
    size = 0 if entry is None else entry.compliance | entry.count << 8
    return min(size or _LEAST_BUFFER_LEN, MAX_FRAME_LEN)


def fragment_len(frame_len: int, check: Check = Check.CRC16) -> int:
    """How many bytes of a file fit a secure frame of `frame_len` bytes; 0 when none do."""
    around = HEADER_LEN + _SECURITY_BLOCK_LEN + _CODE_LEN + MAC_LEN + check.value
    blocks_len = (frame_len - around) // BLOCK_LEN * BLOCK_LEN
    # Padding takes a byte at least.
    return max(blocks_len - 1 - FileFragment.layout.size, 0)


@dataclass(slots=True)
class FileSender:
    """One file on its way. `longest_len` is the longest frame, in bytes."""

    transfer_id: int
    file_type: int
    content: bytes = field(repr=False)
    deadline_ns: int
    longest_len: int = _LEAST_BUFFER_LEN
    sent_len: int = 0
    due_ns: int = 0
    ending: FileOutcome | None = None
    interleave: bool = True
    _owes_poll: bool = False
    _polled_ns: int = 0

    def __post_init__(self) -> None:
        need(0 <= self.file_type <= 0xFF, "a file type has one byte")
        need(0 < len(self.content) <= MAX_FILE_LEN, "a file has 1 to 4294967295 bytes")

    @property
    def is_sent(self) -> bool:
        """Whether every byte has been taken."""
        return self.sent_len == len(self.content)

    def wants_ns(self) -> int:
        """When this transfer wants the wire next, be it for a fragment or for a poll."""
        return 0 if self._owes_poll or self.ending is not None else self.due_ns

    @property
    def poll_from_ns(self) -> int:
        """When a poll may come at the earliest. A peripheral that wants none between fragments
        gets one a second all the same: no file silences a keypad."""
        return 0 if self.interleave else self._polled_ns + _EXCLUSIVE_POLL_NS

    def polled(self, now_ns: int) -> None:
        """The peripheral was polled: the next fragment may go."""
        self._owes_poll = False
        self._polled_ns = now_ns

    def next(self, now_ns: int) -> Command | None:
        """The fragment, question or abort that is due; None when a poll has its turn."""
        if self.ending is not None:
            return Abort()
        if self._owes_poll or now_ns < self.due_ns:
            return None
        room = fragment_len(self.longest_len)
        if not room and not self.is_sent:
            self.ending = FileOutcome.REFUSED
            return Abort()
        fragment = self.content[self.sent_len : self.sent_len + room]
        return FileFragment(self.file_type, len(self.content), self.sent_len, fragment)

    def end(self, outcome: FileOutcome) -> None:
        """Tells the peripheral at the next turn to forget the file."""
        self.ending = self.ending or outcome

    def answered(self, sent: FileFragment, reply: Reply, now_ns: int) -> FileOutcome | None:
        """What the answer to a fragment means; an outcome ends the transfer."""
        if not isinstance(reply, FileStatus):
            return FileOutcome.REFUSED
        self.sent_len += len(sent.fragment)
        if reply.status < 0:
            return _ENDS.get(reply.status, FileOutcome.REFUSED)
        if reply.status in _ENDS:
            if self.is_sent:
                return _ENDS[reply.status]
            # It claims a file that it cannot have: whatever it keeps is not this one.
            self.end(FileOutcome.MALFORMED)
            return None
        self._go_on(reply, now_ns)
        return None

    def _go_on(self, reply: FileStatus, now_ns: int) -> None:
        self.due_ns = now_ns + reply.delay_ms * MS
        if self.is_sent:
            self.due_ns = max(self.due_ns, now_ns + _FINISHING_NS)
        if reply.longest_len:
            self.longest_len = min(reply.longest_len, MAX_FRAME_LEN)
        self.interleave = reply.interleave
        self._owes_poll = reply.has_report or now_ns >= self.poll_from_ns
