"""One RS-485 line: its peripherals, and whose turn it is.

`Bus.step(now_ns, received)` is the whole interface to the wire: bytes in, bytes to send,
events and the time of the next call out. The bus sends one frame at a time and the next as
soon as the answer is in. A peripheral that has just been used (hot) is polled as fast as
the wire allows, every other turn going to the others that are due; a quiet one is polled at
`Timing.quiet_interval_ns`; a lost one is probed at a back-off of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from firmware_bridge.osdp.attacks import AttackKind
from firmware_bridge.osdp.codes import MAX_ADDRESS, Malformed
from firmware_bridge.osdp.commands import Command, ComSet
from firmware_bridge.osdp.config import ConfigError, PDConfig, Timing, check_baud, wire_ns
from firmware_bridge.osdp.events import (
    BusEvent,
    CommandFinished,
    Event,
    OfflineReason,
)
from firmware_bridge.osdp.file_sender import FileSender
from firmware_bridge.osdp.followups import NEVER_NS
from firmware_bridge.osdp.framing import MAX_FRAME_LEN, Frame
from firmware_bridge.osdp.hearing import Hearing
from firmware_bridge.osdp.line_move import LineMove
from firmware_bridge.osdp.link import Link
from firmware_bridge.osdp.pending import Pending
from firmware_bridge.osdp.states import SERVING, LinkState

# Silence between two frames, so that every transceiver has turned round (two characters).
_TURNAROUND_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: write `send`, hand out `events`, call again with bytes or at `wake_ns`."""

    send: bytes
    events: tuple[BusEvent, ...]
    wake_ns: int


@dataclass(frozen=True, slots=True)
class PDState:
    """How one peripheral stands, for status displays."""

    address: int
    state: LinkState
    serving: bool
    offline_reason: OfflineReason | None


class Bus:
    """The scheduler of one line. `nonce` gives 8 fresh random bytes a call."""

    def __init__(
        self,
        pds: Iterable[PDConfig],
        *,
        baud: int,
        nonce: Callable[[], bytes],
        timing: Timing | None = None,
    ) -> None:
        self.baud = check_baud(baud)
        self._timing = timing or Timing()
        self._nonce = nonce
        self._hearing = Hearing(self._timing)
        self._links: list[Link] = []
        self._events: list[BusEvent] = []
        self._awaited: Link | None = None
        self._reply_by_ns = 0
        self._sent_ns = 0
        self._answer_by_ns = 0
        self._free_ns = 0
        self._turn = 0
        self._last_was_hot = False
        self._last_id = 0
        self._move: LineMove | None = None
        for config in pds:
            self.add(config)

    # What the owner says.

    def add(self, config: PDConfig) -> None:
        """Takes a peripheral into the rounds; ConfigError when its address is taken."""
        if any(link.address == config.address for link in self._links):
            raise ConfigError(f"address {config.address} is used twice on this bus")
        emit: Callable[[Event], None] = self._events.append
        self._links.append(Link(config, self._timing, self._nonce, emit, self._hearing))
        self._share_quiet_time()

    def remove(self, address: int, now_ns: int) -> None:
        """Takes a peripheral out; its commands end with `link_lost`."""
        link = self._link(address)
        link.drop(OfflineReason.REMOVED, now_ns)
        self._links.remove(link)
        self._share_quiet_time()
        self._forsake_if_dropped()

    def rekey(self, config: PDConfig, now_ns: int) -> None:
        """Moves a peripheral to another base key over the line (KEYSET): now, or when it is back.

        Until one proves right the old and the new key are tried; KeyChanged says when it is done.
        """
        self._link(config.address).want_key(config, now_ns)

    def begin_install(self, address: int, until_ns: int, now_ns: int) -> None:
        """Lets a peripheral that still has the default key take its own, until `until_ns`."""
        self._link(address).begin_install(until_ns, now_ns)

    def change_baud(self, baud: int, now_ns: int) -> None:
        """Reckons with another speed; the owner sets the port to it."""
        self.baud = check_baud(baud)
        self.port_opened(now_ns)

    def submit(self, address: int, command: Command, deadline_ns: int, now_ns: int) -> int:
        """Queues a command and returns its id; exactly one CommandFinished follows.

        OsdpError when a number in it does not fit, ConfigError when there is no such address.
        """
        command.encode()
        link = self._link(address)
        if isinstance(command, ComSet):
            self._check_move(address, command)
        command_id = self._next_id()
        link.submit(Pending(command_id, command, deadline_ns), now_ns)
        return command_id

    def send_file(
        self, address: int, file_type: int, content: bytes, deadline_ns: int, now_ns: int
    ) -> int:
        """Begins to send a file and returns its id; one FileTransferFinished follows.

        OsdpError when type or length do not fit, ConfigError when there is no such address.
        """
        link = self._link(address)
        file = FileSender(self._next_id(), file_type, content, deadline_ns)
        link.send_file(file, self.baud, now_ns)
        return file.transfer_id

    def cancel_file(self, transfer_id: int) -> None:
        """Ends a file transfer; the peripheral is told to forget what it has of it."""
        for link in self._links:
            link.cancel_file(transfer_id)

    def move_line(self, baud: int, now_ns: int) -> None:
        """Moves all boards and the line to another speed, or nobody; one LineMoved follows.

        ConfigError for a speed that OSDP does not know, and while a move is under way.
        """
        check_baud(baud)
        if self._move is not None:
            raise ConfigError("the line is being moved already")
        self._move = LineMove(self, baud, now_ns)

    def addresses(self) -> frozenset[int]:
        """Every peripheral of the line."""
        return frozenset(link.address for link in self._links)

    def serving(self) -> frozenset[int]:
        """The peripherals that are online."""
        return frozenset(link.address for link in self._links if link.state in SERVING)

    def tell(self, address: int, baud: int, deadline_ns: int, now_ns: int) -> int:
        """Sends a peripheral to another speed, its address unchanged."""
        return self.submit(address, ComSet(address, baud), deadline_ns, now_ns)

    def tune(self, baud: int, now_ns: int) -> None:
        """Follows to another speed; the owner sets the port to it."""
        self.change_baud(baud, now_ns)

    def _go_on_moving(self, now_ns: int) -> None:
        move = self._move
        if move is None:
            return
        for event in self._events:
            if isinstance(event, CommandFinished):
                move.finished(event.command_id)
        end = move.step(now_ns)
        if end is not None:
            self._move = None
            self._events.append(end)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _share_quiet_time(self) -> None:
        interval_ns = self._timing.quiet_interval_ns(len(self._links))
        for link in self._links:
            link.quiet_interval_ns = interval_ns

    def _check_move(self, address: int, command: ComSet) -> None:
        check_baud(command.baud)
        taken = any(link.address == command.address for link in self._links)
        if command.address > MAX_ADDRESS or (taken and command.address != address):
            raise ConfigError(f"address {command.address} is out of range or taken on this bus")

    def port_opened(self, now_ns: int) -> None:
        """The line is there (again): every peripheral is tried at once."""
        self._awaited = None
        self._hearing.clear()
        self._free_ns = now_ns
        for link in self._links:
            link.backoff.restart(now_ns)

    def port_lost(self, now_ns: int) -> None:
        """The line is gone: every peripheral is offline and every command ends."""
        self._awaited = None
        self._hearing.clear()
        for link in self._links:
            link.drop(OfflineReason.PORT_LOST, now_ns)

    def take_events(self) -> tuple[BusEvent, ...]:
        """The events since the last `step`, for an owner whose line is gone."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def peripherals(self) -> tuple[PDState, ...]:
        """How every peripheral stands."""
        return tuple(
            PDState(link.address, link.state, link.state in SERVING, link.offline_reason)
            for link in self._links
        )

    @property
    def malformed(self) -> dict[Malformed, int]:
        """Dropped input by cause, since the bus was made."""
        return dict(self._hearing.malformed)

    # What the wire does.

    def step(self, now_ns: int, received: bytes = b"") -> Step:
        """Takes what came in, and gives what to send, what happened and when to call again."""
        for frame in self._hearing.take(received, now_ns):
            self._on_frame(frame, now_ns)
        self._give_up_spoilt_answer()
        if self._awaited is not None and now_ns >= self._reply_by_ns:
            self._on_timeout(now_ns)
        for link in self._links:
            link.expire(now_ns)
        self._forsake_if_dropped()
        self._go_on_moving(now_ns)
        send = self._next_frame(now_ns)
        self._events += self._hearing.reports(now_ns)
        return Step(send, self.take_events(), self._wake_ns(now_ns))

    def _on_frame(self, frame: Frame, now_ns: int) -> None:
        link = self._awaited
        if not frame.is_reply:
            if link is None or not (frame.address == link.address and link.is_echo(frame)):
                self._refuse(frame, Malformed.FOREIGN_COMMAND, AttackKind.SECOND_PANEL, now_ns)
        elif link is None:
            self._refuse(frame, Malformed.UNSOLICITED, AttackKind.UNASKED_REPLY, now_ns)
        elif frame.address != link.address:
            self._refuse(frame, Malformed.ADDRESS, AttackKind.UNASKED_REPLY, now_ns)
        elif link.receive(frame, now_ns):
            self._release(now_ns)

    def _refuse(self, frame: Frame, cause: Malformed, kind: AttackKind, now_ns: int) -> None:
        """Drops a frame that nobody waits for; a late answer is no attack."""
        explained = frame.is_reply and any(
            link.address == frame.address and link.watch.explains(frame, now_ns)
            for link in self._links
        )
        self._hearing.refuse(frame, cause, None if explained else kind, now_ns)

    def _release(self, now_ns: int) -> None:
        self._awaited = None
        self._free_ns = now_ns + wire_ns(_TURNAROUND_BYTES, self.baud)

    def _forsake_if_dropped(self) -> None:
        """Keeps the wire free for an answer that nobody waits for any more."""
        if self._awaited is not None and not self._awaited.is_awaiting:
            self._awaited = None
            self._free_ns = self._reply_by_ns

    def _give_up_spoilt_answer(self) -> None:
        """Bytes that were no frame and then silence: the answer came and is lost. Whoever is known
        to answer quickly is not waited for any longer, for the sake of the neighbours."""
        link = self._awaited
        if link is not None and self._hearing.is_spoilt:
            usual_ns = self._sent_ns + link.backoff.slowest_ns()
            self._reply_by_ns = min(self._reply_by_ns, max(self._hearing.fragment_ns, usual_ns))

    def _on_timeout(self, now_ns: int) -> None:
        link = self._awaited
        if link is None:
            return
        if self._hearing.is_waiting and now_ns < self._answer_by_ns:
            # The answer has begun: let it finish, or fall silent for a character gap.
            self._reply_by_ns = min(self._hearing.fragment_ns, self._answer_by_ns)
            return
        self._awaited = None
        self._free_ns = now_ns
        link.timed_out(now_ns, spoilt=self._hearing.is_spoilt)

    def _next_frame(self, now_ns: int) -> bytes:
        if self._awaited is not None or now_ns < self._free_ns:
            return b""
        link = self._choose(now_ns)
        if link is None:
            return b""
        self._hearing.listen()
        self._last_was_hot = link.is_hot(now_ns)
        self._turn += 1
        link.last_served = self._turn
        send = link.transmit(now_ns, self._may_send_file(link, now_ns))
        if link.sends_file:
            link.file_turn = self._turn
        self._awaited = link
        self._sent_ns = now_ns + wire_ns(len(send), self.baud)
        self._reply_by_ns = self._sent_ns + link.reply_window_ns()
        self._answer_by_ns = self._reply_by_ns + wire_ns(MAX_FRAME_LEN, self.baud)
        return send

    def _choose(self, now_ns: int) -> Link | None:
        """The next to have the wire: hot and other links take turns, commands go first."""
        due = [link for link in self._links if link.due_ns(now_ns) <= now_ns]
        hot = [link for link in due if link.is_hot(now_ns)]
        urgent = any(link.has_commands for link in hot)
        others = [
            link
            for link in due
            if link not in hot and not (urgent and link.state is LinkState.OFFLINE)
        ]
        if hot and not (others and self._last_was_hot):
            return min(hot, key=lambda link: (not link.has_commands, link.last_served))
        return min(others, key=lambda link: link.last_served, default=None)

    def _may_send_file(self, sender: Link, now_ns: int) -> bool:
        """One piece of a file a round: everybody who waits has had a turn since the last one."""
        return sender.has_file and all(
            link is sender or link.last_served > sender.file_turn or link.due_ns(now_ns) > now_ns
            for link in self._links
        )

    def _wake_ns(self, now_ns: int) -> int:
        times = [link.deadline_ns() or NEVER_NS for link in self._links]
        if self._awaited is not None:
            times.append(self._reply_by_ns)
        else:
            dues = [link.due_ns(now_ns) for link in self._links]
            times.append(max(self._free_ns, min(dues, default=NEVER_NS)))
        times.append(self._hearing.wake_ns)
        if self._move is not None:
            times.append(self._move.wake_ns)
        return min(times)

    def _link(self, address: int) -> Link:
        for link in self._links:
            if link.address == address:
                return link
        raise ConfigError(f"no peripheral with address {address} on this bus")
