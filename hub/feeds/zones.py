"""The time zones that a calendar names. Pure.

A TZID that IANA or Windows know is that zone, whatever VTIMEZONE says of it. Any other stands for
the calendar's own VTIMEZONE; it is renamed after its content, since the library keeps zones for
the whole process and two calendars may mean different things by "Standard". Floating times get the
feed's own zone here, so that daylight saving is reckoned as for any other.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from hub.feeds.deadline import TooSlowError, deadline
from hub.feeds.domain import EventProblem
from hub.feeds.reading import property_name, split_line

TIMES: Final = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"})
MAX_ZONES: Final = 50
_ZONE_S: Final = 2.0
_TZID: Final = re.compile(r';TZID=("[^"]*"|[^;:"]*)', re.IGNORECASE)
_FLOATING: Final = re.compile(r"\d{8}T\d{6}")
_LOCAL_RULES: Final = re.compile(r"FREQ=(?!YEARLY)", re.IGNORECASE)


class EventUnreadError(Exception):
    """An event that is there and cannot be read."""

    def __init__(self, problem: EventProblem, detail: str = "") -> None:
        super().__init__(problem.value, detail)
        self.problem = problem
        self.detail = detail[:200]


class CalendarZones:
    """The zones of one calendar."""

    def __init__(self, blocks: Sequence[str], floating: str) -> None:
        self._floating = floating
        self._own: dict[str, str] = {}
        self._known: dict[str, str | None] = {}
        for block in blocks[:MAX_ZONES]:
            self._take(block)

    def rewritten(self, line: str) -> str:
        """Give a property's line with a zone that the library resolves; raise
        `EventUnreadError(ZONE_UNKNOWN)`."""
        if property_name(line) not in TIMES:
            return line
        name, parameters, value = split_line(line)
        named = _TZID.search(parameters)
        bare = _TZID.sub("", parameters)
        if not _FLOATING.search(value) or value.rstrip().upper().endswith("Z"):
            return f"{name}{bare}:{value}"
        if named is None:
            return f"{name}{bare};TZID={self._floating}:{value}"
        zone = self._resolve(named[1].strip('"'))
        if zone is None:
            raise EventUnreadError(EventProblem.ZONE_UNKNOWN, named[1].strip('"')[:80])
        return f'{name}{bare};TZID="{zone}":{value}'

    def _resolve(self, tzid: str) -> str | None:
        if tzid not in self._known:
            self._known[tzid] = _known_zone(tzid) or self._own.get(tzid) or _guessed_zone(tzid)
        return self._known[tzid]

    def _take(self, block: str) -> None:
        """Make a zone of a VTIMEZONE; one that cannot be read is unknown where it is used. Rules
        finer than yearly are none that a zone has, and would take for ever to look through."""
        tzid = next((split_line(x)[2] for x in block.split("\r\n") if x[:4].upper() == "TZID"), "")
        if not tzid or _known_zone(tzid) or _LOCAL_RULES.search(block):
            return
        ours = "kagimori-" + hashlib.sha256(block.encode()).hexdigest()[:24]
        lines = [f"TZID:{ours}" if x[:4].upper() == "TZID" else x for x in block.split("\r\n")]
        text = "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""))
        try:
            with deadline(_ZONE_S):
                Calendar.from_ical(text)
                if tzp.timezone(ours) is not None:
                    self._own[tzid] = ours
        except (TooSlowError, ValueError, KeyError, IndexError, TypeError, AttributeError):
            return  # whatever the libraries stumble over: the zone stays unknown


def _known_zone(tzid: str) -> str | None:
    """Give the IANA name of a TZID that is one, or that is Windows's name of one."""
    plain = WINDOWS_TO_OLSON.get(tzid.strip("/"), tzid.strip("/"))
    try:
        return ZoneInfo(plain).key
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def _guessed_zone(tzid: str) -> str | None:
    """Give the IANA name at the end of a globally unique TZID (RFC 5545, 3.2.19)."""
    parts = tzid.strip("/").split("/")
    for start in range(1, min(len(parts), 6)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _known_zone("/".join(parts[start:]))
        if found is not None and "/" in found:
            return found
    return None
