"""Tests of doors' contacts: somebody opens and closes a door, and its contact is to see both.

    begun, leaf closed --opened--> seen open --closed--> passed
    begun, leaf open --closed--> as begun with the leaf closed
    time over --> failed, with what was missing

What comes of it is journaled as `contact_tested`, so that the door's page tells when it was tested
last. A contact that is stuck looks like a door that is always shut; nothing but a test finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.doors import Door, Leaf
from edge.core.model import NewEvent
from edge.service.memory import Memory
from edge.service.recorder import Recorder
from wire.events import DoorTestBody, EventKind

_SECOND: Final = 1_000_000_000
LONGEST_S: Final = 30


class TestCause(StrEnum):
    """Why a test failed."""

    __test__ = False  # not one of pytest's

    DEVICE_OFFLINE = "device_offline"
    CONTACT_UNKNOWN = "contact_unknown"
    NEVER_OPENED = "never_opened"
    NEVER_CLOSED = "never_closed"


class TestRefusedError(Exception):
    """No test can be made of that door; the text says why."""

    __test__ = False


@dataclass(slots=True)
class _UnderWay:
    until_ns: int
    seen_open: bool = False


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of a test; None for `passed` while it goes on."""

    passed: bool | None
    cause: str = ""
    seen_open: bool = False


class ContactTests:
    """The tests under way, at most one of each door, and what came of the latest."""

    def __init__(self, memory: Memory, recorder: Recorder) -> None:
        self._memory = memory
        self._recorder = recorder
        self._under_way: dict[str, _UnderWay] = {}
        self._results: dict[str, Tested] = {}

    def begin(self, door_id: str, now: ClockNow) -> None:
        """Watch a door's contact from now on; begin anew where it is watched already. Raises
        `TestRefusedError`."""
        door = self._memory.doors.get(door_id)
        if door is None:
            known = ", ".join(sorted(self._memory.doors)) or "none"
            raise TestRefusedError(f"no such door here; known are: {known}")
        if door.body.contact is None:
            raise TestRefusedError("the door has no contact")
        self._results.pop(door_id, None)
        self._under_way[door_id] = _UnderWay(now.mono_ns + LONGEST_S * _SECOND)

    def result(self, door_id: str) -> Tested:
        """What came of the latest test of a door, or how far it is."""
        under_way = self._under_way.get(door_id)
        if under_way is not None:
            return Tested(None, seen_open=under_way.seen_open)
        if door_id not in self._results:
            raise TestRefusedError("that door is not under test")
        return self._results[door_id]

    def look(self, now: ClockNow) -> None:
        """A leaf may have moved, or the time be over."""
        for door_id, test in list(self._under_way.items()):
            door = self._memory.doors.get(door_id)
            if door is None:
                self._end(door_id, TestCause.CONTACT_UNKNOWN, now)
            elif test.seen_open and door.leaf is Leaf.CLOSED:
                self._end(door_id, None, now)
            elif now.mono_ns >= test.until_ns:
                self._end(door_id, self._missing(door, test), now)
            else:
                test.seen_open = test.seen_open or door.is_open

    def _missing(self, door: Door, test: _UnderWay) -> TestCause:
        contact = door.body.contact
        if contact is not None and self._memory.standing(contact.device).online is not True:
            return TestCause.DEVICE_OFFLINE
        if door.leaf is Leaf.UNKNOWN:
            return TestCause.CONTACT_UNKNOWN
        return TestCause.NEVER_CLOSED if test.seen_open else TestCause.NEVER_OPENED

    def _end(self, door_id: str, cause: TestCause | None, now: ClockNow) -> None:
        del self._under_way[door_id]
        told = "" if cause is None else cause.value
        self._results[door_id] = Tested(cause is None, told)
        body = DoorTestBody(door=door_id, passed=cause is None, cause=told)
        self._recorder.record([NewEvent(EventKind.CONTACT_TESTED, body)], now)
