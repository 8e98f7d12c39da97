"""Who is where: for each person the zones gone into and not yet left, outermost first.

Only what is remembered stands here; what of it still counts is asked of `edge.core.presence`. Times
are those of `Uptime`, since a wall clock may be wrong and a monotonic one begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from edge.core.clock_now import ClockNow


class Uptime(msgspec.Struct, frozen=True):
    """How long the machine has run in all its boots, as far as that is certain: at `mono_ns` of
    `boot` it was `ran_ns`. What a power cut takes is missing, so nothing is forgotten by one."""

    boot: str
    mono_ns: int
    ran_ns: int

    def at(self, now: ClockNow) -> Uptime:
        """The same, now."""
        more_ns = now.mono_ns - (self.mono_ns if self.boot == now.boot else 0)
        return Uptime(now.boot, now.mono_ns, self.ran_ns + max(more_ns, 0))

    def save(self) -> bytes:
        """Give the bytes to keep."""
        return msgspec.json.encode(self)

    @classmethod
    def load(cls, data: bytes) -> Uptime:
        """Read it; raise `ValueError` for bytes that are none."""
        return msgspec.json.decode(data, type=cls)


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A zone somebody went into: when (`ran_ns` of `Uptime`; `at`, no later than which it was, None
    without a clock that was relied on), and the zone's count of forgivings then."""

    zone: str
    ran_ns: int
    at: datetime | None
    forgiven: int


@dataclass(frozen=True, slots=True)
class Way:
    """The way through a door, from one zone into another (None: outside every zone). `inward` at a
    reader of side entry."""

    door: str
    leaving: str | None
    into: str | None
    inward: bool


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A way that somebody was let go and has not been seen to go: until `until_ns` of the monotonic
    clock it may still be gone."""

    door: str
    leaving: str | None
    into: str | None
    inward: bool
    until_ns: int

    @property
    def way(self) -> Way:
        """The way that may be gone."""
        return Way(self.door, self.leaving, self.into, self.inward)


class Stay(msgspec.Struct, frozen=True):
    """What is remembered of one person, void once the person's count of forgivings is another."""

    marks: tuple[Mark, ...] = ()
    pending: tuple[Pending, ...] = ()
    forgiven: int = 0

    def save(self) -> bytes | None:
        """Give the bytes to keep; None where there is nothing."""
        return msgspec.json.encode(self) if self.marks or self.pending else None

    @classmethod
    def load(cls, data: bytes) -> Stay:
        """Read it; raise `ValueError` for bytes that are none."""
        return msgspec.json.decode(data, type=cls)

    def pending_at(self, door: str) -> Pending | None:
        """The way that is pending at a door."""
        return next((one for one in self.pending if one.door == door), None)

    def without_pending(self, door: str) -> Stay:
        """The same with nothing pending at a door."""
        left = tuple(one for one in self.pending if one.door != door)
        return msgspec.structs.replace(self, pending=left)


NOWHERE: Final = Stay()


class Whereabouts:
    """Everybody's stay, found by person, by zone and by door."""

    def __init__(self, stays: Mapping[str, Stay] | None = None) -> None:
        self._stays: dict[str, Stay] = {}
        self._in: dict[str, set[str]] = {}
        self._at: dict[str, set[str]] = {}
        for person, stay in (stays or {}).items():
            self.set(person, stay)

    def of(self, person: str) -> Stay:
        """What is remembered of a person."""
        return self._stays.get(person, NOWHERE)

    def set(self, person: str, stay: Stay) -> None:
        """Remember this of a person, and nothing else."""
        before = self._stays.pop(person, NOWHERE)
        for zone in _zones(before):
            self._in[zone].discard(person)
        for one in before.pending:
            self._at[one.door].discard(person)
        for zone in _zones(stay):
            self._in.setdefault(zone, set()).add(person)
        for one in stay.pending:
            self._at.setdefault(one.door, set()).add(person)
        if stay.marks or stay.pending:
            self._stays[person] = stay

    def in_zone(self, zone: str) -> frozenset[str]:
        """Whom anything says to be in a zone, or on the way into it."""
        return frozenset(self._in.get(zone, ()))

    def at_most_in(self, zone: str) -> int:
        """How many those are; costs the same however many."""
        return len(self._in.get(zone, ()))

    def at_door(self, door: str) -> frozenset[str]:
        """Who has a way pending at a door."""
        return frozenset(self._at.get(door, ()))

    def doors(self) -> list[str]:
        """The doors at which a way is pending."""
        return [door for door, persons in self._at.items() if persons]

    def persons(self) -> list[str]:
        """Everybody of whom anything is remembered."""
        return list(self._stays)

    def zones(self) -> list[str]:
        """The zones of which anything is remembered."""
        return [zone for zone, persons in self._in.items() if persons]


def _zones(stay: Stay) -> Iterable[str]:
    found = {mark.zone for mark in stay.marks}
    return found.union(one.into for one in stay.pending if one.into is not None)
