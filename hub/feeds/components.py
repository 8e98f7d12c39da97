"""One VEVENT as text becomes an event of the library, checked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from icalendar import Event

from hub.feeds.domain import EventProblem, EventStatus
from hub.feeds.reading import Block, property_name
from hub.feeds.zones import TIMES, CalendarZones, EventUnreadError

REPEATS: Final = ("RRULE", "RDATE")
_READ: Final = TIMES | {"DURATION", "RRULE", "SEQUENCE", "LAST-MODIFIED", "DTSTAMP", "UID"}
_STATUS: Final = {status.value: status for status in EventStatus}
_TOO_FREQUENT: Final = ("SECONDLY", "MINUTELY")
_EARLIEST, _LATEST = 1900, 2199
_ERA: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Component:
    """An event that can be read: `event` has only what times it; texts stay in `block`."""

    uid: str
    block: Block
    event: Event
    rid: date | datetime | None

    @property
    def repeats(self) -> bool:
        """Whether it is the master of a series."""
        return self.rid is None and any(name in self.event for name in REPEATS)

    @property
    def start(self) -> date | datetime:
        """DTSTART as it stands: a date, or an instant with its zone."""
        found: date | datetime = _dt(self.event, "DTSTART")
        return found

    @property
    def sequence(self) -> int:
        """SEQUENCE; 0 where there is none."""
        said: Any = self.event.get("SEQUENCE", 0)
        return min(max(int(said), 0), 2**31 - 1)

    @property
    def modified_at(self) -> datetime | None:
        """LAST-MODIFIED."""
        return _instant(self.event.get("LAST-MODIFIED"))

    @property
    def is_this_and_future(self) -> bool:
        """Whether it stands for those that follow as well (RFC 5545, 3.2.13)."""
        found: Any = self.event.get("RECURRENCE-ID")
        return found is not None and found.params.get("RANGE") == "THISANDFUTURE"

    @property
    def status(self) -> EventStatus:
        """STATUS; what is none of the three counts as confirmed."""
        said = (self.block.value("STATUS") or "").strip().lower()
        return _STATUS.get(said, EventStatus.CONFIRMED)

    @property
    def age(self) -> tuple[int, datetime]:
        """By which of two of the same name the newer is known."""
        return self.sequence, self.modified_at or _ERA


def component_of(block: Block, uid: str, zones: CalendarZones) -> Component:
    """Read one event; raise `EventUnreadError`."""
    lines = [zones.rewritten(line) for line in block.lines if property_name(line) in _READ]
    _refuse_frequent(block)
    try:
        text = "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))
        event = cast("Event", Event.from_ical(text))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise EventUnreadError(EventProblem.TIME_UNREADABLE, type(error).__name__) from error
    broken = {name for name, _ in event.errors if name}
    if "RRULE" in broken:
        raise EventUnreadError(EventProblem.RULE_UNREADABLE)
    if broken & (TIMES | {"DURATION"}):
        raise EventUnreadError(EventProblem.TIME_UNREADABLE, ", ".join(sorted(broken))[:100])
    for name in ("SEQUENCE", "LAST-MODIFIED"):
        if name in broken or isinstance(event.get(name), list):
            event.pop(name)
    found = Component(uid, block, event, _dt(event, "RECURRENCE-ID"))
    _check(found)
    return found


def _refuse_frequent(block: Block) -> None:
    for line in block.lines:
        if property_name(line) == "RRULE" and any(each in line.upper() for each in _TOO_FREQUENT):
            raise EventUnreadError(EventProblem.TOO_FREQUENT)


def _check(found: Component) -> None:
    event = found.event
    if event.get("DTSTART") is None:
        raise EventUnreadError(EventProblem.START_MISSING)
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        value = _dt(event, name)
        if event.get(name) is not None and not isinstance(value, date):
            raise EventUnreadError(EventProblem.TIME_UNREADABLE, name)
        if isinstance(value, date) and not _EARLIEST <= value.year <= _LATEST:
            raise EventUnreadError(EventProblem.TIME_UNREADABLE, f"{name}: year {value.year}")
    length = length_of(event)
    if length < timedelta(0):
        raise EventUnreadError(EventProblem.ENDS_BEFORE_START)
    if length == timedelta(0):
        raise EventUnreadError(EventProblem.NO_LENGTH)


def length_of(event: Event) -> timedelta:
    """Give how long an event is, by DTEND, DURATION or the day that it stands for; raise
    `EventUnreadError`."""
    start = _dt(event, "DTSTART")
    whole_day = not isinstance(start, datetime)
    end = _dt(event, "DTEND")
    if end is not None:
        if isinstance(end, datetime) is whole_day:
            raise EventUnreadError(EventProblem.TIME_UNREADABLE, "DTEND is not of DTSTART's kind")
        lasted: timedelta = (
            end.astimezone(UTC) - start.astimezone(UTC)
            if isinstance(end, datetime)
            else end - start
        )
        # A whole day that ends on its own date is what several programs write for one day.
        return timedelta(days=1) if whole_day and lasted == timedelta(0) else lasted
    lasting = _dt(event, "DURATION")
    if isinstance(lasting, timedelta):
        return lasting
    return timedelta(days=1) if whole_day else timedelta(0)


def instant_of(value: date | datetime, zone: ZoneInfo) -> datetime:
    """Give the instant in UTC; of a date its first in that zone."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(value, time(), zone).astimezone(UTC)


def day_of(value: date | datetime, zone: ZoneInfo) -> date:
    """Give the local date."""
    return value.astimezone(zone).date() if isinstance(value, datetime) else value


def rid_of(value: date | datetime, zone: ZoneInfo) -> str:
    """Give a RECURRENCE-ID as stable text, the same however its zone is written."""
    if isinstance(value, datetime):
        return f"{instant_of(value, zone):%Y%m%dT%H%M%SZ}"
    return f"{value:%Y%m%d}"


def _dt(event: Event, name: str) -> Any:
    """Give the date, instant or length of a property; None where there is none, or several."""
    return getattr(event.get(name), "dt", None)


def _instant(value: Any) -> datetime | None:
    found = getattr(value, "dt", None)
    if not isinstance(found, datetime):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
