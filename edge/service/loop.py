"""The one loop. Threads put things on its queue; it takes them one by one, and time between them.

    take -> decide -> journal commit -> act -> journal result -> tell the hub

Whatever is raised while one thing is handled ends that thing, is journaled and alarmed, and the
loop takes the next.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from queue import Empty, PriorityQueue
from typing import Final, TypeAlias

import structlog

from edge.core.clock import Clock
from edge.core.clock_now import ClockNow
from edge.core.model import (
    CardFailed,
    CardPresented,
    DeviceKeyChanged,
    KeysPressed,
    ListPlaced,
    LogCollected,
    PunchChosen,
)
from edge.ports import (
    Incoming,
    LinkConnected,
    LinkLost,
    MessageArrived,
    NewEvent,
    TimeSource,
)
from edge.service.acts import Acts, result_event
from edge.service.former_keys import FORMER_KEY
from edge.service.happenings import Happenings
from edge.service.locks import Locks
from edge.service.memory import (
    BUDGET,
    CLOCK,
    DRIVEN,
    FIRE,
    FIRE_DEVICE,
    FIRE_STRIKES,
    FIRST,
    MODES,
    RUNNING,
    SEALED,
    SHELTER,
    UPTIME,
    USES,
    WHERE,
    Memory,
    budget_name,
)
from edge.service.passages import arrive
from edge.service.policies import Policies
from edge.service.presentations import Presentations
from edge.service.recorder import Recorder
from edge.service.strikes import Strikes
from edge.service.thread_watch import FAULT, ThreadWatch
from edge.service.uplinks import Uplinks
from wire.events import (
    ActOutcome,
    AgentBody,
    Alarm,
    AlarmBody,
    EventKind,
    TelemetryBody,
)

_SECOND: Final = 1_000_000_000
_TICK_NS: Final = _SECOND // 4
_KERNEL_NS: Final = 10 * _SECOND
_TELEMETRY_S: Final = 300
_TELL_MAX: Final = 8
_MESSAGES_MAX: Final = 4_000
_MESSAGES_BYTES: Final = 32 * 1024 * 1024
_DOORS, _HUB, _LAST = range(3)
"""What is taken first: a hostile broker's flood keeps nobody waiting at a door."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """Something another thread wants done or answered in the loop's own."""

    ask: Callable[[ClockNow], object]
    answer: Future[object] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Stop:
    """The last thing the loop takes."""


QueueItem: TypeAlias = Incoming | Question | _Stop


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop hands things to."""

    memory: Memory
    recorder: Recorder
    acts: Acts
    strikes: Strikes
    presentations: Presentations
    happenings: Happenings
    policies: Policies
    uplinks: Uplinks
    clock: Clock
    time: TimeSource
    agent: str
    has_rtc: bool = False
    locks: Locks | None = None
    threads: ThreadWatch | None = None
    last_words: str = ""
    """The part for whose sake the run before was ended, if it was."""


class Loop:
    """Takes from the queue. `alive` is called with every tick: a watchdog's sign of life."""

    def __init__(self, parts: Parts, alive: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._alive = alive
        self._queue: PriorityQueue[tuple[int, int, QueueItem]] = PriorityQueue()
        self._numbers = count()
        # Each of these has one writer: the link's thread, or the loop.
        self._put_messages, self._put_bytes, self._dropped = 0, 0, 0
        self._taken_messages, self._taken_bytes = 0, 0
        self._tick_ns = 0
        self._kernel_ns = 0
        self._telemetry_ns = 0

    # --- for any thread --------------------------------------------------------------------------

    def put(self, item: Incoming) -> None:
        """Hand something to the loop: never blocks, never raises. Messages beyond what may wait are
        dropped: whatever they were, the session asks or is told again."""
        if isinstance(item, MessageArrived):
            self._put_message(item)
            return
        lane = _HUB if isinstance(item, LinkConnected | LinkLost) else _DOORS
        self._queue.put((lane, next(self._numbers), item))

    def _put_message(self, item: MessageArrived) -> None:
        size = self._put_bytes + len(item.payload)
        waiting = self._put_messages - self._taken_messages
        if waiting >= _MESSAGES_MAX or size - self._taken_bytes > _MESSAGES_BYTES:
            self._dropped += 1
            return
        self._put_messages, self._put_bytes = self._put_messages + 1, size
        self._queue.put((_HUB, next(self._numbers), item))

    def ask(self, ask: Callable[[ClockNow], object]) -> Future[object]:
        """Have something answered in the loop's thread."""
        question = Question(ask)
        self._queue.put((_HUB, next(self._numbers), question))
        return question.answer

    def stop(self) -> None:
        """Let `run` end after what is queued."""
        self._queue.put((_LAST, next(self._numbers), _Stop()))

    # --- in the loop's thread --------------------------------------------------------------------

    def now(self) -> ClockNow:
        """The time, as everything handled now sees it."""
        time = self._parts.time
        return self._parts.clock.now(time.mono_ns(), time.wall())

    def begin(self) -> None:
        """Take up what was left: state, policy, acts without a result. Moves no relay that a mode
        does not hold. Raises `JournalError` where the journal cannot be read."""
        parts = self._parts
        journal = parts.recorder.journal
        time = parts.time
        kept = journal.state(CLOCK).get(CLOCK)
        if kept is not None:
            self._resume_clock(kept)
        events = self._clock_sources(boot=True)
        if parts.has_rtc:
            parts.clock.compare_rtc(*self._rtc_shown())
        now = self.now()
        for prefix in (BUDGET, USES, SEALED, WHERE, FIRST, UPTIME):
            parts.memory.remember(journal.state(prefix), time.boot, now.mono_ns)
        parts.policies.load()
        arrived = arrive(parts.memory, now)
        parts.happenings.remember({**journal.state(FIRE), **journal.state(SHELTER)})
        parts.policies.remember(
            {
                **journal.state(FIRE_DEVICE),
                **journal.state(FIRE_STRIKES),
                **journal.state(FORMER_KEY),
            }
        )
        parts.strikes.remember({**journal.state(MODES), **journal.state(DRIVEN)})
        clean = RUNNING not in journal.state(RUNNING)
        state: dict[str, bytes | None] = {**arrived, **dict.fromkeys(parts.memory.forget_absent())}
        events += [
            result_event(one.act, one.door, one.command_id, ActOutcome.OUTCOME_UNKNOWN)
            for one in journal.pending_acts()
        ]
        body = AgentBody(agent=parts.agent, clean=clean, cause="start")
        events.append(NewEvent(EventKind.AGENT_STARTED, body))
        # What counts in this boot is kept under it: the next start in it makes nothing younger.
        state[UPTIME] = parts.memory.uptime.at(now).save()
        for one, budget in parts.memory.budgets.items():
            state[budget_name(*one)] = budget.save(time.boot, now.mono_ns)
        parts.recorder.record(events, now, {**state, RUNNING: b"1", CLOCK: parts.clock.save()})
        if parts.threads is not None:
            parts.threads.begin(journal.state(FAULT), parts.last_words, now)
        parts.policies.configure_drivers(now)
        parts.strikes.apply(now)
        self._telemetry_ns = now.mono_ns
        self._tell_hub()

    def run(self) -> None:
        """Serve until `stop`."""
        while True:
            item = self._next()
            if isinstance(item, _Stop):
                break
            if item is not None:
                self.handle(item)
            if self._parts.time.mono_ns() >= self._tick_ns:
                self.tick()
        self.end()

    def handle(self, item: Incoming | Question) -> None:
        """Handle one thing; nothing it raises comes out."""
        done = False
        try:
            self._dispatch(item, self.now())
            done = True
            self._tell_hub()
        except Exception as error:
            self._survive(error, None if done else item)

    def tick(self) -> None:
        """Let time do its work."""
        try:
            self._alive()
            now = self.now()
            self._tick_ns = now.mono_ns + _TICK_NS
            self._tick(now)
            self._tell_hub()
        except Exception as error:
            self._survive(error, None)

    def end(self) -> None:
        """Say that the agent stops in order."""
        now = self.now()
        body = AgentBody(agent=self._parts.agent, cause="stop")
        event = NewEvent(EventKind.AGENT_STOPPED, body)
        uptime = self._parts.memory.uptime.at(now).save()
        state = {RUNNING: None, CLOCK: self._parts.clock.save(), UPTIME: uptime}
        self._parts.recorder.record([event], now, state)
        self._tell_hub()

    # --- inside ----------------------------------------------------------------------------------

    def _next(self) -> QueueItem | None:
        due_ns = [self._tick_ns]
        if self._parts.acts.due_ns is not None:
            due_ns.append(self._parts.acts.due_ns)
        wait_s = max(min(due_ns) - self._parts.time.mono_ns(), 0) / _SECOND
        try:
            _, _, item = self._queue.get(timeout=wait_s)
        except Empty:
            return None
        if isinstance(item, MessageArrived):
            self._taken_messages += 1
            self._taken_bytes += len(item.payload)
        return item

    def _dispatch(self, item: Incoming | Question, now: ClockNow) -> None:
        match item:
            case CardPresented() | CardFailed() | KeysPressed():
                self._parts.presentations.handle(item, now)
            case LinkConnected() | LinkLost() | MessageArrived():
                session_id = self._parts.time.entropy(16).hex()
                self._parts.uplinks.handle(item, now, session_id)
            case PunchChosen():
                self._parts.presentations.choose(item, now)
            case Question():
                _answer(item, now)
            case ListPlaced() | LogCollected():
                if self._parts.locks is not None:
                    self._parts.locks.handle(item, now)
            case _:
                self._parts.happenings.handle(item, now)
                if isinstance(item, DeviceKeyChanged):
                    self._parts.policies.key_changed(item.device, now)

    def _tick(self, now: ClockNow) -> None:
        parts = self._parts
        if now.mono_ns >= self._kernel_ns:
            self._kernel_ns = now.mono_ns + _KERNEL_NS
            now = self._ask_clocks(now)
        parts.presentations.tick(now)
        parts.acts.tick(now)
        parts.happenings.tick(now)
        for door in parts.memory.doors.values():
            parts.recorder.record(door.tick(now.mono_ns), now)
        parts.policies.tick(now)
        if parts.locks is not None:
            parts.locks.tick(now)
        if parts.threads is not None:
            parts.threads.tick(now)
        parts.strikes.apply(now)
        parts.recorder.recover(now)
        self._telemetry(now)
        parts.uplinks.tick(now)

    def _resume_clock(self, kept: bytes) -> None:
        try:
            self._parts.clock.resume(kept)
        except ValueError:
            self._parts.memory.counters["state_unreadable"] += 1
            _log.exception("state_unreadable", name=CLOCK)

    def _ask_clocks(self, before: ClockNow) -> ClockNow:
        """Ask NTP and the RTC; journal what follows under the time that follows: the hub corrects
        others by what an anchor says."""
        parts = self._parts
        events = self._clock_sources(boot=False)
        strays = parts.has_rtc and parts.clock.compare_rtc(*self._rtc_shown())
        if not (events or strays or parts.clock.is_due(before.mono_ns)):
            return before
        now = self.now()
        parts.recorder.record(events, now, {CLOCK: parts.clock.save()})
        return now

    def _clock_sources(self, *, boot: bool) -> list[NewEvent]:
        parts = self._parts
        kernel, mono_ns, wall = parts.time.kernel(), parts.time.mono_ns(), parts.time.wall()
        events = parts.clock.kernel(kernel.synchronised, kernel.error_ms, mono_ns, wall)
        if boot and parts.has_rtc and not kernel.synchronised:
            events += parts.clock.rtc(*self._rtc_shown())
        return events + parts.clock.watch(mono_ns, wall)

    def _rtc_shown(self) -> tuple[int, datetime | None]:
        shown = self._parts.time.rtc()
        return self._parts.time.mono_ns(), shown

    def _telemetry(self, now: ClockNow) -> None:
        parts = self._parts
        every = parts.memory.index.settings.get("telemetry_s", _TELEMETRY_S)
        every_s = every if isinstance(every, int) and every >= 10 else _TELEMETRY_S
        if now.mono_ns - self._telemetry_ns < every_s * _SECOND:
            return
        self._telemetry_ns = now.mono_ns
        parts.memory.counters["messages_dropped"] = self._dropped
        counters = {**parts.memory.counters, **parts.recorder.journal.counters()}
        event = NewEvent(EventKind.TELEMETRY, TelemetryBody(counters=counters))
        # With every one of these the uptime is kept: by so little a reboot puts off forgetting.
        parts.recorder.commit([event], now, {UPTIME: parts.memory.uptime.at(now).save()})

    def _survive(self, error: Exception, item: Incoming | Question | None) -> None:
        """Whatever was raised: log it, journal it, go on. For a presentation it is a denial."""
        what = "time or hub" if item is None else type(item).__name__
        _log.error("loop_survived", handling=what, exc_info=error)
        try:
            now = self.now()
            if isinstance(item, CardPresented | CardFailed | KeysPressed):
                self._parts.presentations.internal_error(item, now)
                return
            self._parts.memory.counters["internal_errors"] += 1
            body = AlarmBody(alarm=Alarm.INTERNAL_ERROR, cause=what[:64])
            self._parts.recorder.record([NewEvent(EventKind.SECURITY_ALARM, body)], now)
        except Exception:  # the loop must live whatever the recorder does
            _log.exception("alarm_not_journaled")

    def _tell_hub(self) -> None:
        """New rows go out after everything at the doors is done. Telling may journal in turn."""
        recorder = self._parts.recorder
        for _ in range(_TELL_MAX):
            if not recorder.fresh:
                return
            recorder.fresh = False
            self._parts.uplinks.appended(self.now())


def _answer(question: Question, now: ClockNow) -> None:
    if not question.answer.set_running_or_notify_cancel():
        return
    try:
        question.answer.set_result(question.ask(now))
    except Exception as error:
        question.answer.set_exception(error)
