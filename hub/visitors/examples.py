"""Examples of visits and visitors, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

_VISIT: Final[Example] = {
    "site_id": ids.SITE,
    "organisation": "株式会社 さくら電設",
    "host_id": ids.PERSON,
    "purpose": "空調の点検",
    "starts_at": "2026-04-06T00:00:00Z",
    "ends_at": "2026-04-06T03:00:00Z",
    "daily": False,
    "doors": [ids.DOOR],
    "zones": [],
    "escort_required": True,
    "escort_s": 30,
    "escorts": [],
    "note": "",
}
VISIT_IN: Final[Example] = {
    **_VISIT,
    "visitors": [{"name": "山田 花子", "name_kana": "やまだ はなこ"}],
}
VISIT_CHANGE: Final[Example] = {"ends_at": "2026-04-06T04:00:00Z"}
VISITOR_IN: Final[Example] = {"name": "山田 花子", "name_kana": "やまだ はなこ"}
VISITOR_OUT: Final[Example] = {
    "id": ids.VISITOR,
    "visit_id": ids.VISIT,
    **VISITOR_IN,
    "arrived_at": "2026-04-06T00:02:00Z",
    "left_at": None,
    "card_id": ids.VISITOR_CARD,
    "card_given_at": "2026-04-06T00:02:00Z",
    "card_returned_at": None,
    **ids.MADE,
}
PIN_OUT: Final[Example] = {
    "visitor_id": ids.VISITOR,
    "credential_id": ids.VISITOR_CREDENTIAL,
    "readiness": "scheduled",
    "starts_at": "2026-04-06T00:00:00Z",
    "ends_at": "2026-04-06T03:00:00Z",
    "pin_changed": False,
    "doors": [ids.DOOR],
}
DIGITS_OUT: Final[Example] = {"visitor_id": ids.VISITOR, "pin": "483920"}
VISIT_OUT: Final[Example] = {
    "id": ids.VISIT,
    "state": "planned",
    **_VISIT,
    "forgotten_at": None,
    "visitors": [VISITOR_OUT],
    "pins": [PIN_OUT],
    **ids.MADE,
}
ARRIVE_IN: Final[Example] = {"card_id": ids.VISITOR_CARD}
LEAVE_IN: Final[Example] = {"card_returned": True}
POOL_CARD_OUT: Final[Example] = {
    "card_id": ids.VISITOR_CARD,
    "label": "来訪者 3",
    "state": "active",
    "site_id": ids.SITE,
    "visitor_id": ids.VISITOR,
    "visit_id": ids.VISIT,
    "given_at": "2026-04-06T00:02:00Z",
    "overdue": False,
}
ROLL_CALL_OUT: Final[Example] = {
    "at": "2026-04-06T01:00:00Z",
    "site_id": ids.SITE,
    "sure": False,
    "count": 1,
    "lines": [
        {
            "known_by": "zone",
            "person_id": ids.PERSON,
            "visitor_id": None,
            "name": "山田 花子",
            "name_kana": "やまだ はなこ",
            "department": "生涯学習課",
            "zone_id": ids.ZONE,
            "zone": "ホール",
            "since": "2026-04-05T23:41:00Z",
            "door": "正面玄関",
            "site_id": ids.SITE,
        }
    ],
    "doubts": [{"doubt": "controller_away", "name": "別館の盤", "since": "2026-04-06T00:52:00Z"}],
}
POOL_IN: Final[Example] = {"site_id": ids.SITE}
