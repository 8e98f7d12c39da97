"""The line to the fire panel: what its contacts say, and what is wrong with it.

One contact tells alarm or not. A second one supervises it, in one of two ways:

| wired | alarm contact | second contact | is |
| fault relay of the panel | - | - | normal |
| | active | any | alarm |
| | - | active | fault: the panel has lost its power or found a line broken |
| change-over contact | - | active | normal |
| (its rest side comes second) | active | - | alarm |
| | - | - | cut |
| | active | active | shorted: with the alarm contact active it is an alarm all the same |

An alarm contact that is active is an alarm whatever else is wrong. A fault counts once it has stood
for a second: a change-over contact that moves touches neither side. What releases doors is latched:
only a line that is back to normal ends it, never one that has burnt through.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final

SETTLE_NS: Final = 1_000_000_000
OFFLINE_NS: Final = 15_000_000_000
"""A device that does not answer: a bus that stumbles, or an agent that starts, is no fault."""

OFFLINE: Final = "offline"


class Supervision(Enum):
    """How the second contact is wired."""

    NONE = "none"
    FAULT_RELAY = "fault_relay"
    CHANGE_OVER = "change_over"


class Line(StrEnum):
    """What the contacts say."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    ALARM = "alarm"
    CUT = "cut"
    SHORTED = "shorted"
    PANEL_FAULT = "panel_fault"
    ALARM_AND_FAULT = "alarm_and_fault"


_ALARMS: Final = frozenset({Line.ALARM, Line.SHORTED, Line.ALARM_AND_FAULT})
_FAULTS: Final = {
    Line.CUT: "cut",
    Line.SHORTED: "shorted",
    Line.PANEL_FAULT: "panel_fault",
    Line.ALARM_AND_FAULT: "panel_fault",
}

# (alarm contact, second contact) -> line. None: not heard yet. A pair that is not here is unknown,
# but for an active alarm contact.
_READ: Final[dict[Supervision, dict[tuple[bool | None, bool | None], Line]]] = {
    Supervision.NONE: {(False, None): Line.NORMAL},
    Supervision.FAULT_RELAY: {
        (False, False): Line.NORMAL,
        (False, True): Line.PANEL_FAULT,
        (True, True): Line.ALARM_AND_FAULT,
    },
    Supervision.CHANGE_OVER: {
        (False, True): Line.NORMAL,
        (False, False): Line.CUT,
        (True, True): Line.SHORTED,
    },
}


class FireLine:
    """One line, and whether it has the doors released (`burning`). `fault` is what is to be told of
    it. `releasing` are the faults that release doors as an alarm does."""

    def __init__(self, supervision: Supervision, releasing: frozenset[str]) -> None:
        self._supervision = supervision
        self._releasing = releasing
        self._alarm: bool | None = None
        self._second: bool | None = None
        self._reported = ""
        self._pending: tuple[str, int] = ("", 0)
        self.burning = False
        self.fault = ""

    @property
    def state(self) -> Line:
        """What the contacts say now."""
        contacts = (self._alarm, self._second)
        unlisted = Line.ALARM if self._alarm else Line.UNKNOWN
        return _READ[self._supervision].get(contacts, unlisted)

    def alarm_contact(self, active: bool, online: bool, now_ns: int) -> None:
        """Take the alarm contact."""
        self._alarm = active
        self.look(online, now_ns)

    def second_contact(self, active: bool, online: bool, now_ns: int) -> None:
        """Take the second contact."""
        self._second = active
        self.look(online, now_ns)

    def reported(self, fault: str, online: bool, now_ns: int) -> None:
        """Take what a device that supervises its inputs itself says is wrong; empty for nothing."""
        self._reported = fault
        self.look(online, now_ns)

    def look(self, online: bool, now_ns: int) -> None:
        """Take the time, and whether the device answers."""
        line = self.state
        fault = (OFFLINE if not online else "") or self._reported or _FAULTS.get(line, "")
        if fault != self._pending[0]:
            self._pending = (fault, now_ns)
        stood_ns = now_ns - self._pending[1]
        if not fault or stood_ns >= (OFFLINE_NS if fault == OFFLINE else SETTLE_NS):
            self.fault = fault
        if line in _ALARMS or self.fault in self._releasing:
            self.burning = True
        elif line is Line.NORMAL and not fault:
            self.burning = False
