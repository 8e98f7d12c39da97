"""One peripheral seen from its panel: what to send next and what an answer means.

A link does no I/O and reads no clock. Its bus calls `transmit` when the wire is free,
`receive` with frames from its address and `timed_out` when the answer did not come; events
go to the `emit` it was given. The states are a table in `states.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_bridge.osdp.backoff import Backoff
from firmware_bridge.osdp.channel import PanelChannel
from firmware_bridge.osdp.codes import Malformed, OsdpError, ReplyCode
from firmware_bridge.osdp.commands import FileFragment, Poll
from firmware_bridge.osdp.config import MS, PDConfig, Timing
from firmware_bridge.osdp.events import (
    Event,
    InstallBegan,
    InstallEnded,
    KeyChanged,
    Offline,
    OfflineReason,
    Online,
    Outcome,
)
from firmware_bridge.osdp.file_sender import FileSender
from firmware_bridge.osdp.framing import Check, Frame
from firmware_bridge.osdp.handshake import HandshakeError
from firmware_bridge.osdp.hearing import Hearing
from firmware_bridge.osdp.keyring import KeyRing
from firmware_bridge.osdp.opening import Opening
from firmware_bridge.osdp.pending import HARMLESS, Flight, Pending
from firmware_bridge.osdp.replies import Ack, Communication, Reply
from firmware_bridge.osdp.serving import Serving
from firmware_bridge.osdp.states import SECURED, SERVING, LinkState, Signal, advance
from firmware_bridge.osdp.watch import Watch

_RETRY_PAUSE_NS: Final = 60 * MS
_BUSY_PAYLOAD: Final = bytes([ReplyCode.BUSY])


class Link:
    """The session with one peripheral, from silence through the handshake to polling."""

    def __init__(
        self,
        config: PDConfig,
        timing: Timing,
        nonce: Callable[[], bytes],
        emit: Callable[[Event], None],
        hearing: Hearing,
    ) -> None:
        self.state = LinkState.OFFLINE
        self.offline_reason: OfflineReason | None = None
        self.last_served = 0
        self.file_turn = 0
        self.quiet_interval_ns = timing.quiet_poll_ns
        self.keys = KeyRing(config.scbk, config.formers)
        self.backoff = Backoff(timing)
        self._timing = timing
        self._nonce = nonce
        self._emit = emit
        self._malformed = hearing.malformed
        self.watch = Watch(hearing.attacks)
        self._channel = PanelChannel(config.address, Check.CRC16)
        self._serving = Serving(config.address, self.keys, timing, emit)
        self._flight: Flight | None = None
        self._opening = Opening(self.keys, nonce)
        self._polled_ns = 0
        self._online_since_ns: int | None = None

    # What the scheduler asks.

    @property
    def address(self) -> int:
        """Where the peripheral is called; a COMSET moves it."""
        return self._serving.address

    @property
    def has_commands(self) -> bool:
        """Whether a command of the application waits to be sent."""
        return self._serving.has_commands

    @property
    def has_file(self) -> bool:
        """Whether a file is on its way."""
        return self._serving.file is not None

    @property
    def sends_file(self) -> bool:
        """Whether what is on the wire is a piece of a file."""
        return self._flight is not None and isinstance(self._flight.command, FileFragment)

    @property
    def is_awaiting(self) -> bool:
        """Whether an answer is expected on the wire."""
        return self._flight is not None and self._flight.on_wire

    def is_hot(self, now_ns: int) -> bool:
        """Whether this link wants the wire as often as it can have it."""
        if self.state is LinkState.OFFLINE or self._flight is not None:
            return False
        return self.state is not LinkState.ONLINE or self._serving.is_hot(now_ns)

    def due_ns(self, now_ns: int) -> int:
        """When this link wants the wire next."""
        if self._flight is not None:
            return self._flight.retry_ns
        if self.state is LinkState.OFFLINE:
            return self.backoff.retry_ns
        if self.is_hot(now_ns):
            return now_ns if self.has_commands else self._polled_ns + self.backoff.pause_ns
        return self._serving.due_ns(
            self._polled_ns + max(self.quiet_interval_ns, self.backoff.pause_ns)
        )

    def deadline_ns(self) -> int | None:
        """When a command expires or an installation ends, whichever comes first."""
        times = [self._serving.first_deadline_ns(), self.keys.install_until_ns]
        if self._flight is not None and not self._flight.on_wire and self._flight.pending:
            times.append(self._flight.pending.deadline_ns)
        return min((time for time in times if time is not None), default=None)

    def reply_window_ns(self) -> int:
        """How long to wait for the beginning of the answer."""
        if self.state is LinkState.HELLO:
            return self.backoff.window_ns()
        flight = self._flight
        if flight is not None and isinstance(flight.command, Poll) and not self._is_last(flight):
            return self.backoff.patience_ns()
        return self._timing.reply_ns

    def _is_last(self, flight: Flight) -> bool:
        return flight.transmissions >= self._timing.attempts

    def is_echo(self, frame: Frame) -> bool:
        """Whether a command seen on the wire is the one that this link has just sent."""
        if self._flight is None:
            return False
        sent = self._flight.sealed.frame
        return (sent.sequence, sent.payload) == (frame.sequence, frame.payload)

    # What the application asks.

    def submit(self, pending: Pending, now_ns: int) -> None:
        """Queues a command, or finishes it at once when it cannot be delivered now."""
        if self.state in SERVING:
            self._serving.submit(pending, now_ns)
        else:
            self._serving.finish(pending, Outcome.LINK_LOST, sent=False)

    def send_file(self, file: FileSender, baud: int, now_ns: int) -> None:
        """Begins to send a file, or finishes it at once when the peripheral is not served."""
        self._serving.send_file(file, baud, now_ns)
        if self.state not in SERVING:
            self._serving.end()

    def cancel_file(self, transfer_id: int) -> None:
        """Ends a file transfer that is under way."""
        self._serving.cancel_file(transfer_id)

    def want_key(self, config: PDConfig, now_ns: int) -> None:
        """Moves the peripheral to another key: at once where it is served, else when it is."""
        self.keys.want(config.scbk, config.formers)
        if self.state in SERVING:
            self._serving.change_key(now_ns)
        elif self.state is LinkState.OFFLINE:
            self.backoff.again(now_ns)

    def begin_install(self, until_ns: int, now_ns: int) -> None:
        """Accepts the default key until then, for the one purpose of replacing it."""
        self.keys.install_until_ns = until_ns
        self._emit(InstallBegan(self.address, until_ns))
        if self.state is LinkState.OFFLINE:
            self.backoff.restart(now_ns)
        elif self.state in SERVING:
            self._end_install(installed=True)

    def expire(self, now_ns: int) -> None:
        """Ends what has run out of time: commands, and an installation."""
        self._serving.expire(now_ns)
        if self._flight is not None and not self._flight.on_wire:
            self._abandon_if_expired(self._flight, now_ns)
        until_ns = self.keys.install_until_ns
        if until_ns is not None and until_ns <= now_ns:
            self._end_install(installed=False)
            if self._opening.is_default_key:
                self.drop(OfflineReason.WRONG_KEY, now_ns)

    # What the wire does.

    def transmit(self, now_ns: int, may_send_file: bool = True) -> bytes:
        """The bytes to send now: a repetition, the next step, a command or a poll."""
        if self._flight is None:
            self._flight = self._take_off(now_ns, may_send_file)
        self._flight.transmissions += 1
        self._flight.on_wire = True
        self._polled_ns = now_ns
        return self._flight.sealed.raw

    def timed_out(self, now_ns: int, spoilt: bool = False) -> None:
        """No answer came, or a spoilt one: send the same again a little later, or give it up."""
        flight = self._flight
        if flight is None:
            return
        flight.on_wire = False
        flight.retry_ns = now_ns + _RETRY_PAUSE_NS
        if spoilt:
            self.backoff.suffer()
        if flight.pending is None:
            flight.retry_ns = now_ns + max(_RETRY_PAUSE_NS, self.backoff.pause_ns)
        self.watch.timed_out(now_ns)
        attempts = 1 if self.state is LinkState.HELLO else self._timing.attempts
        if not self._abandon_if_expired(flight, now_ns) and flight.transmissions >= attempts:
            if self.state in (LinkState.CHALLENGING, LinkState.PROVING):
                self.keys.refused()
            self.drop(OfflineReason.NO_REPLY, now_ns)

    def receive(self, frame: Frame, now_ns: int) -> bool:
        """Takes a frame from this address; False when it is not the answer awaited."""
        flight = self._flight
        if flight is None or not flight.on_wire:
            return self._ignore(Malformed.UNSOLICITED)
        if frame.block is None and frame.payload == _BUSY_PAYLOAD:
            self._postpone(flight, now_ns)
            return True
        if self.state in SECURED and frame.block is None and frame.payload[0] == ReplyCode.NAK:
            self.watch.session_refused(frame, now_ns)
            self.drop(OfflineReason.SESSION_LOST, now_ns)
            return True
        if frame.sequence != flight.sealed.frame.sequence:
            if self.state in SECURED:
                self.watch.out_of_turn(frame, now_ns)
            return self._ignore(Malformed.SEQUENCE)
        try:
            reply = self._channel.open(frame)
        except OsdpError as error:
            if self.state in SECURED:
                self.watch.unreadable(frame, error.cause, now_ns)
            return self._bad_answer(flight, error.cause, now_ns)
        self.watch.answered(frame)
        self.backoff.recover()
        self._land(flight)
        self.backoff.learn(now_ns - self._polled_ns)
        self._answered(flight, frame, reply, now_ns)
        return True

    def drop(self, reason: OfflineReason, now_ns: int) -> None:
        """Ends the conversation: nothing queued or under way survives it."""
        was_online = self.state in SERVING
        flight, self._flight = self._flight, None
        self.state = advance(self.state, Signal.LOST)
        self._channel.session = None
        self._opening = Opening(self.keys, self._nonce)
        if flight is not None and flight.pending is not None:
            self._serving.abandon(flight.pending, Outcome.LINK_LOST)
        self._serving.end()
        since_ns, self._online_since_ns = self._online_since_ns, None
        online_ns = 0 if since_ns is None else now_ns - since_ns
        self.backoff.lost(now_ns, online_ns, silent=reason is OfflineReason.NO_REPLY)
        if was_online or reason is not self.offline_reason:
            self._emit(Offline(self.address, reason, was_online))
        self.offline_reason = reason

    # Sending.

    def _take_off(self, now_ns: int, may_send_file: bool) -> Flight:
        if self.state is LinkState.OFFLINE:
            self._channel = PanelChannel(self.address, self.backoff.probe())
            self.state = advance(self.state, Signal.PROBED)
        if self.state in SERVING:
            command, pending = self._serving.take(now_ns, may_send_file)
            return Flight(self._channel.seal(command), command, pending, now_ns)
        command, block, block_data = self._opening.ask(self.state)
        return Flight(self._channel.seal(command, block, block_data), command, None, now_ns)

    def _postpone(self, flight: Flight, now_ns: int) -> None:
        flight.on_wire = False
        flight.transmissions = 0
        flight.retry_ns = now_ns + self._timing.busy_retry_ns
        too_long = now_ns - flight.first_sent_ns > self._timing.busy_limit_ns
        if not self._abandon_if_expired(flight, now_ns) and too_long:
            self.drop(OfflineReason.BUSY_TOO_LONG, now_ns)

    def _abandon_if_expired(self, flight: Flight, now_ns: int) -> bool:
        """Ends a sent command past its deadline; True when the conversation ends with it.

        Repeating it could act late. Not repeating it leaves the MAC chains of both ends
        possibly apart, so the conversation starts anew, at sequence 0. A light or a question
        ends for its owner only, and is repeated for the sake of the conversation.
        """
        if flight.pending is None or flight.pending.deadline_ns > now_ns:
            return False
        pending, flight.pending = flight.pending, None
        if isinstance(flight.command, HARMLESS):
            self._serving.finish(pending, Outcome.EXPIRED, sent=True)
            return False
        self._serving.abandon(pending, Outcome.EXPIRED)
        self.drop(OfflineReason.COMMAND_ABANDONED, now_ns)
        return True

    # Answers.

    def _ignore(self, cause: Malformed) -> bool:
        self._malformed[cause] += 1
        return False

    def _land(self, flight: Flight) -> None:
        flight.on_wire = False
        self._flight = None
        self._channel.next()

    def _bad_answer(self, flight: Flight, cause: Malformed, now_ns: int) -> bool:
        """An answer that cannot be read: forged ones are ignored, true ones are the end of it."""
        self._malformed[cause] += 1
        if cause not in (Malformed.UNKNOWN_CODE, Malformed.PAYLOAD, Malformed.PADDING):
            return False
        if self.state not in SERVING or cause is Malformed.PADDING:
            self.drop(OfflineReason.UNEXPECTED_REPLY, now_ns)
            return True
        self._land(flight)
        self._serving.unreadable(flight)
        return True

    def _answered(self, flight: Flight, frame: Frame, reply: Reply, now_ns: int) -> None:
        if self.state in SERVING:
            self._served(flight, reply, now_ns)
            return
        try:
            self._step_answered(frame, reply, now_ns)
        except HandshakeError as error:
            another = self.keys.refused()
            if not another:
                self.watch.not_proved(frame, error.attack, now_ns)
            self.drop(error.reason, now_ns)
            if another:
                self.backoff.again(now_ns)

    def _step_answered(self, frame: Frame, reply: Reply, now_ns: int) -> None:
        """What the answers before DRAINING lead to; HandshakeError when it ends here."""
        opening = self._opening
        signal = Signal.ANSWERED
        match self.state:
            case LinkState.HELLO:
                opening.greeted(reply)
            case LinkState.CHALLENGING:
                opening.challenged(frame, reply)
            case LinkState.PROVING:
                self._channel.session = opening.proved(frame, reply)
                if opening.is_default_key:
                    signal = Signal.PROVED_DEFAULT_KEY
                elif opening.settles_key():
                    self._emit(KeyChanged(self.address))
            case LinkState.KEYING:
                opening.keyed(reply)
                self._end_install(installed=True)
                self._reopen(OfflineReason.KEY_CHANGED, now_ns)
                return
            case LinkState.IDENTIFYING:
                opening.identified(reply)
            case LinkState.ASKING_CAPABILITIES:
                self._come_online(opening.completed(self.address, reply))
        self.state = advance(self.state, signal)

    def _come_online(self, online: Online) -> None:
        self._serving.learn(online.capabilities)
        self.offline_reason = None
        self.watch.proved()
        if self.keys.install_until_ns is not None:
            self._end_install(installed=True)
        self._emit(online)

    def _reopen(self, reason: OfflineReason, now_ns: int) -> None:
        """Begins a new conversation at once, after a change that both ends know of."""
        self.drop(reason, now_ns)
        self.backoff.again(now_ns)

    def _served(self, flight: Flight, reply: Reply, now_ns: int) -> None:
        """What an answer in DRAINING or ONLINE means."""
        if isinstance(reply, Ack) and isinstance(flight.command, Poll):
            first = self.state is LinkState.DRAINING
            self.state = advance(self.state, Signal.NOTHING_QUEUED)
            if first:
                self._online_since_ns = now_ns
                self._serving.settled(now_ns)
            self._serving.polled(now_ns)
            return
        stale = self.state is not LinkState.ONLINE
        reason = self._serving.answered(flight, reply, now_ns, stale)
        if reason is OfflineReason.REBOOTING:
            self.drop(reason, now_ns)
        elif reason is not None:
            self._reopen(reason, now_ns)
            if isinstance(reply, Communication):
                self._serving.address = reply.address

    def _end_install(self, installed: bool) -> None:
        self.keys.install_until_ns = None
        self._emit(InstallEnded(self.address, installed))
