"""What a panel does with a peripheral that is online: commands, questions, polls, a file.

`take` gives what to say next, `answered` says what the answer means. Everything in here ends
with the conversation (`end`): nothing is delivered after a reconnect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_bridge.osdp.commands import Abort, Command, FileFragment, KeySet, Poll, SetOutput
from firmware_bridge.osdp.config import SECOND, Timing
from firmware_bridge.osdp.events import (
    CommunicationChanged,
    Event,
    FileProgress,
    FileTransferFinished,
    KeyChanged,
    OfflineReason,
    Outcome,
)
from firmware_bridge.osdp.file_sender import FileOutcome, FileSender, receive_buffer_len
from firmware_bridge.osdp.followups import FollowUps
from firmware_bridge.osdp.keyring import KeyRing
from firmware_bridge.osdp.pending import SUBMITTABLE, CommandQueue, Flight, Pending
from firmware_bridge.osdp.replies import Ack, Busy, Capabilities, Communication, Nak, Reply
from firmware_bridge.osdp.reports import report_event
from firmware_bridge.osdp.secure_channel import is_weak

_KEY_CHANGE_NS: Final = 5 * SECOND
OWN_COMMAND: Final = 0
"""The id of a command that nobody submitted."""


class Serving:
    """The traffic of one peripheral while it is served."""

    def __init__(
        self, address: int, keys: KeyRing, timing: Timing, emit: Callable[[Event], None]
    ) -> None:
        self.address = address
        self.file: FileSender | None = None
        self._keys = keys
        self._timing = timing
        self._emit = emit
        self._queue = CommandQueue()
        self._follow_ups = FollowUps()
        self._buffer_len = receive_buffer_len(Capabilities())
        self._active_until_ns = 0

    # What the scheduler asks.

    @property
    def has_commands(self) -> bool:
        """Whether a command of the application waits to be sent."""
        return len(self._queue) > 0

    def is_hot(self, now_ns: int) -> bool:
        """Whether this peripheral is in use: reports and commands, not files, make it so."""
        wants_no_polls = self.file is not None and not self.file.interleave
        return self.has_commands or (now_ns < self._active_until_ns and not wants_no_polls)

    def due_ns(self, next_poll_ns: int) -> int:
        """When something wants to be sent next, a poll being due at `next_poll_ns`."""
        due_ns = min(next_poll_ns, self._follow_ups.due_ns)
        if self.file is None:
            return due_ns
        return min(self.file.wants_ns(), max(due_ns, self.file.poll_from_ns))

    def first_deadline_ns(self) -> int | None:
        """When the next command or file runs out of time."""
        queued_ns = self._queue.first_deadline_ns()
        file = self.file
        if file is None or file.ending is not None:
            return queued_ns
        return file.deadline_ns if queued_ns is None else min(queued_ns, file.deadline_ns)

    # What the application asks.

    def submit(self, pending: Pending, now_ns: int) -> None:
        """Queues a command, or finishes it at once when it cannot be taken."""
        command = pending.command
        weak = isinstance(command, KeySet) and is_weak(command.key)
        if weak or not isinstance(command, SUBMITTABLE):
            self.finish(pending, Outcome.REFUSED, sent=False)
        elif pending.deadline_ns <= now_ns:
            self.finish(pending, Outcome.EXPIRED, sent=False)
        elif not self._queue.add(pending):
            self.finish(pending, Outcome.REFUSED, sent=False)

    def send_file(self, file: FileSender, baud: int, now_ns: int) -> None:
        """Begins to send a file; one at a time, another ends as refused."""
        if self.file is not None:
            self._file_ended(file, FileOutcome.REFUSED)
        elif file.deadline_ns <= now_ns:
            self._file_ended(file, FileOutcome.EXPIRED)
        else:
            file.longest_len = min(self._buffer_len, self._timing.fragment_frame_len(baud))
            file.polled(now_ns)
            self.file = file

    def cancel_file(self, transfer_id: int) -> None:
        """Tells the peripheral to forget a file that is under way."""
        if self.file is not None and self.file.transfer_id == transfer_id:
            self.file.end(FileOutcome.CANCELLED)

    def expire(self, now_ns: int) -> None:
        """Ends what has run out of time."""
        for pending in self._queue.take_expired(now_ns):
            self.finish(pending, Outcome.EXPIRED, sent=False)
        if self.file is not None and self.file.deadline_ns <= now_ns:
            self.file.end(FileOutcome.EXPIRED)

    # The conversation.

    def learn(self, capabilities: Capabilities) -> None:
        """Keeps what the peripheral can do, as it said inside the session."""
        self._follow_ups.learn(capabilities)
        self._buffer_len = receive_buffer_len(capabilities)

    def settled(self, now_ns: int) -> None:
        """Nothing stale is left: asks for every state, and gives a key that is wanted."""
        self._follow_ups.after_connect(now_ns)
        self.change_key(now_ns)

    def change_key(self, now_ns: int) -> None:
        """Gives the peripheral the key that it shall have, over the line secured by the old one."""
        if self._keys.needs_change:
            change = KeySet(self._keys.target)
            self.submit(Pending(OWN_COMMAND, change, now_ns + _KEY_CHANGE_NS), now_ns)

    def take(self, now_ns: int, may_send_file: bool) -> tuple[Command, Pending | None]:
        """What to say next: a command, a piece of a file, a question or a poll."""
        if self.has_commands:
            pending = self._queue.pop()
            return pending.command, pending
        file = self.file
        if file is not None and (may_send_file or not file.interleave):
            fragment = file.next(now_ns)
            if fragment is not None:
                return fragment, None
        return self._follow_ups.take(now_ns) or Poll(), None

    def answered(
        self, flight: Flight, reply: Reply, now_ns: int, stale: bool
    ) -> OfflineReason | None:
        """What an answer means; a reason says that the conversation begins anew."""
        command, pending = flight.command, flight.pending
        if isinstance(command, Poll):
            self.polled(now_ns)
        if isinstance(command, FileFragment | Abort):
            return self._file_answered(command, reply, now_ns)
        event = report_event(self.address, reply, stale)
        if event is not None:
            self._emit(event)
        if pending is not None or (event is not None and isinstance(command, Poll)):
            self._active_until_ns = now_ns + self._timing.active_ns
        if pending is None:
            return None
        if isinstance(reply, Busy):
            self._queue.put_back(pending)
            return None
        return self._command_answered(pending, reply, now_ns)

    def polled(self, now_ns: int) -> None:
        """The peripheral has had its say: the next piece of a file may go."""
        if self.file is not None:
            self.file.polled(now_ns)

    def unreadable(self, flight: Flight) -> None:
        """The answer was true but made no sense: whatever was asked has failed."""
        if flight.pending is not None:
            self.finish(flight.pending, Outcome.NAK, sent=True)
        elif isinstance(flight.command, FileFragment | Abort):
            self._end_file(FileOutcome.REFUSED)

    def abandon(self, pending: Pending, outcome: Outcome) -> None:
        """Ends a command that was sent and whose answer will not be waited for."""
        if isinstance(pending.command, KeySet):
            self._keys.doubt(pending.command.key)
        self.finish(pending, outcome, sent=True)

    def end(self) -> None:
        """The conversation is over: nothing queued or under way survives it."""
        self._follow_ups.clear()
        for pending in self._queue.take_all():
            self.finish(pending, Outcome.LINK_LOST, sent=False)
        if self.file is not None:
            self._end_file(self.file.ending or FileOutcome.LINK_LOST)

    def finish(
        self, pending: Pending, outcome: Outcome, sent: bool, reply: Reply | None = None
    ) -> None:
        """Tells the one result of a command."""
        self._emit(pending.finished(self.address, outcome, sent, reply))

    # Inside.

    def _command_answered(
        self, pending: Pending, reply: Reply, now_ns: int
    ) -> OfflineReason | None:
        if isinstance(reply, Nak):
            self.finish(pending, Outcome.NAK, sent=True, reply=reply)
            return None
        self.finish(pending, Outcome.DONE, sent=True, reply=reply)
        if isinstance(pending.command, SetOutput):
            self._follow_ups.after_output(pending.command, now_ns)
        elif isinstance(pending.command, KeySet):
            if isinstance(reply, Ack):
                self._keys.proved(pending.command.key)
                self._emit(KeyChanged(self.address))
            else:
                self._keys.doubt(pending.command.key)
            return OfflineReason.KEY_CHANGED
        elif isinstance(reply, Communication):
            self._emit(CommunicationChanged(self.address, reply.address, reply.baud))
            return OfflineReason.COMMUNICATION_CHANGED
        return None

    def _file_answered(
        self, sent: FileFragment | Abort, reply: Reply, now_ns: int
    ) -> OfflineReason | None:
        file = self.file
        if file is None or isinstance(reply, Busy):
            return None
        outcome = file.ending
        if isinstance(sent, FileFragment):
            outcome = file.answered(sent, reply, now_ns)
        if outcome is None:
            self._emit(
                FileProgress(self.address, file.transfer_id, file.sent_len, len(file.content))
            )
            return None
        self._end_file(outcome)
        return OfflineReason.REBOOTING if outcome is FileOutcome.REBOOTING else None

    def _end_file(self, outcome: FileOutcome) -> None:
        file, self.file = self.file, None
        if file is not None:
            self._file_ended(file, outcome)

    def _file_ended(self, file: FileSender, outcome: FileOutcome) -> None:
        self._emit(
            FileTransferFinished(
                self.address, file.transfer_id, file.file_type, outcome, file.sent_len
            )
        )
