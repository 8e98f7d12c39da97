"""Better times for events whose clock was untrusted: pure arithmetic on an anchor.

An anchor says what the wall time was at one reading of the monotonic clock. Within the same boot
every other reading is then known too; across a reboot nothing is, and the event keeps its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.projection.domain import ProjectedEvent
from wire.clock import ClockState
from wire.events import ClockBody, EventKind

_NS_A_US = 1_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `mono_ns` of this boot the wall time was `at` (UTC), within `error_ms`."""

    controller: str
    boot: str
    mono_ns: int
    at: datetime
    error_ms: int | None


def anchor_of(event: ProjectedEvent) -> Anchor | None:
    """Give the anchor an event sets, or None: only a trusted `clock_anchor` does."""
    if event.kind is not EventKind.CLOCK_ANCHOR or not isinstance(event.body, ClockBody):
        return None
    if event.body.state is not ClockState.TRUSTED:
        return None
    return Anchor(event.controller, event.boot, event.mono_ns, event.at, event.body.error_ms)


def corrected(anchor: Anchor, mono_ns: int) -> datetime:
    """Give the instant (UTC, microseconds) of a monotonic reading of the anchor's boot; the
    anchor's own instant when the result would leave the calendar."""
    try:
        return anchor.at + timedelta(microseconds=(mono_ns - anchor.mono_ns) // _NS_A_US)
    except OverflowError:
        return anchor.at
