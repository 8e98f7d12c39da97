"""What a key box's log tells of the box itself, folded from its events. Pure.

A record of the log comes as an ordinary event with `origin`: `device_key_changed` has the secret's
version in `count`, or with the cause `generation_retired` the generation; `device_log_gap` has the
first lost index as its origin's and how many in `count`; `firmware_updated` the version in `count`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hub.keyboxes.domain import BoxState
from hub.projection.domain import ProjectedEvent
from wire.events import (
    AccessBody,
    BatteryBody,
    DeviceClockBody,
    DeviceEventBody,
    EventKind,
)
from wire.offline_profiles import Profile
from wire.reasons import Reason
from wire.sealed_codes import SealedCode

GENERATION_RETIRED: Final = "generation_retired"

_SINCE: Final = {
    EventKind.TAMPER: ("tamper_since", True),
    EventKind.TAMPER_CLEARED: ("tamper_since", False),
    EventKind.LOCK_JAMMED: ("jammed_since", True),
    EventKind.LOCK_JAM_CLEARED: ("jammed_since", False),
    EventKind.KEY_TAKEN: ("key_absent_since", True),
    EventKind.KEY_RETURNED: ("key_absent_since", False),
}


def box_of(event: ProjectedEvent) -> str | None:
    """Give the device whose log an event comes from, or whose clock somebody set; None for an
    event of no offline device."""
    if event.origin is not None:
        return event.origin.device
    return event.body.device if isinstance(event.body, DeviceClockBody) else None


def apply(state: BoxState, event: ProjectedEvent, profile: Profile) -> BoxState:
    """Give the state after an event of that box. What a record says of the box is as of its own
    time: a late one changes nothing that a newer one told."""
    state = _seen(state, event, profile)
    visited = max(filter(None, (state.last_visit_at, event.received_at)))
    state = replace(state, last_visit_at=visited, collected_by=event.controller)
    if event.origin is not None:
        state = _advanced(state, event.origin.log_epoch, event.origin.index, event)
    at = event.corrected_at
    changes = _told(event, at)
    if state.heard_at is not None and at < state.heard_at:
        return state
    return replace(state, **changes, heard_at=at)


def _advanced(state: BoxState, epoch: int, index: int, event: ProjectedEvent) -> BoxState:
    last = index
    if event.kind is EventKind.DEVICE_LOG_GAP and isinstance(event.body, DeviceEventBody):
        last = index + max(event.body.count or 1, 1) - 1
    known = state.next_index if state.log_epoch == epoch else None
    return replace(state, log_epoch=epoch, next_index=max(known or 0, last + 1))


def _told(event: ProjectedEvent, at: datetime) -> dict[str, Any]:
    body = event.body
    if isinstance(body, BatteryBody):
        return {
            "battery_mv": body.millivolts,
            "battery_dc": body.temperature_dc,
            "battery_at": at,
            "uses": body.uses,
        }
    if isinstance(body, DeviceClockBody):
        told: dict[str, Any] = {
            "clock_offset_ms": body.offset_ms,
            "clock_error_ms": body.error_ms,
        }
        return told | ({"clock_set_at": at} if body.set else {})
    if isinstance(body, DeviceEventBody) and event.kind is EventKind.FIRMWARE_UPDATED:
        return {"firmware": str(body.count) if body.count is not None else body.cause}
    if since := _SINCE.get(event.kind):
        name, begins = since
        return {name: at if begins else None}
    return {}


def _seen(state: BoxState, event: ProjectedEvent, profile: Profile) -> BoxState:
    """Follow the newest generation that the box has taken; numbers go round in a circle."""
    generation = _generation(event)
    if generation is None or not 0 <= generation < profile.generations:
        return state
    before = state.seen_generation or 0
    ahead = (generation - before) % profile.generations
    if state.seen_generation is None or 0 < ahead < profile.ahead:
        return replace(state, seen_generation=generation)
    return state


def _generation(event: ProjectedEvent) -> int | None:
    body = event.body
    if isinstance(body, AccessBody) and body.reason is Reason.SEALED_CODE_VALID and body.code:
        try:
            return SealedCode.of_tag(body.code).generation
        except ValueError:
            return None
    if isinstance(body, DeviceEventBody) and event.kind is EventKind.DEVICE_KEY_CHANGED:
        return body.count if body.cause == GENERATION_RETIRED else None
    return None


def new_version(event: ProjectedEvent) -> int | None:
    """Give the version of the secrets that a box says it took; None for any other event, 0 where
    it does not say which."""
    body = event.body
    if event.kind is not EventKind.DEVICE_KEY_CHANGED or not isinstance(body, DeviceEventBody):
        return None
    return None if body.cause == GENERATION_RETIRED else body.count or 0


def lost(event: ProjectedEvent) -> int:
    """How many records an event declares as lost."""
    body = event.body
    if event.kind is EventKind.DEVICE_LOG_GAP and isinstance(body, DeviceEventBody):
        return max(body.count or 1, 1)
    return 0
