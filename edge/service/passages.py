"""Who went through a door: moved with the opening that was seen, or where none can be seen, with
the grant.

Each function gives what is to be remembered otherwise, as `Moves`: its `state` belongs into the
transaction of the event that it follows from, and `apply` is called once that is committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from edge.core.attempts import Decision
from edge.core.clock_now import ClockNow
from edge.core.doors import GRACE_MS, Leaf
from edge.core.first_person import FirstSeen
from edge.core.presence import Presence
from edge.core.whereabouts import Pending, Stay, Uptime
from edge.service.memory import FIRST, UPTIME, WHERE, Memory

_MS: Final = 1_000_000
_HEARD_LATE_NS: Final = 5_000 * _MS
"""So long an opening may have waited in our own queue: a worn SD card takes seconds for a commit.
A way that is pending beyond its time counts for nothing but such an opening."""


@dataclass(slots=True)
class Moves:
    """What is to be remembered otherwise from now on."""

    uptime: Uptime
    stays: dict[str, Stay] = field(default_factory=dict)
    firsts: dict[str, FirstSeen] = field(default_factory=dict)
    coming: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> dict[str, bytes | None]:
        """The journal's named state that says so."""
        state: dict[str, bytes | None] = {
            WHERE + person: stay.save() for person, stay in self.stays.items()
        }
        if state:
            state[UPTIME] = self.uptime.save()
        return state | {FIRST + door: seen.save() for door, seen in self.firsts.items()}

    def apply(self, memory: Memory) -> None:
        """Remember it."""
        memory.uptime = self.uptime
        for person, stay in self.stays.items():
            memory.whereabouts.set(person, stay)
        memory.firsts.update(self.firsts)
        memory.coming.update(self.coming)


def going(memory: Memory, decisions: Iterable[Decision], now: ClockNow) -> Moves:
    """Somebody is let go a way: gone at once where nothing would show it, else pending."""
    moves = _none(memory, now)
    presence = _presence(memory, moves, now)
    for decision in decisions:
        door, person, way = decision.door, decision.person, decision.way
        if door is None or not decision.granted:
            continue
        body = memory.index.doors[door]
        seen = _would_be_seen(memory, door)
        until_ns = now.mono_ns + ((decision.release_ms or body.unlock_ms) + GRACE_MS) * _MS
        if way is not None and person is not None:
            if seen:
                pending = Pending(door, way.leaving, way.into, way.inward, until_ns)
                stay = presence.kept(person).without_pending(door)
                moves.stays[person] = msgspec.structs.replace(
                    stay, pending=(*stay.pending, pending)
                )
            else:
                moves.stays[person] = _outside(open_zones(memory, now), presence.after(person, way))
        if decision.first_person and seen:
            moves.coming[door] = until_ns
        elif decision.first_person:
            moves.firsts[door] = FirstSeen.of(now)
    return moves


def opened(memory: Memory, door: str, at_ns: int, now: ClockNow) -> Moves:
    """A door's leaf was opened at a moment, of which we hear now: whoever had a way pending there
    then has gone it."""
    moves = _none(memory, now)
    _go(memory, moves, door, now, at_ns=at_ns)
    if memory.coming.get(door, -1) >= at_ns:
        moves.firsts[door] = FirstSeen.of(now)
    memory.coming.pop(door, None)
    return moves


def lapsed(memory: Memory, now: ClockNow) -> Moves:
    """Ways that were not gone in time are forgotten. Where the contact has fallen silent meanwhile
    nobody can tell, and they count as gone."""
    moves = _none(memory, now)
    for door in memory.whereabouts.doors():
        if not _can_tell(memory, door):
            _go(memory, moves, door, now)
            continue
        for person in memory.whereabouts.at_door(door):
            stay = moves.stays.get(person, memory.whereabouts.of(person))
            pending = stay.pending_at(door)
            if pending is not None and pending.until_ns + _HEARD_LATE_NS < now.mono_ns:
                moves.stays[person] = stay.without_pending(door)
    return moves


def wiped(memory: Memory, now: ClockNow) -> Moves:
    """A zone into which a door stands open to everybody knows nobody's whereabouts any more."""
    moves = _none(memory, now)
    presence = _presence(memory, moves, now)
    standing_open = open_zones(memory, now)
    for zone in standing_open:
        for person in memory.whereabouts.in_zone(zone):
            left = _outside(standing_open, presence.kept(person))
            if left != memory.whereabouts.of(person):
                moves.stays[person] = left
    return moves


def swept(memory: Memory, now: ClockNow) -> Moves:
    """What no longer counts is no longer kept: forgotten, forgiven, or of a zone that is no more or
    that no door leads into. A policy that lost entries (version 0) says nothing."""
    moves = _none(memory, now)
    if memory.held.version == 0:
        return moves
    presence = _presence(memory, moves, now)
    bodies = memory.index.doors.values()
    led_to = {zone for body in bodies for zone in (body.zone_in, body.zone_out)}
    for person in memory.whereabouts.persons():
        before = memory.whereabouts.of(person)
        kept = presence.kept(person)
        left = msgspec.structs.replace(
            kept,
            marks=tuple(mark for mark in kept.marks if mark.zone in led_to),
            pending=tuple(one for one in kept.pending if one.door in memory.index.doors),
        )
        if left != before:
            moves.stays[person] = left
    return moves


def open_zones(memory: Memory, now: ClockNow) -> set[str]:
    """The zones that a door which stands open to everybody leads into (or out of, where it leads
    into none)."""
    about = memory.circumstances(now)
    led = (
        body.zone_in or body.zone_out
        for door, body in memory.index.doors.items()
        if about.stands_open(door)
    )
    return {zone for zone in led if zone is not None}


def arrive(memory: Memory, now: ClockNow) -> dict[str, bytes | None]:
    """At a start: a way that was pending when the agent stopped counts as gone, once. Gives the
    state that says so, to be written with the start: a later one must not take it as gone again,
    when its door stood open to everybody the first time."""
    state: dict[str, bytes | None] = {}
    if memory.held.version == 0:
        return state
    for person in memory.whereabouts.persons():
        for pending in memory.whereabouts.of(person).pending:  # in the order they were let go
            moves = _none(memory, now)
            stay = _presence(memory, moves, now).after(person, pending.way)
            moves.stays[person] = _outside(open_zones(memory, now), stay)
            moves.apply(memory)
            state |= moves.state
    return state


# --- inside --------------------------------------------------------------------------------------


def _none(memory: Memory, now: ClockNow) -> Moves:
    return Moves(memory.uptime.at(now))


def _presence(memory: Memory, moves: Moves, now: ClockNow) -> Presence:
    return Presence(memory.index, memory.whereabouts, now, moves.uptime.ran_ns)


def _go(
    memory: Memory, moves: Moves, door: str, now: ClockNow, *, at_ns: int | None = None
) -> None:
    """Whoever has a way pending at a door goes it: at that moment, or nobody knows when."""
    presence = _presence(memory, moves, now)
    for person in memory.whereabouts.at_door(door):
        pending = memory.whereabouts.of(person).pending_at(door)
        if pending is None or person in moves.stays:  # of two doors the other has its turn later
            continue
        if at_ns is not None and pending.until_ns < at_ns:
            moves.stays[person] = memory.whereabouts.of(person).without_pending(door)
        else:
            moves.stays[person] = _outside(
                open_zones(memory, now), presence.after(person, pending.way)
            )


def _can_tell(memory: Memory, door_id: str) -> bool:
    """Whether a door has a contact that is heard."""
    door = memory.doors.get(door_id)
    if door is None:
        return True  # the door is no more: whoever was let go there has not been seen to go
    contact = door.body.contact
    return (
        contact is not None
        and door.leaf is not Leaf.UNKNOWN
        and memory.standing(contact.device).online is not False
    )


def _would_be_seen(memory: Memory, door_id: str) -> bool:
    """Whether somebody's going through would be seen: at a leaf that stands open it would not."""
    return _can_tell(memory, door_id) and not memory.doors[door_id].is_open


def _outside(standing_open: set[str], stay: Stay) -> Stay:
    """The stay as far as the first zone that stands open, and what lies within that."""
    for number, mark in enumerate(stay.marks):
        if mark.zone in standing_open:
            return msgspec.structs.replace(stay, marks=stay.marks[:number])
    return stay
