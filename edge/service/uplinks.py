"""What the delivery session wants done, done: the only way from the hub to anything here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from edge.core.clock import Clock
from edge.core.clock_now import ClockNow
from edge.ports import (
    Acknowledged,
    AlarmRaised,
    CommandArrived,
    CommandRefused,
    EpochNeeded,
    JournalError,
    Link,
    LinkChanged,
    LinkConnected,
    LinkEvent,
    LinkLost,
    MessageArrived,
    NewEvent,
    PolicyChange,
    Publish,
    Session,
    SessionOutput,
    Standing,
    TimeSample,
)
from edge.service.commands import Commands
from edge.service.memory import CLOCK, Memory
from edge.service.policies import Policies
from edge.service.recorder import Recorder
from wire.events import AlarmBody, EventKind, LinkBody
from wire.messages import DeviceState

_SECOND: Final = 1_000_000_000
_MS: Final = 1_000_000
_ALARM_EVERY_NS: Final = 60 * _SECOND
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Alarms:
    told_ns: int
    count: int = 0


class Uplinks:
    """Feeds the session and performs what it gives back."""

    def __init__(
        self,
        session: Session,
        link: Link,
        memory: Memory,
        recorder: Recorder,
        policies: Policies,
        commands: Commands,
        clock: Clock,
        agent: str,
    ) -> None:
        self._session = session
        self._link = link
        self._memory = memory
        self._recorder = recorder
        self._policies = policies
        self._commands = commands
        self._clock = clock
        self._agent = agent
        self._alarms: dict[tuple[str, str, str], _Alarms] = {}
        self._away_since_ns: int | None = None

    # --- what happens ----------------------------------------------------------------------------

    def handle(self, item: LinkEvent, now: ClockNow, session_id: str) -> None:
        """Hand a link event to the session; `session_id` is fresh, for a connect's hello."""
        match item:
            case LinkConnected():
                outputs = self._session.connected(item, self._standing(now, session_id))
            case LinkLost():
                outputs = self._session.disconnected(item)
            case MessageArrived():
                outputs = self._session.message(item, now)
        self._perform(outputs, now)

    def appended(self, now: ClockNow) -> None:
        """The journal has new rows."""
        self._perform(self._session.appended(now), now)

    def tick(self, now: ClockNow) -> None:
        """Time went by."""
        self._perform(self._session.tick(now), now)

    def _standing(self, now: ClockNow, session_id: str) -> Standing:
        devices = [
            DeviceState(id=device, state=_state(one.online, one.cause), cause=one.cause[:64])
            for device, one in self._memory.devices.items()
        ]
        if self._recorder.failure is not None:
            devices.append(DeviceState(id="journal", state="fault", cause=self._recorder.failure))
        held, rejected = self._memory.held, self._memory.index.rejected
        return Standing(session_id, self._agent, now, held, tuple(devices), rejected)

    # --- what is to be done ----------------------------------------------------------------------

    def _perform(self, outputs: Sequence[SessionOutput], now: ClockNow) -> None:
        for output in outputs:
            try:
                self._do(output, now)
            except JournalError as error:
                self._recorder.failed(error, now)

    def _do(self, output: SessionOutput, now: ClockNow) -> None:
        match output:
            case Publish():
                self._link.publish(output)
            case PolicyChange():
                if self._policies.apply(output, now):
                    told = self._session.policy_applied(
                        self._memory.held, self._memory.index.rejected
                    )
                    self._perform(told, now)
            case CommandArrived():
                self._commands.run(output, now)
            case CommandRefused():
                self._commands.refused(output, now)
            case TimeSample():
                self._time(output, now)
            case LinkChanged():
                self._link_changed(output, now)
            case AlarmRaised():
                self._alarm(output, now)
            case Acknowledged():
                self._recorder.journal.acknowledge(output.epoch, output.through_seq)
            case EpochNeeded():
                self._recorder.journal.open_epoch(output.cause, now)
                self._recorder.fresh = True

    def _time(self, sample: TimeSample, now: ClockNow) -> None:
        events = self._clock.welcome(sample.hub_time, sample.sent_ns, sample.got_ns)
        if events:
            after = self._clock.now(now.mono_ns, now.at)
            self._recorder.record(events, after, {CLOCK: self._clock.save()})

    def _link_changed(self, change: LinkChanged, now: ClockNow) -> None:
        self._memory.link_changed(change.up, now)
        away_ms: int | None = None
        if change.up and self._away_since_ns is not None:
            away_ms = (now.mono_ns - self._away_since_ns) // _MS
        self._away_since_ns = None if change.up else now.mono_ns
        kind = EventKind.LINK_RESTORED if change.up else EventKind.LINK_LOST
        body = LinkBody(cause=change.cause[:64], away_ms=away_ms)
        self._recorder.record([NewEvent(kind, body)], now)

    def _alarm(self, raised: AlarmRaised, now: ClockNow) -> None:
        """Counted always, journaled once a minute for each sort: a hostile broker must not be
        able to fill the journal."""
        self._memory.counters[f"alarm.{raised.alarm.value}"] += raised.count
        key = (raised.alarm.value, raised.channel, raised.cause)
        alarms = self._alarms.setdefault(key, _Alarms(now.mono_ns - _ALARM_EVERY_NS))
        alarms.count += raised.count
        if now.mono_ns - alarms.told_ns < _ALARM_EVERY_NS:
            return
        body = AlarmBody(
            alarm=raised.alarm,
            channel=raised.channel[:32],
            cause=raised.cause[:64],
            count=alarms.count,
        )
        alarms.told_ns, alarms.count = now.mono_ns, 0
        self._recorder.record([NewEvent(EventKind.SECURITY_ALARM, body)], now)


def _state(online: bool | None, cause: str) -> str:
    if online is None:
        return "unknown"
    if online:
        return "online"
    return "fault" if cause in ("no_such_port", "secret_not_ours", "not_configured") else "offline"
