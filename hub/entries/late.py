"""Whether a record collected from an offline device comes too late to say how things stand. Pure.

Within one log the index tells, never the time: a device that did not know the time, or whose clock
was set back, writes records that stand before those it wrote earlier. Logs of two epochs or devices
go by time, and so does a record beside what the controller told in its own name.
"""

from __future__ import annotations

from datetime import datetime

from hub.projection.domain import ProjectedEvent
from wire.events import Origin


def is_late(event: ProjectedEvent, heard_at: datetime | None, heard: Origin | None) -> bool:
    """Tell whether something newer was heard already, at `heard_at`, by the record `heard`."""
    if event.origin is None or heard_at is None:
        return False
    if heard is not None and _log(heard) == _log(event.origin):
        return event.origin.index < heard.index
    return event.corrected_at < heard_at


def later(event: ProjectedEvent, heard_at: datetime | None) -> datetime:
    """Give the time up to which things are known after an event that is not late."""
    at = event.corrected_at
    return max(at, heard_at) if event.origin is not None and heard_at is not None else at


def _log(origin: Origin) -> tuple[str, int]:
    return origin.device, origin.log_epoch
