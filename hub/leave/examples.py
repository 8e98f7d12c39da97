"""Examples of leave, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

AMOUNT: Final[Example] = {"half_days": 39, "minutes": -180}
SHOWN: Final[Example] = {"days": 19, "half": False, "hours": 1, "minutes": 0, "below": False}
KIND_OUT: Final[Example] = {
    "code": "annual",
    "title": "年次有給休暇",
    "title_en": "Annual leave",
    "units": ["day", "half_day", "hour"],
    "paid": True,
    "balanced": True,
    "needs_reason": False,
    "needs_evidence": False,
    "cycle": "calendar",
    "day_min": 480,
    "hour_unit_min": 60,
    "once_half_days": None,
    "season": None,
    "carry_over_half_days": 40,
}
BALANCE_OUT: Final[Example] = {
    "leave_kind": "annual",
    "year": 2026,
    "at": "2026-04-06",
    "day_min": 480,
    "granted": {"half_days": 40, "minutes": 0},
    "carried_over": {"half_days": 0, "minutes": 0},
    "corrected": {"half_days": 0, "minutes": 0},
    "taken": {"half_days": 1, "minutes": 180},
    "left": AMOUNT,
    "left_shown": SHOWN,
    "lowest": AMOUNT,
}
BALANCES_OUT: Final[Example] = {"person_id": ids.PERSON, "items": [BALANCE_OUT]}
ENTRY_OUT: Final[Example] = {
    "id": "0195f3a0-6c00-7000-8000-000000001902",
    "leave_kind": "annual",
    "year": 2026,
    "kind": "taken",
    "half_days": -1,
    "minutes": 0,
    "day": "2026-04-10",
    "application_id": "0195f3a0-6c00-7000-8000-000000001801",
    "reason": "",
    "made_by": f"session:{ids.USER}",
    "made_at": "2026-04-06T00:15:00Z",
}
ENTRIES_OUT: Final[Example] = {"person_id": ids.PERSON, "items": [ENTRY_OUT]}
CORRECTION_IN: Final[Example] = {
    "person_id": ids.PERSON,
    "leave_kind": "annual",
    "half_days": 4,
    "minutes": 0,
    "day": "2026-04-01",
    "reason": "他団体からの割愛採用に伴う残日数の引継ぎ",
}
YEARLY_IN: Final[Example] = {"leave_kind": "annual", "year": 2025}
GRANT_LINE: Final[Example] = {
    "person_id": ids.PERSON,
    "employment": "regular",
    "months": 12,
    "day": "2025-01-01",
    "half_days": 40,
    "there": False,
}
GRANTS_OUT: Final[Example] = {"leave_kind": "annual", "year": 2025, "items": [GRANT_LINE]}
YEAR_END_OUT: Final[Example] = {
    "leave_kind": "annual",
    "year": 2025,
    "items": [
        {
            "person_id": ids.PERSON,
            "left": {"half_days": 39, "minutes": -180},
            "carried_over": {"half_days": 38, "minutes": 0},
            "there": False,
        }
    ],
}
YEAR_ENDED_OUT: Final[Example] = {"leave_kind": "annual", "year": 2025, "people": 312}
