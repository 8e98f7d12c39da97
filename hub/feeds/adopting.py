"""Knows events again whose RECURRENCE-ID changed though they are the same. Pure.

A single event becomes a series, a series becomes single, the hour of a series is moved: the
UID stays, every RECURRENCE-ID is another. Who has a PIN for that day keeps it: an event that nobody
speaks for any more takes the name of one that nobody knew, of the same UID and the same local day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from hub.feeds.domain import EventName


def adopted(
    known: Mapping[EventName, date], seen: Mapping[EventName, date]
) -> dict[EventName, EventName]:
    """Give new names by old ones. Both map names to the day of the original start. A day on which
    several of one UID are left on either side is no proof, and none of them is renamed."""
    orphans = _by_day(known, known.keys() - seen.keys())
    newcomers = _by_day(seen, seen.keys() - known.keys())
    return {
        names[0]: newcomers[at][0]
        for at, names in orphans.items()
        if len(names) == 1 and len(newcomers.get(at, ())) == 1
    }


def _by_day(
    days: Mapping[EventName, date], names: Iterable[EventName]
) -> dict[tuple[str, date], list[EventName]]:
    found: dict[tuple[str, date], list[EventName]] = defaultdict(list)
    for name in names:
        found[name.uid, days[name]].append(name)
    return found
