"""Examples of reckoned months, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.attendance import examples as attendance
from hub.web import example_ids as ids

Example = dict[str, Any]

_DEPARTMENT: Final = "0195f3a0-6c00-7000-8000-000000001801"

PIECE_OUT: Final[Example] = {
    "start": 1035,
    "end": 1155,
    "minutes": 120,
    "pay_class": "overtime",
    "night": False,
    "from_class": "overtime",
    "order_id": "0195f3a0-6c00-7000-8000-000000003001",
}
DAY_OUT: Final[Example] = {
    "work_date": "2026-04-03",
    "kind": "workday",
    "holiday": False,
    "regular": [{"start": 510, "end": 720}, {"start": 780, "end": 1035}],
    "present": [{"start": 510, "end": 1155}],
    "ordered": [{"start": 1035, "end": 1155}],
    "present_min": 645,
    "break_min": 60,
    "regular_min": 465,
    "explained_min": {},
    "missing_min": 0,
    "extra_min": 0,
    "unmet_order_min": 0,
    "credited_min": 585,
    "over_full_day_min": 120,
    "statutory_min": 105,
    "pieces": [PIECE_OUT],
    "notes": [],
}
TOTAL_OUT: Final[Example] = {
    "pay_class": "overtime",
    "night": False,
    "raw_min": 1835,
    "rounded_min": 1860,
    "percent": 125,
    "paid": True,
}
CAP_OUT: Final[Example] = {
    "kind": "month",
    "level": "alert",
    "minutes": 1835,
    "limit_min": 1800,
    "months": 1,
}
MONTH_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "month": "2026-04",
    "department_ids": [_DEPARTMENT],
    "through": "2026-04-30",
    "fingerprint": "9f2c6c1f0f5f6f0d2ad0b6f4c1c7b5f6a5c8e3d9b7a1f2e4d6c8b0a9f7e5d3c1",
    "closed_at": None,
    "regular_min": 9765,
    "missing_min": 0,
    "explained_min": {"leave": 465},
    "days_worked": 20,
    "counted_60h_min": 1835,
    "over_full_day_min": 1835,
    "statutory_min": 1535,
    "totals": [TOTAL_OUT],
    "caps": [CAP_OUT],
    "days": [DAY_OUT],
}
SPAN_OUT: Final[Example] = {"start": 510, "end": 720}
ORDER_OUT: Final[Example] = {
    "id": "0195f3a0-6c00-7000-8000-000000003001",
    "spans": [{"start": 1035, "end": 1155}],
}
EXPLAINED_OUT: Final[Example] = {
    "id": "0195f3a0-6c00-7000-8000-000000003002",
    "kind": "leave",
    "spans": [SPAN_OUT],
}
DAY_SHEET_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "regular": [SPAN_OUT, {"start": 780, "end": 1035}],
    "breaks": [{"start": 720, "end": 780}],
    "holiday": False,
    "orders": [ORDER_OUT],
    "explained": [],
    "punched": attendance.DAY_OUT,
    "result": DAY_OUT,
}
TEAM_MEMBER_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "standing": "in",
    "since": "2026-04-02T23:26:00Z",
    "planned": [SPAN_OUT, {"start": 780, "end": 1035}],
    "late": False,
    "explained": [],
}
TEAM_OUT: Final[Example] = {
    "day": "2026-04-03",
    "as_of": "2026-04-03T00:10:00Z",
    "away": [],
    "members": [TEAM_MEMBER_OUT],
}
