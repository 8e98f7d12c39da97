"""What a topic gives to be projected into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.database.scope import Scope
from hub.projection.clock import Anchor, KnownTime
from hub.projection.domain import ProjectedEvent, ProjectedGap, Rejected
from wire.events import EventKind


@dataclass(frozen=True, slots=True)
class Retiming:
    """More is known of a controller's times in these boots: `time_of(boot, mono_ns, received_at)`.
    Collected records are not meant: their clock is another's."""

    controller: str
    anchor: Anchor
    boots: frozenset[str]
    time_of: Callable[[str, int, datetime], KnownTime | None]


@dataclass(frozen=True, slots=True)
class Projector:
    """One topic's share of the projection.

    `project` writes what an event of one of `kinds` means to the topic, through the scope alone:
    the same events in the same order must always write the same rows. It may raise: its writes
    for that event are undone, the event is put aside and the others go on. `reset` removes what
    the topic derived, for a replay from zero; None where writing again changes nothing.
    """

    name: str
    kinds: frozenset[EventKind]
    project: Callable[[Scope, ProjectedEvent], None]
    project_gap: Callable[[Scope, ProjectedGap], None] | None = None
    rejected: Callable[[Scope, Rejected, datetime], None] | None = None
    """Is told of every row put aside, with the instant the hub received it."""
    reset: Callable[[Scope], None] | None = None
    retime: Callable[[Scope, Retiming], None] | None = None
    """Is told when more is known of times that were not sure; to tell it again changes nothing."""
    again: Callable[[Scope, ProjectedEvent], None] | None = None
    """Is told of an event that came `ahead` once more, in its order: here belongs what the newest
    event must have the last word on, and `project` leaves it. `raw_id` is a new number."""
