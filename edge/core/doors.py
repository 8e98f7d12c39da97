"""What a door's leaf, bolt, REX, mechanical key and bell do, told by inputs and by time.

The leaf is a table: (state, what happened) -> (next state, the one event of it). A pair that is not
in the table changes nothing and tells nothing: a contact that repeats itself is no happening.

    closed --opened, released--> open --too long--> held --closed--> closed
    closed --opened, not released--> forced --too long--> held
    held --a mode or the fire alarm lets it stand open--> open
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from edge.core.model import NewEvent
from edge.core.policy_index import InputRole
from wire.events import DoorEventBody, DoorFoundBody, EventKind, Observed
from wire.policy_bodies import DoorBody

_MS: Final = 1_000_000
GRACE_MS: Final = 1_500
"""After a release has ended, how long an opening still counts as its own: contacts are slow."""


class Leaf(Enum):
    """What the leaf is known to be."""

    UNKNOWN = auto()
    CLOSED = auto()
    OPEN = auto()
    FORCED = auto()
    HELD = auto()


class Stimulus(Enum):
    """What happened to a leaf."""

    OPENED_RELEASED = auto()
    OPENED_UNRELEASED = auto()
    CLOSED = auto()
    TOO_LONG = auto()
    EXCUSED = auto()
    """A mode or the fire alarm lets it stand open from now on."""


_TABLE: Final[dict[tuple[Leaf, Stimulus], tuple[Leaf, EventKind]]] = {
    (Leaf.UNKNOWN, Stimulus.OPENED_RELEASED): (Leaf.OPEN, EventKind.DOOR_OPENED),
    (Leaf.UNKNOWN, Stimulus.OPENED_UNRELEASED): (Leaf.FORCED, EventKind.DOOR_FORCED),
    (Leaf.UNKNOWN, Stimulus.CLOSED): (Leaf.CLOSED, EventKind.DOOR_CLOSED),
    (Leaf.CLOSED, Stimulus.OPENED_RELEASED): (Leaf.OPEN, EventKind.DOOR_OPENED),
    (Leaf.CLOSED, Stimulus.OPENED_UNRELEASED): (Leaf.FORCED, EventKind.DOOR_FORCED),
    (Leaf.OPEN, Stimulus.CLOSED): (Leaf.CLOSED, EventKind.DOOR_CLOSED),
    (Leaf.OPEN, Stimulus.TOO_LONG): (Leaf.HELD, EventKind.DOOR_HELD),
    (Leaf.FORCED, Stimulus.CLOSED): (Leaf.CLOSED, EventKind.DOOR_CLOSED),
    (Leaf.FORCED, Stimulus.TOO_LONG): (Leaf.HELD, EventKind.DOOR_HELD),
    (Leaf.HELD, Stimulus.CLOSED): (Leaf.CLOSED, EventKind.DOOR_CLOSED),
    (Leaf.HELD, Stimulus.EXCUSED): (Leaf.OPEN, EventKind.DOOR_HELD_CLEARED),
}


class Door:
    """One door's state. `body` is replaced whenever the policy changes."""

    def __init__(self, door_id: str, body: DoorBody) -> None:
        self.door_id = door_id
        self.body = body
        self.leaf = Leaf.UNKNOWN
        self.bolt_retracted: bool | None = None
        self.driven_open = False
        """Whether a fire alarm or a mode holds it open: then no opening is forced or too long."""
        self.egress_until_ns = -1
        """Until when somebody who asked to get out has the door released: no lock ends that."""
        self._released_until_ns = -1
        self._opened_ns = 0
        self._held_from_ns = 0

    # --- what the agent does ---------------------------------------------------------------------

    def release(self, until_ns: int) -> None:
        """The door may be opened up to a moment: an act was sent, or REX or the key was used."""
        self._released_until_ns = max(self._released_until_ns, until_ns)

    def drive_open(self, driven: bool, now_ns: int) -> list[NewEvent]:
        """A fire alarm or mode begins or ends to hold the door open; time open counts from the
        end of it."""
        before, self.driven_open = self.driven_open, driven
        if before and not driven:
            self._held_from_ns = now_ns
            self.release(now_ns)
        return self._move(Stimulus.EXCUSED, now_ns) if driven and not before else []

    def adopt(self, body: DoorBody) -> None:
        """Take what the policy says of the door now. What an input told that is wired elsewhere
        now is no longer known."""
        if body.contact != self.body.contact:
            self.leaf = Leaf.UNKNOWN
        if body.bolt != self.body.bolt:
            self.bolt_retracted = None
        self.body = body

    def knows(self, role: str) -> bool:
        """Whether an input's state is known."""
        if role == InputRole.CONTACT:
            return self.leaf is not Leaf.UNKNOWN
        return role != InputRole.BOLT or self.bolt_retracted is not None

    # --- what happens ----------------------------------------------------------------------------

    def input(self, role: str, active: bool, at_ns: int) -> list[NewEvent]:
        """Take a change of one of the door's inputs, its inversion already applied."""
        match role:
            case InputRole.CONTACT:
                return self._leaf_moved(active, at_ns)
            case InputRole.BOLT:
                return self._bolt_moved(active)
            case InputRole.REX if active:
                self.release(at_ns + self.body.unlock_ms * _MS)
                return [self._event(EventKind.REX)]
            case InputRole.MECHANICAL_KEY if active:
                self.release(at_ns + self.body.unlock_ms * _MS)
                return [self._event(EventKind.MECHANICAL_KEY)]
            case InputRole.BELL if active:
                return [self._event(EventKind.DOORBELL)]
            case _:
                return []

    def found(self, role: str, active: bool, at_ns: int) -> list[NewEvent]:
        """Take a state read at (re)connect: no happening. Told where it is news, and as changed
        where it contradicts what was known: something happened while nobody looked."""
        if role == InputRole.BOLT:
            before, self.bolt_retracted = self.bolt_retracted, active
            found = DoorFoundBody(
                door=self.door_id, bolt_retracted=active, changed=before is not None
            )
        elif role == InputRole.CONTACT:
            before = None if self.leaf is Leaf.UNKNOWN else self.leaf is not Leaf.CLOSED
            if before != active:
                self.leaf = Leaf.OPEN if active else Leaf.CLOSED
                self._opened_ns = self._held_from_ns = at_ns
            found = DoorFoundBody(door=self.door_id, open=active, changed=before is not None)
        else:
            return []
        return [] if before == active else [NewEvent(EventKind.DOOR_FOUND, found)]

    def tick(self, now_ns: int) -> list[NewEvent]:
        """Time went by: a leaf left open too long is held."""
        due_ns = self.due_ns
        if due_ns is None or now_ns < due_ns:
            return []
        return self._move(Stimulus.TOO_LONG, now_ns)

    @property
    def due_ns(self) -> int | None:
        """When `tick` will have something to tell, if nothing else happens."""
        if self.leaf not in (Leaf.OPEN, Leaf.FORCED) or self.driven_open:
            return None
        return self._held_from_ns + self.body.held_after_ms * _MS

    @property
    def is_open(self) -> bool:
        """Whether the leaf is known to be open."""
        return self.leaf in (Leaf.OPEN, Leaf.FORCED, Leaf.HELD)

    def stands_in_the_way(self, now_ns: int) -> bool:
        """Whether a door interlocked with this one has to stay shut: this one is open, held open or
        released, or nobody knows what its leaf does."""
        if self.is_open or self.driven_open or now_ns <= self._released_until_ns:
            return True
        return self.body.contact is not None and self.leaf is Leaf.UNKNOWN

    def observed(self) -> Observed:
        """What bolt and contact say now, the bolt first; NOTHING where neither is fitted."""
        if self.body.bolt is not None and self.bolt_retracted:
            return Observed.BOLT_RETRACTED
        if self.body.contact is not None and self.is_open:
            return Observed.DOOR_OPENED
        return Observed.NOTHING

    # --- inside ----------------------------------------------------------------------------------

    def _leaf_moved(self, opened: bool, at_ns: int) -> list[NewEvent]:
        if not opened:
            return self._move(Stimulus.CLOSED, at_ns)
        if self.is_open:
            return []
        until_ns = self._released_until_ns + GRACE_MS * _MS
        released = self.driven_open or not self.body.detect_forced
        released = released or (self._released_until_ns >= 0 and at_ns <= until_ns)
        self._opened_ns = self._held_from_ns = at_ns
        return self._move(
            Stimulus.OPENED_RELEASED if released else Stimulus.OPENED_UNRELEASED, at_ns
        )

    def _bolt_moved(self, retracted: bool) -> list[NewEvent]:
        if self.bolt_retracted == retracted:
            return []
        self.bolt_retracted = retracted
        kind = EventKind.BOLT_RETRACTED if retracted else EventKind.BOLT_EXTENDED
        return [self._event(kind)]

    def _move(self, stimulus: Stimulus, at_ns: int) -> list[NewEvent]:
        step = _TABLE.get((self.leaf, stimulus))
        if step is None:
            return []
        was_open = self.is_open
        self.leaf, kind = step
        open_ms = (at_ns - self._opened_ns) // _MS if was_open else None
        return [self._event(kind, open_ms)]

    def _event(self, kind: EventKind, open_ms: int | None = None) -> NewEvent:
        return NewEvent(kind, DoorEventBody(door=self.door_id, open_ms=open_ms))
