"""Examples of the audit log, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

AUDIT_ENTRY_OUT: Final[Example] = {
    "seq": 1284,
    "at": "2026-04-06T00:00:00Z",
    "action": "door.changed",
    "target_kind": "door",
    "target_id": ids.DOOR,
    "came_from": "private",
    "actor": f"session:{ids.USER}",
    "actor_name": "山田 花子",
    "details": {"before": {"unlock_ms": 5000}, "after": {"unlock_ms": 7000}},
    "hash": "9f2b5c1d7e8a4036b1c9d2e3f4051627384950a1b2c3d4e5f60718293a4b5c6d",
}
CHAIN_OUT: Final[Example] = {
    "entries": 1284,
    "head": AUDIT_ENTRY_OUT["hash"],
    "broken_at": None,
    "intact": True,
}
