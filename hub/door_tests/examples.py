"""Examples of tests of doors, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

DOOR_TEST_IN: Final[Example] = {"passed": True, "cause": "", "note": "開閉と表示を確認"}
DOOR_TEST_OUT: Final[Example] = {
    "id": ids.DOOR_TEST,
    "door_id": ids.DOOR,
    "told_by": "clerk",
    **DOOR_TEST_IN,
    "actor": ids.USER,
    "tested_at": "2026-04-06T00:00:00Z",
    "recorded_at": "2026-04-06T00:00:00Z",
}
DOOR_TESTS_OUT: Final[Example] = {"standing": "passed", "tests": [DOOR_TEST_OUT]}
DOOR_STANDING_OUT: Final[Example] = {
    "door_id": ids.DOOR,
    "standing": "passed",
    "latest": DOOR_TEST_OUT,
}
