"""The state of a door, folded from its events: a table of what each kind changes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.entries.late import is_late, later
from hub.projection.domain import ProjectedEvent
from wire.events import DoorEventBody, DoorFoundBody, EventKind, ModeEventBody, Origin
from wire.policy_bodies import DoorMode


class Leaf(StrEnum):
    """Where the door leaf is, as the contact sees it."""

    UNKNOWN = "unknown"
    OPEN = "open"
    CLOSED = "closed"


class Bolt(StrEnum):
    """Where the bolt is."""

    UNKNOWN = "unknown"
    EXTENDED = "extended"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class ActiveMode:
    """A mode in force at the door: the hub's order number, and since when."""

    mode: DoorMode
    order: int
    since: datetime


@dataclass(frozen=True, slots=True)
class DoorState:
    """What is known of a door. `heard_at` is None for one that was never heard of; `*_since` are
    None while the thing itself is unknown or not so."""

    door_id: str
    controller_id: str = ""
    leaf: Leaf = Leaf.UNKNOWN
    leaf_since: datetime | None = None
    bolt: Bolt = Bolt.UNKNOWN
    bolt_since: datetime | None = None
    held_since: datetime | None = None
    forced_since: datetime | None = None
    modes: tuple[ActiveMode, ...] = ()
    heard_at: datetime | None = None
    heard_origin: Origin | None = None
    """The record that told the last of it; None where the controller did in its own name."""

    @property
    def mode(self) -> ActiveMode | None:
        """The mode that prevails; None for normal. Of emergency_open and lockdown the later order
        wins, and either beats a manual hold or lock (the precedence of the wire)."""
        ranked = [(m.mode in _EMERGENCIES, m.order) for m in self.modes]
        return self.modes[ranked.index(max(ranked))] if ranked else None


_EMERGENCIES: Final = frozenset({DoorMode.EMERGENCY_OPEN, DoorMode.LOCKDOWN})


def _opened(state: DoorState, at: datetime) -> DoorState:
    return replace(state, leaf=Leaf.OPEN, leaf_since=at)


def _closed(state: DoorState, at: datetime) -> DoorState:
    return replace(state, leaf=Leaf.CLOSED, leaf_since=at, held_since=None, forced_since=None)


def _forced(state: DoorState, at: datetime) -> DoorState:
    leaf_since = state.leaf_since if state.leaf is Leaf.OPEN else at
    return replace(state, leaf=Leaf.OPEN, leaf_since=leaf_since, forced_since=at)


def _held(state: DoorState, at: datetime) -> DoorState:
    return replace(state, held_since=at)


def _held_cleared(state: DoorState, at: datetime) -> DoorState:  # noqa: ARG001  # one shape for all
    return replace(state, held_since=None)


def _retracted(state: DoorState, at: datetime) -> DoorState:
    return replace(state, bolt=Bolt.RETRACTED, bolt_since=at)


def _extended(state: DoorState, at: datetime) -> DoorState:
    return replace(state, bolt=Bolt.EXTENDED, bolt_since=at)


_CHANGES: Final[dict[EventKind, Callable[[DoorState, datetime], DoorState]]] = {
    EventKind.DOOR_OPENED: _opened,
    EventKind.DOOR_CLOSED: _closed,
    EventKind.DOOR_FORCED: _forced,
    EventKind.DOOR_HELD: _held,
    EventKind.DOOR_HELD_CLEARED: _held_cleared,
    EventKind.BOLT_RETRACTED: _retracted,
    EventKind.BOLT_EXTENDED: _extended,
}


def door_of(event: ProjectedEvent) -> str | None:
    """Give the door whose state an event tells of, or None."""
    told = DoorEventBody | DoorFoundBody | ModeEventBody
    return event.body.door if isinstance(event.body, told) else None


def apply_door_event(state: DoorState, event: ProjectedEvent) -> DoorState:
    """Give the state after an event of that door. A record collected later from an offline device
    says nothing of a door heard since."""
    at = event.corrected_at
    if is_late(event, state.heard_at, state.heard_origin):
        return state
    if isinstance(event.body, ModeEventBody):
        state = _with_mode(state, event.kind, event.body, at)
    elif isinstance(event.body, DoorFoundBody):
        state = _found(state, event.body, at)
    elif change := _CHANGES.get(event.kind):
        state = change(state, at)
    return replace(
        state,
        controller_id=event.controller,
        heard_at=later(event, state.heard_at),
        heard_origin=event.origin,
    )


def _found(state: DoorState, body: DoorFoundBody, at: datetime) -> DoorState:
    leaf = Leaf.OPEN if body.open else Leaf.CLOSED
    if body.open is not None and state.leaf is not leaf:
        state = _opened(state, at) if body.open else _closed(state, at)
    if body.bolt_retracted is not None:
        state = _retracted(state, at) if body.bolt_retracted else _extended(state, at)
    return state


def _with_mode(state: DoorState, kind: EventKind, body: ModeEventBody, at: datetime) -> DoorState:
    others = tuple(m for m in state.modes if (m.mode, m.order) != (body.mode, body.order))
    if kind is EventKind.MODE_APPLIED:
        others = (*others, ActiveMode(body.mode, body.order, at))
    return replace(state, modes=others)
