"""Examples of the entry log, door states and alarms, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

ENTRY_OUT: Final[Example] = {
    "id": 20_502,
    "kind": "access_granted",
    "topic": "access",
    "occurred_at": "2026-04-10T09:31:07Z",
    "at": "2026-04-10T09:31:07Z",
    "is_time_sure": True,
    "time_error_ms": 40,
    "earliest_at": "2026-04-10T09:31:06.960000Z",
    "latest_at": "2026-04-10T09:31:07.040000Z",
    "clock": "trusted",
    "received_at": "2026-04-10T09:31:07.300000Z",
    "controller_id": ids.CONTROLLER,
    "door_id": ids.DOOR,
    "reader_id": ids.READER,
    "device_id": None,
    "result": "granted",
    "reason": "pin_valid",
    "factor": "pin",
    "person_id": None,
    "credential_id": ids.CREDENTIAL,
    "grant_id": None,
    "booking_id": ids.BOOKING,
    "actor_id": None,
    "command_id": None,
    "outcome": "done",
    "observed": "door_opened",
    "opened_at": "2026-04-10T09:31:09Z",
    "card_namespace": None,
    "card_digest": None,
    "code": None,
    "holder_id": None,
    "soft": None,
    "partner_id": None,
    "partner_person_id": None,
    "origin_device": None,
    "error_ms": None,
    "cause": "",
    "amount": None,
}
STREAM: Final = (
    "id: 20502\n"
    "event: entry\n"
    f'data: {{"id":20502,"kind":"access_granted","door_id":"{ids.DOOR}"}}\n'
    "\n"
)
MODE_OUT: Final[Example] = {"mode": "hold_open", "order": 42, "since": "2026-04-06T00:00:01Z"}
DEVICE_STATE_OUT: Final[Example] = {
    "device_id": ids.DEVICE,
    "contact": "online",
    "contact_since": "2026-04-05T20:00:00Z",
    "cause": "",
    "tamper_since": None,
    "power_failed_since": None,
    "fire_since": None,
    "battery_mv": None,
    "battery_dc": None,
    "battery_at": None,
    "list_count": None,
    "list_placed": False,
    "list_at": None,
    "heard_at": "2026-04-06T00:00:00Z",
}
DOOR_STATE_OUT: Final[Example] = {
    "door_id": ids.DOOR,
    "leaf": "closed",
    "leaf_since": "2026-04-05T23:41:05Z",
    "bolt": "unknown",
    "bolt_since": None,
    "held_since": None,
    "forced_since": None,
    "mode": MODE_OUT,
    "heard_at": "2026-04-06T00:00:01Z",
    "clock_risks": [],
    "devices": [DEVICE_STATE_OUT],
}
ALARM_OUT: Final[Example] = {
    "id": 20_477,
    "kind": "door_held",
    "is_critical": False,
    "controller_id": ids.CONTROLLER,
    "door_id": ids.DOOR,
    "device_id": None,
    "raised_at": "2026-04-05T23:45:00Z",
    "last_at": "2026-04-05T23:45:00Z",
    "times": 1,
    "cause": "",
    "cleared_at": None,
    "acknowledged_at": None,
    "acknowledged_by": None,
    "note": "",
}
ACKNOWLEDGE_IN: Final[Example] = {"note": "施設係が確認に向かっています"}
