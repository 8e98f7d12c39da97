"""Acts under way: sent to a driver once, never repeated, followed until bolt or contact answers.

    sent -> the driver tells the outcome
         -> done, and a bolt or contact is fitted: wait for it, as long as the release and 2 s
         -> act_result or command_result is journaled

A command is done when bolt or contact moved (or, where neither is fitted, the device confirmed its
output). A bolt that stayed where it was: failed. A contact alone that saw nobody open: nobody
knows whether the bolt moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import Act, ActFinished, OutputMode, Source
from edge.ports import Driver, NewEvent
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from wire.events import ActOutcome, ActResultBody, CommandResultBody, EventKind, Observed
from wire.policy_bodies import Point
from wire.reasons import Reason

_MS: Final = 1_000_000
_SILENT_MS: Final = 3_000
_WATCH_MS: Final = 2_000
ACT_LIFE_MS: Final = 3_000
"""How long after a decision its unlock may still reach the door."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _UnderWay:
    door: str
    release_ms: int
    command_id: str | None
    due_ns: int
    finished: ActFinished | None = None


class Drivers:
    """The drivers by the name of their port, and the way to each device."""

    def __init__(self, by_port: Mapping[str, Driver], memory: Memory) -> None:
        self.by_port = by_port
        self._memory = memory

    def of(self, device: str) -> Driver | None:
        """The driver that serves a device."""
        body = self._memory.served.get(device)
        return None if body is None else self.by_port.get(body.port)


class Acts:
    """Starts acts and follows them to their result."""

    def __init__(
        self, drivers: Drivers, memory: Memory, recorder: Recorder, new_id: Callable[[], str]
    ) -> None:
        self._drivers = drivers
        self._memory = memory
        self._recorder = recorder
        self._under_way: dict[str, _UnderWay] = {}
        self.new_id = new_id

    def release(
        self,
        act_id: str,
        door_id: str,
        release_ms: int,
        now: ClockNow,
        *,
        command_id: str | None = None,
        deadline_ns: int | None = None,
    ) -> None:
        """Drive a door's strike for a while. Its row is committed: never fails, always results."""
        if deadline_ns is None:
            deadline_ns = now.mono_ns + ACT_LIFE_MS * _MS
        self._under_way[act_id] = _UnderWay(
            door_id, release_ms, command_id, deadline_ns + _SILENT_MS * _MS
        )
        door = self._memory.doors[door_id]
        if door.body.strike is None:
            self._fail(act_id, now, "no strike")
            return
        door.release(now.mono_ns + release_ms * _MS)
        self.drive(act_id, door.body.strike, OutputMode.PULSE, now, deadline_ns, release_ms)

    def drive(
        self,
        act_id: str,
        point: Point,
        mode: OutputMode,
        now: ClockNow,
        deadline_ns: int,
        pulse_ms: int = 0,
    ) -> None:
        """Hand an act to the driver of its device; one that cannot take it has failed."""
        act = Act(act_id, Source(point.device, point.channel), mode, deadline_ns, pulse_ms)
        driver = self._drivers.of(point.device)
        if driver is None:
            self._fail(act_id, now, "no driver")
            return
        try:
            driver.act(act)
        except Exception:  # whatever a driver does, the loop goes on and the act has a result
            _log.exception("driver_failed", device=point.device)
            self._fail(act_id, now, "driver error")

    def finished(self, event: ActFinished, now: ClockNow) -> bool:
        """Take a driver's word on an act; tell whether it was one of a decision or command."""
        under_way = self._under_way.get(event.act)
        if under_way is None:
            return False
        if under_way.finished is None:
            under_way.finished = event
            watch_ms = under_way.release_ms + _WATCH_MS
            under_way.due_ns = now.mono_ns + watch_ms * _MS
            self._settle(event.act, under_way, now, due=False)
        return True

    def observe(self, door_id: str, now: ClockNow) -> None:
        """Bolt or contact of a door moved: an act may be answered by it."""
        for act_id, under_way in list(self._under_way.items()):
            if under_way.door == door_id:
                self._settle(act_id, under_way, now, due=False)

    def tick(self, now: ClockNow) -> None:
        """Give up waiting where the time is over."""
        for act_id, under_way in list(self._under_way.items()):
            if now.mono_ns >= under_way.due_ns:
                if under_way.finished is None:
                    self._fail(act_id, now, "driver silent")
                else:
                    self._settle(act_id, under_way, now, due=True)

    @property
    def due_ns(self) -> int | None:
        """When `tick` will have something to do."""
        return min((one.due_ns for one in self._under_way.values()), default=None)

    def _fail(self, act_id: str, now: ClockNow, detail: str) -> None:
        finished = ActFinished(act_id, ActOutcome.FAILED, now.mono_ns, detail=detail)
        under_way = self._under_way.get(act_id)
        if under_way is not None:
            under_way.finished = finished
            self._settle(act_id, under_way, now, due=True)

    def _settle(self, act_id: str, under_way: _UnderWay, now: ClockNow, *, due: bool) -> None:
        finished = under_way.finished
        if finished is None:
            return
        outcome, observed = finished.outcome, finished.observed
        door = self._memory.doors.get(under_way.door)
        if outcome is ActOutcome.DONE and door is not None:
            body = door.body
            seen = door.observed()
            if seen is not Observed.NOTHING:
                observed = seen
            elif body.bolt is not None or body.contact is not None:
                if not due:
                    return
                stuck = body.bolt is not None
                outcome = ActOutcome.FAILED if stuck else ActOutcome.OUTCOME_UNKNOWN
        del self._under_way[act_id]
        result = result_event(
            act_id, under_way.door, under_way.command_id, outcome, observed, finished.detail
        )
        self._recorder.record([result], now)


def result_event(
    act_id: str,
    door: str,
    command_id: str | None,
    outcome: ActOutcome,
    observed: Observed = Observed.NOTHING,
    detail: str = "",
) -> NewEvent:
    """Make the event that tells what became of an act."""
    if command_id is not None:
        command = CommandResultBody(
            command_id=command_id,
            door=door,
            outcome=outcome,
            reason=Reason.REMOTE_UNLOCK,
            observed=observed,
        )
        return NewEvent(EventKind.COMMAND_RESULT, command)
    body = ActResultBody(
        act=act_id, door=door, outcome=outcome, observed=observed, detail=detail[:200]
    )
    return NewEvent(EventKind.ACT_RESULT, body)
