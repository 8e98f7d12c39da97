"""Everything besides the attempt that a decision depends on, handed in at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge.core.backup import DoorCodes
from edge.core.clock_now import ClockNow
from edge.core.first_person import FirstSeen
from edge.core.modes import OPENING, in_force, opened_on_the_spot
from edge.core.policy_index import PolicyIndex
from edge.core.presence import Presence
from edge.core.whereabouts import Whereabouts
from wire.events import TryKind
from wire.policy_bodies import EntryState, FirstPerson, GrantBody, ModeBody, Side


def no_codes(_door: str) -> DoorCodes | None:
    """No door has backup codes."""
    return None


def no_shelter(_door: str) -> bool:
    """No door is that of a shelter which was opened on the spot."""
    return False


def nothing_in_the_way(_door: str) -> bool:
    """No door is kept shut by another one."""
    return False


@dataclass(frozen=True, slots=True)
class FirstOfTwo:
    """Somebody who may open a door that wants two, and waits at it for the other."""

    person: str
    credential: str | None
    first_person: bool = False
    counts_use: str | None = None


def nobody_escorts(_door: str, _side: Side) -> Mapping[str, int]:
    """Nobody was let in at any door."""
    return {}


def nobody_waits(_door: str, _side: Side) -> FirstOfTwo | None:
    """Nobody waits at any door."""
    return None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The policy, the time, and what the agent remembers.

    `uses` counts openings by grant, `throttled` tells whether a reader's try budget of a kind
    is spent, `fire` whether the fire alarm releases a door, `codes` gives a door's backup codes,
    and `away_ns` is how long ago the controller was last without its hub: 0 while it is, None where
    it never was. `whereabouts` with the uptime `ran_ns` tell who is where, `firsts` when a first
    person came to a door, `waiting` who waits at a door and side for a second one. `shelter` tells
    whether a door was opened on the spot as a shelter's, `interlocked` whether another door of its
    interlock is open or released. `let_in` gives who was let in of late at a door and side,
    and when (monotonic, ns): those who may take others along.
    """

    index: PolicyIndex
    now: ClockNow
    uses: Mapping[str, int]
    throttled: Callable[[str, TryKind], bool]
    fire: Callable[[str], bool]
    codes: Callable[[str], DoorCodes | None] = no_codes
    away_ns: int | None = None
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    ran_ns: int = 0
    firsts: Mapping[str, FirstSeen] = field(default_factory=dict)
    waiting: Callable[[str, Side], FirstOfTwo | None] = nobody_waits
    shelter: Callable[[str], bool] = no_shelter
    interlocked: Callable[[str], bool] = nothing_in_the_way
    let_in: Callable[[str, Side], Mapping[str, int]] = nobody_escorts

    def mode(self, door: str) -> ModeBody | None:
        """The mode that rules a door now."""
        modes = tuple(self.index.modes(door))
        if self.shelter(door):
            modes = (*modes, opened_on_the_spot(door))
        return in_force(modes, self.now)

    def held_by_schedule(self, door_id: str) -> bool:
        """Whether a door's schedule holds it open, where no mode says otherwise. A clock that is
        not relied on opens nothing by schedule."""
        door = self.index.doors.get(door_id)
        if door is None or door.hold_schedule is None or not self.now.relied_on:
            return False
        schedule = self.index.schedule(door.hold_schedule)
        if schedule is None or not schedule.holds(self.now.at, self.index.holidays):
            return False
        return door.first_person is FirstPerson.NONE or self.first_came(door_id)

    def stands_open(self, door: str) -> bool:
        """Whether a door is held open to everybody: by the fire alarm, a mode or its schedule."""
        if self.fire(door):
            return True
        mode = self.mode(door)
        return self.held_by_schedule(door) if mode is None else mode.mode in OPENING

    def escorted(self, door: str, side: Side, grant: GrantBody) -> bool:
        """Whether one of a grant's escorts has just been let in at a side of a door."""
        since_ns = self.now.mono_ns - grant.escort_s * 1_000_000_000
        return any(
            at_ns >= since_ns and self._is_escort(person, grant)
            for person, at_ns in self.let_in(door, side).items()
        )

    def _is_escort(self, person: str, grant: GrantBody) -> bool:
        flags = self.index.person(person)
        if flags is None or flags.state is not EntryState.ACTIVE:
            return False
        return not {person, *flags.groups}.isdisjoint(grant.escorts)

    def first_came(self, door: str) -> bool:
        """Whether a first person has opened a door today."""
        seen = self.firsts.get(door)
        return seen is not None and seen.counts(self.now)

    @property
    def presence(self) -> Presence:
        """Who is where now."""
        return Presence(self.index, self.whereabouts, self.now, self.ran_ns)
