"""Locks that decide by themselves while nobody reaches them: what they are handed, and what they
tell of those hours.

Lists follow the policy, its modes and time; clocks are set every few hours; what a lock wrote alone
is journaled with its origin, and how far in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from edge.core.clock_now import ClockNow
from edge.core.lock_lists import lock_list
from edge.core.model import ListPlaced, LogCollected
from edge.keybox.orders import JOURNALED, Journaled
from edge.keybox.records import (
    LogSource,
    comparisons,
    events_of,
    new_log_event,
    unread,
)
from edge.ports import DecidesAlone, NewEvent
from edge.service.acts import Drivers
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from wire.events import AccessBody, EventKind, LockListBody
from wire.keybox_keys import link_seconds
from wire.messages import EdgePolicy
from wire.reasons import Reason

_SECOND: Final = 1_000_000_000
_LOOK_NS: Final = 30 * _SECOND
_CLOCK_NS: Final = 6 * 3_600 * _SECOND
_log = structlog.get_logger(__name__)


class Locks:
    """Keeps locks ready, and journals what they tell."""

    def __init__(self, memory: Memory, recorder: Recorder, drivers: Drivers) -> None:
        self._memory = memory
        self._recorder = recorder
        self._drivers = drivers
        self._standing: tuple[EdgePolicy, bool] | None = None
        self._served_by: dict[str, object] = {}
        self._placed: dict[str, object] = {}
        self._told: dict[str, LockListBody] = {}
        self._look_ns = 0
        self._clock_ns: dict[str, int] = {}

    def tick(self, now: ClockNow) -> None:
        """Hand out what changed: at once with a policy or a clock found again, soon with a mode."""
        standing = self._memory.held, now.relied_on
        if standing == self._standing and now.mono_ns < self._look_ns:
            return
        self._standing, self._look_ns = standing, now.mono_ns + _LOOK_NS
        for device, driver in self._alone():
            if self._served_by.get(device) is not driver:
                self._begin(device, driver)
            self._place(device, driver, now)
            if now.relied_on and now.mono_ns >= self._clock_ns.get(device, 0):
                self._clock_ns[device] = now.mono_ns + _CLOCK_NS
                driver.set_time(device, now)

    def handle(self, item: ListPlaced | LogCollected, now: ClockNow) -> None:
        """Journal what a lock told."""
        if isinstance(item, ListPlaced):
            self._list_placed(item, now)
        else:
            self._collected(item, now)

    def _begin(self, device: str, driver: DecidesAlone) -> None:
        """A lock is served for the first time, or on another line: that driver knows nothing."""
        self._served_by[device] = driver
        self._placed.pop(device, None)
        self._clock_ns.pop(device, None)
        journaled = self._journaled(device) or Journaled(epoch=0, next=0)
        driver.resume(device, journaled.epoch, journaled.next)

    def _alone(self) -> Iterator[tuple[str, DecidesAlone]]:
        for device in self._memory.served:
            driver: object = self._drivers.of(device)
            if isinstance(driver, DecidesAlone):
                yield device, driver

    # --- lists -----------------------------------------------------------------------------------

    def _place(self, device: str, driver: DecidesAlone, now: ClockNow) -> None:
        entries = lock_list(self._memory.index, self._doors(device), now)
        if self._placed.get(device) != entries:
            self._placed[device] = entries
            driver.place(device, entries)

    def _doors(self, device: str) -> list[str]:
        return [
            door
            for door, body in self._memory.index.doors.items()
            if body.strike is not None and body.strike.device == device
        ]

    def _list_placed(self, item: ListPlaced, now: ClockNow) -> None:
        body = LockListBody(
            device=item.device, digest=item.digest.hex(), count=item.count, placed=item.wanted
        )
        if self._told.get(item.device) != body:
            self._told[item.device] = body
            self._recorder.record([NewEvent(EventKind.LOCK_LIST_PLACED, body)], now)

    # --- logs ------------------------------------------------------------------------------------

    def _journaled(self, device: str) -> Journaled | None:
        name = JOURNALED + device
        data = self._recorder.journal.state(name).get(name)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=Journaled)
        except msgspec.DecodeError:
            self._memory.counters["state_unreadable"] += 1
            _log.exception("state_unreadable", name=name)
            return None

    def _collected(self, item: LogCollected, now: ClockNow) -> None:
        doors = self._doors(item.device)
        door = doors[0] if len(doors) == 1 else item.device
        source = LogSource(item.device, door, item.log_epoch)
        events: list[NewEvent] = []
        before = self._journaled(item.device)
        if before is not None and before.epoch not in (0, item.log_epoch):
            events.append(new_log_event(item.device, before.epoch))
        if not item.heard:
            events += unread(source, item.first, item.next, item.records)
            compared = comparisons(item.records)
            offset_s = self._offset(item, now)
            collected = events_of(source, item.records, compared, offset_s, now.at)
            events += [self._with_holder(event, door) for event in collected]
        name = JOURNALED + item.device
        state = Journaled(epoch=item.log_epoch, next=item.next)
        if not self._recorder.commit(events, now, {name: msgspec.json.encode(state)}):
            return  # it is asked for again at the next session
        driver: object = self._drivers.of(item.device)
        if not item.heard and isinstance(driver, DecidesAlone):
            driver.resume(item.device, item.log_epoch, item.next)

    def _with_holder(self, event: NewEvent, door: str) -> NewEvent:
        """Say whose PIN opened by the lock's own list, as long as the policy still knows it."""
        body = event.body
        if not isinstance(body, AccessBody) or body.reason is not Reason.PIN_VALID:
            return event
        for pin in self._memory.index.door_pins(door):
            if body.code and (pin.at_lock or "").startswith(body.code):
                named = msgspec.structs.replace(
                    body, credential=pin.credential, person=pin.person, booking=pin.booking
                )
                return replace(event, body=named)
        return event

    def _offset(self, item: LogCollected, now: ClockNow) -> int | None:
        if item.clock_s is None or not now.relied_on:
            return None
        since = timedelta(microseconds=(now.mono_ns - item.at_ns) // 1_000)
        return item.clock_s - link_seconds(now.at - since)
