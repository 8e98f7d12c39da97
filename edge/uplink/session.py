"""The delivery session: hello, welcome, events until they are acknowledged, policy, commands.

Sans-I/O: it is told what happened and gives, in order, what is to be done. Time is handed in. The
theory in short:

- Nothing that was sent before the welcome of *this* session counts for anything: the session's 128
  random bits tell the hub's live answer from everything a broker may have kept.
- Events flow from the hub's watermark on and are sent again from there; the watermark moves on the
  hub's authentic word alone, never on the broker's.
- A message that is forged, moved, retained, malformed or repeated changes nothing but a counter and
  an alarm. An illegal trigger leaves the state as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cryptography import x509

from edge.core.clock_now import ClockNow
from edge.ports import (
    Acknowledged,
    AlarmRaised,
    CommandRefused,
    EpochNeeded,
    JournalError,
    LinkChanged,
    LinkConnected,
    LinkLost,
    MessageArrived,
    PolicyChange,
    Publish,
    SessionOutput,
    Standing,
    TimeSample,
)
from edge.uplink.alarms import AlarmLedger
from edge.uplink.command_inbox import CommandInbox
from edge.uplink.greeting import Greeting
from edge.uplink.outbox import Outbox
from edge.uplink.policy_inbox import PolicyInbox, Refused
from edge.uplink.presence import status_message
from edge.uplink.reader import PolicyReader, RowReader
from edge.uplink.states import TABLE, State, Trigger
from wire.clock import ClockState
from wire.envelope import open_sealed, seal
from wire.epochs import check_epoch
from wire.errors import WireError, WireFault
from wire.events import Alarm
from wire.keys import LinkKey, SignerRing
from wire.messages import (
    Ack,
    Command,
    EdgePolicy,
    Message,
    PolicyChunk,
    Rejected,
    Reported,
    Want,
    Welcome,
    decode,
    decode_policy,
    encode,
)
from wire.topics import Channel, parse_topic, topic_of

SILENT_RESENDS: Final = 2
"""Resends without an answer after which the hub is greeted anew."""

CLOCK_ASTRAY_S: Final = 600
"""While the clock is not trusted, how long after a welcome the hub is asked for the time again."""
TIME_OLD_S: Final = 86_400
"""However good the clock, how long after a welcome the hub is asked for the time again: the age of
a command is judged by it."""
_NS: Final = 1_000_000_000
_MALFORMED: Final = frozenset({WireFault.TOO_LARGE, WireFault.TOO_SHORT})


class DeliverySession:
    """Fulfils `edge.ports.Session` for one controller. `chance` gives [0, 1): it spreads what a
    whole fleet would do at one moment."""

    def __init__(
        self,
        controller: str,
        key: LinkKey,
        signers: SignerRing,
        ca: x509.Certificate,
        rows: RowReader,
        policy: PolicyReader,
        chance: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._controller = controller
        self._key, self._keys = key, {key.kid: key}
        self._signers, self._ca = signers, ca
        self._rows = rows
        self._outbox = Outbox(rows)
        self._inbox = PolicyInbox(policy)
        self._alarms = AlarmLedger()
        self.state = State.OFFLINE
        self._standing: Standing | None = None
        self._greeting = Greeting(key, chance)
        self._answered = ""
        self._welcomed_through = 0
        self._rolled_back_epoch: int | None = None
        self._leaving = ""
        self._past_epochs: set[int] = set()
        self._commands = CommandInbox()
        self._welcomed_ns, self._up = 0, False

    @property
    def refused(self) -> Mapping[str, int]:
        """How much was refused, by alarm, since the start."""
        return self._alarms.counts

    # --- connection ------------------------------------------------------------------------------

    def connected(self, event: LinkConnected, standing: Standing) -> Sequence[SessionOutput]:
        """A connection stands: tell that we are there and greet the hub with a new session."""
        self._move(Trigger.CONNECTED)
        self._standing = standing
        self._greeting.begin(standing.session)
        self._answered = ""
        self._welcomed_through, self._rolled_back_epoch = 0, None
        self._past_epochs.clear()
        self._commands.begin()
        self._inbox.end()
        status = status_message(self._controller, self._key, standing.agent, online=True)
        return [status, *self._greet(standing.now, event.at_ns)]

    def disconnected(self, event: LinkLost) -> Sequence[SessionOutput]:
        """The connection is gone; nothing is sent until the next one."""
        was_up, self._up = self._up, False
        self._move(Trigger.DISCONNECTED)
        self._inbox.end()
        self._rows.withhold()
        return [LinkChanged(up=False, cause=event.cause)] if was_up else []

    def _greet(self, now: ClockNow, at_ns: int) -> list[SessionOutput]:
        """Say hello."""
        if self._standing is None:
            return []
        journal = self._rows.epoch, self._rows.last_seq, self._rows.through_seq
        hello = self._greeting.hello(self._standing, journal, now, at_ns)
        return [self._publish(Channel.HELLO, hello)]

    # --- what comes in ---------------------------------------------------------------------------

    def message(self, event: MessageArrived, now: ClockNow) -> Sequence[SessionOutput]:
        """Check a message's place, envelope and shape, then say what follows from it."""
        channel = ""
        try:
            topic = parse_topic(event.topic)
            channel = topic.channel.value
            if topic.controller != self._controller or topic.channel.is_up:
                return self._alarm(Alarm.MISPLACED_MESSAGE, channel, "topic", now)
            if event.retained:
                return self._alarm(Alarm.RETAINED_MESSAGE, channel, "retained", now)
            body = open_sealed(event.topic, event.payload, self._keys, self._signers)
        except WireError as error:
            if error.fault is WireFault.BAD_TOPIC:
                return self._alarm(Alarm.MISPLACED_MESSAGE, channel, error.fault.value, now)
            malformed = error.fault in _MALFORMED
            alarm = Alarm.MALFORMED_MESSAGE if malformed else Alarm.FORGED_MESSAGE
            return self._alarm(alarm, channel, error.fault.value, now)
        try:
            return _HANDLERS[topic.channel](self, body, event, now)
        except WireError as error:
            return self._alarm(Alarm.MALFORMED_MESSAGE, channel, error.fault.value, now)
        except JournalError as error:
            return self._alarm(Alarm.INTERNAL_ERROR, "journal", error.cause, now)

    def _on_welcome(
        self, body: bytes, event: MessageArrived, now: ClockNow
    ) -> Sequence[SessionOutput]:
        welcome = decode(Welcome, body)
        channel = Channel.WELCOME.value
        if welcome.session != self._greeting.session:
            if self._greeting.is_earlier(welcome.session):
                return []  # late: the hello that was repeated meanwhile is answered as well
            return self._alarm(Alarm.REPLAYED_MESSAGE, channel, "session", now)
        if (self.state, Trigger.WELCOME) not in TABLE:
            return []  # the answer to a hello that was repeated
        refused = self._check_hub_epoch(welcome, now)
        if refused:
            return refused
        self._move(Trigger.WELCOME)
        self._answered, self._welcomed_ns = welcome.session, now.mono_ns
        self._commands.welcomed(welcome.hub_time, event.at_ns)
        self._greeting.answered()
        sent_ns = self._greeting.sent_ns
        out: list[SessionOutput] = [TimeSample(welcome.hub_time, sent_ns, event.at_ns)]
        if not self._up:  # else the hub was only asked for the time again
            self._up = True
            out.append(LinkChanged(up=True, cause="welcomed"))
        out += self._take_watermark(welcome)
        self._outbox.pace.begin(welcome.backlog_per_s, now.mono_ns)
        self._inbox.begin(welcome.session, welcome.hub_epoch, welcome.policy, now.mono_ns)
        # Said even when nothing is wanted: it answers the welcome, so that the hub knows that this
        # session is alive and no hello that somebody kept.
        out.append(self._want())
        standing = self._standing
        if standing is not None and standing.policy.version:
            out.append(self._report(standing))  # that of an earlier connection may have been lost
        return [*out, *self._pump(now)]

    def _check_hub_epoch(self, welcome: Welcome, now: ClockNow) -> list[SessionOutput]:
        """Refuse an older hub, and a newer one without the CA's proof."""
        channel, known = Channel.WELCOME.value, self._inbox.hub_epoch
        if welcome.hub_epoch < known:
            return self._alarm(Alarm.OLD_HUB_EPOCH, channel, "welcome", now)
        if welcome.hub_epoch > known:
            try:
                if welcome.proof.hub_epoch != welcome.hub_epoch:
                    raise WireError(WireFault.BAD_SIGNATURE, "another epoch's proof")
                check_epoch(self._ca, welcome.proof)
            except WireError as error:
                return self._alarm(Alarm.FORGED_HUB_EPOCH, channel, error.fault.value, now)
        return []

    def _take_watermark(self, welcome: Welcome) -> list[SessionOutput]:
        """Lower than ours: the hub was restored, send again from there. Higher than all we can
        have sent: our journal was rolled back."""
        if welcome.epoch != self._rows.epoch:
            self._outbox.begin(0)
            return []
        if welcome.through_seq > self._rows.offered_seq:
            return self._leave_epoch("rolled_back")
        since = self._greeting.through
        if self._contradicted(since, welcome.through_seq, welcome.since_hash):
            return self._leave_epoch("contradicted")
        self._welcomed_through = welcome.through_seq
        self._outbox.begin(welcome.through_seq)
        return [Acknowledged(welcome.epoch, welcome.through_seq)]

    def _contradicted(self, since: int, through: int, digest: str | None) -> bool:
        """Tell whether the hub holds other rows than ours under our seqs. Of what lies below our
        own watermark nothing is asked: it may be pruned."""
        if digest is None or not self._rows.through_seq <= since < through:
            return False
        return self._rows.digest_of(since, through) != digest

    def _leave_epoch(self, cause: str) -> list[SessionOutput]:
        """What the hub holds of this epoch is not ours: go on in another."""
        self._rolled_back_epoch, self._leaving = self._rows.epoch, cause
        self._outbox.begin(self._rows.through_seq)
        return [EpochNeeded(cause)]

    def _on_ack(self, body: bytes, _event: MessageArrived, now: ClockNow) -> list[SessionOutput]:
        ack, box, channel = decode(Ack, body), self._outbox, Channel.ACKS.value
        if self.state is not State.WELCOMED:
            return []
        if ack.epoch != self._rows.epoch:
            if ack.epoch in self._past_epochs:
                return []
            return self._alarm(Alarm.REPLAYED_MESSAGE, channel, "epoch", now)
        if ack.through_seq > self._rows.offered_seq:
            return self._alarm(Alarm.ACK_BEYOND_SENT, channel, "beyond_sent", now)
        if ack.through_seq < self._welcomed_through:
            return self._alarm(Alarm.REPLAYED_MESSAGE, channel, "old_watermark", now)
        box.answered()
        box.pace.change(ack.backlog_per_s, now.mono_ns)
        if ack.through_seq <= box.through:
            return []
        if self._contradicted(ack.since_seq, ack.through_seq, ack.since_hash):
            return self._leave_epoch("contradicted")
        box.acknowledged(ack.through_seq, now.mono_ns)
        return [Acknowledged(ack.epoch, ack.through_seq), *self._pump(now)]

    def _on_policy(self, body: bytes, _event: MessageArrived, now: ClockNow) -> list[SessionOutput]:
        message, channel = decode_policy(body), Channel.POLICY.value
        if not self._answered:
            return self._alarm(Alarm.REPLAYED_MESSAGE, channel, "not_welcomed", now)
        if isinstance(message, PolicyChunk):
            judged: PolicyChange | Refused | None = self._inbox.chunk(message, now.mono_ns)
        else:
            judged = self._inbox.delta(message, now.mono_ns)
        if isinstance(judged, PolicyChange):
            return [judged]
        if judged is None or judged.alarm is None:
            return []
        return self._alarm(judged.alarm, channel, judged.cause, now)

    def _on_command(self, body: bytes, event: MessageArrived, now: ClockNow) -> list[SessionOutput]:
        judged = self._commands.judge(decode(Command, body), self._answered, event.at_ns)
        out: list[SessionOutput] = [judged]
        if isinstance(judged, CommandRefused):
            channel = Channel.COMMANDS.value
            out += self._alarm(Alarm.REPLAYED_MESSAGE, channel, judged.cause, now)
        return out

    # --- what goes out ---------------------------------------------------------------------------

    def appended(self, now: ClockNow) -> Sequence[SessionOutput]:
        """The journal has new rows: send them, if the window is open."""
        return self._pump(now) if self.state is State.WELCOMED else []

    def tick(self, now: ClockNow) -> Sequence[SessionOutput]:
        """Time went by: hello again, events again, policy again, alarms that were held back."""
        out: list[SessionOutput] = list(self._alarms.due(now.mono_ns))
        if self.state is State.GREETING and self._greeting.due(now.mono_ns):
            out += self._greet(now, now.mono_ns)
        if self.state is not State.WELCOMED:
            return out
        if self._outbox.resend_if_due(now.mono_ns) and self._outbox.silent >= SILENT_RESENDS:
            self._move(Trigger.SILENCE)
            self._up = False
            return [*out, LinkChanged(up=False, cause="hub_silent"), *self._greet(now, now.mono_ns)]
        good_s = TIME_OLD_S if now.state is ClockState.TRUSTED else CLOCK_ASTRAY_S
        if self._commands.late or now.mono_ns - self._welcomed_ns >= good_s * _NS:
            self._move(Trigger.CLOCK_ASTRAY)
            return [*out, *self._greet(now, now.mono_ns)]
        if self._rolled_back_epoch == self._rows.epoch:  # it could not be opened so far
            out.append(EpochNeeded(self._leaving))
        if self._inbox.want_due(now.mono_ns):
            out.append(self._want())
        return [*out, *self._pump(now)]

    def policy_applied(
        self, held: EdgePolicy, rejected: Sequence[Rejected]
    ) -> Sequence[SessionOutput]:
        """The index was swapped: report it."""
        if self._standing is None or self.state is State.OFFLINE:
            return []
        self._inbox.applied()
        self._standing = replace(self._standing, policy=held, rejected=tuple(rejected))
        if not self._answered:
            return []  # the next welcome asks for it
        return [self._report(self._standing)]

    def _report(self, standing: Standing) -> Publish:
        held = standing.policy
        report = Reported(
            session=self._answered,
            hub_epoch=held.hub_epoch,
            version=held.version,
            digest=held.digest,
            rejected=standing.rejected,
        )
        return self._publish(Channel.REPORTED, report)

    def _pump(self, now: ClockNow) -> list[SessionOutput]:
        """Send what is not sent yet, as far as the window goes."""
        before = self._outbox.epoch
        if self._outbox.follow_epoch():
            self._past_epochs.add(before)
            self._welcomed_through, self._rolled_back_epoch = 0, None
        if self._rolled_back_epoch is not None:
            return []
        out: list[SessionOutput] = []
        try:
            while (body := self._outbox.next_batch(now.mono_ns)) is not None:
                out.append(self._sealed(Channel.EVENTS, body))
        except JournalError as error:
            out += self._alarm(Alarm.INTERNAL_ERROR, "journal", error.cause, now)
        return out

    def _want(self) -> Publish:
        return self._publish(
            Channel.WANT, Want(session=self._answered, from_version=self._inbox.asking_from())
        )

    def _publish(self, channel: Channel, message: Message) -> Publish:
        return self._sealed(channel, encode(message))

    def _sealed(self, channel: Channel, body: bytes) -> Publish:
        topic = topic_of(self._controller, channel)
        return Publish(topic, seal(topic, body, self._key))

    def _alarm(self, alarm: Alarm, channel: str, cause: str, now: ClockNow) -> list[SessionOutput]:
        told: list[AlarmRaised] = self._alarms.note(alarm, channel, cause, now.mono_ns)
        return list(told)

    def _move(self, trigger: Trigger) -> None:
        self.state = TABLE.get((self.state, trigger), self.state)


_Handler = Callable[[DeliverySession, bytes, MessageArrived, ClockNow], Sequence[SessionOutput]]
_HANDLERS: Final[dict[Channel, _Handler]] = {
    Channel.WELCOME: DeliverySession._on_welcome,  # noqa: SLF001 - the class's own table
    Channel.ACKS: DeliverySession._on_ack,  # noqa: SLF001 - the same
    Channel.POLICY: DeliverySession._on_policy,  # noqa: SLF001 - the same
    Channel.COMMANDS: DeliverySession._on_command,  # noqa: SLF001 - the same
}
