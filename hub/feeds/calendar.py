"""From the bytes of a calendar to what it says from now to the horizon. Pure.

Events are read one by one, so that one that is broken spoils no other; series go through
`recurring_ical_events`, each bounded in number and in time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from hub.feeds.components import (
    Component,
    component_of,
    day_of,
    instant_of,
    length_of,
    rid_of,
)
from hub.feeds.deadline import TooSlowError, deadline
from hub.feeds.domain import (
    CalendarError,
    ContactRule,
    EventName,
    EventProblem,
    FetchResult,
    Occurrence,
    ReadCalendar,
    Unread,
)
from hub.feeds.reading import Block, blocks_of, decoded
from hub.feeds.texts import contact_of, places_of, text_of
from hub.feeds.zones import CalendarZones, EventUnreadError

MAX_OF_SERIES: Final = 2_000
MAX_OCCURRENCES: Final = 20_000
SERIES_S: Final = 2.0
CALENDAR_S: Final = 60.0
_UID_LENGTH: Final = 1_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a calendar is read: the zone of its floating times, where contacts stand, and from when
    until when its events are wanted."""

    zone: ZoneInfo
    contact: ContactRule
    now: datetime
    until: datetime


@dataclass(slots=True)
class _Found:
    occurrences: list[Occurrence] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    unread_uids: set[str] = field(default_factory=set)


def read_calendar(content: bytes, charset: str | None, how: ReadAs) -> ReadCalendar:
    """Read a calendar; raise `CalendarError` for one that is not whole and valid.

    Given are the occurrences that are not over: those that begin before `how.until`, and, marked,
    single events and moved occurrences that begin later.
    """
    blocks = blocks_of(decoded(content, charset))
    zones = CalendarZones(blocks.zones, how.zone.key)
    found = _Found()
    end = time.monotonic() + CALENDAR_S
    for components in _by_uid(blocks.events, zones, found).values():
        if time.monotonic() > end:
            raise CalendarError(FetchResult.UNREADABLE, f"it takes over {CALENDAR_S:.0f} s to read")
        try:
            found.occurrences += list(_occurrences(components, how))  # all of them or none
        except EventUnreadError as error:
            _cannot(found, components[0].uid, components[0].block, error)
        if len(found.occurrences) > MAX_OCCURRENCES:
            raise CalendarError(
                FetchResult.TOO_LARGE, f"more than {MAX_OCCURRENCES} occurrences to the horizon"
            )
    return ReadCalendar(
        occurrences=tuple(found.occurrences),
        unread=tuple(found.unread),
        unread_uids=frozenset(found.unread_uids),
        events=len(blocks.events),
    )


def _by_uid(events: list[Block], zones: CalendarZones, found: _Found) -> dict[str, list[Component]]:
    grouped: dict[str, list[Component]] = defaultdict(list)
    for block in events:
        uid = text_of(block, "UID", _UID_LENGTH)
        try:
            if not uid:
                raise EventUnreadError(EventProblem.UID_MISSING)
            grouped[uid].append(component_of(block, uid, zones))
        except EventUnreadError as error:
            _cannot(found, uid, block, error)
    for uid in found.unread_uids & grouped.keys():
        del grouped[uid]  # a series of which a piece is missing would be made whole wrongly
    return grouped


def _cannot(found: _Found, uid: str, block: Block, error: EventUnreadError) -> None:
    starts = (block.value("DTSTART") or "")[:40]
    found.unread.append(Unread(uid[:255], error.problem, error.detail, starts))
    if uid:
        found.unread_uids.add(uid)


# --- the events of one UID -----------------------------------------------------------------------


def _occurrences(components: list[Component], how: ReadAs) -> Iterator[Occurrence]:
    """Give what the components of one UID come to; raise `EventUnreadError`."""
    master, overrides = _newest(components, how.zone)
    if master is not None and master.repeats:
        yield from _expanded(master, overrides, how)
        return
    if master is not None:
        own = overrides.pop(rid_of(master.start, how.zone), None)
        yield from _single(replace(own or master, rid=None), how)
    for component in overrides.values():
        yield from _single(component, how)


def _newest(
    components: list[Component], zone: ZoneInfo
) -> tuple[Component | None, dict[str, Component]]:
    """Give the master and the overrides, of several of the same name the newest; two that differ
    and are equally new are nobody's word."""
    chosen: dict[str, Component] = {}
    for component in components:
        rid = "" if component.rid is None else rid_of(component.rid, zone)
        known = chosen.get(rid)
        if known is None or component.age > known.age:
            chosen[rid] = component
        elif component.age == known.age and _said(component) != _said(known):
            raise EventUnreadError(EventProblem.UID_DUPLICATED)
    master = chosen.pop("", None)
    return master, chosen


def _said(component: Component) -> tuple[str, ...]:
    return tuple(sorted(x for x in component.block.lines if not x.upper().startswith("DTSTAMP")))


def _single(component: Component, how: ReadAs) -> Iterator[Occurrence]:
    start, length = component.start, length_of(component.event)
    if isinstance(start, datetime):
        begins = instant_of(start, how.zone)
        ends = begins + length
    else:
        begins, ends = instant_of(start, how.zone), instant_of(start + length, how.zone)
    rid = "" if component.rid is None else rid_of(component.rid, how.zone)
    original = start if component.rid is None else component.rid
    if ends > how.now:
        yield _occurrence(component, rid, day_of(original, how.zone), (begins, ends), how)


def _occurrence(
    component: Component, rid: str, day: date, window: tuple[datetime, datetime], how: ReadAs
) -> Occurrence:
    return Occurrence(
        name=EventName(component.uid, rid),
        starts_at=window[0],
        ends_at=window[1],
        day=day,
        status=component.status,
        sequence=component.sequence,
        modified_at=component.modified_at,
        is_override=component.rid is not None,
        summary=text_of(component.block, "SUMMARY"),
        contact=contact_of(component.block, how.contact),
        places=places_of(component.block),
        is_beyond=window[0] >= how.until,
    )


def _expanded(
    master: Component, overrides: dict[str, Component], how: ReadAs
) -> Iterator[Occurrence]:
    """Give the occurrences of a series by the library, and moved ones beyond the horizon."""
    calendar = Calendar()
    for component in (master, *overrides.values()):
        calendar.add_component(component.event)
    try:
        with deadline(SERIES_S):
            query = recurring_ical_events.of(calendar, components=["VEVENT"])
            events = query.between(how.now - _DAY, how.until + _DAY)
    except TooSlowError as error:
        raise EventUnreadError(EventProblem.TOO_SLOW) from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError) as error:
        raise EventUnreadError(EventProblem.RULE_UNREADABLE, type(error).__name__) from error
    if len(events) > MAX_OF_SERIES:
        raise EventUnreadError(EventProblem.TOO_MANY, f"more than {MAX_OF_SERIES}")
    named: set[str] = set()
    for event in events:
        rid_value, component = _origin(event, master, overrides, how.zone)
        rid = rid_of(rid_value, how.zone)
        start, end = (instant_of(event[x].dt, how.zone) for x in ("DTSTART", "DTEND"))
        if rid in named or end <= how.now or end <= start:
            continue
        named.add(rid)
        day = day_of(rid_value, how.zone)
        found = _occurrence(component, rid, day, (start, end), how)
        if not found.is_beyond or found.is_override:
            yield found
    for rid, component in overrides.items():
        if rid not in named:
            yield from (each for each in _single(component, how) if each.is_beyond)


def _origin(
    event: Any, master: Component, overrides: dict[str, Component], zone: ZoneInfo
) -> tuple[date | datetime, Component]:
    """Give when an occurrence would have begun, and the component that speaks for it. Those that a
    THISANDFUTURE moved all carry its RECURRENCE-ID: theirs is their start less what it moved."""
    said = event["RECURRENCE-ID"].dt
    component = overrides.get(rid_of(said, zone))
    if component is None:
        return said, master
    if component.is_this_and_future and component.rid is not None:
        start: date | datetime = event["DTSTART"].dt
        moved = _wall(component.start) - _wall(component.rid)
        original = start - moved
        if rid_of(original, zone) != rid_of(component.rid, zone):
            # One that follows: it stands for itself as the master's do, with the other's words.
            return original, component
    return said, component


def _wall(value: date | datetime) -> datetime:
    """Time on the wall, so that what is moved over a change of the clocks keeps its hour."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # a wall has no zone


def horizon(now: datetime, days: int) -> datetime:
    """Give until when events are wanted."""
    return now.astimezone(UTC) + timedelta(days=days)
