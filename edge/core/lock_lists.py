"""What a lock may hold for the hours in which its Pi is dead: pure.

A lock's own list knows windows and nothing else. Of what the policy grants it holds therefore only
what a window says in full: no schedule, no count of uses, no second factor, nobody blocked, and
nothing at a door that is ordered to stay shut or asks who else is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.grants import subjects_of_pin
from edge.core.modes import in_force
from edge.core.policy_index import PolicyIndex
from wire.keybox_keys import link_seconds
from wire.lock_list import MOST_ENTRIES, ListEntry
from wire.policy_bodies import (
    AntiPassback,
    DoorMode,
    EntryState,
    FirstPerson,
    GrantBody,
    PinBody,
    Side,
)

_FOREVER_S: Final = 0xFFFF_FFFF
_SHUT: Final = frozenset({DoorMode.LOCKED, DoorMode.LOCKDOWN})


def lock_list(index: PolicyIndex, doors: Iterable[str], now: ClockNow) -> tuple[ListEntry, ...]:
    """The list of a lock that is the strike of those doors, in a fixed order."""
    now_s = link_seconds(now.at if now.relied_on else now.floor)
    entries: set[ListEntry] = set()
    for door in doors:
        mode = in_force(index.modes(door), now)
        if mode is not None and mode.mode in _SHUT:
            continue
        for pin in index.door_pins(door):
            if _asks_more(index, pin):
                continue
            entries.update(entry for entry in _of_pin(index, pin) if entry.end_s > now_s)
    # Of more than a lock has room for, those whose window begins first.
    first = sorted(entries, key=lambda one: (one.start_s, one.end_s, one.digest))
    return tuple(first[:MOST_ENTRIES])


def _asks_more(index: PolicyIndex, pin: PinBody) -> bool:
    """Whether the door asks more of somebody than a window: a first or second person, or a zone's
    rule that is enforced, where the PIN is one of a person."""
    door = index.doors.get(pin.door)
    if door is None or door.two_person or door.first_person is FirstPerson.ENTRY:
        return True
    zone = None if door.zone_in is None else index.zones.get(door.zone_in)
    if zone is None or zone.spans or pin.person is None or pin.booking is not None:
        return False
    return zone.anti_passback is AntiPassback.HARD or zone.occupancy_max is not None


def _of_pin(index: PolicyIndex, pin: PinBody) -> Iterator[ListEntry]:
    if pin.at_lock is None or pin.state is not EntryState.ACTIVE:
        return
    flags = index.person(pin.person)
    if flags is not None and flags.state is not EntryState.ACTIVE:
        return
    digest = bytes.fromhex(pin.at_lock)
    for subject in subjects_of_pin(pin, flags):
        for grant in index.grants(pin.door, subject, Side.ENTRY).values():
            if _is_plain(grant):
                yield _entry(digest, grant)


def _is_plain(grant: GrantBody) -> bool:
    return (
        grant.state is EntryState.ACTIVE
        and grant.schedule is None
        and grant.max_uses is None
        and not grant.needs_pin
        and not grant.escorts
    )


def _entry(digest: bytes, grant: GrantBody) -> ListEntry:
    start_s = 0 if grant.start is None else max(link_seconds(grant.start), 0)
    end_s = _FOREVER_S if grant.end is None else min(max(link_seconds(grant.end), 0), _FOREVER_S)
    return ListEntry(digest, start_s, end_s)
