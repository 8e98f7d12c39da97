"""Examples of who is inside, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

OCCUPANCY_OUT: Final[Example] = {
    "zone_id": ids.ZONE,
    "count": 1,
    "occupancy_max": 120,
    "known": True,
    "as_of": "2026-04-06T00:00:00Z",
    "away": [],
    "open_doors": [],
    "unwatched_doors": [ids.DOOR],
    "inside": [{"person_id": ids.PERSON, "since": "2026-04-05T23:41:00Z", "door_id": ids.DOOR}],
}
FORGIVE_IN: Final[Example] = {"reason": "出口のリーダーが故障していたため"}
