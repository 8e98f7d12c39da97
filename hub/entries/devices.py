"""The state of a device, folded from its events. Pure. Unknown until it is heard of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hub.entries.late import is_late, later
from hub.projection.domain import ProjectedEvent
from wire.events import BatteryBody, DeviceEventBody, EventKind, LockListBody, Origin


class Contact(StrEnum):
    """Whether a device answers."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What is known of a device; the battery is as of `battery_at`, its last contact."""

    device_id: str
    controller_id: str = ""
    contact: Contact = Contact.UNKNOWN
    contact_since: datetime | None = None
    cause: str = ""
    tamper_since: datetime | None = None
    power_failed_since: datetime | None = None
    fire_since: datetime | None = None
    battery_mv: int | None = None
    battery_dc: int | None = None
    """Temperature at the reading, tenths of a degree Celsius."""
    battery_at: datetime | None = None
    list_count: int | None = None
    """How many PINs a serial lock's own list holds, as the lock proved; None for other devices."""
    list_placed: bool = False
    """Whether that is the list which the policy wanted there."""
    list_at: datetime | None = None
    heard_at: datetime | None = None
    heard_origin: Origin | None = None
    """The record that told the last of it; None where the controller did in its own name."""


_CONTACT: Final = {
    EventKind.DEVICE_ONLINE: Contact.ONLINE,
    EventKind.DEVICE_OFFLINE: Contact.OFFLINE,
    EventKind.DEVICE_FAULT: Contact.FAULT,
}
_SINCE: Final = {
    EventKind.TAMPER: ("tamper_since", True),
    EventKind.TAMPER_CLEARED: ("tamper_since", False),
    EventKind.POWER_FAILED: ("power_failed_since", True),
    EventKind.POWER_RESTORED: ("power_failed_since", False),
    EventKind.FIRE_ALARM: ("fire_since", True),
    EventKind.FIRE_ALARM_CLEARED: ("fire_since", False),
}


def device_of(event: ProjectedEvent) -> str | None:
    """Give the device whose state an event tells of, or None."""
    known = DeviceEventBody | BatteryBody | LockListBody
    return event.body.device if isinstance(event.body, known) else None


def apply_device_event(state: DeviceState, event: ProjectedEvent) -> DeviceState:
    """Give the state after an event of that device. A record collected later from an offline
    device says nothing of one heard since."""
    at = event.corrected_at
    if is_late(event, state.heard_at, state.heard_origin):
        return state
    changes: dict[str, Any] = {
        "controller_id": event.controller,
        "heard_at": later(event, state.heard_at),
        "heard_origin": event.origin,
    }
    body = event.body
    if isinstance(body, BatteryBody):
        changes |= {
            "battery_mv": body.millivolts,
            "battery_dc": body.temperature_dc,
            "battery_at": at,
        }
    elif isinstance(body, LockListBody):
        changes |= {"list_count": body.count, "list_placed": body.placed, "list_at": at}
    elif contact := _CONTACT.get(event.kind):
        cause = body.cause if isinstance(body, DeviceEventBody) else ""
        changes |= {"contact": contact, "cause": cause}
        if contact is not state.contact:
            changes["contact_since"] = at
    elif since := _SINCE.get(event.kind):
        field, begins = since
        changes[field] = at if begins else None
    return replace(state, **changes)
