"""What a key box's log, and whoever visited it, tell of the box itself. Pure.

A record of the log is an event with `origin`; what the visitor saw (battery, clock, lost records,
new secrets brought) is an event of the controller's own about the device. Numbers that no body has
a field for stand in its cause (`wire.device_causes`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hub.keyboxes.domain import BoxState
from hub.projection.domain import ProjectedEvent
from wire.device_causes import (
    CLOCK_SET_FROM_NOTHING,
    LogRange,
    Numbered,
    read_number,
    read_range,
)
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

VISITORS: Final = frozenset(
    {
        EventKind.BATTERY,
        EventKind.DEVICE_CLOCK_SET,
        EventKind.DEVICE_LOG_GAP,
        EventKind.DEVICE_KEY_CHANGED,
        EventKind.FIRMWARE_UPDATED,
    }
)
"""What a controller tells of a box in its own name: it stood before it."""

_SINCE: Final = {
    EventKind.TAMPER: ("tamper_since", True),
    EventKind.TAMPER_CLEARED: ("tamper_since", False),
    EventKind.LOCK_JAMMED: ("jammed_since", True),
    EventKind.LOCK_JAM_CLEARED: ("jammed_since", False),
    EventKind.KEY_TAKEN: ("key_absent_since", True),
    EventKind.KEY_RETURNED: ("key_absent_since", False),
}


def box_of(event: ProjectedEvent) -> str | None:
    """Give the offline device that an event tells of; None for an event of none."""
    if event.origin is not None:
        return event.origin.device
    told = BatteryBody | DeviceClockBody | DeviceEventBody
    if event.kind in VISITORS and isinstance(event.body, told):
        return event.body.device
    return None


def apply(state: BoxState, event: ProjectedEvent, profile: Profile) -> BoxState:
    """Give the state after an event of that box. A late record changes nothing that a newer one of
    the same log told; logs of two epochs go by time. Within a log the index tells, not the time: a
    box that did not know the time writes records that stand at their visit's. A visitor's own word
    comes before the log that it brings and makes none of it old."""
    at = event.corrected_at
    state = _visited(_seen(state, event, profile), event)
    if event.origin is None:
        return replace(state, **_told(state, event, at))
    epoch, index = event.origin.log_epoch, event.origin.index
    known = state.next_index if state.log_epoch == epoch else None
    state = replace(state, log_epoch=epoch, next_index=max(known or 0, index + 1))
    newest = at if state.heard_at is None else max(at, state.heard_at)
    if index + 1 < known if known is not None else at < newest:
        return state
    return replace(state, **_told(state, event, at), heard_at=newest)


def _visited(state: BoxState, event: ProjectedEvent) -> BoxState:
    """A visitor's own word gives the time of the visit; records without one, when they came."""
    if event.origin is None:
        at = event.corrected_at
    elif state.last_visit_at is None:
        at = event.received_at
    else:
        return state
    if state.last_visit_at is not None and at <= state.last_visit_at:
        return state
    return replace(state, last_visit_at=at, collected_by=event.controller)


def _told(state: BoxState, event: ProjectedEvent, at: datetime) -> dict[str, Any]:
    body = event.body
    if isinstance(body, BatteryBody):
        if state.battery_at is not None and at < state.battery_at:
            return {}
        return {
            "battery_mv": body.millivolts,
            "battery_dc": body.temperature_dc,
            "battery_at": at,
            "uses": body.uses,
        }
    if isinstance(body, DeviceClockBody):
        if event.origin is None and state.clock_set_at is not None and at < state.clock_set_at:
            return {}
        told: dict[str, Any] = {
            "clock_offset_ms": body.offset_ms,
            "clock_error_ms": body.error_ms,
        }
        return told | ({"clock_set_at": at} if body.set else {})
    if isinstance(body, DeviceEventBody) and body.cause == CLOCK_SET_FROM_NOTHING:
        return {"clock_set_at": at, "clock_offset_ms": None, "clock_error_ms": event.error_ms or 0}
    if isinstance(body, DeviceEventBody) and event.kind is EventKind.FIRMWARE_UPDATED:
        return {"firmware": body.cause}
    if since := _SINCE.get(event.kind):
        name, begins = since
        return {name: at if begins else None}
    return {}


# --- generations and secrets ---------------------------------------------------------------------


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
    return _number(event, Numbered.GENERATION)


def new_version(event: ProjectedEvent) -> int | None:
    """Give the version of the secrets that a box took, by its own log or by whoever brought them;
    None for any other event."""
    return _number(event, Numbered.VERSION)


def _number(event: ProjectedEvent, what: Numbered) -> int | None:
    body = event.body
    if event.kind is not EventKind.DEVICE_KEY_CHANGED or not isinstance(body, DeviceEventBody):
        return None
    return read_number(body.cause, what)


# --- what is lost --------------------------------------------------------------------------------


def lost_count(event: ProjectedEvent) -> int:
    """How many records an event declares as lost."""
    body = event.body
    if event.kind is EventKind.DEVICE_LOG_GAP and isinstance(body, DeviceEventBody):
        return max(body.count or 1, 1)
    return 0


def lost(event: ProjectedEvent) -> LogRange | None:
    """Which they are, where the event says so."""
    body = event.body
    if event.kind is not EventKind.DEVICE_LOG_GAP or not isinstance(body, DeviceEventBody):
        return None
    return read_range(body.cause)
