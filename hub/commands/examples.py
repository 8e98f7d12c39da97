"""Examples of commands, modes, emergencies and ways in, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

COMMAND_IN: Final[Example] = {"action": "unlock", "reason": "電話で本人を確認"}
COMMAND_OUT: Final[Example] = {
    "id": ids.COMMAND,
    "door_id": ids.DOOR,
    "state": "done",
    "observed": "door_opened",
    "cause": None,
    "reason": "電話で本人を確認",
    "actor": ids.USER,
    "sent_at": "2026-04-06T00:00:00Z",
    "expires_at": "2026-04-06T00:00:10Z",
    "received_at": "2026-04-06T00:00:00.120000Z",
    "ended_at": "2026-04-06T00:00:02.480000Z",
}
MODE_IN: Final[Example] = {
    "mode": "hold_open",
    "reason": "健康診断の受付",
    "expires_at": "2026-04-06T03:00:00Z",
}
ORDER_OUT: Final[Example] = {
    "id": ids.ORDER,
    "order_no": 42,
    "mode": "hold_open",
    "reason": "健康診断の受付",
    "actor": ids.USER,
    "ordered_at": "2026-04-06T00:00:00Z",
    "expires_at": "2026-04-06T03:00:00Z",
    "emergency_id": None,
    "applied_at": "2026-04-06T00:00:01Z",
    "ended_at": None,
}
DOOR_MODE_OUT: Final[Example] = {
    "door_id": ids.DOOR,
    "governing": ORDER_OUT,
    "standing": [ORDER_OUT],
}
EMERGENCY_IN: Final[Example] = {
    "kind": "open",
    "area": "北部",
    "shelters_only": True,
    "reason": "避難所を開設",
}
_EMERGENCY_ORDER: Final[Example] = {
    **ORDER_OUT,
    "order_no": 43,
    "mode": "emergency_open",
    "reason": "避難所を開設",
    "expires_at": None,
    "emergency_id": ids.EMERGENCY,
}
EMERGENCY_OUT: Final[Example] = {
    "id": ids.EMERGENCY,
    "kind": "open",
    "site_id": None,
    "area": "北部",
    "shelters_only": True,
    "reason": "避難所を開設",
    "actor": ids.USER,
    "ordered_at": "2026-04-06T00:00:00Z",
    "ended_at": None,
    "doors": [
        {"door_id": ids.DOOR, "track": "applied", "on_the_spot": False, "order": _EMERGENCY_ORDER}
    ],
}
ACCESS_OUT: Final[Example] = {
    "by": "pin",
    "door_id": ids.DOOR,
    "zone_id": None,
    "grant_id": None,
    "credential_id": ids.CREDENTIAL,
    "person_id": None,
    "via_group": None,
    "schedule_id": None,
    "needs_pin": False,
    "booking_id": ids.BOOKING,
    "visit_id": None,
    "placement": "placed",
    "first_person": False,
    "max_uses": None,
    "uses": None,
    "side": None,
    "conditions": [{"reason": "zone_full", "soft": True}],
    "spans": None,
}
