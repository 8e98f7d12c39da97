"""Examples of punches, days and months, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]


def _punch(number: int, direction: str, at: str) -> Example:
    return {
        "id": number,
        "person_id": ids.PERSON,
        "reader_id": ids.READER,
        "door_id": ids.DOOR,
        "direction": direction,
        "corrected_at": at,
        "at": at,
        "trusted": True,
        "time_error_ms": 40,
        "received_at": at.replace(":00Z", ":01Z"),
        "corrected_by": None,
        "original_at": None,
        "original_direction": None,
        "added": False,
        "voided": False,
    }


PUNCH_OUT: Final = _punch(20_411, "in", "2026-04-02T23:28:00Z")
REFUSED_PUNCH_OUT: Final[Example] = {
    "id": 20_407,
    "person_id": ids.PERSON,
    "reader_id": ids.READER,
    "door_id": None,
    "reason": "assurance_too_low",
    "assurance": "identifier",
    "corrected_at": "2026-04-02T23:27:40Z",
    "at": "2026-04-02T23:27:40Z",
    "trusted": True,
    "received_at": "2026-04-02T23:27:41Z",
}
SHIFT_OUT: Final[Example] = {
    "starts_at": "2026-04-02T23:28:00Z",
    "ends_at": "2026-04-03T08:32:00Z",
    "open": False,
    "present_min": 544,
    "break_min": 60,
    "break_source": "regular",
    "worked_min": 484,
}
DAY_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "work_date": "2026-04-03",
    "first_in": "2026-04-02T23:28:00Z",
    "last_out": "2026-04-03T08:32:00Z",
    "is_in": False,
    "present_min": 544,
    "break_min": 60,
    "worked_min": 484,
    "problems": [],
    "shifts": [SHIFT_OUT],
    "punches": [
        {"punch": PUNCH_OUT, "ignored": None, "flags": []},
        {"punch": _punch(20_466, "out", "2026-04-03T08:32:00Z"), "ignored": None, "flags": []},
    ],
}
CORRECTION_IN: Final[Example] = {
    "action": "move",
    "person_id": ids.PERSON,
    "punch_id": 20_466,
    "at": "2026-04-03T17:15:00+09:00",
    "cause": "端末の前で来客対応をしていたため",
}
CONFIRM_IN: Final[Example] = {
    "at": "2026-04-03T08:28:00+09:00",
    "cause": "停電の後で時計が合っていなかった。入館記録と本人の申出により確認",
}
REJECT_IN: Final[Example] = {"cause": "本人は休暇中で、打刻していない"}
CORRECTION_OUT: Final[Example] = {
    "id": ids.CORRECTION,
    "seq": 12,
    "person_id": ids.PERSON,
    "punch_id": 20_466,
    "action": "move",
    "at": "2026-04-03T08:15:00Z",
    "direction": None,
    "original_at": "2026-04-03T08:32:00Z",
    "original_direction": "out",
    "cause": "端末の前で来客対応をしていたため",
    "asked_by": f"session:{ids.USER}",
    "approved_by": f"session:{ids.USER}",
    "application_id": None,
    "recorded_at": "2026-04-06T00:10:00Z",
}
